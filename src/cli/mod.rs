//! The command line: one file a command, and a short dispatch.

mod check;
mod detect;
mod diff;
mod distros;
mod explain;
mod groups;
mod init;
mod log;
mod machines;
pub mod package;
mod print;
mod progress;
mod render;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::distro::Distro;
use crate::plan::Plan;
use crate::profile::Profile;
use crate::setup::Setup;

/// Lends your one graphics card to a virtual machine, as packages that go in
/// and out without a trace.
#[derive(Parser)]
#[command(name = "onegpu", version, about, propagate_version = true)]
struct Cli {
    /// Put DIR's distros/ and templates/ before the embedded ones, file by file
    #[arg(long, value_name = "DIR", global = true)]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Detect(detect::Detect),
    Init(Box<init::Init>),
    Check(check::CheckCommand),
    Groups(groups::GroupsCommand),
    Render(render::Render),
    Diff(diff::Diff),
    Package(package::Package),
    Explain(explain::Explain),
    Log(log::Log),
    Distros(distros::Distros),
}

impl Command {
    /// The root of the machine that is read, if one is.
    fn root(&self) -> Option<&Path> {
        match self {
            Self::Detect(command) => Some(&command.root),
            Self::Init(command) => Some(&command.root),
            Self::Check(command) => Some(&command.root),
            Self::Groups(command) => Some(&command.root),
            Self::Log(command) => Some(&command.root),
            Self::Diff(command) => Some(&command.root),
            Self::Render(command) => command.root.as_deref(),
            Self::Package(_) | Self::Explain(_) | Self::Distros(_) => None,
        }
    }
}

/// The whole command line, for what is made from it: manual pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Parses the command line and runs it.
///
/// Exit status 0: done; 1: the answer is no; 2: wrong use or bad input.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let own = cli.data_dir.as_deref();
    let data = match cli.command.root() {
        // Nothing of this machine has a say about another.
        Some(root) if root != Path::new("/") => DataDirs::only(own),
        _ => DataDirs::standard(own),
    };
    let done = match cli.command {
        Command::Detect(command) => command.run(&data),
        Command::Init(command) => command.run(&data),
        Command::Check(command) => command.run(&data),
        Command::Groups(command) => command.run(&data),
        Command::Render(command) => command.run(&data),
        Command::Diff(command) => command.run(&data),
        Command::Package(command) => command.run(&data),
        Command::Explain(command) => command.run(&data),
        Command::Log(command) => command.run(),
        Command::Distros(command) => command.run(&data),
    };
    match done {
        Ok(status) => status,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(error.exit_status())
        }
    }
}

/// The plan of a profile on one distro: the one given, or the profile's own. What was
/// assumed is said.
fn plan(data: &DataDirs, profile: &Profile, distro: Option<&str>) -> Result<Plan> {
    let plan = quiet_plan(data, profile, distro)?;
    print_notes(&plan.setup.notes, "");
    Ok(plan)
}

/// What was assumed, on standard error; `whose` stands before each.
fn print_notes(notes: &[String], whose: &str) {
    notes.iter().for_each(|note| eprintln!("note: {whose}{note}"));
}

/// As [`plan`], and nothing is said.
fn quiet_plan(data: &DataDirs, profile: &Profile, distro: Option<&str>) -> Result<Plan> {
    let source = &profile.source;
    let loaded = match (distro, &profile.host.get_ref().distro) {
        (Some(id), _) => Distro::load(data, id).map_err(|error| error.more("distro-file"))?,
        (None, Some(id)) => Distro::load(data, id.get_ref())
            .map_err(|error| profile.with_page(error.or_at(&source.name, &source.text, id.span())))?,
        (None, None) => {
            return Err(which_distro().help("or give --distro arch"));
        }
    };
    Ok(Plan::new(Setup::new(profile, loaded)?))
}

/// Neither the profile nor the machine tells the distro.
fn which_distro() -> Diagnostic {
    Diagnostic::input("which distro? the profile does not say")
        .help("write under [host]: distro = \"arch\"; `onegpu distros` lists them")
        .more("host.distro")
}

/// <https://no-color.org>: any value but the empty one means no.
fn wants_colour() -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && !no_colour && !dumb
}
