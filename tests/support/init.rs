//! Running `onegpu init` without a person.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use onegpu::profile::{self, Profile};

/// `onegpu init` in `dir` for the machine at `root`, without a terminal.
pub fn command(dir: &Path, root: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    command.current_dir(dir).arg("init").arg("--root").arg(root).args(flags).stdin(Stdio::null());
    command
}

/// What it says.
pub fn init(dir: &Path, root: &Path, flags: &[&str]) -> Output {
    command(dir, root, flags).output().unwrap()
}

/// What was printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The profile that these flags give on this machine.
pub fn told(root: &Path, flags: &[&str]) -> Profile {
    let dir = tempfile::tempdir().unwrap();
    let out = init(dir.path(), root, &[&["--yes", "-o", "-"], flags].concat());
    assert_eq!(out.status.code(), Some(0), "{flags:?}: {}", text(&out.stderr));
    profile::parse("told", &text(&out.stdout)).unwrap_or_else(|error| panic!("{flags:?}: {error}"))
}

/// What is in a folder.
pub fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
