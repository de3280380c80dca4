//! `.pkg.tar.zst` for pacman: what makepkg would have made of the same tree.
//! Formats: PKGINFO(5), BUILDINFO(5), alpm-mtree(5), PKGBUILD(5).

use tera::Value;

use super::archive::Tar;
use super::tree::{self, Entry};
use super::{Built, HOMEPAGE, HOST, LICENSE, MAINTAINER, SetupPackage, mtree};
use crate::diag::Result;
use crate::render::Engine;

/// The sum that BUILDINFO wants of a PKGBUILD: there is none, so that of nothing.
const NO_PKGBUILD: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Builds `NAME-VERSION-REVISION-any.pkg.tar.zst`.
///
/// # Errors
/// When a template fails, or the name or a path does not fit the format.
pub fn build(engine: &mut Engine<'_>, package: &SetupPackage) -> Result<Built> {
    let tree = tree::entries(&package.files);
    let pkgver = pkgver(package);
    let extra = [
        ("package", Value::from_serializable(package)),
        ("pkgver", Value::from_serializable(&pkgver)),
        ("depends", Value::from_serializable(&depends(package, &pkgver))),
        ("license", Value::from_serializable(&LICENSE)),
        ("maintainer", Value::from_serializable(&MAINTAINER)),
        ("homepage", Value::from_serializable(&HOMEPAGE)),
        ("no_pkgbuild", Value::from_serializable(&NO_PKGBUILD)),
        ("size", Value::from_serializable(&size(&tree))),
        ("backup", Value::from_serializable(&backup(package))),
    ];
    let mut file = |name: &str| engine.render(&format!("package/pacman/{name}"), &extra);
    let (info, build_info, install) = (file("PKGINFO")?, file("BUILDINFO")?, file("INSTALL")?);

    // In makepkg's order, which is that of the C locale.
    let metadata: [(&str, &[u8]); 3] = [
        (".BUILDINFO", build_info.as_bytes()),
        (".INSTALL", install.as_bytes()),
        (".PKGINFO", info.as_bytes()),
    ];
    let mtree = mtree::write(package, &metadata, &tree)?;
    let [build_info, install, info] = metadata;
    let mut tar = Tar::new(package.epoch);
    for (name, bytes) in [build_info, install, (".MTREE", mtree.as_slice()), info] {
        tar.file(name, 0o644, bytes)?;
    }
    for entry in &tree {
        tar.entry(entry.path.trim_start_matches('/'), entry)?;
    }
    Ok(Built { file_name: format!("{}-{pkgver}-any.pkg.tar.zst", package.name), bytes: tar.zstd()? })
}

/// `VERSION-REVISION`. A version has no hyphen here, and vercmp(8) puts `1.0rc.1`
/// before `1.0`.
fn pkgver(package: &SetupPackage) -> String {
    format!("{}-{}", package.version.replace('-', ""), package.revision)
}

/// Dependencies, and a guest's on the host's part of the same version.
fn depends(package: &SetupPackage, pkgver: &str) -> Vec<String> {
    let host = package.lacks_host().then(|| format!("{HOST}={pkgver}"));
    package.depends.iter().cloned().chain(host).collect()
}

/// Paths of files that the user may edit, without the slash in front (PKGBUILD(5)).
fn backup(package: &SetupPackage) -> Vec<&str> {
    let configs = package.files.iter().filter(|file| file.kind.is_config());
    configs.map(|file| file.path.trim_start_matches('/')).collect()
}

/// Bytes of all regular files: the size that pacman shows as installed.
pub(super) fn size(tree: &[Entry<'_>]) -> usize {
    tree.iter().filter_map(Entry::content).map(<[u8]>::len).sum()
}
