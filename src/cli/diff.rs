//! `onegpu diff`: the machine, and what the packages would make of it.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{machines, print};
use crate::data::DataDirs;
use crate::diag::Result;
use crate::diff::{self, Difference};
use crate::machine::root::Root;
use crate::render;

/// Show what the packages would change on the machine, files and steps; exit 1 when anything
#[derive(Args)]
pub struct Diff {
    /// The profile
    profile: PathBuf,
    /// Of a folder of profiles, or of a file with a table of machines, the machine NAME
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Read the machine whose root is DIR, and nothing outside it
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) root: PathBuf,
    /// Render for this distro instead of the profile's own
    #[arg(long, value_name = "ID")]
    distro: Option<String>,
    /// One line for each file and step, and a sum
    #[arg(long)]
    stat: bool,
}

impl Diff {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        let profile = machines::one(&self.profile, self.host.as_deref())?;
        let root = Root::open(&self.root)?;
        let plan = super::plan(data, &profile, self.distro.as_deref())?;
        let packages = render::all(data, &plan)?;
        let difference = Difference::new(&root, &plan, &packages)?;
        let colour = super::wants_colour();
        let text = match self.stat {
            true => diff::stat(&difference, colour),
            false => diff::unified(&difference, colour),
        };
        print::to(None, &text)?;
        Ok(if difference.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }
}
