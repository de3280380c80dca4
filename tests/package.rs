//! `onegpu package` by the program itself: all families in one process, the same
//! bytes everywhere, and nothing half-written.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PROFILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/example.toml");
const ONEGPU: &str = env!("CARGO_BIN_EXE_onegpu");

/// Path and bytes of every file below a folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files(folder: &Path) -> Files {
    fn walk(folder: &Path, base: &Path, out: &mut Files) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => walk(&path, base, out),
                false => drop(out.insert(path.strip_prefix(base).unwrap().into(), fs::read(&path).unwrap())),
            }
        }
    }
    let mut out = Files::new();
    walk(folder, folder, &mut out);
    out
}

/// Runs the words in `cwd`.
fn run(cwd: &Path, words: &[&str], environment: &[(&str, &str)]) -> Output {
    Command::new(words[0])
        .args(&words[1..])
        .current_dir(cwd)
        .env_remove("SOURCE_DATE_EPOCH")
        .envs(environment.iter().copied())
        .output()
        .unwrap()
}

/// Packages the example for all families into `out`, through `before` (a shell's `umask`, say).
fn all(cwd: &Path, before: &[&str], environment: &[(&str, &str)]) -> Files {
    let words = [before, &[ONEGPU, "package", PROFILE, "--all", "-o", "out"]].concat();
    let done = run(cwd, &words, environment);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    files(&cwd.join("out"))
}

/// Compares file by file: a whole package in a message helps nobody.
fn assert_same(one: &Files, other: &Files) {
    assert!(one.keys().eq(other.keys()), "other files: {:?} {:?}", one.keys(), other.keys());
    for (path, bytes) in one {
        assert!(*bytes == other[path], "{} differs", path.display());
    }
}

#[test]
fn four_families_in_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let made = all(dir.path(), &[], &[]);
    let packages: Vec<String> = made
        .keys()
        .filter(|path| !path.components().any(|part| part.as_os_str() == "overlay"))
        .map(|path| path.display().to_string())
        .collect();
    assert_eq!(
        packages,
        [
            "arch/onegpu-guest-win11-0.1.0-1-any.pkg.tar.zst",
            "arch/onegpu-host-0.1.0-1-any.pkg.tar.zst",
            "fedora/onegpu-guest-win11-0.1.0-1.noarch.rpm",
            "fedora/onegpu-host-0.1.0-1.noarch.rpm",
            "gentoo/app-emulation/onegpu-guest-win11/onegpu-guest-win11-0.1.0-r1-1.gpkg.tar",
            "gentoo/app-emulation/onegpu-host/onegpu-host-0.1.0-r1-1.gpkg.tar",
            "ubuntu/onegpu-guest-win11_0.1.0-1_all.deb",
            "ubuntu/onegpu-host_0.1.0-1_all.deb",
        ]
    );
    assert!(
        made.contains_key(Path::new("gentoo/overlay/app-emulation/onegpu-host/onegpu-host-0.1.0-r1.ebuild"))
    );
}

#[test]
fn the_same_bytes_under_another_umask_zone_locale_user_host_and_folder() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plain = all(one.path(), &[], &[("TZ", "UTC"), ("LC_ALL", "C")]);
    let odd = [
        ("TZ", "Pacific/Kiritimati"),
        ("LC_ALL", "tr_TR.UTF-8"),
        ("HOME", "/nonexistent"),
        ("USER", "somebody-else"),
        ("LOGNAME", "somebody-else"),
        ("HOSTNAME", "elsewhere"),
    ];
    let deeper = other.path().join("a folder/with spaces");
    fs::create_dir_all(&deeper).unwrap();
    let odd = all(&deeper, &["sh", "-c", "umask 077; exec \"$@\"", "sh"], &odd);
    assert_same(&plain, &odd);
}

#[test]
#[ignore = "needs faketime, unshare, root"]
fn the_same_bytes_under_another_clock_and_host_name() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plain = all(one.path(), &[], &[]);
    let host = ["unshare", "--uts", "sh", "-c", "hostname elsewhere; exec \"$@\"", "sh"];
    let clock = ["faketime", "1999-06-15 12:00:00"];
    // The tool really turns the clock.
    let date = run(one.path(), &[&clock[..], &["date", "+%Y"]].concat(), &[]);
    assert_eq!(date.stdout, b"1999\n");
    assert_same(&plain, &all(other.path(), &[&host[..], &clock[..]].concat(), &[]));
}

