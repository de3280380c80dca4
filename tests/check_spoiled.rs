//! Every check, by spoiling one thing of a machine and a profile on which nothing
//! stands in the way: then this check says so, and no other changes its mind.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;
#[path = "check/rom.rs"]
mod rom;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use machine::Machine as Folder;
use onegpu::check::{self, Context, Finding, Outcome};
use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::machine::Machine;
use onegpu::machine::root::Root;
use onegpu::profile;
use onegpu::setup::Setup;

const GOOD: &str = include_str!("check/good.txt");
const PROFILE: &str = include_str!("check/good.toml");
const SPOILED: &str = include_str!("check/spoiled.txt");
const CARD: &str = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0";

/// The good machine, its ROMs included.
fn good() -> Folder {
    let folder = Folder::new(GOOD);
    folder.file(&format!("{CARD}/rom"), rom::described("both 10de:2482"));
    folder.file("usr/share/vgabios/card.rom", rom::described("both 10de:2482"));
    folder
}

fn findings(folder: &Folder, text: &str) -> Vec<Finding> {
    let data = DataDirs::embedded();
    let root = Root::open(folder.root()).unwrap();
    let machine = Machine::read(&root, &data).unwrap();
    let profile = profile::parse("good.toml", text).unwrap_or_else(|error| panic!("{error}"));
    let id = profile.host.get_ref().distro.as_ref().unwrap().get_ref().clone();
    let distro = Distro::load(&data, &id).unwrap();
    let setup = Setup::new(&profile, distro.clone()).unwrap_or_else(|error| panic!("{error}"));
    check::run(&Context {
        machine: &machine,
        root: &root,
        distro: Some(&distro),
        profile: Some(&profile),
        setup: Some(&setup),
    })
}

/// What is not ok, as `id outcome`.
fn not_ok(findings: &[Finding]) -> Vec<String> {
    let bad = findings.iter().filter(|finding| finding.result != Outcome::Ok);
    bad.map(|finding| format!("{} {}", finding.id, finding.result.word())).collect()
}

#[test]
fn nothing_stands_in_the_way_of_the_good_one() {
    let findings = findings(&good(), PROFILE);
    let bad: Vec<&Finding> = findings.iter().filter(|finding| finding.result != Outcome::Ok).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let idle: Vec<&str> =
        findings.iter().filter(|finding| !finding.applies).map(|finding| finding.id).collect();
    assert_eq!(idle, ["laptop", "command-line-file"], "these checks are not tried by this machine");
}

/// Memory that is set aside for the guest that asks for it is no loss: 16 of 32 GiB here.
#[test]
fn huge_pages_stand_in_the_way_only_of_guests_that_do_not_ask_for_them() {
    let folder = good();
    let pool = "sys/kernel/mm/hugepages/hugepages-2048kB";
    folder.file(&format!("{pool}/nr_hugepages"), "8192\n");
    folder.file(&format!("{pool}/free_hugepages"), "8192\n");
    let lost = not_ok(&findings(&folder, PROFILE));
    assert_eq!(lost, ["hugepages warn", "guest-memory fail"]);
    let asks = PROFILE.replace("memory = \"16 GiB\"", "memory = \"16 GiB\"\nhugepages = \"reserve\"");
    assert_eq!(not_ok(&findings(&folder, &asks)), [""; 0]);
}

/// One paragraph of `spoiled.txt`.
struct Case<'a> {
    wants: Vec<&'a str>,
    says: &'a str,
    /// The verb and the rest of each other line.
    spoils: Vec<(&'a str, &'a str)>,
}

fn cases(text: &str) -> Vec<Case<'_>> {
    let cases =
        text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty() && !paragraph.starts_with('#'));
    let case = |paragraph| {
        let mut case = Case { wants: Vec::new(), says: "", spoils: Vec::new() };
        for line in str::lines(paragraph) {
            let (verb, rest) = line.split_once(' ').unwrap();
            match verb {
                "wants" => case.wants = rest.split(", ").collect(),
                "says" => case.says = rest,
                _ => case.spoils.push((verb, rest)),
            }
        }
        assert!(!case.wants.is_empty() && !case.says.is_empty() && !case.spoils.is_empty(), "{paragraph}");
        case
    };
    cases.map(case).collect()
}

