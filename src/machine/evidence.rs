//! Why a fact is believed: shown to the user, and weighed by `check`.

use serde::Serialize;

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    /// The file or variable that was looked at.
    pub from: String,
    /// What it says.
    pub says: String,
}

impl Evidence {
    /// `from` says `says`.
    pub fn new(from: impl Into<String>, says: impl Into<String>) -> Self {
        Self { from: from.into(), says: says.into() }
    }
}
