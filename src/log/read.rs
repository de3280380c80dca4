//! Which guests have a log, and what is in the end of it.

use std::io::{self, ErrorKind};

use super::libvirt::{self, Section};
use super::{Report, Run, Way, run, verdict};
use crate::diag::{Diagnostic, Result};
use crate::machine::root::Root;
use crate::paths;
use crate::profile::GuestName;

/// A handover and its return are some kilobytes.
const TAIL: u64 = 1 << 20;
/// Of other guests only the last date is wanted.
const SHORT_TAIL: u64 = 64 << 10;
/// With more logs than this, the rest are not looked at.
const MOST_GUESTS: usize = 256;

/// A guest that has a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    /// Its name.
    pub name: String,
    /// The date of its last run, as it is written.
    pub date: String,
    time: Option<jiff::Timestamp>,
}

/// The machine's logs.
pub struct Logs<'a> {
    root: &'a Root,
    /// All guests that have one, the one with the latest run first.
    pub guests: Vec<Guest>,
}

impl<'a> Logs<'a> {
    /// Finds the logs below `root`.
    ///
    /// # Errors
    /// When the folder of logs is there and may not be read.
    pub fn new(root: &'a Root) -> Result<Self> {
        let Some(names) = root.names(paths::LOG_DIR) else {
            return match root.is_absent(paths::LOG_DIR) {
                true => Ok(Self { root, guests: Vec::new() }),
                false => Err(denied(paths::LOG_DIR, &ErrorKind::PermissionDenied.into())),
            };
        };
        let names = names.iter().filter_map(|name| name.strip_suffix(".log"));
        let names = names.filter(|name| name.parse::<GuestName>().is_ok()).take(MOST_GUESTS);
        let mut guests: Vec<Guest> = names.map(|name| guest(root, name)).collect();
        guests.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
        Ok(Self { root, guests })
    }

    /// Whether this guest has a log, or something that is called like one.
    pub fn has(&self, name: &str) -> bool {
        self.root.is_named(&log_of(name))
    }

    /// Reads the log of one guest, and libvirt's; `extra` is another text to look for causes in, and its name.
    ///
    /// # Errors
    /// When the log may not be read, or has no run in it.
    pub fn report(&self, name: &str, extra: Option<(&str, &str)>) -> Result<Report> {
        let path = log_of(name);
        let (mut runs, mut notes) = self.runs(&path)?;
        let last = runs.iter().rposition(|run| run.way == Way::Handover);
        let before = runs.drain(..last.unwrap_or(0)).next_back();
        if before.is_some_and(|run| run.way == Way::Handover) {
            notes.push("The handover before this one has no return in the log.".into());
        }
        if last.is_none() {
            notes.push("The handover that belongs to this is no longer in the log.".into());
        }
        if runs.is_empty() {
            return Err(Diagnostic::machine(format!("{path}: there is no handover or return in it")).help(
                "it was emptied, or something else wrote it; the next start of the guest writes it anew",
            ));
        }
        if runs.iter().any(|run| run.mixed) {
            notes.push("Some times go backwards: lines of two runs are mixed here.".into());
        }
        let libvirt = self.libvirt(name, &runs, &mut notes);
        Ok(verdict::report(name, path, runs, &libvirt, extra, notes))
    }

    /// The runs in the log, and in the one before it when the last handover is there.
    fn runs(&self, path: &str) -> Result<(Vec<Run>, Vec<String>)> {
        let mut notes = Vec::new();
        let text = self.text(path, TAIL, &mut notes).map_err(|error| denied(path, &error))?;
        let mut runs = run::parse(&text);
        if !runs.iter().any(|run| run.way == Way::Handover) {
            let older = format!("{path}.1");
            if let Ok(older) = self.text(&older, TAIL, &mut notes) {
                runs = run::parse(&format!("{}\n{text}", older.trim_end_matches('\n')));
            }
        }
        Ok((runs, notes))
    }

    fn text(&self, path: &str, most: u64, notes: &mut Vec<String>) -> io::Result<String> {
        let (bytes, whole) = self.root.tail(path, most)?;
        if !whole {
            notes.push(format!("{path} is large: only its last {} KiB were read.", most >> 10));
        }
        Ok(lines(&bytes, whole))
    }

    fn libvirt(&self, name: &str, runs: &[Run], notes: &mut Vec<String>) -> Section {
        let path = format!("{}/{name}.log", paths::LIBVIRT_LOG_DIR);
        match self.root.tail(&path, TAIL) {
            Ok((bytes, whole)) => {
                libvirt::since(&lines(&bytes, whole), runs.first().and_then(|run| run.time))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Section::default(),
            Err(error) => {
                let why = plain_error(&error);
                notes.push(format!(
                    "{path} was not read: {why}. So how the guest itself fared is not known; as root, `onegpu log` looks there, too."
                ));
                Section::default()
            }
        }
    }
}

fn log_of(name: &str) -> String {
    format!("{}/{name}.log", paths::LOG_DIR)
}

fn guest(root: &Root, name: &str) -> Guest {
    let path = log_of(name);
    let (bytes, whole) = root.tail(&path, SHORT_TAIL).unwrap_or_default();
    let last = run::parse(&lines(&bytes, whole)).pop();
    let (date, time) = last.map(|run| (run.date, run.time)).unwrap_or_default();
    Guest { name: name.to_owned(), date, time }
}

/// The text, without the line whose beginning was not read.
fn lines(bytes: &[u8], whole: bool) -> String {
    let start = match whole {
        true => 0,
        false => bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1),
    };
    String::from_utf8_lossy(&bytes[start..]).into_owned()
}

/// Without `(os error 13)`.
fn plain_error(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text).to_owned()
}

fn denied(path: &str, error: &io::Error) -> Diagnostic {
    let diagnostic = Diagnostic::machine(format!("{path}: {}", plain_error(error)));
    match error.kind() {
        ErrorKind::PermissionDenied => diagnostic.help("root may read it: sudo onegpu log"),
        _ => diagnostic,
    }
}
