//! `onegpu log`: the last handover and return, and why one failed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::print;
use crate::diag::{Diagnostic, Result};
use crate::log::{Guest, Logs};
use crate::machine::root::Root;
use crate::profile::{GuestName, nearest};

/// The kernel's messages of one boot are less.
const MOST_MESSAGES: u64 = 8 << 20;

/// Show the last handover and return of a guest, and the likely cause of what went wrong
#[derive(Args)]
pub struct Log {
    /// The guest; without one, the guest that had the card last
    name: Option<String>,
    /// Read the machine whose root is DIR, and nothing outside it
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub(super) root: PathBuf,
    /// For people, or for programs
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Look for causes in FILE, too, for example what `journalctl -b` printed; `-` is standard input
    #[arg(long, value_name = "FILE")]
    messages: Option<PathBuf>,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    #[default]
    Text,
    Json,
}

impl Log {
    pub(super) fn run(self) -> Result<ExitCode> {
        if let Some(name) = &self.name {
            name.parse::<GuestName>().map_err(|why| Diagnostic::input(format!("{name:?}: {why}")))?;
        }
        let messages = self.messages.as_deref().map(|file| Ok((shown(file), read(file)?))).transpose()?;
        let root = Root::open(&self.root)?;
        let logs = Logs::new(&root)?;
        let name = match (&self.name, logs.guests.first()) {
            (Some(name), _) if logs.has(name) => name.as_str(),
            (None, Some(guest)) => guest.name.as_str(),
            (name, _) => return Err(no_log(name.as_deref(), &logs.guests)),
        };
        let extra = messages.as_ref().map(|(name, text)| (name.as_str(), text.as_str()));
        let report = logs.report(name, extra)?;
        let text = match self.format {
            Format::Text => {
                let others = logs.guests.iter().filter(|guest| self.name.is_none() && guest.name != name);
                report.text() + &other_guests(others)
            }
            Format::Json => report
                .json()
                .map_err(|error| Diagnostic::machine(format!("the report has no form in JSON: {error}")))?,
        };
        print::to(None, &text)?;
        Ok(if report.well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn other_guests<'a>(others: impl Iterator<Item = &'a Guest>) -> String {
    let mut text = String::new();
    for Guest { name, date, .. } in others {
        let head = if text.is_empty() { "\nOther guests with a log:\n" } else { "" };
        let date = if date.is_empty() { "nothing in it" } else { date };
        text.push_str(&format!("{head}  {name}  {date}\n"));
    }
    text
}

/// There is none: exit status 1, and how to get one.
fn no_log(name: Option<&str>, guests: &[Guest]) -> Diagnostic {
    let known: Vec<&str> = guests.iter().map(|guest| guest.name.as_str()).collect();
    let Some(name) = name else {
        return start_it(Diagnostic::machine("there is no log of any guest"), "NAME");
    };
    let diagnostic = Diagnostic::machine(format!("there is no log of the guest `{name}`"));
    match nearest(name, &known) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`? `onegpu log {near}`")),
        None if known.is_empty() => start_it(diagnostic, name),
        None => start_it(diagnostic.help(format!("there are logs of: {}", known.join(", "))), name),
    }
}

fn start_it(diagnostic: Diagnostic, name: &str) -> Diagnostic {
    diagnostic
        .help(format!("the hook writes one when the guest starts: virsh -c qemu:///system start {name}"))
        .help("if the guest did start, the hook did not run: onegpu explain daemon-not-reloaded")
}

fn shown(file: &Path) -> String {
    if file == Path::new("-") { "standard input".into() } else { file.display().to_string() }
}

/// The end of a file, or the beginning of standard input.
fn read(file: &Path) -> Result<String> {
    let mut bytes = Vec::new();
    let done = if file == Path::new("-") {
        io::stdin().lock().take(MOST_MESSAGES).read_to_end(&mut bytes)
    } else {
        tail(file, &mut bytes)
    };
    done.map_err(|error| Diagnostic::input(format!("{}: {error}", shown(file))))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn tail(path: &Path, bytes: &mut Vec<u8>) -> io::Result<usize> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("is not a regular file"));
    }
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(MOST_MESSAGES)))?;
    file.take(MOST_MESSAGES).read_to_end(bytes)
}
