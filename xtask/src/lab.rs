//! `cargo xtask lab`: a whole PC with one graphics card, emulated, on which the setup is
//! installed, used and removed as its user would. docs/lab.md says what it shows.

mod accelerator;
mod all;
mod bench;
mod beside;
mod channel;
mod disk;
mod emulator;
mod facts;
mod faults;
mod journey;
mod leftovers;
mod machine;
mod needs;
mod report;
mod results;
mod saved;
mod scenario;
mod screen;
mod store;

use std::process::ExitCode;
use std::time::Instant;

use clap::{Args, ValueEnum};
use onegpu::diag::{Diagnostic, Result};

use bench::Bench;
use scenario::{Outcome, Scenario};

use crate::process::shell;

/// Walk the whole journey on an emulated PC with one graphics card
#[derive(Args)]
pub struct Lab {
    /// The PC's init system (and, as the fourth, the other boot loader)
    #[arg(long, value_enum, default_value_t)]
    init: Init,
    /// The PC's IOMMU
    #[arg(long, value_enum, default_value_t)]
    iommu: Iommu,
    /// Only this scenario; may be given several times [default: journey]
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Every scenario on every PC, and write the table into docs/lab.md. What passed with the
    /// present templates is not run again
    #[arg(long, conflicts_with_all = ["init", "iommu", "scenario", "list"])]
    all: bool,
    /// With `--all`: what passed, too
    #[arg(long, requires = "all")]
    again: bool,
    /// Only write the table into docs/lab.md, of the results that are kept
    #[arg(long, conflicts_with_all = ["init", "iommu", "scenario", "list", "all"])]
    table: bool,
    /// Only make the PC's disk, which takes most of the first run
    #[arg(long, conflicts_with_all = ["scenario", "list", "all", "table"])]
    images: bool,
    /// Name the scenarios
    #[arg(long)]
    list: bool,
    /// For the scenario `beside`: a folder with `qemu` (a main hook), `begin.sh` and `end.sh`
    #[arg(long, value_name = "DIR")]
    peers: Option<std::path::PathBuf>,
    /// Keep the PC's disk and the share of a run
    #[arg(long)]
    keep: bool,
}

/// The init system of the emulated PC.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Init {
    /// Debian's own
    #[default]
    Systemd,
    /// sysvinit-core and openrc
    Openrc,
    /// runit-init
    Runit,
    /// Debian's own, booted by systemd-boot with kernel-install instead of GRUB
    SystemdBoot,
}

/// The IOMMU of the emulated PC.
#[derive(Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Iommu {
    /// On by itself
    #[default]
    Amd,
    /// On by a kernel parameter only
    Intel,
}

impl Init {
    /// As file names and the table have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Openrc => "openrc",
            Self::Runit => "runit",
            Self::SystemdBoot => "systemd-boot",
        }
    }

    /// As `onegpu detect` has it.
    pub fn program(self) -> &'static str {
        if self.is_systemd() { "systemd" } else { self.word() }
    }

    /// What boots the PC.
    pub fn bootloader(self) -> &'static str {
        if self == Self::SystemdBoot { "systemd-boot" } else { "grub" }
    }

    /// Whether the init system is systemd.
    pub fn is_systemd(self) -> bool {
        matches!(self, Self::Systemd | Self::SystemdBoot)
    }
}

impl Iommu {
    /// As profiles and file names have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Amd => "amd",
            Self::Intel => "intel",
        }
    }
}

