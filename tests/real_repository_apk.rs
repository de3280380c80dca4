//! apk installs from the repository over file and http, and refuses what was changed; and its own
//! index of the packages says the same.
//!
//! Needs root, gnupg, apk on the PATH, and any small root in `$ONEGPU_TEST_ROOTS/bookworm`, which apk
//! takes for an Alpine.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by a panic")]

mod chroot;
mod fakes;
mod repository;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use chroot::{Root, bounded};
use fakes::{Sample, with_engine};
use onegpu::package::{SetupPackage, apk};
use repository::{PACKAGES, Repository, named, ran, refused, spoiled};

struct Alpine {
    folder: tempfile::TempDir,
    root: Root,
    repository: Repository,
}

impl Alpine {
    fn new() -> Self {
        let (folder, root) = (tempfile::tempdir().unwrap(), Root::copy("bookworm"));
        let repository = Repository::new(folder.path());
        let alpine = Self { folder, root, repository };
        ran(alpine.apk().args(["add", "--initdb"]));
        fs::create_dir_all(alpine.root.at("/etc/apk/repositories.d")).unwrap();
        fs::create_dir_all(alpine.root.at("/etc/apk/keys")).unwrap();
        alpine
    }

    fn apk(&self) -> Command {
        let mut command = bounded("apk");
        command.arg("--root").arg(self.root.path()).arg("--no-progress");
        command
    }

    /// Points the machine at the repository, as its README says; and gives it what the packages depend on.
    fn point(&self) {
        let list = fs::read(self.repository.of("alpine").join("onegpu.list")).unwrap();
        self.root.write("/etc/apk/repositories.d/onegpu.list", list);
        let names = index(&self.repository.of("alpine"))
            .lines()
            .filter_map(|line| line.strip_prefix("D:").map(str::to_owned))
            .flat_map(|names| names.split(' ').map(str::to_owned).collect::<Vec<_>>())
            .filter(|name| !name.starts_with("onegpu-"))
            .collect::<std::collections::BTreeSet<_>>();
        let files = names.into_iter().map(|name| {
            let manual = Sample { revision: 1, auto_apply: false };
            let dummy = SetupPackage { name, files: Vec::new(), ..manual.host(&[]) };
            let built = with_engine(|engine| apk::build(engine, &dummy)).unwrap();
            let path = self.folder.path().join(built.file_name);
            fs::write(&path, built.bytes).unwrap();
            path
        });
        ran(self
            .apk()
            .args(["add", "--allow-untrusted", "--no-network", "--repositories-file", "/dev/null"])
            .args(files.collect::<Vec<PathBuf>>()));
    }

    fn trust(&self) {
        let key = named(&self.repository.of("alpine"), ".rsa.pub");
        fs::copy(&key, self.root.at("/etc/apk/keys").join(key.file_name().unwrap())).unwrap();
    }

    /// Nothing is kept from before.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.root.at("/var/cache/apk"));
    }

    fn add(&self) -> Command {
        let mut command = self.apk();
        command.args(["add", "--update-cache", "--upgrade"]).args(PACKAGES);
        command
    }

    fn installed(&self) -> String {
        let said = ran(self.apk().args(["list", "--installed", "--no-network", "onegpu-*"]));
        let mut names: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with("onegpu-"))
            .filter_map(|line| line.split(' ').next())
            .collect();
        names.sort_unstable();
        names.join("\n")
    }
}

/// The index of a repository.
fn index(folder: &Path) -> String {
    let bytes = fs::read(folder.join("x86_64/APKINDEX.tar.gz")).unwrap();
    member(&bytes, "APKINDEX")
}

fn member(bytes: &[u8], wanted: &str) -> String {
    let mut text = String::new();
    let mut archive = tar::Archive::new(flate2::read::MultiGzDecoder::new(bytes));
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().to_string_lossy() == wanted {
            entry.read_to_string(&mut text).unwrap();
        }
    }
    text
}

