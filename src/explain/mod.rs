//! `onegpu explain`: every file, step, key, check and failure by name. The texts are
//! those of the plan, of `texts/` and of the checks; here they are only gathered and found.

mod checks;
mod failures;
mod find;
mod forms;
mod keys;
mod plan;
mod text;

use crate::data::DataDirs;
use crate::diag::Result;
use crate::plan::Plan;

/// What a topic is about. The order is the one in which topics are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A file that a package installs.
    File,
    /// A step of `apply`.
    Step,
    /// A key of a profile.
    Key,
    /// A check of `onegpu check`.
    Check,
    /// A failure of `texts/failures/`.
    Failure,
    /// A file that people write: a profile, a distro file, a template.
    Form,
    /// A key of a distro file.
    Distro,
    /// A quoting filter of templates.
    Filter,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::File,
        Self::Step,
        Self::Key,
        Self::Check,
        Self::Failure,
        Self::Form,
        Self::Distro,
        Self::Filter,
    ];

    /// The word for one of it, which may stand before a name: `step:disk`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Step => "step",
            Self::Key => "key",
            Self::Check => "check",
            Self::Failure => "failure",
            Self::Form => "form",
            Self::Distro => "distro",
            Self::Filter => "filter",
        }
    }

    /// What heads the list of them.
    const fn heading(self) -> &'static str {
        match self {
            Self::File => "Files, as the packages install them",
            Self::Step => "Steps of `apply`, each with its inverse",
            Self::Key => "Keys of a profile",
            Self::Check => "Checks of `onegpu check`",
            Self::Failure => "What goes wrong for people",
            Self::Form => "Files that you may write",
            Self::Distro => "Keys of a distro file",
            Self::Filter => "Quoting filters of templates",
        }
    }
}

/// One thing that can be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// What it is.
    pub kind: Kind,
    /// The name by which it is listed.
    pub name: String,
    /// Other names of it: where it lies on other distros, the last part of a key.
    pub aliases: Vec<String>,
    /// One line.
    pub line: String,
    /// Its text, with a label each; the label may be empty.
    pub texts: Vec<(&'static str, String)>,
}

/// All topics, listed by kind. With a plan, files and steps are that plan's; without one, those of
/// the embedded example on every distro.
///
/// # Errors
/// When a distro file is broken.
pub fn all(data: &DataDirs, plan: Option<&Plan>) -> Result<Vec<Topic>> {
    let mut topics = match plan {
        Some(plan) => plan::of_one(plan),
        None => plan::of_all(data)?,
    };
    topics.extend(keys::topics());
    topics.extend(checks::topics());
    topics.extend(failures::topics());
    topics.extend(forms::topics());
    topics.sort_by_key(|topic| topic.kind);
    Ok(topics)
}

pub use find::{Found, find};
pub use text::{list, render};
