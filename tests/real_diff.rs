//! `onegpu diff` on what a real rpm has written down: which files are ours, and which were changed since.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use proptest::test_runner::{TestCaseError, TestRunner};

fn onegpu(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onegpu")).args(arguments).current_dir(folder).output().unwrap()
}

/// A machine with a setup in it: its files, and the record of them that rpm makes.
struct Fedora {
    folder: tempfile::TempDir,
}

const DATABASE: &str = "machine/usr/lib/sysimage/rpm";
const HOOK: &str = "machine/usr/bin/onegpu-hook";
const START: &str = "machine/etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh";

impl Fedora {
    fn new() -> Self {
        let fedora = Self { folder: tempfile::tempdir().unwrap() };
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff/profile.toml");
        let profile = fs::read_to_string(source).unwrap().replace("\"debian\"", "\"fedora\"");
        fs::write(fedora.at("profile.toml"), profile).unwrap();
        fs::create_dir_all(fedora.at(DATABASE)).unwrap();
        for arguments in
            [&["render", "profile.toml", "-o", "out"], &["package", "profile.toml", "-o", "rpms"]]
        {
            let done = onegpu(fedora.folder.path(), arguments);
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        let copied =
            Command::new("cp").arg("-a").arg(fedora.at("out/root/.")).arg(fedora.at("machine")).status();
        assert!(copied.unwrap().success());
        let rpms = fs::read_dir(fedora.at("rpms")).unwrap().map(|entry| entry.unwrap().path());
        let rpms: Vec<PathBuf> =
            rpms.filter(|path| path.extension().is_some_and(|end| end == "rpm")).collect();
        assert_eq!(rpms.len(), 2);
        fedora.rpm(&["--initdb"], &[]);
        // Only the record: the files lie there already, and no script of theirs may run here.
        fedora.rpm(&["--justdb", "--nodeps", "--noscripts", "--nodigest", "--nosignature", "-i"], &rpms);
        fedora
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn rpm(&self, words: &[&str], files: &[PathBuf]) {
        let mut rpm = Command::new("timeout");
        rpm.args(["60", "rpm", "--dbpath"]).arg(self.at(DATABASE)).args(words).args(files);
        let done = rpm.output().unwrap();
        assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn append(&self, path: &str, text: &str) {
        let old = fs::read_to_string(self.at(path)).unwrap();
        fs::write(self.at(path), old + text).unwrap();
    }

    fn stat(&self) -> String {
        let done = onegpu(self.folder.path(), &["diff", "profile.toml", "--root", "machine", "--stat"]);
        assert!(done.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }
}

fn has(stat: &str, state: &str, path: &str) -> bool {
    let path = path.trim_start_matches("machine");
    stat.lines().any(|line| line.trim_start().starts_with(state) && line.ends_with(path))
}

#[test]
#[ignore = "needs rpm"]
fn rpm_tells_new_changed_drifted_and_foreign_apart() {
    let fedora = Fedora::new();
    let stat = fedora.stat();
    assert!(
        stat.lines().all(|line| line.trim_start().starts_with("step") || line.contains("0 files")),
        "{stat}"
    );
    // Changed since it was installed.
    fedora.append(HOOK, "# mine\n");
    // Ours as installed, and the setup is another one.
    let profile = fs::read_to_string(fedora.at("profile.toml")).unwrap();
    fs::write(fedora.at("profile.toml"), profile.replace("16 GiB", "8 GiB")).unwrap();
    // Gone.
    fs::remove_file(fedora.at(START)).unwrap();
    let stat = fedora.stat();
    assert!(has(&stat, "drifted", HOOK), "{stat}");
    assert!(has(&stat, "changed", "/usr/share/onegpu/guests/win11/win11.xml"), "{stat}");
    assert!(has(&stat, "new", START), "{stat}");
    // Another one's: the package that has it is not ours.
    fedora.rpm(&["--justdb", "--nodeps", "--noscripts", "-e", "onegpu-guest-win11"], &[]);
    let other = "#!/bin/sh\n# the script of a guide\n";
    fs::write(fedora.at(START), other).unwrap();
    assert!(has(&fedora.stat(), "foreign", START), "{}", fedora.stat());
}

#[test]
#[ignore = "needs rpm"]
fn a_record_that_is_read_while_somebody_writes_it_counts() {
    let fedora = Fedora::new();
    fedora.append(HOOK, "# mine\n");
    assert!(has(&fedora.stat(), "drifted", HOOK));
    // The whole database stands in the log, and the file has only what it had before.
    let database = fedora.at(DATABASE).join("rpmdb.sqlite");
    let whole = fs::read(&database).unwrap();
    let size = match u16::from_be_bytes([whole[16], whole[17]]) {
        1 => 65536,
        size => usize::from(size),
    };
    let salts = [1, 2, 3, 4, 5, 6, 7, 8];
    let mut log = Vec::new();
    for word in [0x377f_0682_u32, 3_007_000, u32::try_from(size).unwrap(), 0] {
        log.extend(word.to_be_bytes());
    }
    log.extend(salts);
    log.extend([0; 8]);
    let pages = whole.chunks_exact(size).count();
    for (at, page) in whole.chunks_exact(size).enumerate() {
        log.extend(u32::try_from(at + 1).unwrap().to_be_bytes());
        let last = if at + 1 == pages { u32::try_from(pages).unwrap() } else { 0 };
        log.extend(last.to_be_bytes());
        log.extend(salts);
        log.extend([0; 8]);
        log.extend(page);
    }
    fs::write(&database, &whole[..size]).unwrap();
    assert!(!has(&fedora.stat(), "drifted", HOOK), "without the log nobody knows");
    fs::write(database.with_extension("sqlite-wal"), log).unwrap();
    assert!(has(&fedora.stat(), "drifted", HOOK), "{}", fedora.stat());
}

#[test]
#[ignore = "needs rpm"]
fn a_broken_record_is_none() {
    let fedora = Fedora::new();
    let database = fedora.at(DATABASE).join("rpmdb.sqlite");
    let whole = fs::read(&database).unwrap();
    let mut runner = TestRunner::new(proptest::test_runner::Config::with_cases(60));
    let spots = proptest::collection::vec((0..whole.len(), proptest::num::u8::ANY), 1..200);
    runner
        .run(&(spots, 0..whole.len(), proptest::bool::ANY), |(spots, end, cut)| {
            let mut bytes = whole.clone();
            spots.iter().for_each(|(at, byte)| bytes[*at] = *byte);
            bytes.truncate(if cut { end } else { whole.len() });
            fs::write(&database, bytes).unwrap();
            let done = Command::new("timeout")
                .args(["20", env!("CARGO_BIN_EXE_onegpu"), "diff", "profile.toml", "--root", "machine"])
                .current_dir(fedora.folder.path())
                .output()
                .unwrap();
            match done.status.code() {
                Some(0 | 1) => Ok(()),
                _ => Err(TestCaseError::fail(String::from_utf8_lossy(&done.stderr).into_owned())),
            }
        })
        .unwrap();
}
