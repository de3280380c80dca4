//! `cargo xtask bench`: what onegpu takes, beside what people would use instead.
//! One file an area; each adds its rows to the report.

mod detect;
mod domain;
mod figure;
mod ground;
mod growth;
mod handover;
mod machines;
mod many;
mod packages;
pub mod peers;
mod report;
mod repository;
mod run;
mod sizes;
mod start;
mod trees;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use onegpu::diag::Result;

use crate::process::{failure, root, shell};
use crate::{provision, tools};
use ground::Ground;
use report::Report;
use run::Budget;

/// Measure onegpu beside what people would use instead
///
/// Prints one table, and writes it to docs/performance.md when every area is measured.
#[derive(Args)]
pub struct Bench {
    /// Only these; without any, all of them
    areas: Vec<Area>,
    /// Write the table to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Measure this onegpu instead of building the release build
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// No new round of a comparison after so many seconds; there are five at least
    #[arg(long, value_name = "N", default_value_t = 8)]
    seconds: u64,
    /// A folder with checkouts of others' repositories, whose hook scripts are measured beside: the
    /// guide's and two tools'; which of them is not there is said
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,
    /// First install what is measured beside (Debian family, as root)
    #[arg(long)]
    provision: bool,
}

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Area {
    /// Setup packages by format, beside nfpm and the native tools
    Packages,
    /// The sizes of those packages
    Sizes,
    /// The domain XML, beside virt-install
    Domain,
    /// Reading the machine, beside lspci and a shell
    Detect,
    /// Starting, the program's size, its memory
    Start,
    /// Many profiles in one call, beside one call each
    Many,
    /// A thousand profiles (or ONEGPU_BENCH_MACHINES) to a signed repository for each family, beside nfpm and
    /// the families' tools
    Repository,
    /// Ten times as much of something, beside once
    Growth,
    /// What the hook scripts add to a handover (needs what its test needs)
    Handover,
}

/// Measures, and tells it to the report.
type Measure = fn(&Ground, &mut Report) -> Result<()>;

impl Area {
    fn measure(self) -> Measure {
        match self {
            Self::Packages => packages::measure,
            Self::Sizes => sizes::measure,
            Self::Domain => domain::measure,
            Self::Detect => detect::measure,
            Self::Start => start::measure,
            Self::Many => many::measure,
            Self::Repository => repository::measure,
            Self::Growth => growth::measure,
            Self::Handover => handover::measure,
        }
    }
}

impl Bench {
    /// Measures and tells.
    pub fn run(self) -> Result<ExitCode> {
        let sh = shell()?;
        if self.provision {
            provision::peers(&sh)?;
        }
        tools::equip(&sh);
        if let Some(folder) = &self.peers {
            sh.set_var(handover::PEERS, folder.canonicalize().map_err(failure)?);
        }
        let budget = Budget { time: Duration::from_secs(self.seconds) };
        let ground = Ground::new(sh, self.program.as_deref(), budget)?;
        let before = ground.load();
        let mut report = Report::new(ground.places());
        let whole = self.areas.is_empty();
        let areas: Vec<Area> = if whole { Area::value_variants().to_vec() } else { self.areas };
        for area in &areas {
            area.measure()(&ground, &mut report)?;
        }
        let text = report.text(&ground.about(&before));
        print!("{text}");
        let output = self.output.or_else(|| whole.then(|| root().join("docs/performance.md")));
        if let Some(output) = output {
            std::fs::write(&output, &text)
                .map_err(|error| failure(format!("{}: {error}", output.display())))?;
            eprintln!("written: {}", output.display());
        }
        report.missed().iter().for_each(|what| eprintln!("aim missed: {what}"));
        Ok(ExitCode::SUCCESS)
    }
}
