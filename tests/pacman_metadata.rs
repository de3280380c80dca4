//! The metadata of Arch packages, read by the Arch project's own strict readers.

#![allow(clippy::unwrap_used, missing_docs)]

mod fakes;

use std::collections::BTreeMap;
use std::io::Read;
use std::str::FromStr;

use alpm_buildinfo::BuildInfo;
use alpm_mtree::Mtree;
use alpm_pkginfo::PackageInfo;
use fakes::{Sample, with_engine};
use onegpu::package::{SetupPackage, pacman};

/// The files of a package by name, and their names in order.
fn unpack(package: &SetupPackage) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
    let built = with_engine(|engine| pacman::build(engine, package)).unwrap();
    let mut archive = tar::Archive::new(zstd::Decoder::new(built.bytes.as_slice()).unwrap());
    let (mut files, mut order) = (BTreeMap::new(), Vec::new());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        order.push(name.clone());
        files.insert(name, bytes);
    }
    (files, order)
}

fn text(files: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(files[name].clone()).unwrap()
}

#[test]
fn pkginfo_says_what_the_package_is() {
    let (files, _) = unpack(&Sample::revision(3).host(&["libvirt>=6.5", "qemu-base"]));
    // Without a homepage makepkg writes an empty one, too; this reader wants more.
    let text = text(&files, ".PKGINFO").replace("url = \n", "url = https://onegpu.invalid/\n");
    let PackageInfo::V2(info) = PackageInfo::from_str(&text).unwrap() else {
        panic!("not the current version of the format");
    };
    assert_eq!(info.pkgname.to_string(), "onegpu-host");
    assert_eq!(info.pkgver.to_string(), "0.1.0-3");
    assert_eq!(info.pkgdesc.to_string(), "single-GPU passthrough: the host's part");
    assert_eq!(info.arch.to_string(), "any");
    assert_eq!(info.license.iter().map(ToString::to_string).collect::<Vec<_>>(), ["MIT OR Apache-2.0"]);
    assert_eq!(info.backup.iter().map(ToString::to_string).collect::<Vec<_>>(), ["etc/default/onegpu"]);
    assert_eq!(
        info.depend.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["libvirt>=6.5", "qemu-base"]
    );
    let content = files.iter().filter(|(name, _)| !name.starts_with('.'));
    assert_eq!(info.size.to_string(), content.map(|(_, bytes)| bytes.len()).sum::<usize>().to_string());
}

#[test]
fn a_guest_needs_its_host_s_part_of_the_same_version() {
    let (files, _) = unpack(&Sample::revision(3).guest(&[]));
    let info = text(&files, ".PKGINFO");
    assert!(info.contains("\ndepend = onegpu-host=0.1.0-3\n"), "{info}");
}

#[test]
fn buildinfo_is_of_the_second_version() {
    let (files, _) = unpack(&Sample::revision(1).host(&[]));
    let info = BuildInfo::from_str(&text(&files, ".BUILDINFO")).unwrap();
    assert!(matches!(info, BuildInfo::V2(_)), "{info:?}");
}

#[test]
fn mtree_lists_all_but_itself() {
    let (files, order) = unpack(&Sample::revision(1).guest(&[]));
    let mut list = String::new();
    flate2::read::GzDecoder::new(files[".MTREE"].as_slice()).read_to_string(&mut list).unwrap();
    let (Mtree::V1(paths) | Mtree::V2(paths)) = Mtree::from_str(&list).unwrap();
    let mut listed: Vec<String> =
        paths.iter().map(|path| path.to_path_buf().to_string_lossy().into_owned()).collect();
    listed.sort();
    let mut expected: Vec<String> = order
        .iter()
        .filter(|name| *name != ".MTREE")
        .map(|name| format!("./{}", name.trim_end_matches('/')))
        .collect();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
fn the_same_package_is_the_same_bytes() {
    let build = || with_engine(|engine| pacman::build(engine, &Sample::revision(1).guest(&[]))).unwrap();
    assert_eq!(build(), build());
}

#[test]
fn a_value_that_would_forge_a_field_is_refused() {
    let mut package = Sample::revision(1).host(&[]);
    package.summary = "x\nprovides = glibc".into();
    let error = with_engine(|engine| pacman::build(engine, &package)).unwrap_err();
    assert!(error.to_string().contains("cannot have '\\n'"), "{error}");
}
