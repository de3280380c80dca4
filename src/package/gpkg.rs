//! Gentoo's binary package, `.gpkg.tar` (GLEP 78): metadata and image as
//! archives of their own, with a Manifest, in one uncompressed tar.

use std::fmt::Write as _;
use std::io::Write as _;

use blake2::Blake2b512;
use bzip2::Compression;
use bzip2::write::BzEncoder;
use sha2::{Digest, Sha512};
use tera::Value;

use super::archive::{Tar, hex};
use super::overlay::{self, CATEGORY, REPOSITORY};
use super::{Built, SetupPackage, tree};
use crate::diag::{Diagnostic, Result};
use crate::plan::Kind;
use crate::render::{Engine, File};

/// Counts builds of one revision; ours come out the same, so there is one.
const BUILD_ID: u32 = 1;

/// The phase functions that the ebuild defines.
const PHASES: &str = "install postinst prerm";

/// Builds `NAME-VERSION-rREVISION-1.gpkg.tar`.
///
/// # Errors
/// When a template fails, or a path does not fit the format.
pub fn build(engine: &mut Engine<'_>, package: &SetupPackage) -> Result<Built> {
    let base = format!("{}-{BUILD_ID}", overlay::pf(package));
    let metadata = metadata(engine, package)?;
    let image = image(package)?;
    let mut container = Tar::new(package.epoch);
    let mut manifest = String::new();
    for (name, bytes) in [("gpkg-1", &[][..]), ("metadata.tar.zst", &metadata), ("image.tar.zst", &image)] {
        container.file(&format!("{base}/{name}"), 0o644, bytes)?;
        let (blake, sha) = (hex(&Blake2b512::digest(bytes)), hex(&Sha512::digest(bytes)));
        let _ = writeln!(manifest, "DATA {name} {} BLAKE2B {blake} SHA512 {sha}", bytes.len());
    }
    container.file(&format!("{base}/Manifest"), 0o644, manifest.as_bytes())?;
    Ok(Built { file_name: format!("{base}.gpkg.tar"), bytes: container.bytes()? })
}

/// The folder below a `PKGDIR` in which alone Portage finds the package.
pub fn folder(package: &SetupPackage) -> String {
    format!("{CATEGORY}/{}", package.name)
}

/// What Portage would have kept of a build, one value a file.
fn metadata(engine: &mut Engine<'_>, package: &SetupPackage) -> Result<Vec<u8>> {
    let ebuild = overlay::ebuild(engine, package)?;
    let environment = environment(engine, package, &ebuild)?;
    let size: usize = package.files.iter().filter(|f| f.kind != Kind::Link).map(|f| f.bytes.len()).sum();
    let mut values = vec![
        ("BUILD_ID", BUILD_ID.to_string()),
        ("BUILD_TIME", package.epoch.to_string()),
        ("CATEGORY", CATEGORY.to_owned()),
        ("DEFINED_PHASES", PHASES.to_owned()),
        ("DESCRIPTION", package.summary.clone()),
        ("EAPI", "8".to_owned()),
        ("IUSE", String::new()),
        ("KEYWORDS", "amd64".to_owned()),
        ("LICENSE", overlay::license()),
        ("PF", overlay::pf(package)),
        ("RDEPEND", overlay::depends(package).join(" ")),
        ("SIZE", size.to_string()),
        ("SLOT", "0".to_owned()),
        ("USE", String::new()),
        ("repository", REPOSITORY.to_owned()),
    ];
    values.retain(|(name, value)| *name != "RDEPEND" || !value.is_empty());
    let mut tar = Tar::new(package.epoch);
    for (name, value) in values {
        tar.file(&format!("metadata/{name}"), 0o644, format!("{value}\n").as_bytes())?;
    }
    tar.file("metadata/environment.bz2", 0o644, &environment)?;
    tar.file(&format!("metadata/{}.ebuild", overlay::pf(package)), 0o644, ebuild.as_bytes())?;
    tar.zstd()
}

/// The saved environment: names that Portage sets, then the ebuild, whose
/// functions Portage calls when it merges and unmerges.
fn environment(engine: &mut Engine<'_>, package: &SetupPackage, ebuild: &str) -> Result<Vec<u8>> {
    let text = |text: &str| Value::from_serializable(&text);
    let extra = [
        ("package", Value::from_serializable(package)),
        ("category", text(CATEGORY)),
        ("phases", text(PHASES)),
        ("pv", text(&overlay::pv(package))),
        ("pr", text(&format!("r{}", package.revision))),
        ("pvr", text(&overlay::pvr(package))),
        ("pf", text(&overlay::pf(package))),
    ];
    let names = engine.render("package/gentoo/environment", &extra)?;
    // Its levels are the lengths of a block, and the memory for it: ours are shorter than the first.
    let mut bzip2 = BzEncoder::new(Vec::new(), Compression::fast());
    bzip2
        .write_all(names.as_bytes())
        .and_then(|()| bzip2.write_all(ebuild.as_bytes()))
        .and_then(|()| bzip2.finish())
        .map_err(|error| Diagnostic::machine(format!("environment.bz2: {error}")))
}

/// The tree as it would lie on the machine, below `image/`.
fn image(package: &SetupPackage) -> Result<Vec<u8>> {
    let files: Vec<File> = package.files.iter().map(relative_link).collect();
    let mut tar = Tar::new(package.epoch);
    tar.folder("image", tree::DIR_MODE)?;
    for entry in tree::entries(&files) {
        tar.entry(&format!("image{}", entry.path), &entry)?;
    }
    tar.zstd()
}

/// A link as `dosym -r` makes it of an absolute target.
fn relative_link(file: &File) -> File {
    let mut out = file.clone();
    if file.kind == Kind::Link && file.bytes.starts_with(b"/") {
        let target = String::from_utf8_lossy(&file.bytes).into_owned();
        out.bytes = relative(&file.path, &target).into_bytes();
    }
    out
}

/// `target` seen from the folder of `link`; both from `/`.
fn relative(link: &str, target: &str) -> String {
    let mut from: Vec<&str> = link.split('/').collect();
    from.pop();
    let to: Vec<&str> = target.split('/').collect();
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = vec![".."; from.len() - common];
    up.into_iter().chain(to[common..].iter().copied()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn links_point_as_dosym_makes_them() {
        assert_eq!(relative("/etc/libvirt/hooks/qemu.d/50-onegpu", "/usr/bin/x"), "../../../../usr/bin/x");
        assert_eq!(relative("/usr/bin/a", "/usr/bin/b"), "b");
        assert_eq!(relative("/usr/bin/a", "/usr/lib/b"), "../lib/b");
    }
}
