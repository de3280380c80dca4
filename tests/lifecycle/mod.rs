//! One table of what happens to a setup, for every package manager: the real `apply` and
//! `revert`, called by the real scriptlets, on a machine that has something for each step.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

pub mod apk;
pub mod bare;
pub mod drift;
pub mod edits;
pub mod families;
pub mod formats;
pub mod full;
pub mod kills;
pub mod machine;
pub mod setups;
pub mod xbps;

use std::os::unix::process::CommandExt;
use std::process::{Command, Output, Stdio};

use onegpu::package::SetupPackage;

use crate::layer::{Changes, Layer, difference};
use setups::Variant;

/// A package manager on a machine.
pub trait Family: Sized {
    /// The distro whose packages it installs.
    const DISTRO: &'static str;
    /// What it changes of its own, whatever package comes and goes; each with its reason.
    const OWN: &'static [(&'static str, &'static str)];

    /// Whether it takes its time: then the ways that differ in no more than the guests' order are
    /// left out, without ONEGPU_TEST_EVERY.
    const SLOW: bool = false;

    fn new() -> Self;
    fn layer(&self) -> &Layer;
    /// Installs, upgrades or installs again, in one transaction.
    fn install(&self, packages: &[SetupPackage]) -> Command;
    /// The same over files that a transaction has left which did not come to its end.
    fn install_over(&self, packages: &[SetupPackage]) -> Command {
        self.install(packages)
    }
    /// Removes in one transaction, configuration and all.
    fn remove(&self, names: &[String]) -> Command;
    /// The same against the dependencies.
    fn force_out(&self, name: &str) -> Command;
    /// Removes as users do it who keep what they have edited.
    fn remove_keeping(&self, names: &[String]) -> Command;
    /// Where it leaves an edited file of a removed package.
    fn kept(path: &str) -> String;
    /// What has to be done after it was killed, before it works again.
    fn mend(&self);

    /// All that is not as the root came.
    fn changes(&self) -> Changes {
        let own = Self::OWN.iter().map(|(path, _)| *path).chain([machine::TRAPS]);
        let own: Vec<&str> = own.map(|path| path.trim_start_matches('/')).collect();
        self.layer().changes(&own)
    }

    /// Runs a command of the package manager's; a trap that kills it knows whom.
    fn run(&self, mut command: Command) -> Output {
        let child = command.process_group(0).stdin(Stdio::null());
        let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.layer().write(&format!("{}/group", machine::TRAPS), child.id().to_string() + "\n");
        child.wait_with_output().unwrap()
    }

    /// The same, and it has to succeed; gives what it said.
    #[track_caller]
    fn ok(&self, command: Command) -> String {
        let words = format!("{command:?}");
        let out = self.run(command);
        let said = text(&out);
        assert!(out.status.success(), "{words}: {}\n{said}", out.status);
        // Not every package manager has its status say that a scriptlet failed.
        assert!(!said.contains("did not finish"), "{words}:\n{said}");
        said
    }

    /// What `status` says; nothing when it is not installed.
    fn status(&self) -> String {
        let libexec = ["/usr/libexec", "/usr/lib"].map(|folder| format!("{folder}/onegpu/status"));
        let status = libexec.iter().find(|path| self.layer().path(path).exists());
        status.map_or_else(String::new, |path| text(&self.layer().command(&[path]).output().unwrap()))
    }
}

pub fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

/// What is done in one go.
#[derive(Clone, Copy, Debug)]
pub enum Do {
    /// These parts of a setup, in one transaction.
    In(Variant, &'static [&'static str]),
    Out(&'static [&'static str]),
    /// Against the dependencies: the host's part before a guest's.
    ForceOut(&'static str),
}

const ALL: &[&str] = &["host", "one", "two"];
use Do::{ForceOut, In, Out};
use Variant::{Distro, First, Loader, Old, Profile, Renamed};

