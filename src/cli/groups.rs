//! `onegpu groups`: the IOMMU groups, the card's marked.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::print;
use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::groups::{Groups, json, svg, tree};
use crate::machine::Machine;
use crate::machine::pci_names::PciNames;
use crate::machine::root::Root;

/// Show the IOMMU groups, what goes with the graphics card, and what the host would lose
#[derive(Args)]
pub struct GroupsCommand {
    /// Read the machine whose root is DIR, and nothing outside it
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) root: PathBuf,
    /// A tree for the terminal, data for programs, or a picture
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
    Svg,
}

impl GroupsCommand {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        let root = Root::open(&self.root)?;
        let machine = Machine::read(&root, data)?;
        let groups = Groups::new(&machine, &PciNames::new(&root));
        let text = match self.format {
            Format::Text => tree::render(&groups, self.output.is_none() && super::wants_colour()),
            Format::Json => json::render(&groups)
                .map_err(|error| Diagnostic::machine(format!("the groups have no form in JSON: {error}")))?,
            Format::Svg => svg::render(data, &groups)?,
        };
        print::to(self.output.as_deref(), &text)
    }
}
