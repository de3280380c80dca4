//! `onegpu detect`: what the machine is.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::print;
use crate::data::DataDirs;
use crate::detect::{json, text, toml};
use crate::diag::{Diagnostic, Result};
use crate::machine::Machine;
use crate::machine::root::Root;

/// Read the machine: distro, init, boot loader, CPU, IOMMU, graphics card, display manager
#[derive(Args)]
pub struct Detect {
    /// Read the machine whose root is DIR, and nothing outside it
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) root: PathBuf,
    /// For people, for programs, or as a profile's host part
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Write to FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
    Toml,
}

impl Detect {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        let machine = Machine::read(&Root::open(&self.root)?, data)?;
        let text = match self.format {
            Format::Text => text::render(&machine),
            Format::Json => json::render(&machine)
                .map_err(|error| Diagnostic::machine(format!("the facts have no form in JSON: {error}")))?,
            Format::Toml => toml::render(&machine),
        };
        print::to(self.output.as_deref(), &text)
    }
}