impl Lab {
    /// Runs it; the status is 1 when a scenario failed.
    pub fn run(self) -> Result<ExitCode> {
        if self.list {
            scenario::list();
            return Ok(ExitCode::SUCCESS);
        }
        if self.table {
            report::write()?;
            return Ok(ExitCode::SUCCESS);
        }
        let sh = shell()?;
        needs::check(&sh)?;
        self.peers.as_deref().map_or(Ok(()), beside::check)?;
        if self.images {
            store::Images::prepare(&sh, self.init)?;
            return Ok(ExitCode::SUCCESS);
        }
        let began = Instant::now();
        let mut ends = Ends::default();
        if self.all {
            for (init, iommu, every) in scenario::PCS {
                self.run_rest(&sh, (*init, *iommu), *every, &mut ends)?;
            }
            report::write()?;
        } else {
            let chosen = self.chosen()?;
            self.run_pc(&sh, (self.init, self.iommu), false, &chosen, |outcome| ends.add(outcome))?;
        }
        println!();
        ends.lines.iter().for_each(|line| println!("{line}"));
        println!("{} s in all", began.elapsed().as_secs());
        Ok(ExitCode::from(u8::from(ends.failed)))
    }

    /// What did not pass yet on one PC. One that cannot be made or switched on is a result, and the
    /// others have their turn.
    fn run_rest(&self, sh: &xshell::Shell, pc: (Init, Iommu), every: bool, ends: &mut Ends) -> Result<()> {
        let templates = results::templates(sh)?;
        let past = if self.again { Vec::new() } else { results::last() };
        let (fresh, mut chosen) = all::left(pc, every, &templates, &past);
        chosen.retain(|one| one.name != "beside" || self.peers.is_some());
        if chosen.is_empty() {
            println!("\n==> {}, {}: everything passed before", pc.0.word(), pc.1.word());
            return Ok(());
        }
        let began = Instant::now();
        let mut each = |outcome: &Outcome| ends.add(outcome).and_then(|()| report::write());
        if let Err(error) = self.run_pc(sh, pc, fresh, &chosen, &mut each) {
            println!("{error}");
            let (name, took, error) = ("install", began.elapsed(), Some(error));
            each(&Outcome { name, pc, templates, took, faults: 0, error })?;
        }
        store::forget_root(pc.0);
        Ok(())
    }

    /// The scenarios asked for, in the order in which a PC runs them.
    fn chosen(&self) -> Result<Vec<&'static Scenario>> {
        let asked: Vec<&str> = match self.scenario.is_empty() {
            true => vec!["journey", "purge"],
            false => self.scenario.iter().map(String::as_str).collect(),
        };
        for name in &asked {
            if !scenario::ALL.iter().any(|scenario| scenario.name == *name) {
                return Err(Diagnostic::input(format!("there is no scenario `{name}`"))
                    .help("`cargo xtask lab --list` names them"));
            }
        }
        let chosen: Vec<_> = scenario::ALL.iter().filter(|one| asked.contains(&one.name)).collect();
        match chosen.iter().find(|one| !one.runs_on(self.init)) {
            Some(one) => Err(Diagnostic::input(format!("`{}` is made with systemd's means", one.name))),
            None => Ok(chosen),
        }
    }

    /// One PC: its images, and the scenarios in one go.
    fn run_pc(
        &self,
        sh: &xshell::Shell,
        pc: (Init, Iommu),
        fresh: bool,
        chosen: &[&'static Scenario],
        each: impl FnMut(&Outcome) -> Result<()>,
    ) -> Result<bool> {
        println!("\n==> a PC with {} and an IOMMU of {}'s", pc.0.word(), pc.1.word());
        let images = store::Images::prepare(sh, pc.0)?;
        let switch_on = |fresh| {
            let bench = Bench::new(sh, &images, pc, self.keep, fresh)?;
            if let Some(peers) = &self.peers {
                beside::lend(sh, peers, &bench)?;
            }
            Ok(bench)
        };
        scenario::run(fresh, switch_on, chosen, each)
    }
}

/// How the scenarios of one call ended.
#[derive(Default)]
struct Ends {
    lines: Vec<String>,
    failed: bool,
}

impl Ends {
    fn add(&mut self, outcome: &Outcome) -> Result<()> {
        self.lines.push(outcome.to_string());
        self.failed |= outcome.failed();
        results::keep(outcome)
    }
}
