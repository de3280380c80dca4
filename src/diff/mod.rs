//! What the packages would make of a machine: every file and every step, held
//! against the machine's own files. Nothing is run and nothing is written.

mod domain;
mod files;
mod lines;
mod owner;
mod print;
mod record;
mod rpm;
mod steps;
mod xml;

use serde::Serialize;

use crate::diag::Result;
use crate::machine::root::Root;
use crate::plan::Plan;
use crate::render::File;

pub use lines::{Line, Sign};
pub use print::{stat, unified};

/// Everything that would change on a machine, and what would not.
#[derive(Debug, Clone, Serialize)]
pub struct Difference {
    /// Files, by path.
    pub files: Vec<FileDiff>,
    /// Steps, in the order in which `apply` takes them.
    pub steps: Vec<StepDiff>,
}

/// How a file of the machine stands to the one of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// The same bytes and the same kind.
    Same,
    /// There is nothing yet.
    New,
    /// Ours, as it was installed; the profile or onegpu has changed.
    Changed,
    /// Ours, and somebody has changed it since it was installed.
    Drifted,
    /// Somebody else's file lies where the package's goes.
    Foreign,
    /// Ours, and no longer part of the setup.
    Removed,
    /// It cannot be read: whether it is the same is not known.
    Unknown,
}

impl State {
    /// The word in `--stat` and in the review.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::New => "new",
            Self::Changed => "changed",
            Self::Drifted => "drifted",
            Self::Foreign => "foreign",
            Self::Removed => "removed",
            Self::Unknown => "unknown",
        }
    }
}

/// One file.
#[derive(Debug, Clone, Serialize)]
pub struct FileDiff {
    /// Where it lies, from `/`.
    pub path: String,
    /// How it stands.
    pub state: State,
    /// Why it is said to stand so; empty where the word says it all.
    pub note: String,
    /// Mode in git's spelling on the machine, when it is there.
    pub old_mode: Option<&'static str>,
    /// Mode in git's spelling in the package, unless it goes.
    pub new_mode: Option<&'static str>,
    /// Whether one of the two is no text.
    pub binary: bool,
    /// The hunks.
    pub lines: Vec<Line>,
}

/// How a step stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// In force: `apply` would do nothing.
    Applied,
    /// `apply` would take it.
    Would,
    /// `apply` would leave it for later.
    Later,
    /// It was taken, and is no longer in force as it was.
    Drifted,
    /// Its record or its files cannot be read.
    Unknown,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct StepDiff {
    /// Its name.
    pub id: &'static str,
    /// Whose it is; none for the host's.
    pub guest: Option<String>,
    /// How it stands.
    pub standing: Standing,
    /// What `apply` would do, or why it would not.
    pub text: String,
    /// What it would change, where that is a text.
    pub lines: Vec<Line>,
}

impl Difference {
    /// Holds a plan and its rendered files against the machine at `root`.
    ///
    /// # Errors
    /// When a rendered domain is no XML, which a template override can bring about.
    pub fn new(root: &Root, plan: &Plan, packages: &[(String, Vec<File>)]) -> Result<Self> {
        let (steps, applied) = steps::compare(root, plan, packages)?;
        let owner = owner::Owner::read(root, plan, applied);
        let files = files::compare(root, packages, &owner);
        Ok(Self { files, steps })
    }

    /// Whether nothing at all would change; what is unknown may.
    pub fn is_empty(&self) -> bool {
        self.files.iter().all(|file| file.state == State::Same)
            && self.steps.iter().all(|step| step.standing == Standing::Applied)
    }
}
