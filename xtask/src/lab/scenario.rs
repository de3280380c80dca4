//! The scenarios: what happens on the PC between installing and removing.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use onegpu::diag::{Diagnostic, Result};

use super::bench::Bench;
use super::{Init, Iommu, faults, journey};

/// One of them. It begins and ends with the setup installed and the desktop there.
pub struct Scenario {
    /// For `--scenario` and the table.
    pub name: &'static str,
    /// What happens, in a line.
    pub about: &'static str,
    /// What it does.
    act: Act,
    /// Whether the PC has to be systemd's: a fault that is made with its means.
    systemd: bool,
}

/// What a scenario does.
enum Act {
    /// Steps, in Rust.
    Steps(fn(&mut Bench) -> Result<()>),
    /// One script on the PC, and its usual seconds.
    Script(&'static str, u64),
}

/// The PCs of `--all`.
pub const PCS: &[(Init, Iommu)] = &[(Init::Systemd, Iommu::Amd), (Init::Systemd, Iommu::Intel)];

/// All of them, in the order in which one PC runs them.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "journey",
        about: "three times there and back; then out, and every file as before",
        act: Act::Steps(journey::rounds),
        systemd: false,
    },
    script("twice", "two starts at once, and the other domain on the same disk", "fault-twice", 35),
    script("destroy", "virsh destroy", "fault-destroy", 25),
    script("qemu-killed", "QEMU dies while it has the card", "fault-qemu-killed", 25),
    script("qemu-fails", "QEMU ends at once when it is started", "fault-qemu-fails", 30),
    script("disk-missing", "the guest's disk is not there", "fault-disk-missing", 10),
    script("holder", "a program of the user's holds the card and ignores SIGTERM", "fault-holder", 50),
    systemd_script("display-hangs", "the display manager does not stop", "fault-display-hangs", 120),
    systemd_script(
        "daemon-restarted",
        "libvirtd is restarted, and dies, while the guest has the card",
        "fault-daemon-restarted",
        40,
    ),
    systemd_script(
        "daemon-dies-early",
        "libvirtd dies in the middle of the handover",
        "fault-daemon-dies-early",
        60,
    ),
    systemd_script(
        "foreign-hook",
        "a main hook of the user's own, working and refusing",
        "fault-foreign-hook",
        50,
    ),
    script("full", "the disk is full to the last byte", "fault-full", 60),
    script(
        "package",
        "packages removed (refused) and upgraded while the guest has the card",
        "fault-package",
        60,
    ),
    Scenario {
        name: "plug",
        about: "the plug is pulled while the guest has the card",
        act: Act::Steps(faults::plug),
        systemd: false,
    },
];

const fn script(name: &'static str, about: &'static str, script: &'static str, usually: u64) -> Scenario {
    Scenario { name, about, act: Act::Script(script, usually), systemd: false }
}

const fn systemd_script(
    name: &'static str,
    about: &'static str,
    script: &'static str,
    usually: u64,
) -> Scenario {
    Scenario { name, about, act: Act::Script(script, usually), systemd: true }
}

/// How one ended.
pub struct Outcome {
    /// The scenario's name; `install` and `purge` are part of every run.
    pub name: &'static str,
    /// On which PC.
    pub pc: (Init, Iommu),
    /// How long it took.
    pub took: Duration,
    /// What went wrong.
    pub error: Option<Diagnostic>,
}

impl Outcome {
    /// Whether it did.
    pub fn failed(&self) -> bool {
        self.error.is_some()
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.failed() { "FAILED" } else { "passed" };
        let (init, iommu) = self.pc;
        write!(f, "{word} {:<24} {} {} {:>5} s", self.name, init.word(), iommu.word(), self.took.as_secs())
    }
}

impl Scenario {
    /// Whether it can run there.
    pub fn runs_on(&self, init: Init) -> bool {
        init == Init::Systemd || !self.systemd
    }

    fn run(&self, bench: &mut Bench) -> Result<()> {
        match self.act {
            Act::Steps(steps) => steps(bench),
            Act::Script(script, usually) => {
                let words = [bench.iommu.word()];
                bench.step(self.about, usually, script, &words).map(drop)
            }
        }
    }
}

/// Prints them, one a line.
pub fn list() {
    for scenario in ALL {
        println!("{:<24} {}", scenario.name, scenario.about);
    }
}

/// Installs, runs the chosen, and with the journey among them removes. After a failure the PC is
/// restarted, so that the next one has its chance.
pub fn run(bench: &mut Bench, chosen: &[&'static Scenario]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    let whole = chosen.iter().any(|scenario| scenario.name == "journey");
    if !attempt(bench, "install", journey::go_in, &mut outcomes) {
        return outcomes;
    }
    for scenario in chosen {
        let passed = attempt(bench, scenario.name, |bench| scenario.run(bench), &mut outcomes);
        if !passed
            && (bench.pull_the_plug().is_err() || bench.step("is it usable again", 20, "home", &[]).is_err())
        {
            return outcomes;
        }
    }
    if whole {
        attempt(bench, "purge", journey::go_out, &mut outcomes);
    }
    outcomes
}

/// Runs one, prints and keeps what is needed to understand a failure.
fn attempt(
    bench: &mut Bench,
    name: &'static str,
    act: impl FnOnce(&mut Bench) -> Result<()>,
    outcomes: &mut Vec<Outcome>,
) -> bool {
    println!("\n--> {name}");
    let began = Instant::now();
    let error = act(bench).err();
    if let Some(error) = &error {
        println!("{error}");
        let _ = bench.picture(&format!("{name}-failed"));
        let evidence = bench.ask("evidence", &[]);
        let place = bench.folder.join(format!("{name}-failed.log"));
        if fs::write(&place, evidence).is_ok() {
            println!("everything that may say why: {}", place.display());
        }
    }
    let passed = error.is_none();
    outcomes.push(Outcome { name, pc: (bench.init, bench.iommu), took: began.elapsed(), error });
    passed
}
