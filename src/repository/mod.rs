//! A repository that package managers install setup packages from: the packages of one
//! machine on one distro, and beside them what its package manager reads. Each family is
//! one file; the metadata is always made anew from the packages that are there.

mod address;
mod apk;
mod deb;
mod gentoo;
mod guide;
mod input;
pub mod key;
mod pacman;
mod place;
mod plist;
mod record;
mod rpm;
mod rsa;
mod unpack;
mod xbps;

use crate::diag::{Diagnostic, Result};
use crate::distro::Format;
use crate::plan::Kind;
use crate::render::Engine;

pub use address::Address;
pub use guide::{guide, must_not_be_signed};
pub use input::Input;
pub use key::Key;
pub use place::{Added, Place};

/// What clients call the repository.
pub const NAME: &str = "onegpu";
/// The public key, beside the machines' folders.
pub const KEY_FILE: &str = "onegpu.asc";

/// What the metadata says of the repository itself.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// The machine it is for.
    pub machine: &'a str,
    /// The distro's id.
    pub distro: &'a str,
    /// Where clients find the folder; no slash at the end.
    pub url: &'a str,
    /// Where clients find the public key.
    pub key_url: &'a str,
    /// Seconds since 1970.
    pub date: u32,
}

/// One file of the metadata.
#[derive(Debug)]
pub struct Meta {
    /// Below the repository's folder.
    path: String,
    kind: Kind,
    bytes: Vec<u8>,
}

impl Meta {
    fn plain(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), kind: Kind::Plain, bytes: bytes.into() }
    }

    fn link(path: impl Into<String>, target: &str) -> Self {
        Self { path: path.into(), kind: Kind::Link, bytes: target.into() }
    }
}

/// A family's index under construction: it is handed the packages one after the other, and
/// keeps of each what the metadata says.
trait Index {
    /// Takes a package in; its signature, where signatures are files of their own.
    fn add(&mut self, path: &str, bytes: &[u8], signature: Option<&[u8]>) -> Result<()>;
    /// The metadata, signed if there is a key.
    fn finish(&mut self, engine: &mut Engine<'_>, about: &About<'_>, key: Option<&Key>) -> Result<Vec<Meta>>;
}

/// Signs a package within.
type Sign = fn(&str, &[u8], &Key) -> Result<Vec<u8>>;

/// Makes a signature apart.
type Detached = fn(&Key, &[u8]) -> Result<Vec<u8>>;

/// What a family does with packages.
struct Family {
    /// How its packages' names end.
    endings: &'static [&'static str],
    /// Where they lie, below the repository's folder; with a slash at the end, or empty.
    folder: &'static str,
    /// How the file beside a package that has its signature ends, and what makes it.
    beside: Option<(&'static str, Detached)>,
    /// Puts a signature into a package, in the place of any other.
    sign: Option<Sign>,
    /// Whether two packages are the same but for signatures in them.
    same: fn(&[u8], &[u8]) -> bool,
    index: fn() -> Box<dyn Index>,
}

fn family(format: Format) -> Family {
    let plain = Family {
        endings: &[],
        folder: "",
        beside: None,
        sign: None,
        same: |a, b| a == b,
        index: || Box::new(deb::Packages::default()),
    };
    match format {
        Format::Deb => Family { endings: &[".deb"], ..plain },
        Format::Rpm => Family {
            endings: &[".rpm"],
            sign: Some(rpm::sign),
            same: rpm::same,
            index: || Box::new(rpm::Repodata::default()),
            ..plain
        },
        Format::Pacman => Family {
            endings: &[".pkg.tar.zst", ".pkg.tar.xz", ".pkg.tar.gz"],
            beside: Some((".sig", Key::detached)),
            index: || Box::new(pacman::Database::default()),
            ..plain
        },
        Format::Portage => Family {
            endings: &[".gpkg.tar"],
            sign: Some(gentoo::sign),
            same: gentoo::same,
            index: || Box::new(gentoo::Packages::default()),
            ..plain
        },
        Format::Apk => Family {
            endings: &[".apk"],
            folder: apk::FOLDER,
            index: || Box::new(apk::Packages::default()),
            ..plain
        },
        Format::Xbps => Family {
            endings: &[".xbps"],
            beside: Some((".sig2", |key, bytes| key.rsa()?.sign(bytes))),
            index: || Box::new(xbps::Repodata::default()),
            ..plain
        },
    }
}

/// What is wrong with a package that is in the repository.
fn unreadable(path: &str, error: impl std::fmt::Display) -> Diagnostic {
    // Some readers tell all that they read.
    let error: String = error.to_string().chars().take(120).collect();
    Diagnostic::input(format!("{path}: cannot be read as a package: {error}"))
        .help("move the file out of the repository's folder, or put a whole one in its place")
}
