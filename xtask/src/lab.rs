//! `cargo xtask lab`: a whole PC with one graphics card, emulated, on which the setup is
//! installed, used and removed as its user would. docs/lab.md says what it shows.

mod accelerator;
mod bench;
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
    /// The PC's init system
    #[arg(long, value_enum, default_value_t)]
    init: Init,
    /// The PC's IOMMU
    #[arg(long, value_enum, default_value_t)]
    iommu: Iommu,
    /// Only this scenario; may be given several times [default: journey]
    #[arg(long, value_name = "NAME")]
    scenario: Vec<String>,
    /// Every scenario on every PC, and write the table into docs/lab.md
    #[arg(long, conflicts_with_all = ["init", "iommu", "scenario", "list"])]
    all: bool,
    /// Name the scenarios
    #[arg(long)]
    list: bool,
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
    /// As profiles and file names have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Systemd => "systemd",
            Self::Openrc => "openrc",
            Self::Runit => "runit",
        }
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
        if self.init != Init::Systemd {
            // Their packages are known (docs/lab.md); their image is not made yet.
            return Err(Diagnostic::input(format!("the lab has no PC with {} yet", self.init.word())));
        }
        let sh = shell()?;
        needs::check(&sh)?;
        let began = Instant::now();
        let mut outcomes = Vec::new();
        if self.all {
            for (init, iommu) in scenario::PCS {
                let chosen: Vec<_> = scenario::ALL.iter().filter(|one| one.runs_on(*init)).collect();
                outcomes.extend(run_pc(&sh, *init, *iommu, &chosen, self.keep)?);
            }
            report::write(&outcomes, began.elapsed())?;
        } else {
            let chosen = self.chosen()?;
            outcomes = run_pc(&sh, self.init, self.iommu, &chosen, self.keep)?;
        }
        println!();
        outcomes.iter().for_each(|outcome| println!("{outcome}"));
        println!("{} s in all", began.elapsed().as_secs());
        Ok(ExitCode::from(u8::from(outcomes.iter().any(Outcome::failed))))
    }

    /// The scenarios asked for, in the order in which a PC runs them.
    fn chosen(&self) -> Result<Vec<&'static Scenario>> {
        let asked: Vec<&str> = match self.scenario.is_empty() {
            true => vec!["journey"],
            false => self.scenario.iter().map(String::as_str).collect(),
        };
        for name in &asked {
            if !scenario::ALL.iter().any(|scenario| scenario.name == *name) {
                return Err(Diagnostic::input(format!("there is no scenario `{name}`"))
                    .help("`cargo xtask lab --list` names them"));
            }
        }
        Ok(scenario::ALL.iter().filter(|scenario| asked.contains(&scenario.name)).collect())
    }
}

/// One PC: its images, and the scenarios in one go. When the emulator itself dies of a fault of
/// its own, the run is repeated once, and says so.
fn run_pc(
    sh: &xshell::Shell,
    init: Init,
    iommu: Iommu,
    chosen: &[&'static Scenario],
    keep: bool,
) -> Result<Vec<Outcome>> {
    println!("\n==> a PC with {} and an IOMMU of {}'s", init.word(), iommu.word());
    let images = store::Images::prepare(sh, init)?;
    for attempt in 1..=2 {
        let mut bench = Bench::new(sh, &images, init, iommu, keep)?;
        let outcomes = scenario::run(&mut bench, chosen);
        match bench.emulator_fault() {
            Some(fault) if attempt == 1 => {
                println!("the emulator died ({fault}); once more from the beginning")
            }
            _ => return Ok(outcomes),
        }
    }
    Ok(Vec::new())
}