#[test]
#[ignore = "needs apk, bookworm, gpg, root"]
fn installs_upgrades_and_refuses_a_changed_byte() {
    let alpine = Alpine::new();
    let folder = alpine.repository.of("alpine");
    let want = |revision: u32| format!("onegpu-guest-win11-0.1.0-r{revision}\nonegpu-host-0.1.0-r{revision}");
    for (revision, (way, url)) in (1..).step_by(2).zip(alpine.repository.ways()) {
        alpine.repository.write_profile(revision);
        alpine.repository.publish("alpine", url.as_deref(), true);
        alpine.point();
        if revision == 1 {
            // Before the key is trusted, nothing is taken.
            let said = refused(&mut alpine.add());
            assert!(said.contains("UNTRUSTED"), "{said}");
            alpine.trust();
        }
        let host = format!("x86_64/onegpu-host-0.1.0-r{revision}.apk");
        for name in ["x86_64/APKINDEX.tar.gz", &host] {
            // In gzip's own head lies the time of a file, which nobody reads or vouches for.
            for part in [0.2, 0.5, 0.9] {
                alpine.forget();
                // What is there already does for a call without versions, so its status says nothing then.
                let said =
                    spoiled(&folder.join(name), part, || repository::text(&alpine.add().output().unwrap()));
                assert!(["WARNING", "ERROR"].iter().any(|word| said.contains(word)), "{way} {name}: {said}");
                assert!(
                    !alpine.installed().contains(&format!("onegpu-host-0.1.0-r{revision}")),
                    "{way} {name}"
                );
            }
        }
        // Of a call, apk installs what is not refused: the guest's package may be in alone, and not applied.
        alpine.forget();
        let _ = alpine.add().output();
        ran(alpine.apk().arg("fix").args(PACKAGES));
        assert_eq!(alpine.installed(), want(revision), "{way}");
        assert!(alpine.root.at("/usr/bin/onegpu-hook").exists());

        alpine.repository.write_profile(revision + 1);
        alpine.repository.publish("alpine", url.as_deref(), true);
        alpine.forget();
        ran(alpine.apk().args(["upgrade", "--update-cache"]));
        assert_eq!(alpine.installed(), want(revision + 1), "{way}");
        assert!(folder.join(&host).exists(), "the one before is kept");
    }
    ran(alpine.apk().args(["del", "--purge"]).args(PACKAGES));
    assert_eq!(alpine.installed(), "");
}

#[test]
#[ignore = "needs apk, bookworm, gpg, root"]
fn what_is_not_signed_or_by_another_key_is_refused() {
    let alpine = Alpine::new();
    let said = alpine.repository.publish("alpine", None, false);
    assert!(said.contains("NOT SIGNED"), "{said}");
    alpine.point();
    let said = refused(&mut alpine.add());
    assert!(said.contains("UNTRUSTED"), "{said}");
    // A stranger's key under the name of ours.
    let _ = fs::remove_dir_all(alpine.repository.root());
    alpine.repository.publish("alpine", None, true);
    alpine.trust();
    let other = tempfile::tempdir().unwrap();
    let stranger = Repository::new(other.path());
    stranger.publish("alpine", None, true);
    let name = named(&alpine.repository.of("alpine"), ".rsa.pub").file_name().unwrap().to_owned();
    fs::copy(named(&stranger.of("alpine"), ".rsa.pub"), alpine.root.at("/etc/apk/keys").join(name)).unwrap();
    refused(&mut alpine.add());
    alpine.trust();
    ran(&mut alpine.add());
}

/// What apk's own tool makes of the same packages says the same of them.
#[test]
#[ignore = "needs apk, gpg"]
fn the_index_says_what_apk_index_says() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    repository.publish("alpine", None, true);
    let ours = repository.of("alpine");
    let theirs = folder.path().join("theirs.tar.gz");
    let packages = fs::read_dir(ours.join("x86_64")).unwrap().map(|entry| entry.unwrap().path());
    let packages: Vec<PathBuf> =
        packages.filter(|path| path.extension().is_some_and(|ending| ending == "apk")).collect();
    assert_eq!(packages.len(), 2);
    ran(bounded("apk")
        .args(["index", "--allow-untrusted", "--no-warnings", "--rewrite-arch", "x86_64", "-o"])
        .arg(&theirs)
        .args(packages));
    let blocks = |text: String| {
        let mut blocks: Vec<Vec<String>> = text
            .trim_end()
            .split("\n\n")
            .map(|block| block.lines().filter(|line| line.len() > 2).map(str::to_owned).collect())
            .collect();
        blocks.sort();
        blocks
    };
    assert_eq!(blocks(index(&ours)), blocks(member(&fs::read(&theirs).unwrap(), "APKINDEX")));
    ran(bounded("apk").arg("verify").arg("--keys-dir").arg(&ours).arg(ours.join("x86_64/APKINDEX.tar.gz")));
}