/// The machine and the profile of a case.
fn spoiled(case: &Case<'_>) -> (Folder, String) {
    let (mut description, mut profile) = (GOOD.to_owned(), PROFILE.to_owned());
    let pair = |rest: &str| {
        let (from, to) = rest.split_once(" => ").unwrap_or_else(|| panic!("no => in {rest}"));
        (from.replace("\\n", "\n"), if to == "-" { String::new() } else { to.replace("\\n", "\n") })
    };
    for (verb, rest) in &case.spoils {
        let text = match *verb {
            "machine" => &mut description,
            "profile" => &mut profile,
            _ => continue,
        };
        let (from, to) = pair(rest);
        assert!(text.contains(&from), "{from:?} is not there to be spoiled");
        *text = text.replace(&from, &to);
    }
    let folder = Folder::new(&description);
    let id = if description.contains("1002:687f") { "1002:687f" } else { "10de:2482" };
    folder.file(&format!("{CARD}/rom"), rom::described(&format!("both {id}")));
    folder.file("usr/share/vgabios/card.rom", rom::described(&format!("both {id}")));
    for (verb, rest) in &case.spoils {
        spoil(&folder, verb, rest.replace("CARD", CARD), pair);
    }
    (folder, profile)
}

fn spoil(folder: &Folder, verb: &str, rest: String, pair: impl Fn(&str) -> (String, String)) {
    let allow =
        |path: &str, mode| fs::set_permissions(folder.at(path), fs::Permissions::from_mode(mode)).unwrap();
    if verb == "gone" {
        let path = folder.at(&rest);
        let is_folder = path.symlink_metadata().unwrap().is_dir();
        return if is_folder { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() };
    }
    let (path, value) = pair(&rest);
    match verb {
        "file" => folder.file(&path, value),
        "rom" => folder.file(&path, rom::described(&value)),
        "link" => folder.link(&path, &value),
        "mode" => allow(&path, u32::from_str_radix(&value, 8).unwrap()),
        "program" => {
            folder.file(&path, value);
            allow(&path, 0o755);
        }
        "machine" | "profile" => {}
        _ => panic!("no such line: {verb} {rest}"),
    }
}

/// Tries each: the checks that were made to judge, and what was not as expected.
fn tried(cases: &[Case<'_>]) -> (BTreeSet<&'static str>, Vec<String>) {
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for case in cases {
        let (folder, profile) = spoiled(case);
        let findings = findings(&folder, &profile);
        let bad: Vec<&Finding> = findings.iter().filter(|finding| finding.result != Outcome::Ok).collect();
        let mut found = not_ok(&findings);
        found.dedup();
        found.sort();
        let mut wanted = case.wants.clone();
        wanted.sort_unstable();
        let texts =
            |finding: &&Finding| format!("{} {}", finding.what, finding.fix.as_deref().unwrap_or_default());
        if found != wanted || !bad.iter().any(|finding| texts(finding).contains(case.says)) {
            wrong.push(format!("wanted {wanted:?} with {:?}, found {bad:#?}", case.says));
        }
        for finding in bad {
            assert!(finding.fix.as_ref().is_some_and(|fix| !fix.is_empty()), "{} has no mend", finding.id);
            // The platform is never more than unknown.
            if finding.result != Outcome::Unknown || finding.id == "platform" {
                seen.insert(finding.id);
            }
        }
    }
    (seen, wrong)
}

#[test]
fn one_spoiled_thing_is_found_by_its_check_alone() {
    let all = cases(SPOILED);
    let parts: Vec<_> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            all.chunks(all.len().div_ceil(8)).map(|part| scope.spawn(|| tried(part))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    let seen: BTreeSet<&str> = parts.iter().flat_map(|(seen, _)| seen.iter().copied()).collect();
    let wrong: Vec<&str> = parts.iter().flat_map(|(_, wrong)| wrong.iter().map(String::as_str)).collect();
    assert!(wrong.is_empty(), "{} of the spoiled:\n{}", wrong.len(), wrong.join("\n"));
    let never: Vec<&str> = check::ALL.iter().map(|check| check.id).filter(|id| !seen.contains(id)).collect();
    assert!(never.is_empty(), "never made to warn or fail: {never:?}");
}

#[test]
fn checks_are_told_apart_and_explain_themselves() {
    let ids: BTreeSet<&str> = check::ALL.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), check::ALL.len());
    for check in check::ALL {
        let plain = |id: &str| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(plain(check.id), "{}", check.id);
        assert!(
            check.title.ends_with('?') && !check.looks_at.is_empty() && check.why.ends_with('.'),
            "{}",
            check.id
        );
        assert!(
            check.more.iter().all(|address| address.starts_with("https://") && address.len() <= 66),
            "{}",
            check.id
        );
        assert!(check::find(check.id).is_some());
        for id in check.failures {
            assert!(onegpu::failure::find(id).is_some(), "{} sees {id} coming, which has no text", check.id);
        }
    }
}
