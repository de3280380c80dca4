//! `onegpu log` on logs that the real scripts wrote (`tests/hooks/logs.rs` stores them), and
//! on logs that nobody wrote honestly. `tests/log/NAME/output` is the whole output;
//! `ONEGPU_REGENERATE=1` writes it anew, and then somebody reads it.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{CWD, FileType, Mode, mknodat};

fn log(root: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onegpu"))
        .arg("log")
        .args(arguments)
        .arg("--root")
        .arg(root)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

fn machines() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/log");
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    assert!(all.len() > 10, "the machines are gone");
    all
}

/// A machine with one log.
fn machine(name: &str, bytes: impl AsRef<[u8]>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("var/log/onegpu")).unwrap();
    fs::write(dir.path().join(format!("var/log/onegpu/{name}.log")), bytes).unwrap();
    dir
}

#[test]
fn every_machine_has_its_output() {
    let mut wrong = Vec::new();
    for machine in machines() {
        let (status, out, err) = text(&log(&machine, &[]));
        assert!(err.is_empty(), "{err}");
        assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
        let found = format!("{out}# exit status {status}\n");
        let path = machine.join("output");
        if std::env::var_os("ONEGPU_REGENERATE").is_some() {
            fs::write(&path, &found).unwrap();
        } else if fs::read_to_string(&path).ok().as_ref() != Some(&found) {
            wrong.push(format!("--- {}\n{found}", machine.display()));
        }
    }
    assert!(wrong.is_empty(), "not what stands in `output`:\n{}", wrong.join("\n"));
}

#[test]
fn json_says_the_same() {
    for machine in machines() {
        let (status, out, _) = text(&log(&machine, &["win11", "--format", "json"]));
        let json: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(json["guest"], "win11");
        assert_eq!(json["well"], status == 0, "{out}");
        assert!(!json["runs"].as_array().unwrap().is_empty());
        assert!(json["runs"][0]["lines"][0]["text"].is_string());
        let text = fs::read_to_string(machine.join("output")).unwrap();
        if let Some(cause) = json["causes"][0]["failure"].as_str() {
            assert!(text.contains(&format!("More: onegpu explain {cause}")), "{text}");
        }
    }
}

#[test]
fn without_a_log_it_says_how_to_get_one() {
    let dir = tempfile::tempdir().unwrap();
    let (status, out, err) = text(&log(dir.path(), &[]));
    assert_eq!((status, out.as_str()), (1, ""));
    assert!(
        err.contains("there is no log of any guest") && err.contains("virsh -c qemu:///system start"),
        "{err}"
    );
    let dir = machine("win11", "+0.0s == start 2026-11-22T10:00:00+0000\n");
    let (status, _, err) = text(&log(dir.path(), &["win10"]));
    assert!(status == 1 && err.contains("did you mean `win11`?"), "{err}");
    let (status, _, err) = text(&log(dir.path(), &["debian"]));
    assert!(status == 1 && err.contains("there are logs of: win11"), "{err}");
}

#[test]
fn wrong_use_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["../../etc/passwd", "", "-", "a b", "win11\u{1b}[2J"] {
        let (status, out, err) = text(&log(dir.path(), &["--", name]));
        assert_eq!((status, out.as_str()), (2, ""), "{name}: {err}");
        assert!(!err.contains('\u{1b}'), "{err:?}");
    }
    assert_eq!(text(&log(&dir.path().join("nowhere"), &[])).0, 2);
    assert_eq!(text(&log(dir.path(), &["--format", "xml"])).0, 2);
    assert_eq!(text(&log(dir.path(), &["--messages", "/no/such/file"])).0, 2);
}

#[test]
fn the_guest_with_the_latest_run_is_shown_and_the_others_named() {
    let dir = machine("old", "+0.0s == start 2026-11-20T10:00:00+0000\n+0.1s the card is free\n");
    for (name, text) in [
        ("new", "+0.0s == start 2026-11-22T09:00:00+0200\n+0.1s the card is free\n"),
        ("newer", "+0.0s == start 2026-11-22T08:00:00+0000\n+0.1s the card is free\n"),
        ("empty", ""),
    ] {
        fs::write(dir.path().join(format!("var/log/onegpu/{name}.log")), text).unwrap();
    }
    let (status, out, _) = text(&log(dir.path(), &[]));
    assert_eq!(status, 0);
    assert!(out.starts_with("newer: "), "{out}");
    let others = "Other guests with a log:\n  new  2026-11-22T09:00:00+0200\n  old  2026-11-20T10:00:00+0000\n  empty  nothing in it\n";
    assert!(out.ends_with(others), "{out}");
    let (status, _, err) = text(&log(dir.path(), &["empty"]));
    assert!(status == 1 && err.contains("there is no handover or return in it"), "{err}");
}

