//! `onegpu check`: what stands in the way, why, and the mend.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{machines, print};
use crate::check::{self, Context, Outcome, json, text};
use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::distro::Distro;
use crate::machine::Machine;
use crate::machine::root::Root;
use crate::profile::Profile;
use crate::setup::Setup;

/// Look for what stands in the way, on this machine and in a profile for it
///
/// Exit status 1 when a check fails; what could not be read is no failure.
#[derive(Args)]
pub struct CheckCommand {
    /// A profile, to be held against the machine
    profile: Option<PathBuf>,
    /// Of a folder of profiles, or of a file with a table of machines, the machine NAME
    #[arg(long, value_name = "NAME", requires = "profile")]
    host: Option<String>,
    /// Read the machine whose root is DIR, and nothing outside it
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) root: PathBuf,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

impl CheckCommand {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        let profile = self.profile.as_deref();
        let profile = profile.map(|path| machines::one(path, self.host.as_deref())).transpose()?;
        let root = Root::open(&self.root)?;
        let machine = Machine::read(&root, data)?;
        let distro = distro(data, profile.as_ref(), &machine)?;
        let setup = match (&profile, &distro) {
            (Some(profile), Some(distro)) => Some(Setup::new(profile, distro.clone())?),
            (Some(_), None) => return Err(super::which_distro()),
            (None, _) => None,
        };
        let context = Context {
            machine: &machine,
            root: &root,
            distro: distro.as_ref(),
            profile: profile.as_ref(),
            setup: setup.as_ref(),
        };
        let findings = check::run(&context);
        let text = match self.format {
            Format::Text => text::render(&findings, super::wants_colour()),
            Format::Json => json::render(&findings).map_err(|error| {
                Diagnostic::machine(format!("the findings have no form in JSON: {error}"))
            })?,
        };
        let printed = print::to(None, &text)?;
        Ok(if check::worst(&findings) == Outcome::Fail { ExitCode::FAILURE } else { printed })
    }
}

/// The profile's distro; where it says none, the machine's.
fn distro(data: &DataDirs, profile: Option<&Profile>, machine: &Machine) -> Result<Option<Distro>> {
    let said = profile.and_then(|profile| Some((profile, profile.host.get_ref().distro.as_ref()?)));
    match (said, &machine.distro.known_as) {
        (Some((profile, id)), _) => {
            let source = &profile.source;
            let at =
                |error: Diagnostic| profile.with_page(error.or_at(&source.name, &source.text, id.span()));
            Distro::load(data, id.get_ref()).map(Some).map_err(at)
        }
        (None, Some(id)) => Distro::load(data, id).map(Some),
        (None, None) => Ok(None),
    }
}
