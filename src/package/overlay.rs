//! The Gentoo overlay: an EAPI 8 ebuild for each package, with its files beside
//! it. Formats: PMS 8, GLEP 68 (metadata.xml), portage(5) (layout.conf).

use serde::Serialize;
use tera::Value;

use super::{HOMEPAGE, HOST, LICENSE, MAINTAINER, SetupPackage};
use crate::diag::Result;
use crate::plan::Kind;
use crate::render::{Engine, File};

/// Where libvirt and QEMU are, too; dependencies on our own packages say so.
pub const CATEGORY: &str = "app-emulation";

/// The overlay's own name; `ov::onegpu` in atoms.
pub const REPOSITORY: &str = "onegpu";

/// A symbolic link, as templates see it.
#[derive(Serialize)]
struct Link<'a> {
    path: &'a str,
    target: String,
}

/// Everything in the overlay that holds `packages`; paths start at its root.
///
/// # Errors
/// When a template fails.
pub fn files(engine: &mut Engine<'_>, packages: &[SetupPackage]) -> Result<Vec<File>> {
    let plain = |path: String, bytes: Vec<u8>| File { path, kind: Kind::Plain, bytes };
    let mut fixed =
        |name: &str| engine.render(&format!("package/gentoo/{name}"), &[]).map(String::into_bytes);
    let mut out = vec![
        plain("/profiles/repo_name".into(), fixed("repo_name")?),
        plain("/metadata/layout.conf".into(), fixed("layout.conf")?),
    ];
    for package in packages {
        let folder = format!("/{CATEGORY}/{}", package.name);
        let ebuild = ebuild(engine, package)?;
        out.push(plain(format!("{folder}/{}.ebuild", pf(package)), ebuild.into_bytes()));
        let (name, email) = maintainer();
        let about = [
            ("package", Value::from_serializable(package)),
            ("name", Value::from_serializable(&name)),
            ("email", Value::from_serializable(&email)),
        ];
        let metadata = engine.render("package/gentoo/metadata.xml", &about)?;
        out.push(plain(format!("{folder}/metadata.xml"), metadata.into_bytes()));
        // Modes and links are the ebuild's: a repository carries neither reliably.
        let content = package.files.iter().filter(|file| file.kind != Kind::Link);
        out.extend(content.map(|file| plain(format!("{folder}/files{}", file.path), file.bytes.clone())));
    }
    out.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(out)
}

/// The ebuild; the binary package carries it as well.
///
/// # Errors
/// As [`files`].
pub(super) fn ebuild(engine: &mut Engine<'_>, package: &SetupPackage) -> Result<String> {
    let executable = |kind| matches!(kind, Kind::Executable | Kind::ConfigExecutable);
    let executables: Vec<&str> =
        package.files.iter().filter(|file| executable(file.kind)).map(|file| file.path.as_str()).collect();
    let links: Vec<Link<'_>> = package
        .files
        .iter()
        .filter(|file| file.kind == Kind::Link)
        .map(|file| Link { path: &file.path, target: String::from_utf8_lossy(&file.bytes).into_owned() })
        .collect();
    let extra = [
        ("package", Value::from_serializable(package)),
        ("depends", Value::from_serializable(&depends(package))),
        ("homepage", Value::from_serializable(&HOMEPAGE)),
        ("license", Value::from_serializable(&license())),
        ("license_words", Value::from_serializable(&LICENSE)),
        ("executables", Value::from_serializable(&executables)),
        ("links", Value::from_serializable(&links)),
    ];
    engine.render("package/gentoo/package.ebuild", &extra)
}

/// Dependencies; and a guest's on the host's part of the same version, if none is said.
pub(super) fn depends(package: &SetupPackage) -> Vec<String> {
    let said = package.depends.iter().any(|atom| *atom == format!("{CATEGORY}/{HOST}"));
    let host = (package.lacks_host() && !said).then(|| format!("={CATEGORY}/{HOST}-{}", pvr(package)));
    package.depends.iter().cloned().chain(host).collect()
}

/// Name and address.
fn maintainer() -> (&'static str, &'static str) {
    MAINTAINER.trim_end_matches('>').split_once(" <").unwrap_or((MAINTAINER, ""))
}

/// The licence in Gentoo's spelling (PMS 8.2), whose names are SPDX's here.
pub(super) fn license() -> String {
    match LICENSE.split(" OR ").collect::<Vec<_>>().as_slice() {
        [one] => (*one).to_owned(),
        several => format!("|| ( {} )", several.join(" ")),
    }
}

/// The version in Gentoo's spelling (PMS 3.2): `0.2.0-rc.1` is `0.2.0_rc1`.
pub(super) fn pv(package: &SetupPackage) -> String {
    match package.version.split_once('-') {
        Some((release, pre)) => format!("{release}_{}", pre.replace('.', "")),
        None => package.version.clone(),
    }
}

/// The version with the revision; `r0` is left out, as PMS 3.2.4 has it.
pub(super) fn pvr(package: &SetupPackage) -> String {
    match package.revision {
        0 => pv(package),
        revision => format!("{}-r{revision}", pv(package)),
    }
}

/// Name, version and revision.
pub(super) fn pf(package: &SetupPackage) -> String {
    format!("{}-{}", package.name, pvr(package))
}
