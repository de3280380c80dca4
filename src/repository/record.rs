//! What a repository was made of: `.onegpu-inputs`, beside the packages. A run whose inputs
//! are the same, and which finds what it left, has nothing to do.

use serde::{Deserialize, Serialize};

/// The record's name in the folder.
pub(super) const FILE: &str = ".onegpu-inputs";

/// The record.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, rename_all = "kebab-case")]
pub(super) struct Record {
    /// The checksum of all that went in; see [`super::Input`].
    pub inputs: String,
    /// The metadata's date. A later state has a later one, or clients take it for the one they know.
    pub date: u32,
    /// The fingerprint of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The packages, each with its checksum.
    pub packages: Vec<(String, String)>,
    /// Every other file and its size.
    pub files: Vec<(String, u64)>,
}
