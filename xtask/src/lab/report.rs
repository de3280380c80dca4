//! The table of docs/lab.md, written by `--all`.

use std::fs;
use std::time::Duration;

use onegpu::diag::Result;

use super::scenario::Outcome;
use crate::process::{failure, root};

const BEGIN: &str = "<!-- cargo xtask lab --all writes from here -->\n";
const END: &str = "<!-- to here -->\n";

/// Puts the table between its two marks.
pub fn write(outcomes: &[Outcome], took: Duration) -> Result<()> {
    let place = root().join("docs/lab.md");
    let text = fs::read_to_string(&place).map_err(failure)?;
    let (before, rest) =
        text.split_once(BEGIN).ok_or_else(|| failure("docs/lab.md has lost its first mark"))?;
    let (_, after) = rest.split_once(END).ok_or_else(|| failure("docs/lab.md has lost its second mark"))?;
    let table = table(outcomes, took);
    fs::write(place, format!("{before}{BEGIN}{table}{END}{after}")).map_err(failure)
}

fn table(outcomes: &[Outcome], took: Duration) -> String {
    let mut out =
        String::from("| scenario | init | IOMMU | result | seconds |\n| --- | --- | --- | --- | --- |\n");
    for outcome in outcomes {
        let (init, iommu) = outcome.pc;
        let result = match &outcome.error {
            None => "passed".to_owned(),
            Some(error) => {
                let first = error.message().lines().next().unwrap_or_default();
                format!("**failed**: {}", first.replace('|', "\\|"))
            }
        };
        let seconds = outcome.took.as_secs();
        out += &format!("| {} | {} | {} | {result} | {seconds} |\n", outcome.name, init.word(), iommu.word());
    }
    out + &format!("\nAll of it took {} minutes.\n", took.as_secs() / 60)
}
