//! Many machines: each is built into a folder of its name, on all CPUs. What is built is
//! written at once, so that a thousand need no more memory than a few.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use super::ansible::{self, Host};
use super::repository::Repository;
use super::{Choice, write};
use crate::cli::machines::Machine;
use crate::cli::progress::Progress;
use crate::cli::{print, print_notes};
use crate::data::DataDirs;
use crate::diag::Result;
use crate::package::{self, parallel::parallel};
use crate::plan::Plan;
use crate::render::Engine;

/// What came of one machine: the notes, what is printed, and what an inventory says of it.
type Outcome = Result<(Vec<String>, String, Option<Host>)>;

/// Builds every machine.
///
/// # Errors
/// When the templates cannot be used. A bad profile is named on standard error, the others are
/// built, and the exit status is that of bad input.
pub fn run(choice: &Choice, data: &DataDirs, machines: &[Machine]) -> Result<ExitCode> {
    let epoch = package::epoch()?;
    let repository = choice.repository.open(data, epoch)?;
    let run = Run { choice, data, epoch, repository: repository.as_ref() };
    let progress = Progress::new(machines.len(), "machines");
    let one = |engine: &mut Engine<'_>, at: usize| {
        let outcome = run.one(engine, &machines[at]);
        progress.step();
        Ok(outcome)
    };
    let outcomes: Vec<Outcome> = parallel(machines.len(), || Engine::bare(data), one)?;
    drop(progress);
    let mut bad: Vec<(String, u8)> = Vec::new();
    let (mut built, mut hosts) = (String::new(), BTreeMap::new());
    for (machine, outcome) in machines.iter().zip(outcomes) {
        match outcome {
            Ok((notes, text, host)) => {
                print_notes(&notes, &format!("{}: ", machine.shown()));
                built.push_str(&text);
                hosts.extend(host.map(|host| (machine.name(), host)));
            }
            Err(error) => {
                eprintln!("{error}");
                bad.push((machine.shown(), error.exit_status()));
            }
        }
    }
    // Where nothing could be built, nothing is written.
    if let Some(repository) = repository.as_ref().filter(|_| !built.is_empty()) {
        built.push_str(&repository.ending(data)?);
        if let Some(folder) = choice.repository.ansible() {
            built.push_str(&ansible::write(folder, repository, &hosts)?);
        }
    }
    print::to(None, &built)?;
    if bad.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    let names: Vec<&str> = bad.iter().map(|(name, _)| name.as_str()).collect();
    eprintln!("not built, {} of {}: {}", bad.len(), machines.len(), names.join(", "));
    Ok(ExitCode::from(bad.iter().map(|(_, status)| *status).max().unwrap_or_default()))
}

/// What is the same for all machines.
struct Run<'a> {
    choice: &'a Choice,
    data: &'a DataDirs,
    epoch: u32,
    repository: Option<&'a Repository>,
}

impl Run<'_> {
    fn one(&self, engine: &mut Engine<'_>, machine: &Machine) -> Outcome {
        let profile = machine.profile()?;
        let plans: Vec<Plan> = self.choice.plans(self.data, &profile)?;
        let host = self.choice.repository.ansible().map(|_| Host::new(&plans)).transpose()?;
        let (name, source) = (machine.name(), &profile.source.text);
        let folder = self.choice.output().map(|folder| folder.join(Path::new(&name)));
        let mut notes = plans.iter().flat_map(|plan| plan.setup.notes.iter().cloned()).collect::<Vec<_>>();
        // What an earlier run finished is not built again.
        if let (Some(repository), None) = (self.repository, &folder)
            && let Some(text) = repository.current(&name, &plans, source)?
        {
            return Ok((notes, text, host));
        }
        let outputs = package::build_with(engine, &plans, self.epoch)?;
        let mut text = String::new();
        if let Some(folder) = &folder {
            text.push_str(&write(&plans, &outputs, folder)?);
        }
        if let Some(repository) = self.repository {
            let (said, more) = repository.put(engine, &name, &plans, &outputs, source)?;
            text.push_str(&said);
            notes.extend(more);
        }
        Ok((notes, text, host))
    }
}