#[test]
fn source_date_epoch_is_honoured_and_checked() {
    let dir = tempfile::tempdir().unwrap();
    let plain = all(dir.path(), &[], &[]);
    let then = all(dir.path(), &[], &[("SOURCE_DATE_EPOCH", "86400")]);
    let packages =
        |files: &Files| files.keys().filter(|path| !path.to_string_lossy().contains("overlay")).count();
    let changed = plain.iter().filter(|(path, bytes)| then[*path] != **bytes).count();
    assert_eq!(changed, packages(&plain), "every package carries the time, and nothing else does");
    for bad in ["", "yesterday", "-1", "99999999999", "1.5"] {
        let out = run(
            dir.path(),
            &[ONEGPU, "package", PROFILE, "--all", "-o", "bad"],
            &[("SOURCE_DATE_EPOCH", bad)],
        );
        assert_eq!(out.status.code(), Some(2), "{bad:?}");
        assert!(String::from_utf8_lossy(&out.stderr).contains("SOURCE_DATE_EPOCH"), "{bad:?}");
        assert!(!dir.path().join("bad").exists());
    }
}

/// What a failing command leaves: the folder as it was.
#[test]
fn nothing_is_half_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let package = |words: &[&str]| run(dir.path(), &[&[ONEGPU, "package", PROFILE], words].concat(), &[]);
    fs::write(path("file"), "mine").unwrap();
    fs::create_dir(path("full")).unwrap();
    // The third family's folder cannot be made: a file is in the way.
    fs::write(path("full/fedora"), "mine").unwrap();
    let before = files(dir.path());
    for (words, status, says) in [
        (&["--distro", "debian", "-o", "file"][..], 1, "file"),
        (&["--all", "-o", "full"], 1, "fedora"),
        (&["--distro", "arch", "--distro", "viod", "-o", "new/deep"], 2, "did you mean `void`"),
        (&["--distro", "debain", "-o", "new"], 2, "did you mean `debian`"),
        (&["-o", "new"], 2, "which distro"),
        (&["--all", "--distro", "arch", "-o", "new"], 2, "--all"),
    ] {
        let out = package(words);
        let stderr = String::from_utf8_lossy(&out.stderr).into_owned();
        assert_eq!(out.status.code(), Some(status), "{words:?}: {stderr}");
        assert!(stderr.contains(says), "{words:?}: {stderr}");
        assert!(out.stdout.is_empty(), "{words:?}");
        assert_same(&before, &files(dir.path()));
        assert!(!path("new").exists() && !path("full/arch").exists(), "{words:?}");
    }
}

#[test]
fn many_at_once_into_one_folder() {
    let dir = tempfile::tempdir().unwrap();
    let alone = all(dir.path(), &[], &[]);
    fs::remove_dir_all(dir.path().join("out")).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let out = run(dir.path(), &[ONEGPU, "package", PROFILE, "--all", "-o", "out"], &[]);
                assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            });
        }
    });
    assert_same(&alone, &files(&dir.path().join("out")));
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let words = [ONEGPU, "render", PROFILE, "--distro", "arch", "-o", "tree"];
                let out = run(dir.path(), &words, &[]);
                assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            });
        }
    });
    let names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_hostile_path_is_quoted_in_the_command_and_works() {
    let dir = tempfile::tempdir().unwrap();
    let folder = "it's $(touch x); `rm`";
    let out = run(dir.path(), &[ONEGPU, "package", PROFILE, "--distro", "debian", "-o", folder], &[]);
    let stdout = String::from_utf8(out.stdout).unwrap();
    let command = stdout.lines().find_map(|line| line.trim().strip_prefix("sudo apt install ")).unwrap();
    let listed = run(dir.path(), &["sh", "-c", &format!("ls -- {command}")], &[]);
    assert!(listed.status.success(), "{command}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was touched");
}
