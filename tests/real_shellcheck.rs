//! Every file of the whole matrix before its own reader: shellcheck reads all
//! shell, xmllint all XML. A content that many cells share is read once.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use onegpu::plan::Kind;

/// Who reads a file of this path.
#[derive(PartialEq, Eq, Clone, Copy, Debug)]
enum Reader {
    Shell,
    Xml,
    /// JavaScript, for polkit's own engine.
    Polkit,
    /// A transaction hook, for pacman itself: its own test has it.
    Pacman,
    /// What AppArmor and SELinux read: their own tests have it.
    Security,
}

/// Everything that is not known to be something else is shell: a new kind of
/// file shows itself here.
fn reader(path: &str) -> Reader {
    match path.rsplit_once('.').map(|(_, ending)| ending) {
        _ if path.starts_with(onegpu::paths::APPARMOR_DIR) => Reader::Security,
        Some("cil") => Reader::Security,
        Some("xml") => Reader::Xml,
        Some("rules") => Reader::Polkit,
        Some("hook") => Reader::Pacman,
        _ => Reader::Shell,
    }
}

/// Each distinct content once, with one of the places where it lies.
fn distinct(wanted: Reader) -> BTreeMap<Vec<u8>, String> {
    let mut out = BTreeMap::new();
    for support::Rendered { cell, packages } in support::matrix().iter().chain(&support::of_own_files()) {
        for file in packages.iter().flat_map(|(_, files)| files) {
            if file.kind != Kind::Link && reader(&file.path) == wanted {
                out.entry(file.bytes.clone()).or_insert_with(|| format!("{cell}: {}", file.path));
            }
        }
    }
    assert!(!out.is_empty(), "the matrix has no file for {wanted:?}");
    out
}

/// Runs `program` over all of them, in batches on all CPUs; returns its complaints.
fn complaints(program: &str, words: &[&str], files: &BTreeMap<Vec<u8>, String>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut paths: Vec<PathBuf> = Vec::new();
    for (at, (bytes, place)) in files.iter().enumerate() {
        // The number keeps them apart, the name says where to look.
        let name = place.rsplit('/').next().unwrap();
        let path = folder.path().join(format!("{at:04}-{name}"));
        fs::write(&path, bytes).unwrap();
        paths.push(path);
    }
    let read = |batch: &[PathBuf]| {
        let done = Command::new(program).args(words).args(batch).output();
        let done = done.unwrap_or_else(|error| panic!("{program}: {error}"));
        match done.status.success() {
            true => String::new(),
            false => {
                let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
                format!("{said}{program}: {}\n", done.status)
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let report: String = std::thread::scope(|scope| {
        let workers: Vec<_> = paths
            .chunks(paths.len().div_ceil(threads).max(1))
            .map(|part| scope.spawn(move || part.chunks(32).map(read).collect::<String>()))
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).collect()
    });
    name_places(&report, folder.path(), files)
}

/// Puts the cell and the path beside each file's number.
fn name_places(report: &str, folder: &Path, files: &BTreeMap<Vec<u8>, String>) -> String {
    let mut out = report.replace(&format!("{}/", folder.display()), "");
    let hit = |at: &usize| out.contains(&format!("{at:04}-"));
    let legend: Vec<String> = files
        .values()
        .enumerate()
        .filter(|(at, _)| hit(at))
        .map(|(at, place)| format!("{at:04} is {place}\n"))
        .collect();
    out.extend(legend);
    out
}

#[test]
#[ignore = "needs shellcheck"]
fn shellcheck_finds_nothing_in_any_script_of_the_matrix() {
    let files = distinct(Reader::Shell);
    let report = complaints("shellcheck", &["--shell=sh", "--color=never"], &files);
    assert!(report.is_empty(), "{} scripts:\n{report}", files.len());
}

#[test]
#[ignore = "needs xmllint"]
fn xmllint_reads_every_domain_of_the_matrix() {
    let files = distinct(Reader::Xml);
    let report = complaints("xmllint", &["--noout", "--nonet"], &files);
    assert!(report.is_empty(), "{} documents:\n{report}", files.len());
}

#[test]
#[ignore = "needs shellcheck"]
fn a_spoiled_script_is_caught_and_named() {
    let place = "debian systemd grub intel xe: /usr/libexec/onegpu/apply".to_owned();
    let files = BTreeMap::from([(b"#!/bin/sh\nrm $1\n".to_vec(), place)]);
    let report = complaints("shellcheck", &["--shell=sh", "--color=never"], &files);
    assert!(report.contains("SC2086") && report.contains("0000 is debian systemd grub"), "{report}");
}

/// The repo's own scripts, beside what it renders.
#[test]
#[ignore = "needs shellcheck"]
fn shellcheck_finds_nothing_in_the_repos_own_scripts() {
    let repo = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut scripts = vec![repo.join(".ci/run"), repo.join("tests/hooks/fake")];
    for folder in ["tests/libvirt", "tests/chroot", "tests/gentoo", "tests/steps"] {
        let files = fs::read_dir(repo.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        scripts.extend(files.filter(|path| path.extension().is_some_and(|ending| ending == "sh")));
    }
    assert!(scripts.len() >= 4, "{scripts:?}");
    let out = Command::new("shellcheck").args(&scripts).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
}
