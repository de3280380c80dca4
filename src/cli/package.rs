//! `onegpu package`: the setup packages, and the one command that installs them.

mod ansible;
mod fleet;
mod repository;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::machines::{self, Machine};
use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::output::{Batch, failure};
use crate::package::{self, Built};
use crate::plan::Plan;
use crate::profile::{self, Profile};
use crate::render::{Engine, quote};
use ansible::Host;
use repository::RepoOptions;

/// The distros that stand for the four families.
const FAMILIES: [&str; 4] = ["gentoo", "arch", "fedora", "ubuntu"];

/// Stands in a distro's `install-files` for the folder of the packages.
const FOLDER: &str = "{folder}";

/// Where packages go when nothing else is said.
const FOLDER_OF_PACKAGES: &str = "dist";

/// Build the setup packages: onegpu-host and one onegpu-guest-NAME per guest
#[derive(Args)]
pub struct Package {
    /// The profile; or a folder of profiles, *.toml, or one file with tables [machines.NAME]: each
    /// machine's packages go into a folder of its name. Without one, a repository is made anew from
    /// the packages in it
    #[arg(required_unless_present = "repo")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
}

/// For which distros, and where to.
#[derive(Args, Clone)]
pub struct Choice {
    /// Build for this distro instead of the profile's own; may be given more than once
    #[arg(long, value_name = "ID")]
    distro: Vec<String>,
    /// Build for all four families: gentoo, arch, fedora, ubuntu
    #[arg(long, conflicts_with = "distro")]
    all: bool,
    /// The folder for the packages, dist unless there is a repository; with more than one distro,
    /// each has a folder in it
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    repository: RepoOptions,
}

impl Package {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        match &self.profile {
            Some(profile) => self.choice.run_at(data, profile),
            None => self.choice.refresh(data),
        }
    }
}

impl Choice {
    /// The same for all four families when neither distro nor `--all` is given.
    #[must_use]
    pub fn or_all(mut self) -> Self {
        self.all |= self.distro.is_empty();
        self
    }

    /// As [`Choice::run`], of the profile at `path`, or of all profiles in the folder `path`.
    ///
    /// # Errors
    /// As [`Choice::run`]; of a folder's profiles, those that are good are built all the same.
    pub fn run_at(&self, data: &DataDirs, path: &Path) -> Result<ExitCode> {
        match machines::machines(path)? {
            Some(machines) => fleet::run(self, data, &machines),
            None => self.run(data, &profile::read(path)?),
        }
    }

    /// Makes the metadata of a repository anew.
    fn refresh(&self, data: &DataDirs) -> Result<ExitCode> {
        let Some(repository) = self.repository.open(data, package::epoch()?)? else {
            return Err(Diagnostic::input("which profile?").help("name it, or a repository with --repo DIR"));
        };
        super::print::to(None, &(repository.refresh(data)? + &repository.ending(data)?))
    }

    /// Where the packages go besides a repository.
    fn output(&self) -> Option<PathBuf> {
        let usual = (!self.repository.wanted()).then(|| PathBuf::from(FOLDER_OF_PACKAGES));
        self.output.clone().or(usual)
    }

    /// Builds and writes; prints each path, and the commands on standard output.
    ///
    /// # Errors
    /// On a bad profile, distro or template; nothing is written then.
    pub fn run(&self, data: &DataDirs, profile: &Profile) -> Result<ExitCode> {
        let epoch = package::epoch()?;
        let plans = self.plans(data, profile)?;
        plans.iter().for_each(|plan| super::print_notes(&plan.setup.notes, ""));
        // Everything is built before anything is written.
        let outputs = package::build(data, &plans, epoch)?;
        let mut text = String::new();
        if let Some(repository) = self.repository.open(data, epoch)? {
            let machine = Machine::File(PathBuf::from(&profile.source.name)).name();
            let engine = &mut Engine::bare(data)?;
            // Before anything is written, for it may refuse.
            let host = self.repository.ansible().map(|_| Host::new(&plans)).transpose()?;
            let (said, notes) = repository.put(engine, &machine, &plans, &outputs, &profile.source.text)?;
            super::print_notes(&notes, "");
            text = said + &repository.ending(data)?;
            if let (Some(folder), Some(host)) = (self.repository.ansible(), host) {
                text.push_str(&ansible::write(folder, &repository, &BTreeMap::from([(machine, host)]))?);
            }
        }
        if let Some(folder) = self.output() {
            text.insert_str(0, &write(&plans, &outputs, &folder)?);
        }
        super::print::to(None, &text)
    }

    /// The profile's plans on the distros chosen.
    fn plans(&self, data: &DataDirs, profile: &Profile) -> Result<Vec<Plan>> {
        let mut distros: Vec<Option<&str>> = match self.all {
            true => FAMILIES.into_iter().map(Some).collect(),
            false => self.distro.iter().map(|id| Some(id.as_str())).collect(),
        };
        if distros.is_empty() {
            distros.push(None);
        }
        distros.iter().map(|distro| super::quiet_plan(data, profile, *distro)).collect()
    }
}

/// Writes what was built into the folder `output`; the paths and commands, to be printed.
fn write(plans: &[Plan], outputs: &[package::Output], output: &Path) -> Result<String> {
    let mut batch = Batch::new(output)?;
    let mut text = String::new();
    for (plan, made) in plans.iter().zip(outputs) {
        let (below, folder) = match plans.len() {
            1 => (String::new(), output.to_path_buf()),
            _ => (format!("{}/", plan.setup.distro.id), output.join(&plan.setup.distro.id)),
        };
        for package in &made.packages {
            let path = batch.add(&format!("{below}{}", package.file_name), &package.bytes)?;
            text.push_str(&format!("{}\n", path.display()));
        }
        for file in &made.overlay {
            batch.add(&format!("{below}overlay{}", file.path), &file.bytes)?;
        }
        if !made.overlay.is_empty() {
            text.push_str(&format!("{}\n", folder.join("overlay").display()));
        }
        let command = command(plan, &folder, &made.packages)?;
        text.push_str(&format!("\nInstall them with:\n  {command}\n\n"));
    }
    batch.finish()?;
    Ok(text)
}

/// The one command that installs these packages of the folder `output`.
fn command(plan: &Plan, output: &Path, packages: &[Built]) -> Result<String> {
    let mut line = plan.setup.distro.package.install_files.clone();
    // Portage and XBPS install by name, from a folder that they are told.
    let by_name = line.contains(FOLDER);
    if by_name {
        let folder = std::path::absolute(output).map_err(|error| failure(output, &error))?;
        line = line.replace(FOLDER, &word(&folder)?);
    }
    for package in packages {
        line.push(' ');
        line.push_str(&match Path::new(&package.file_name).parent() {
            Some(name) if by_name && !name.as_os_str().is_empty() => word(name)?,
            // XBPS' file names are NAME-VERSION_REVISION.ARCHITECTURE.xbps.
            _ if by_name => word(Path::new(package.file_name.rsplit_once('-').map_or("", |(name, _)| name)))?,
            _ => word(&local(&output.join(&package.file_name)))?,
        });
    }
    Ok(line)
}

/// A path as a word of the shell.
fn word(path: &Path) -> Result<String> {
    quote::sh(&path.to_string_lossy()).map_err(Diagnostic::input)
}

/// With `./` before a relative path: apt takes a bare name for a package of the archive.
fn local(path: &Path) -> PathBuf {
    match path.is_absolute() || path.starts_with(".") || path.starts_with("..") {
        true => path.to_path_buf(),
        false => Path::new(".").join(path),
    }
}