#[test]
fn the_handover_is_found_in_the_log_before_this_one() {
    let dir = machine("win11", "+0.0s == stop 2026-11-22T12:00:00+0000\n+0.1s ok 0.10s forget\n");
    let (_, out, _) = text(&log(dir.path(), &[]));
    assert!(out.contains("Note: The handover that belongs to this is no longer in the log."), "{out}");
    let older = "+0.0s == start 2026-11-22T10:00:00+0000\n+3.0s the card is free";
    fs::write(dir.path().join("var/log/onegpu/win11.log.1"), older).unwrap();
    let (status, out, _) = text(&log(dir.path(), &[]));
    assert_eq!(status, 0);
    assert!(out.starts_with("win11: The handover went well. The return went well."), "{out}");
}

#[test]
fn messages_from_elsewhere_are_looked_through() {
    let dir = machine("win11", "+0.0s == start 2026-11-22T10:00:00+0000\n+1.0s giving up: a signal\n");
    let file = dir.path().join("journal");
    fs::write(&file, "x\nkernel: vfio-pci 0000:01:00.0: BAR 0: can't reserve [mem 0xe0000000]\x1b[2J\n")
        .unwrap();
    let (status, out, _) = text(&log(dir.path(), &["--messages", file.to_str().unwrap()]));
    assert_eq!(status, 1);
    assert!(out.contains("Likely cause: The kernel's own simple screen keeps the card's memory."), "{out}");
    assert!(out.contains("can't reserve") && !out.contains('\x1b'), "{out:?}");
}

/// Whatever lies there: an answer soon, and nothing that drives a terminal.
#[test]
fn hostile_logs_get_an_answer() {
    let start = "+0.0s == start 2026-11-22T10:00:00+0000\n";
    let cases: Vec<(&str, Vec<u8>)> = vec![
        (
            "escapes",
            format!("{start}+0.1s ok 0.10s \x1b]0;owned\x07\x1b[2J\u{202e}stop\n\x1b[31mred\n").into_bytes(),
        ),
        ("NUL bytes", [start.as_bytes(), &[0; 5000], b"\n+0.1s the card is free\n\0\0\0"].concat()),
        (
            "CRLF",
            format!("{start}+0.1s ok 0.10s a\n+0.2s the card is free\n").replace('\n', "\r\n").into_bytes(),
        ),
        ("no UTF-8", [start.as_bytes(), b"\xff\xfe\xc3\n+0.1s ok 0.10s \xff\n"].concat()),
        ("one long line", [start.as_bytes(), &b"x".repeat(900_000)].concat()),
        ("many short lines", [start.as_bytes(), &b"+0.1s a\n".repeat(100_000)].concat()),
        (
            "numbers",
            format!("{start}+999999999.99s ok 999999999.99s a\n+99999999999999999999.0s x\n").into_bytes(),
        ),
        (
            "a clock that jumps",
            format!("{start}+9.0s ok 9.00s a\n{}", start.replace("2026", "1970")).into_bytes(),
        ),
        (
            "two at once",
            format!("{start}{start}+1.0s ok 0.10s a\n+0.1s ok 0.10s b\n+2.0s the card is free\n")
                .into_bytes(),
        ),
        ("begins", start.repeat(20_000).into_bytes()),
    ];
    for (what, bytes) in cases {
        let dir = machine("win11", bytes);
        for format in ["text", "json"] {
            let since = Instant::now();
            let (status, out, err) = text(&log(dir.path(), &["--format", format]));
            assert!(since.elapsed() < Duration::from_secs(5), "{what}: {:?}", since.elapsed());
            assert!(status < 2 && err.is_empty(), "{what}: {status} {err}");
            let control = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
            assert!(!out.contains(control), "{what}: {out:?}");
            assert!(format == "json" || out.lines().count() < 200, "{what}: {} lines", out.lines().count());
            assert!(format == "json" || out.lines().all(|line| line.chars().count() <= 80), "{what}: {out}");
        }
    }
}

#[test]
fn a_huge_log_is_read_from_its_end() {
    let dir = machine("win11", "");
    let path = dir.path().join("var/log/onegpu/win11.log");
    let file = fs::File::create(&path).unwrap();
    // A hole: it takes no room on the disk.
    file.set_len(1 << 30).unwrap();
    drop(file);
    let end = "\n+0.0s == start 2026-11-22T10:00:00+0000\n+0.1s the card is free\n";
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    std::io::Write::write_all(&mut file, end.as_bytes()).unwrap();
    let since = Instant::now();
    let (status, out, _) = text(&log(dir.path(), &[]));
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
    assert_eq!(status, 0, "{out}");
    assert!(out.contains("is large: only its last 1024 KiB were read"), "{out}");
}

#[test]
fn what_is_no_file_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("var/log/onegpu");
    fs::create_dir_all(folder.join("folder.log")).unwrap();
    mknodat(CWD, folder.join("fifo.log"), FileType::Fifo, Mode::from_raw_mode(0o644), 0).unwrap();
    symlink("/dev/zero", folder.join("zero.log")).unwrap();
    symlink("loop.log", folder.join("loop.log")).unwrap();
    for name in ["folder", "fifo", "zero", "loop"] {
        let (status, out, err) = text(&log(dir.path(), &[name]));
        assert_eq!((status, out.as_str()), (1, ""), "{name}: {err}");
        assert!(err.contains(&format!("/var/log/onegpu/{name}.log: ")), "{err}");
    }
}
