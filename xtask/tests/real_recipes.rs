//! The recipes before those who read them. That they build is tried by
//! `cargo xtask recipes --build`: each build compiles everything and takes minutes.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn said(command: &mut Command) -> String {
    let out = command.output().unwrap();
    let errors = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "{command:?}: {errors}");
    String::from_utf8(out.stdout).unwrap()
}

fn bounded(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["120", program]);
    command
}

/// Recipes for a tarball that is not one: only its sum goes into them.
fn recipes() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let tarball = dir.path().join("onegpu.tar.xz");
    fs::write(&tarball, "any bytes").unwrap();
    let out = dir.path().join("recipes");
    let mut xtask = bounded(env!("CARGO_BIN_EXE_xtask"));
    said(xtask.arg("recipes").arg("--tarball").arg(&tarball).arg("-o").arg(&out));
    (dir, out)
}

#[test]
#[ignore = "needs makepkg, root"]
fn makepkg_prints_the_srcinfo() {
    let (_dir, recipes) = recipes();
    let folder = recipes.join("arch");
    let mut makepkg = bounded("unshare");
    // makepkg refuses to be root.
    makepkg.args(["--user", "--map-user=1000", "--map-group=1000", "makepkg", "--printsrcinfo"]);
    assert_eq!(said(makepkg.current_dir(&folder)), fs::read_to_string(folder.join(".SRCINFO")).unwrap());
}

#[test]
#[ignore = "needs rpm"]
fn rpm_reads_the_spec() {
    let (_dir, recipes) = recipes();
    let words = ["--query", "--queryformat", "%{NAME} %{VERSION} %{LICENSE}\\n"];
    let text = said(bounded("rpmspec").args(words).arg(recipes.join("rpm/onegpu.spec")));
    let (name, rest) = text.trim_end().split_once(' ').unwrap();
    let (version, license) = rest.split_once(' ').unwrap();
    assert_eq!((name, version), ("onegpu", env!("CARGO_PKG_VERSION")));
    assert!(license.contains("(Apache-2.0 OR MIT) AND ") && !license.contains("(("), "{license}");
}

#[test]
#[ignore = "needs dpkg-parsechangelog"]
fn dpkg_reads_the_changelog() {
    let (_dir, recipes) = recipes();
    let changelog = recipes.join("deb/debian/changelog");
    let mut dpkg = bounded("dpkg-parsechangelog");
    let version = said(dpkg.args(["--all", "-S", "Version", "-l"]).arg(changelog));
    assert_eq!(version.trim_end(), concat!(env!("CARGO_PKG_VERSION"), "-1"));
}

#[test]
#[ignore = "needs bash, xmllint"]
fn the_shell_and_xml_of_gentoo_and_void_are_whole() {
    let (_dir, recipes) = recipes();
    let gentoo = recipes.join("gentoo/app-emulation/onegpu");
    let ebuild = gentoo.join(concat!("onegpu-", env!("CARGO_PKG_VERSION"), ".ebuild"));
    let variable = |file: &Path, name: &str| {
        let script = format!("inherit() {{ :; }}; P=x PF=x; . \"$1\" >&2; printf '%s' \"${{{name}}}\"");
        said(bounded("bash").args(["-eu", "-c", &format!("CARGO_CRATE_URIS=u; {script}"), "bash"]).arg(file))
    };
    let crates = variable(&ebuild, "CRATES");
    let lock = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock")).unwrap();
    let from_registry = lock.matches("\nsource = \"registry+").count();
    assert_eq!(crates.split_whitespace().count(), from_registry);
    assert!(crates.split_whitespace().all(|one| one.split('@').count() == 2), "{crates}");
    assert!(!variable(&ebuild, "LICENSE").trim().is_empty());
    said(bounded("xmllint").args(["--noout", "--nonet"]).arg(gentoo.join("metadata.xml")));
    let template = recipes.join("void/srcpkgs/onegpu/template");
    assert_eq!(variable(&template, "version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(variable(&template, "checksum").len(), 64);
}
