//! What `--all` runs, and what of it is left to run: it may be stopped and called again.

use super::results::Entry;
use super::scenario::{self, Scenario};
use super::{Init, Iommu};

/// On the PCs that do not see everything: in, there and back, the card taken from a running guest, out.
const SOME: &[&str] = &["round", "destroy", "purge"];

/// Whether it is to run on a PC that sees everything, or not. The journey's rounds are rounds.
pub fn has(name: &str, every: bool) -> bool {
    if every { name != "round" } else { SOME.contains(&name) }
}

/// The scenarios that did not pass yet with these templates, and whether the setup is to be installed
/// afresh for them. What was never used is taken out easily: a guest is started before the purge.
pub fn left(
    pc: (Init, Iommu),
    every: bool,
    templates: &str,
    past: &[Entry],
) -> (bool, Vec<&'static Scenario>) {
    let holds = |name: &str| past.iter().any(|one| one.is(name, pc) && one.holds_for(templates));
    let is_left = |name: &str| !holds(name) || (name == "destroy" && !holds("purge"));
    let wanted = |one: &&Scenario| has(one.name, every) && one.runs_on(pc.0) && is_left(one.name);
    (!holds("install"), scenario::ALL.iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, templates: &str, error: Option<&str>) -> Entry {
        Entry {
            name: name.to_owned(),
            init: "openrc".to_owned(),
            iommu: "amd".to_owned(),
            error: error.map(str::to_owned),
            seconds: 7,
            faults: 0,
            templates: templates.to_owned(),
        }
    }

    #[test]
    fn only_what_passed_with_the_same_templates_on_the_same_pc_is_left_out() {
        let pc = (Init::Openrc, Iommu::Amd);
        let names = |past: &[Entry]| -> (bool, Vec<&str>) {
            let (fresh, chosen) = left(pc, false, "new", past);
            (fresh, chosen.iter().map(|one| one.name).collect())
        };
        assert_eq!(names(&[]), (true, vec!["round", "destroy", "purge"]));
        let past = [
            entry("install", "new", None),
            entry("round", "new", None),
            entry("destroy", "new", None),
            entry("purge", "new", Some("3 files are not as before")),
        ];
        assert_eq!(names(&past), (false, vec!["destroy", "purge"]));
        let past =
            [entry("install", "new", None), entry("destroy", "old", None), entry("purge", "new", None)];
        assert_eq!(names(&past), (false, vec!["round", "destroy"]));
        let (_, changing) = left(pc, false, "new+", &[entry("round", "new+", None)]);
        assert_eq!(changing.len(), 3);
        let (_, on_another) = left((Init::Runit, Iommu::Amd), false, "new", &past);
        assert_eq!(on_another.len(), 3);
    }

    #[test]
    fn the_first_pc_sees_every_scenario() {
        let (fresh, chosen) = left((Init::Systemd, Iommu::Amd), true, "new", &[]);
        assert!(fresh);
        assert_eq!(chosen.len(), scenario::ALL.len() - 1);
    }
}
