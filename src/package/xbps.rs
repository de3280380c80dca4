//! `.xbps` for Void's XBPS: what xbps-create(1) would have made of the same tree.
//! The format is that of its source, bin/xbps-create/main.c and
//! lib/package_unpack.c of 0.60.7: `./INSTALL`, `./REMOVE`, `./props.plist` and
//! `./files.plist` come first and in this order, then the files; folders are
//! only listed.

use serde::Serialize;
use sha2::{Digest, Sha256};
use tera::Value;

use super::archive::{self, hex};
use super::tarball::Tarball;
use super::tree::{self, Entry};
use super::{Built, HOMEPAGE, HOST, LICENSE, MAINTAINER, SetupPackage, unwritable};
use crate::diag::Result;
use crate::paths;
use crate::render::Engine;

/// The architecture of packages without any machine code.
const ARCHITECTURE: &str = "noarch";

/// A file in `files.plist`.
#[derive(Serialize)]
struct Listed {
    path: String,
    sha256: String,
    size: usize,
}

/// A symbolic link there.
#[derive(Serialize)]
struct Link {
    path: String,
    target: String,
}

/// Builds `NAME-VERSION_REVISION.noarch.xbps`.
///
/// # Errors
/// When a template fails, or a value does not fit the format.
pub fn build(engine: &mut Engine<'_>, package: &SetupPackage) -> Result<Built> {
    let tree = tree::entries(&package.files);
    let version = version(package);
    let pkgver = format!("{}-{version}", package.name);
    let (configs, files): (Vec<&Entry<'_>>, Vec<&Entry<'_>>) =
        tree.iter().filter(|entry| entry.content().is_some()).partition(|entry| is_config(entry));
    let configs: Vec<Listed> = configs.into_iter().map(listed).collect();
    let files: Vec<Listed> = files.into_iter().map(listed).collect();
    let links: Vec<Link> = tree.iter().filter_map(link).collect();
    // A folder of the distro's own packages is not claimed: XBPS would want to remove it with us.
    let dirs: Vec<&str> = tree
        .iter()
        .filter(|entry| entry.file.is_none() && !entry.is_shared())
        .map(|entry| entry.path)
        .collect();
    let size: usize = files.iter().chain(&configs).map(|file| file.size).sum();
    let extra = [
        ("package", Value::from_serializable(package)),
        ("architecture", Value::from_serializable(&ARCHITECTURE)),
        ("version", Value::from_serializable(&version)),
        ("pkgver", Value::from_serializable(&pkgver)),
        ("depends", Value::from_serializable(&depends(package, &version))),
        ("license", Value::from_serializable(&LICENSE)),
        ("maintainer", Value::from_serializable(&MAINTAINER)),
        ("homepage", Value::from_serializable(&HOMEPAGE)),
        ("size", Value::from_serializable(&size)),
        ("configs", Value::from_serializable(&configs)),
        ("files", Value::from_serializable(&files)),
        ("links", Value::from_serializable(&links)),
        ("dirs", Value::from_serializable(&dirs)),
    ];
    let mut file = |name: &str| engine.render(&format!("package/xbps/{name}"), &extra);
    let metadata = [
        ("/INSTALL", 0o755, file("INSTALL")?),
        ("/REMOVE", 0o755, file("REMOVE")?),
        ("/props.plist", 0o644, file("props.plist")?),
        ("/files.plist", 0o644, file("files.plist")?),
    ];
    let write = || {
        let mut tar = Tarball::bare(package.epoch);
        for (path, mode, text) in &metadata {
            tar.file(path, *mode, text.as_bytes())?;
        }
        tree.iter().filter(|entry| entry.file.is_some()).try_for_each(|entry| tar.entry(entry))?;
        tar.finish()
    };
    let tar = write().map_err(|error| unwritable(package, error))?;
    Ok(Built { file_name: format!("{pkgver}.{ARCHITECTURE}.xbps"), bytes: archive::zstd(&tar)? })
}

/// `VERSION_REVISION`. The version starts after the last hyphen of the whole, so
/// it has none; `0.2.0rc.1` comes before `0.2.0` for xbps-uhelper(1)'s cmpver.
fn version(package: &SetupPackage) -> String {
    format!("{}_{}", package.version.replace('-', ""), package.revision)
}

/// Patterns: a bare name is none, `name>=0` is any version of it; and a guest
/// depends on the host's part of the very version.
fn depends(package: &SetupPackage, version: &str) -> Vec<String> {
    let host = format!("{HOST}-{version}");
    let others = package.depends.iter().filter(|name| *name != HOST).map(|name| format!("{name}>=0"));
    others.chain(package.guest.is_some().then_some(host)).collect()
}

/// Whether the user's edit of it is kept: what lies in /etc and may be edited.
fn is_config(entry: &Entry<'_>) -> bool {
    entry.file.is_some_and(|file| file.kind.is_config() && file.path.starts_with(paths::CONFIG_DIR))
}

fn listed(entry: &Entry<'_>) -> Listed {
    let content = entry.content().unwrap_or_default();
    Listed { path: entry.path.to_owned(), sha256: hex(&Sha256::digest(content)), size: content.len() }
}

fn link(entry: &Entry<'_>) -> Option<Link> {
    let target = String::from_utf8_lossy(entry.target()?).into_owned();
    Some(Link { path: entry.path.to_owned(), target })
}
