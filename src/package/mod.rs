//! Native packages, written in Rust on any host and without root. Each format
//! is one file; all take the same [`SetupPackage`].

pub mod apk;
pub(crate) mod archive;
mod assemble;
pub mod deb;
pub mod gpkg;
pub mod manual;
mod mtree;
pub mod overlay;
pub mod pacman;
pub(crate) mod parallel;
mod payload;
pub mod rpm;
mod tarball;
pub mod tree;
pub mod xbps;

use serde::Serialize;

use crate::diag::Diagnostic;
use crate::render::File;

pub use assemble::{assemble, build, build_with, epoch};

/// Who stands in metadata that must name somebody. A setup package is made by
/// its own user, so nobody answers there: `.invalid` is reserved by RFC 2606.
pub const MAINTAINER: &str = "onegpu <setup@onegpu.invalid>";
/// The project's page; empty while it has none.
pub const HOMEPAGE: &str = env!("CARGO_PKG_HOMEPAGE");
/// The package of the host's part, which every guest's package depends on.
pub const HOST: &str = "onegpu-host";

/// The licence of setup packages, as in Cargo.toml.
pub const LICENSE: &str = env!("CARGO_PKG_LICENSE");

/// One finished package: what it is called and what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// The name by the format's own convention.
    pub file_name: String,
    /// The package.
    pub bytes: Vec<u8>,
}

/// What every format's writer is given. Templates see it as `package`, without
/// its files.
#[derive(Debug, Clone, Serialize)]
pub struct SetupPackage {
    /// The name, already in the format's characters.
    pub name: String,
    /// onegpu's version, `0.1.0`.
    pub version: String,
    /// The profile's revision.
    pub revision: u32,
    /// One line, no full stop.
    pub summary: String,
    /// A paragraph.
    pub description: String,
    /// Dependencies, in the format's spelling. A guest's on the host's part need
    /// not be there: only the writer knows how the format spells this version.
    pub depends: Vec<String>,
    /// The guest it is for; none for the host's part. `apply` and `revert` are
    /// called with `host` or with `guest NAME`.
    pub guest: Option<String>,
    /// Files and links, sorted by path. Folders are made as needed.
    #[serde(skip)]
    pub files: Vec<File>,
    /// Where `apply` and `revert` lie.
    pub libexec: String,
    /// Whether the maintainer scripts apply and revert.
    pub auto_apply: bool,
    /// Seconds since 1970 for every time stamp: `SOURCE_DATE_EPOCH`, or the
    /// release's own date.
    pub epoch: u32,
}

impl SetupPackage {
    /// Whether the writer has to add the dependency on [`HOST`]: of the same
    /// version and revision, for a profile is applied as a whole or not at all.
    fn lacks_host(&self) -> bool {
        let name = |depend: &String| depend.split([' ', '=', '<', '>', '(']).next() == Some(HOST);
        self.guest.is_some() && !self.depends.iter().any(name)
    }
}

/// An archive that could not be made in memory: something is too long for its format.
fn unwritable(package: &SetupPackage, error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::input(format!("the package {} cannot be written: {error}", package.name))
}

/// What a format makes of a plan.
#[derive(Debug, Clone)]
pub struct Output {
    /// The package files, in the order in which they are installed.
    pub packages: Vec<Built>,
    /// Gentoo's other way: an overlay of ebuilds. Empty elsewhere.
    pub overlay: Vec<File>,
}
