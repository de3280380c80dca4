//! The last handover and return of a guest, read back from its log.

pub mod cause;
mod json;
pub mod libvirt;
pub mod line;
mod read;
pub mod run;
mod text;
mod verdict;

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

pub use cause::Cause;
pub use read::{Guest, Logs};

/// Which script wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// `start.sh`: from the desktop to the guest.
    Handover,
    /// `stop.sh`, called by libvirt after the guest's end.
    Return,
    /// `stop.sh`, called by a `start.sh` that failed.
    Rollback,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// As it should.
    Ok,
    /// With this exit status.
    Failed(u32),
    /// It hung, and was ended.
    TimedOut,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// With its last line.
    Done,
    /// A handover that took everything back.
    GaveUp(String),
    /// Not in the log.
    Open,
}

/// A line of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A step.
    Step {
        /// When it ended, since the run began.
        at: Duration,
        /// How long it took.
        took: Duration,
        /// How it ended.
        outcome: Outcome,
        /// Its name.
        what: String,
    },
    /// What was said, by the script (it says when) or by a command.
    Note {
        /// When, since the run began.
        at: Option<Duration>,
        /// The line.
        text: String,
    },
}

/// One run of one script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Which script.
    pub way: Way,
    /// When it began, as it is written.
    pub date: String,
    /// The same, where it is a time.
    pub time: Option<Timestamp>,
    /// Its lines, in the order of the log.
    pub items: Vec<Item>,
    /// How many more there were.
    pub left_out: usize,
    /// Whether its times go backwards: another run wrote in between.
    pub mixed: bool,
    /// How it ended.
    pub end: End,
}

/// What there is to say about one guest.
#[derive(Debug)]
pub struct Report {
    /// The guest.
    pub guest: String,
    /// The log's path on the machine.
    pub path: String,
    /// The last handover, and all that came after it.
    pub runs: Vec<Run>,
    /// Whether it all went well.
    pub well: bool,
    /// That in one sentence.
    pub verdict: String,
    /// Likely causes, the likeliest first; empty when all went well.
    pub causes: Vec<Cause>,
    /// The last messages of libvirt's log, when the guest itself failed.
    pub messages: Vec<String>,
    /// What the reader should know about what was read.
    pub notes: Vec<String>,
}