/// Every way in and out. Each ends with nothing installed and nothing left.
const SCENARIOS: &[(&str, &[Do])] = &[
    ("in and out", &[In(First, ALL), Out(ALL)]),
    ("again", &[In(First, ALL), In(First, ALL), Out(ALL)]),
    ("another profile", &[In(First, ALL), In(Profile, ALL), Out(ALL)]),
    ("and back", &[In(Profile, ALL), Out(&["two"]), In(First, ALL), Out(ALL)]),
    ("another boot loader", &[In(First, ALL), In(Loader, ALL), Out(ALL)]),
    ("with systemd-boot", &[In(Loader, ALL), Out(ALL)]),
    ("another distro file", &[In(First, ALL), In(Distro, ALL), Out(ALL)]),
    ("of the first format", &[In(Old, ALL), Out(ALL)]),
    ("from the first format", &[In(Old, ALL), In(First, ALL), Out(ALL)]),
    ("from the first format and another boot loader", &[In(Old, ALL), In(Loader, ALL), Out(ALL)]),
    (
        "a guest renamed",
        &[
            In(First, ALL),
            Out(&["two"]),
            In(Renamed, &["host", "one", "three"]),
            Out(&["host", "one", "three"]),
        ],
    ),
    (
        "one by one",
        &[
            In(First, &["host"]),
            In(First, &["one"]),
            In(First, &["two"]),
            Out(&["one"]),
            Out(&["two"]),
            Out(&["host"]),
        ],
    ),
    ("two first", &[In(First, ALL), Out(&["two"]), Out(&["one"]), Out(&["host"])]),
    ("the host second", &[In(First, ALL), Out(&["one"]), ForceOut("host"), Out(&["two"])]),
    ("the host second, two first", &[In(First, ALL), Out(&["two"]), ForceOut("host"), Out(&["one"])]),
    ("the host first", &[In(First, ALL), ForceOut("host"), Out(&["one"]), Out(&["two"])]),
    ("the host first, two second", &[In(First, ALL), ForceOut("host"), Out(&["two"]), Out(&["one"])]),
];

/// Tries the whole table on one machine, one after the other: each leaves it as it was.
pub fn every_way_in_and_out<F: Family>() {
    let family = F::new();
    let before = family.changes();
    for (name, actions) in SCENARIOS {
        if F::SLOW && name.contains("two ") && std::env::var_os("ONEGPU_TEST_EVERY").is_none() {
            continue;
        }
        let mut variant = First;
        for action in *actions {
            match action {
                In(setup, parts) => {
                    variant = *setup;
                    family.ok(family.install(&setup.packages(F::DISTRO, parts)));
                    applied(&family.status(), name, parts);
                    in_force(&family, name, variant);
                }
                Out(parts) => drop(family.ok(family.remove(&variant.names(F::DISTRO, parts)))),
                ForceOut(part) => drop(family.ok(family.force_out(&variant.names(F::DISTRO, &[part])[0]))),
            }
        }
        assert_eq!(difference(&before, &family.changes()), "", "{}: {name}", F::DISTRO);
        println!("{}: {name}: as before", F::DISTRO);
    }
}

/// The words are where this boot loader reads them, by the files themselves.
#[track_caller]
fn in_force<F: Family>(family: &F, name: &str, variant: Variant) {
    let read = |path: &str| family.layer().read(path).unwrap_or_default();
    let entries = ["linux", "linux-lts"].map(|name| read(&format!("/boot/loader/entries/{name}.conf")));
    let grub = read("/boot/grub/grub.cfg");
    let in_entries = F::DISTRO == "fedora" || (variant == Loader && F::DISTRO != "void");
    for entry in &entries {
        assert_eq!(entry.contains("iommu=pt"), in_entries, "{}: {name}:\n{entry}", F::DISTRO);
    }
    assert!(!read("/boot/loader/entries/windows.conf").contains("iommu"), "{}: {name}", F::DISTRO);
    if F::DISTRO == "void" && variant == Loader {
        // A kernel hook of Void's makes the entries from this file; none stands in for it here.
        let sourced = read("/etc/default/systemd-boot");
        assert!(sourced.contains("intel_iommu=on iommu=pt"), "{name}:\n{sourced}");
        return;
    }
    let (intel, other) =
        (variant != Profile, if variant == Profile { " iommu=pt" } else { " intel_iommu=on iommu=pt" });
    if in_entries {
        assert_eq!(entries[1].contains("intel_iommu=on"), intel, "{}: {name}:\n{}", F::DISTRO, entries[1]);
        // Line ends of DOS stay so; grubby's stand-in is not asked.
        let unix = entries[0].split_terminator('\n').filter(|line| !line.ends_with('\r')).count();
        assert!(F::DISTRO == "fedora" || unix == 1, "{}: {name}: {:?}", F::DISTRO, entries[0]);
    } else {
        // As the user's file has it, after the words that it makes of its variables.
        let line = grub.lines().find(|line| line.contains("quiet splash") && line.contains("loglevel=3"));
        assert!(line.is_some_and(|line| line.contains(other)), "{}: {name}:\n{grub}", F::DISTRO);
        assert!(grub.contains("menuentry \"mine\""), "{}: {name}:\n{grub}", F::DISTRO);
    }
}

/// Every step is in force but what needs a libvirt that runs.
#[track_caller]
fn applied(status: &str, name: &str, parts: &[&str]) {
    for part in parts {
        let line = match *part {
            "host" => "host: libvirt-service: applied\n".into(),
            guest => format!("guest {guest}: disk: applied\n"),
        };
        assert!(status.contains(&line), "{name}: {line} is not in\n{status}");
    }
    assert!(!status.contains("drifted") && !status.contains(": not applied"), "{name}:\n{status}");
}
