//! `.apk` for Alpine's apk, format 2: two gzip streams, the control segment and
//! the data, that together are one tar archive (apk-v2(5)). apk-tools 3 reads it
//! as well as 2 does. There is no signature, for a setup package is its user's
//! own: it is installed with `--allow-untrusted`.

use sha1::{Digest, Sha1};
use sha2::Sha256;
use tera::Value;

use super::archive::{Tar, gzip, hex};
use super::tree::{self, Entry};
use super::{Built, HOMEPAGE, HOST, LICENSE, MAINTAINER, SetupPackage, overlay, pacman};
use crate::diag::Result;
use crate::render::Engine;

/// The architecture of packages without any machine code.
const ARCHITECTURE: &str = "noarch";
/// The sum of each file as abuild-tar(1) writes it; apk keeps it in its database
/// and knows by it whether a file in /etc was edited.
const CHECKSUM: &str = "APK-TOOLS.checksum.SHA1";
/// The two empty blocks that end an archive.
const END: usize = 1024;

/// Builds `NAME-VERSION-rREVISION.apk`.
///
/// # Errors
/// When a template fails, or a value does not fit the format.
pub fn build(engine: &mut Engine<'_>, package: &SetupPackage) -> Result<Built> {
    let tree = tree::entries(&package.files);
    let pkgver = pkgver(package);
    let data = gzip(&data(package, &tree)?)?;
    let extra = [
        ("package", Value::from_serializable(package)),
        ("architecture", Value::from_serializable(&ARCHITECTURE)),
        ("pkgver", Value::from_serializable(&pkgver)),
        ("depends", Value::from_serializable(&depends(package, &pkgver))),
        ("license", Value::from_serializable(&LICENSE)),
        ("maintainer", Value::from_serializable(&MAINTAINER)),
        ("homepage", Value::from_serializable(&HOMEPAGE)),
        ("size", Value::from_serializable(&pacman::size(&tree))),
        ("datahash", Value::from_serializable(&hex(&Sha256::digest(&data)))),
    ];
    let mut file = |name: &str| engine.render(&format!("package/apk/{name}"), &extra);
    let (info, install, deinstall) = (file("PKGINFO")?, file("post-install")?, file("pre-deinstall")?);
    let mut tar = Tar::new(package.epoch);
    for (name, mode, text) in [
        (".PKGINFO", 0o644, &info),
        (".post-install", 0o755, &install),
        (".post-upgrade", 0o755, &install),
        (".pre-deinstall", 0o755, &deinstall),
    ] {
        tar.file(name, mode, text.as_bytes())?;
    }
    let mut control = tar.bytes()?;
    // The data goes on in the same archive.
    control.truncate(control.len() - END);
    let bytes = [gzip(&control)?, data].concat();
    Ok(Built { file_name: format!("{}-{pkgver}.apk", package.name), bytes })
}

/// `VERSION-rREVISION`, in Gentoo's spelling of versions, which is apk's too.
fn pkgver(package: &SetupPackage) -> String {
    format!("{}-r{}", overlay::pv(package), package.revision)
}

/// Dependencies, and a guest's on the host's part of the same version.
fn depends(package: &SetupPackage, pkgver: &str) -> Vec<String> {
    let host = package.guest.is_some().then(|| format!("{HOST}={pkgver}"));
    package.depends.iter().filter(|name| *name != HOST).cloned().chain(host).collect()
}

/// The tree, each file and link with its sum before it.
fn data(package: &SetupPackage, tree: &[Entry<'_>]) -> Result<Vec<u8>> {
    let mut tar = Tar::new(package.epoch);
    for entry in tree {
        if let Some(bytes) = entry.content().or(entry.target()) {
            tar.extension(CHECKSUM, &hex(&Sha1::digest(bytes)))?;
        }
        tar.entry(entry.path.trim_start_matches('/'), entry)?;
    }
    tar.bytes()
}
