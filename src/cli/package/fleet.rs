//! A folder of profiles: each is built into a folder of its name, on all CPUs.
//! What is built is written at once, so that a thousand need no more memory than a few.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Choice, write};
use crate::cli::{print, print_notes};
use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::output::failure;
use crate::package::{self, parallel::parallel};
use crate::plan::Plan;
use crate::profile;
use crate::render::Engine;

/// What came of one profile: the notes and what is printed.
type Outcome = Result<(Vec<String>, String)>;

/// Builds every `*.toml` of `folder`.
///
/// # Errors
/// When there is none, or the templates cannot be used. A bad profile is named on standard
/// error, the others are built, and the exit status is that of bad input.
pub fn run(choice: &Choice, data: &DataDirs, folder: &Path) -> Result<ExitCode> {
    let epoch = package::epoch()?;
    let profiles = profiles(folder)?;
    let outcomes: Vec<Outcome> = parallel(
        profiles.len(),
        || Engine::bare(data),
        |engine, at| Ok(one(choice, data, engine, &profiles[at], epoch)),
    )?;
    let mut bad: Vec<(&PathBuf, u8)> = Vec::new();
    let mut built = String::new();
    for (path, outcome) in profiles.iter().zip(outcomes) {
        match outcome {
            Ok((notes, text)) => {
                print_notes(&notes, &format!("{}: ", path.display()));
                built.push_str(&text);
            }
            Err(error) => {
                eprintln!("{error}");
                bad.push((path, error.exit_status()));
            }
        }
    }
    print::to(None, &built)?;
    if bad.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<String> = bad.iter().map(|(path, _)| path.display().to_string()).collect();
    eprintln!("not built, {} of {}: {}", bad.len(), profiles.len(), names.join(", "));
    Ok(ExitCode::from(bad.iter().map(|(_, status)| *status).max().unwrap_or_default()))
}

/// The profiles of a folder, by name. What an editor or a person hid is none.
fn profiles(folder: &Path) -> Result<Vec<PathBuf>> {
    let fail = |error: std::io::Error| failure(folder, &error);
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|ending| ending == "toml") {
            out.push(path);
        }
    }
    out.sort();
    if out.is_empty() {
        return Err(Diagnostic::input(format!("{}: the folder has no profile", folder.display()))
            .help("a profile is a file NAME.toml; `onegpu init -o FILE` writes one"));
    }
    Ok(out)
}

fn one(choice: &Choice, data: &DataDirs, engine: &mut Engine<'_>, path: &Path, epoch: u32) -> Outcome {
    let profile = profile::read(path)?;
    let plans: Vec<Plan> = choice.plans(data, &profile)?;
    let outputs = package::build_with(engine, &plans, epoch)?;
    let notes = plans.iter().flat_map(|plan| plan.setup.notes.iter().cloned()).collect();
    let name = path.file_stem().unwrap_or_default();
    Ok((notes, write(&plans, &outputs, &choice.output.join(name))?))
}
