//! The table of docs/lab.md, written by `--all` and `--table` from the kept results.

use std::fs;

use onegpu::diag::Result;

use super::results::{self, Entry};
use super::{all, beside, scenario};
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
    for (init, iommu, every) in scenario::PCS {
        let (init_word, iommu_word) = (init.word(), iommu.word());
        for name in scenario::names() {
            let found = entries.iter().find(|one| one.is(name, (*init, *iommu)));
            if found.is_none() && name != "install" && !all::has(name, *every) {
                continue;
            }
            let end = match found {
                Some(Entry { error: None, seconds, faults, templates, .. }) => {
                    let after = if *faults == 0 { "" } else { ", once more after the emulator failed" };
                    format!("passed{after} | {seconds} | {templates}")
                }
                Some(Entry { error: Some(error), seconds, templates, .. }) => {
                    format!("**failed**: {} | {seconds} | {templates}", error.replace('|', "\\|"))
                }
                None => "not run | | ".to_owned(),
            };
            out += &format!("| {name} | {init_word} | {iommu_word} | {end} |\n");
        }
    }
    out + &format!(
        "\nEvery fault happens on the first PC; on the others `--all` goes in, there and back, there and off the hard way, and out.\n\
         The last column is git's name for the tree `templates/`, of which the tested files were made; now it is {now}.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, error: Option<&str>) -> Entry {
        Entry {
            name: name.to_owned(),
            init: "systemd".to_owned(),
            iommu: "amd".to_owned(),
            error: error.map(str::to_owned),
            seconds: 7,
            faults: 0,
            templates: "abc".to_owned(),
        }
    }

    #[test]
    fn a_failure_and_what_never_ran_are_not_called_passed() {
        let table = table(&[entry("install", None), entry("plug", Some("no | desktop"))], "def");
        let row = |start: &str| table.lines().find(|line| line.starts_with(start)).unwrap_or_default();
        assert_eq!(row("| install | systemd | amd |"), "| install | systemd | amd | passed | 7 | abc |");
        assert_eq!(
            row("| plug | systemd | amd |"),
            "| plug | systemd | amd | **failed**: no \\| desktop | 7 | abc |"
        );
        assert_eq!(row("| twice | systemd | amd |"), "| twice | systemd | amd | not run | |  |");
        assert_eq!(row("| round | openrc | amd |"), "| round | openrc | amd | not run | |  |");
        assert_eq!(row("| plug | openrc |"), "");
        assert!(table.ends_with("now it is def.\n"));
    }
}
