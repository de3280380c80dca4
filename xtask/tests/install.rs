//! `cargo xtask install`, as a recipe calls it.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn install(destdir: &Path, more: &[&str]) -> Output {
    // Any file does for the program: that it is built is tried by the recipes.
    let binary = destdir.parent().unwrap().join("program");
    fs::write(&binary, "#!/bin/sh\necho onegpu\n").unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 077; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_xtask"), "install", "--destdir"]);
    command.arg(destdir).arg("--binary").arg(binary).args(more).output().unwrap()
}

/// Every file below a folder: its path, mode and bytes.
fn tree(folder: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut out = BTreeMap::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path);
                continue;
            }
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o7777;
            out.insert(name, (mode, fs::read(&path).unwrap()));
        }
    }
    out
}

#[test]
fn everything_is_where_distros_want_it() {
    let dir = tempfile::tempdir().unwrap();
    let destdir = dir.path().join("root");
    let out = install(&destdir, &["--prefix", "/usr"]);
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    let first = tree(&destdir);
    for name in [
        "usr/share/man/man1/onegpu.1",
        "usr/share/man/man1/onegpu-package.1",
        "usr/share/man/man5/onegpu.toml.5",
        "usr/share/man/man5/onegpu-distro.5",
        "usr/share/bash-completion/completions/onegpu",
        "usr/share/zsh/site-functions/_onegpu",
        "usr/share/fish/vendor_completions.d/onegpu.fish",
        "usr/share/onegpu/builtin/distros/arch.toml",
        "usr/share/onegpu/builtin/templates/host/onegpu-hook",
        "usr/share/doc/onegpu/README.md",
        "usr/share/licenses/onegpu/LICENSE-MIT",
        "usr/share/licenses/onegpu/THIRD-PARTY",
    ] {
        assert_eq!(first.get(name).map(|(mode, _)| *mode), Some(0o644), "{name}");
    }
    assert_eq!(first["usr/bin/onegpu"].0, 0o755);
    // The setup package onegpu-host owns these.
    assert!(!first.contains_key("usr/share/man/man8/onegpu-hook.8"));
    // The program would take files here for overrides of what it has built in.
    assert!(first.keys().all(|name| !name.starts_with("usr/share/onegpu/distros/")));
    assert!(first.keys().all(|name| !name.ends_with(".new")), "{:?}", first.keys());
    // Again over itself: the same.
    assert!(install(&destdir, &["--prefix", "/usr"]).status.success());
    assert!(tree(&destdir) == first);
}

#[test]
fn folders_can_be_the_distros_own() {
    let dir = tempfile::tempdir().unwrap();
    let destdir = dir.path().join("root");
    let own = ["--prefix", "/opt/x", "--docdir", "/usr/share/doc/onegpu-1", "--licensedir", "/lic"];
    assert!(install(&destdir, &own).status.success());
    let tree = tree(&destdir);
    for name in ["opt/x/bin/onegpu", "usr/share/doc/onegpu-1/README.md", "lic/THIRD-PARTY"] {
        assert!(tree.contains_key(name), "{name}");
    }
}

#[test]
fn nothing_is_written_when_something_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let destdir = dir.path().join("root");
    for bad in [&["--prefix", "usr"][..], &["--prefix", "/usr/../.."], &["--binary", "/nowhere/at/all"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        let out = command.args(["install", "--destdir"]).arg(&destdir).args(bad).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{bad:?}");
        assert!(!destdir.exists(), "{bad:?}");
    }
}
