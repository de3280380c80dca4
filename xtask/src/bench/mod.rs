//! `cargo xtask bench AREA`: how long things take, beside what others take for the same.

mod handover;

use std::process::ExitCode;

use clap::Subcommand;
use onegpu::diag::Result;

/// Measure how long things take
#[derive(Subcommand)]
pub enum Bench {
    Handover(handover::Handover),
}

impl Bench {
    /// Measures, and prints a table.
    pub fn run(self) -> Result<ExitCode> {
        match self {
            Self::Handover(area) => area.run(),
        }
    }
}
