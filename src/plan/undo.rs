//! How each file goes again: as its package manager does it.

use super::{Artifact, Kind};
use crate::distro::Format;

impl Artifact {
    /// What becomes of the file when its package goes, and of the user's edits in it.
    pub const fn undo(&self, format: Format) -> &'static str {
        match (self.kind, format) {
            (Kind::Plain | Kind::Executable | Kind::Link, _) => "It goes with its package.",
            (_, Format::Deb) => {
                "It goes when its package is purged. An upgrade asks before it replaces your edit."
            }
            (_, Format::Rpm) => {
                "It goes with its package; one that you edited stays beside it as `.rpmsave`."
            }
            (_, Format::Pacman) => {
                "It goes with `pacman -Rn`; with `-R` alone, one that you edited stays as `.pacsave`."
            }
            (_, Format::Portage) => "It goes with its package; one that you edited stays.",
            (_, Format::Apk) => {
                "It goes with `apk del --purge`; without `--purge`, one that you edited stays."
            }
            (_, Format::Xbps) => "It goes with its package; one that you edited stays.",
        }
    }
}
