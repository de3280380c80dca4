//! The scenarios: what happens on the PC between installing and removing.

use std::fmt;
use std::fs;
use std::time::{Duration, Instant};

use onegpu::diag::{Diagnostic, Result};

use super::bench::Bench;
use super::{Init, Iommu, beside, faults, journey};

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

/// The PCs of `--all`, and whether every scenario runs there, or some.
pub const PCS: &[(Init, Iommu, bool)] = &[
    (Init::Systemd, Iommu::Amd, true),
    (Init::Systemd, Iommu::Intel, false),
    (Init::Openrc, Iommu::Amd, false),
    (Init::Runit, Iommu::Amd, false),
    (Init::SystemdBoot, Iommu::Amd, false),
];

/// All of them, in the order in which one PC runs them.
pub const ALL: &[Scenario] = &[
    Scenario {
        name: "journey",
        about: "three times there and back",
        act: Act::Steps(journey::rounds),
        systemd: false,
    },
    Scenario {
        name: "round",
        about: "once there and back",
        act: Act::Steps(|bench| journey::round(bench, "round")),
        systemd: false,
    },
    script("twice", "two starts at once, and the other domain on the same disk", "fault-twice", 35),
    script("destroy", "virsh destroy", "fault-destroy", 25),
    script("qemu-killed", "QEMU dies while it has the card", "fault-qemu-killed", 25),
    script("qemu-fails", "QEMU ends at once when it is started", "fault-qemu-fails", 30),
    script("no-memory", "there is no memory for QEMU", "fault-no-memory", 30),
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
        "libvirtd is restarted, and dies, in the middle of the handover",
        "fault-daemon-dies-early",
        120,
    ),
    systemd_script(
        "daemon-dies-late",
        "libvirtd is restarted, and dies, in the middle of the return",
        "fault-daemon-dies-late",
        90,
    ),
    systemd_script(
        "foreign-hook",
        "a main hook of the user's own, working and refusing",
        "fault-foreign-hook",
        50,
    ),
    systemd_script("full", "the disk is full to the last byte", "fault-full", 60),
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
    Scenario {
        name: "beside",
        about: "seconds of handover and return beside somebody else's hook scripts (--peers)",
        act: Act::Steps(beside::compare),
        systemd: true,
    },
    Scenario {
        name: "purge",
        about: "out again, and every file as before; it follows every journey",
        act: Act::Steps(journey::go_out),
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
    /// What the tested files were made of, by [`results::templates`](super::results::templates).
    pub templates: String,
    /// How long it took.
    pub took: Duration,
    /// How often the emulator failed before, and it was begun anew.
    pub faults: u32,
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
        init.is_systemd() || !self.systemd
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

/// The rows of the table for one PC.
pub fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once("install").chain(ALL.iter().map(|scenario| scenario.name))
}

/// Prints them, one a line.
pub fn list() {
    for scenario in ALL {
        println!("{:<24} {}", scenario.name, scenario.about);
    }
}

/// How often a scenario is begun anew when the emulator itself failed.
const MOST_FAULTS: u32 = 2;

/// Runs the chosen on one kind of PC, in the order given; `keep` gets each end as it comes. With `fresh`
/// the setup is installed afresh, else only where no PC with it is saved. After a
/// failure a new PC is switched on, so that the next one has its chance; and where it was the
/// emulator that failed, for the same one again.
pub fn run(
    mut fresh: bool,
    mut switch_on: impl FnMut(bool) -> Result<Bench>,
    chosen: &[&'static Scenario],
    mut keep: impl FnMut(&Outcome) -> Result<()>,
) -> Result<bool> {
    let mut passed = true;
    let mut current = None;
    for scenario in chosen {
        let mut faults = 0;
        loop {
            let bench = match &mut current {
                Some(bench) => bench,
                none => none.insert(switch_on(fresh)?),
            };
            let entered = if bench.ready { None } else { Some(enter(bench, faults)) };
            if let Some(outcome) = entered.as_ref().filter(|one| one.name == "install" && !one.failed()) {
                keep(outcome)?;
                fresh = false;
            }
            let is_in = entered.as_ref().is_none_or(|outcome| !outcome.failed());
            let mut outcome = match entered {
                Some(outcome) if !is_in => outcome,
                _ => try_it(bench, scenario.name, |bench| scenario.run(bench)),
            };
            outcome.faults = faults;
            if !outcome.failed() {
                keep(&outcome)?;
                break;
            }
            let fault = bench.emulator_fault();
            current = None;
            match fault {
                Some(fault) if faults < MOST_FAULTS => {
                    println!("the emulator failed ({fault}); once more");
                    faults += 1;
                }
                _ => {
                    keep(&outcome)?;
                    if !is_in {
                        return Ok(false);
                    }
                    passed = false;
                    break;
                }
            }
        }
    }
    Ok(passed)
}

/// From a PC that was switched on to one that is ready to lend its card.
fn enter(bench: &mut Bench, faults: u32) -> Outcome {
    let (name, steps): (_, fn(&mut Bench) -> Result<()>) = match bench.installed {
        true => ("start", journey::ready),
        false => ("install", journey::go_in),
    };
    let outcome = try_it(bench, name, steps);
    bench.ready = !outcome.failed();
    Outcome { faults, ..outcome }
}

/// Runs one, prints and keeps what is needed to understand a failure.
fn try_it(bench: &mut Bench, name: &'static str, act: impl FnOnce(&mut Bench) -> Result<()>) -> Outcome {
    println!("\n--> {name}");
    let began = Instant::now();
    let error = act(bench).err();
    if let Some(error) = &error {
        println!("{error}");
        let _ = bench.picture(&format!("{name}-failed"));
        let evidence = bench.ask("evidence", &[]) + &bench.logs();
        // Beside the runs: the next PC begins with an empty folder.
        let place = bench.folder.with_extension(format!("{name}-failed.log"));
        if fs::write(&place, evidence).is_ok() {
            println!("everything that may say why: {}", place.display());
        }
    }
    let (pc, templates) = ((bench.init, bench.iommu), bench.templates.clone());
    Outcome { name, pc, templates, took: began.elapsed(), faults: 0, error }
}
