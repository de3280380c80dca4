//! What takes longer than a second says how far it is, on a terminal and nowhere else; and the line goes again.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

#[path = "support/pty.rs"]
mod pty;

use std::fs;
use std::path::Path;
use std::process::Command;

use onegpu::data::EXAMPLE_PROFILE;
use pty::Pty;

/// A folder of `count` profiles.
fn profiles(folder: &Path, count: usize) {
    fs::create_dir(folder.join("profiles")).unwrap();
    for at in 0..count {
        fs::write(folder.join(format!("profiles/pc{at}.toml")), EXAMPLE_PROFILE).unwrap();
    }
}

const ARGUMENTS: [&str; 6] = ["package", "profiles", "--distro", "debian", "-o", "out"];

#[test]
fn a_long_work_says_how_far_it_is_and_takes_the_line_away() {
    let folder = tempfile::tempdir().unwrap();
    let mut count = 40;
    // However fast the machine is, there is a work that takes it seconds.
    let raw = loop {
        profiles(folder.path(), count);
        let begin = std::time::Instant::now();
        let mut pty = Pty::start(folder.path(), &ARGUMENTS, &[("TERM", "dumb")]);
        assert_eq!(pty.end(), Some(0));
        if begin.elapsed().as_secs() >= 3 {
            break pty.everything();
        }
        count *= 4;
        fs::remove_dir_all(folder.path().join("profiles")).unwrap();
        fs::remove_dir_all(folder.path().join("out")).unwrap();
    };
    let last = format!(" of {count} machines");
    assert!(raw.contains(&last), "{raw}");
    // Nothing of it is on the screen afterwards, and nothing that a dumb terminal does not know.
    let line = raw.rfind(&last).unwrap();
    assert!(raw[line + last.len()..].starts_with("\r   "), "{raw}");
    assert!(!raw.contains('\u{1b}'), "{raw}");
}

#[test]
fn a_short_work_and_one_without_a_terminal_say_nothing() {
    let folder = tempfile::tempdir().unwrap();
    profiles(folder.path(), 2);
    let begin = std::time::Instant::now();
    let mut pty = Pty::start(folder.path(), &ARGUMENTS, &[]);
    assert_eq!(pty.end(), Some(0));
    let raw = pty.everything();
    // On a machine that has much else to do, even two take their time.
    let long = begin.elapsed().as_millis() >= 1000;
    assert!(raw.contains("onegpu-host") && (long || !raw.contains(" of 2 machines")), "{raw}");
    fs::remove_dir_all(folder.path().join("profiles")).unwrap();
    fs::remove_dir_all(folder.path().join("out")).unwrap();
    profiles(folder.path(), 60);
    let done = Command::new(env!("CARGO_BIN_EXE_onegpu"))
        .args(ARGUMENTS)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(done.status.success());
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(said.lines().all(|line| line.starts_with("note: ")), "{said}");
}
