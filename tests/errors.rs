//! Bad profiles: each gets a message that names the place and the mend, exit
//! status 2, and nothing is written. `tests/errors/NAME.stderr` is the whole
//! message; `ONEGPU_REGENERATE=1` writes it anew, and then somebody reads it.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/pages.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// Runs `onegpu render PROFILE -o DIR/out` in `dir`.
fn render(dir: &Path, profile: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onegpu"))
        .current_dir(dir)
        .args(["render", profile, "-o", "out"])
        .output()
        .unwrap()
}

/// Nothing but what the test put there.
fn left(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn every_bad_profile_says_where_and_what_instead() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let mut cases: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .collect();
    cases.sort();
    assert!(cases.len() > 30, "the cases are gone");
    let regenerate = std::env::var_os("ONEGPU_REGENERATE").is_some();
    let mut wrong = Vec::new();
    let mut pages = BTreeSet::new();
    for case in cases {
        let dir = tempfile::tempdir().unwrap();
        fs::copy(&case, dir.path().join("profile.toml")).unwrap();
        let out = render(dir.path(), "profile.toml");
        let name = case.file_stem().unwrap().to_string_lossy().into_owned();
        let stderr = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{name}: {stderr}");
        assert_eq!(left(dir.path()), ["profile.toml"], "{name} left something");
        assert!(out.stdout.is_empty(), "{name} printed on standard output");
        assert!(stderr.contains("profile.toml:"), "{name} does not name the place:\n{stderr}");
        pages.insert(support::page_to_read(&name, &stderr));
        let expected = case.with_extension("stderr");
        if regenerate {
            fs::write(&expected, &stderr).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(stderr.as_str()) {
            wrong.push(format!("--- {name}\n{stderr}"));
        }
    }
    // Not one page for all: most name the key that they are about.
    assert!(pages.len() > 15 && pages.contains("guest.disk.size"), "{pages:?}");
    assert!(wrong.is_empty(), "these messages are not the expected ones:\n{}", wrong.join("\n"));
}

#[test]
fn files_that_are_no_profile() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::write(path("binary"), [b"[host]\ncpu = \"".as_slice(), &[0xff, 0xfe, 0, 1]].concat()).unwrap();
    fs::File::create(path("huge")).unwrap().set_len(100 << 20).unwrap();
    fs::create_dir(path("folder")).unwrap();
    assert!(Command::new("mkfifo").arg(path("fifo")).status().unwrap().success());
    let before = left(dir.path());
    for (name, says) in [
        ("binary", "binary:2:8: this byte is not UTF-8"),
        ("huge", "huge: has more than 1048576 bytes"),
        ("folder", "folder: the folder has no profile"),
        ("fifo", "fifo: is not a regular file"),
        ("absent", "absent: No such file"),
    ] {
        let out = render(dir.path(), name);
        let stderr = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{name}: {stderr}");
        assert!(stderr.contains(says), "{name}: {stderr}");
        assert_eq!(support::page_to_read(name, &stderr), "profile");
        assert_eq!(left(dir.path()), before, "{name} left something");
    }
}

#[test]
fn an_output_folder_with_other_files_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/example.toml");
    fs::create_dir(dir.path().join("out")).unwrap();
    fs::write(dir.path().join("out/precious"), "mine").unwrap();
    let run = || {
        Command::new(env!("CARGO_BIN_EXE_onegpu"))
            .current_dir(dir.path())
            .args(["render", "--distro", "debian", "-o", "out"])
            .arg(&profile)
            .output()
            .unwrap()
    };
    let out = run();
    assert_eq!(out.status.code(), Some(2));
    assert_eq!(left(&dir.path().join("out")), ["precious"]);
    // One that render wrote is replaced, and the second time gives the same.
    fs::remove_dir_all(dir.path().join("out")).unwrap();
    assert_eq!(run().status.code(), Some(0));
    let first = left(&dir.path().join("out"));
    assert_eq!(run().status.code(), Some(0));
    assert_eq!(left(&dir.path().join("out")), first);
    assert_eq!(left(dir.path()), ["out"]);
}
