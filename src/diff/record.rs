//! What `apply` has written down of a step: templates/host/lib/record.sh and steps.sh write it.

use crate::machine::root::Root;
use crate::paths;

/// A value of a record is a few lines, a copy of a domain some hundred.
const LARGEST: usize = 256 << 10;

/// The record of one step.
pub enum Record {
    /// There is none: the step was never taken, or is taken back.
    None,
    /// Whether there is one cannot be seen.
    Unreadable(String),
    /// There is one.
    Taken(Taken),
}

/// A record that can be read.
pub struct Taken {
    folder: String,
    /// Whether the step was carried out to its end.
    pub done: bool,
    /// What of it was left for later.
    pub later: Option<String>,
    /// Whether it was taken by the step file that would be installed now.
    pub same: bool,
}

impl Record {
    /// Reads the record of step `id` of the host or of a guest; `step` is the step's file as rendered.
    pub fn read(root: &Root, guest: Option<&str>, id: &str, step: Option<&[u8]>) -> Self {
        let scope = guest.map_or_else(|| "host".to_owned(), |guest| format!("guests/{guest}"));
        let folder = format!("{}/{scope}/{id}", paths::STATE_DIR);
        if !root.is_folder(&folder) {
            return match root.is_absent(&folder) {
                true => Self::None,
                false => Self::Unreadable(folder),
            };
        }
        let file = format!("{folder}/step");
        let Some(taken_by) = root.bytes(&file, LARGEST) else { return Self::Unreadable(file) };
        let mut taken = Taken { folder, done: false, later: None, same: step == Some(&taken_by[..]) };
        taken.done = root.is_file(&format!("{}/done", taken.folder));
        taken.later = taken.value(root, "later");
        Self::Taken(taken)
    }
}

impl Taken {
    /// A value of the record, without the newline at its end.
    pub fn value(&self, root: &Root, key: &str) -> Option<String> {
        let bytes = root.bytes(&format!("{}/{key}", self.folder), LARGEST)?;
        Some(String::from_utf8_lossy(&bytes).trim_end_matches('\n').to_owned())
    }
}
