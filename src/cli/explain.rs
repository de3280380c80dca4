//! `onegpu explain`: any file, step, profile key, check or failure, by name.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::explain::{self, Found};
use crate::machine::plain::plain;
use crate::profile;

/// Explain a file, a step, a key of a profile or a distro file, a check, a failure or a filter of
/// templates; without a name, list them all
#[derive(Args)]
pub struct Explain {
    /// A path or a name, as the list has it; `step:disk` means the step only
    what: Option<String>,
    /// Take files and steps from this profile instead of the embedded example
    #[arg(long, value_name = "FILE")]
    profile: Option<PathBuf>,
    /// With --profile: on this distro instead of the profile's own
    #[arg(long, value_name = "ID", requires = "profile")]
    distro: Option<String>,
}

impl Explain {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        let plan = match &self.profile {
            Some(file) => Some(super::plan(data, &profile::read(file)?, self.distro.as_deref())?),
            None => None,
        };
        let topics = explain::all(data, plan.as_ref())?;
        let Some(what) = &self.what else { return print::to(None, &explain::list(&topics)) };
        match explain::find(&topics, what) {
            Found::Topics(found) => {
                let texts: Vec<String> = found.into_iter().map(explain::render).collect();
                print::to(None, &texts.join("\n"))
            }
            Found::Nearest(names) => {
                let what: String = plain(what).chars().take(100).collect();
                let miss = Diagnostic::input(format!("nothing is called `{what}`"));
                let miss = match names.as_slice() {
                    [] => miss,
                    names => miss.help(format!("did you mean `{}`?", names.join("`, `"))),
                };
                Err(miss.help("`onegpu explain` lists everything that can be explained"))
            }
        }
    }
}
