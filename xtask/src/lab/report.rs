//! The table of docs/lab.md, written by `--all` and `--table` from the kept results.

use std::fs;

use onegpu::diag::Result;

use super::results::{self, Entry};
use super::{beside, scenario};
use crate::process::{failure, root, shell};

const BEGIN: &str = "<!-- cargo xtask lab --all writes from here -->\n";
const END: &str = "<!-- to here -->\n";

/// Puts the table between its two marks.
pub fn write() -> Result<()> {
    let place = root().join("docs/lab.md");
    let text = fs::read_to_string(&place).map_err(failure)?;
    let (before, rest) =
        text.split_once(BEGIN).ok_or_else(|| failure("docs/lab.md has lost its first mark"))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| failure("docs/lab.md has lost its second mark"))?;
    let table = table(&results::last(), &results::templates(&shell()?)?) + &beside::table();
    fs::write(place, format!("{before}{BEGIN}{table}{END}{after}")).map_err(failure)
}

fn table(entries: &[Entry], now: &str) -> String {
    let mut out = String::from(
        "| scenario | init | IOMMU | result | seconds | templates |\n| --- | --- | --- | --- | --- | --- |\n",
    );
    for (init, iommu, _) in scenario::PCS {
        let (init_word, iommu_word) = (init.word(), iommu.word());
        for name in scenario::names() {
            let found = entries
                .iter()
                .find(|one| (&*one.name, &*one.init, &*one.iommu) == (name, init_word, iommu_word));
            let end = match found {
                Some(Entry { error: None, seconds, templates, .. }) => {
                    format!("passed | {seconds} | {templates}")
                }
                Some(Entry { error: Some(error), seconds, templates, .. }) => {
                    format!("**failed**: {} | {seconds} | {templates}", error.replace('|', "\\|"))
                }
                None => format!("{} | | ", scenario::why_not(name, *init)),
            };
            out += &format!("| {name} | {init_word} | {iommu_word} | {end} |\n");
        }
    }
    out + &format!(
        "\nThe last column is git's name for the tree `templates/`, of which the tested files were made; now it is {now}.\n"
    )
}
