//! pacman installs from the repository over file and http, and refuses what was changed.
//!
//! Needs root, gnupg, Debian's pacman-package-manager, and any small root in
//! `$ONEGPU_TEST_ROOTS/bookworm`, which pacman takes for an Arch.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

mod chroot;
mod repository;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use chroot::Root;
use repository::{PACKAGES, Repository, ran, refused, spoiled};

struct Arch {
    folder: tempfile::TempDir,
    root: Root,
    repository: Repository,
}

impl Arch {
    fn new() -> Self {
        let (folder, root) = (tempfile::tempdir().unwrap(), Root::copy("bookworm"));
        let repository = Repository::new(folder.path());
        fs::create_dir_all(root.at("/var/lib/pacman")).unwrap();
        Self { folder, root, repository }
    }

    fn conf(&self) -> PathBuf {
        self.folder.path().join("pacman.conf")
    }

    fn keyring(&self) -> PathBuf {
        self.folder.path().join("keyring")
    }

    /// Points the machine at the repository.
    fn point(&self) {
        let own = fs::read_to_string(self.repository.of("arch").join("pacman.conf")).unwrap();
        fs::write(self.conf(), format!("[options]\nArchitecture = auto\n{own}")).unwrap();
    }

    /// Trusts the key, as the repository's README says.
    fn trust(&self) {
        fs::create_dir(self.keyring()).unwrap();
        let key = self.repository.root().join("onegpu.asc");
        let tool = || {
            let mut command = Command::new("timeout");
            command.args(["120", "pacman-key", "--gpgdir"]).arg(self.keyring());
            command
        };
        ran(tool().arg("--init"));
        ran(tool().arg("--add").arg(key));
        ran(tool().args(["--lsign-key", &self.repository.fingerprint()]));
    }

    fn pacman(&self, words: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.args(["120", "pacman", "--noconfirm", "--root"]).arg(self.root.path());
        command.arg("--config").arg(self.conf()).arg("--gpgdir").arg(self.keyring());
        command.arg("--cachedir").arg(self.folder.path().join("cache")).args(words).env("LC_ALL", "C");
        command
    }

    fn install(&self) -> Command {
        let mut command = self.pacman(&["-Sy"]);
        let desc = ran(Command::new("tar")
            .args(["--zstd", "-xOf"])
            .arg(self.repository.of("arch").join("onegpu.db")));
        let mut depends = false;
        for line in desc.lines() {
            match line {
                "%DEPENDS%" => depends = true,
                "" => depends = false,
                name if depends && !name.starts_with("onegpu-") => {
                    command.args(["--assume-installed", name]);
                }
                _ => {}
            }
        }
        command.args(PACKAGES);
        command
    }

    /// Nothing is kept from before.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.root.at("/var/lib/pacman/sync"));
        let _ = fs::remove_dir_all(self.folder.path().join("cache"));
    }

    fn installed(&self) -> String {
        let out = self.pacman(&["-Q"]).output().unwrap();
        String::from_utf8_lossy(&out.stdout).into_owned()
    }
}

#[test]
#[ignore = "needs pacman, bookworm, gpg, zstd, root"]
fn installs_upgrades_and_refuses_a_changed_byte() {
    let arch = Arch::new();
    let folder = arch.repository.of("arch");
    let want = |revision: u32| format!("onegpu-guest-win11 0.1.0-{revision}\nonegpu-host 0.1.0-{revision}\n");
    for (revision, (way, url)) in (1..).step_by(2).zip(arch.repository.ways()) {
        arch.repository.write_profile(revision);
        arch.repository.publish("arch", url.as_deref(), true);
        arch.point();
        if revision == 1 {
            // Before the key is trusted, nothing is taken.
            fs::create_dir(arch.keyring()).unwrap();
            refused(&mut arch.install());
            fs::remove_dir_all(arch.keyring()).unwrap();
            arch.forget();
            arch.trust();
        }
        let host = format!("onegpu-host-0.1.0-{revision}-any.pkg.tar.zst");
        let before = arch.installed();
        // The signature of a package is in the database as well, which is what pacman believes. In a
        // signature, the name of its key stands outside of what it vouches for: no part of it is tried.
        for name in ["onegpu.db.tar.zst", "onegpu.db.tar.zst.sig", &host] {
            for part in [0.0, 0.5, 0.9] {
                arch.forget();
                let mut install = arch.install();
                spoiled(&folder.join(name), part, || refused(&mut install));
            }
        }
        assert_eq!(arch.installed(), before, "{way}");
        arch.forget();
        ran(&mut arch.install());
        assert_eq!(arch.installed(), want(revision), "{way}");
        assert!(arch.root.at("/usr/bin/onegpu-hook").exists());
        let files = ran(&mut arch.pacman(&["-Fy", "/usr/bin/onegpu-hook"]));
        assert!(files.contains("onegpu-host"), "{files}");

        arch.repository.write_profile(revision + 1);
        arch.repository.publish("arch", url.as_deref(), true);
        ran(arch.install().arg("-u"));
        assert_eq!(arch.installed(), want(revision + 1), "{way}");
        assert!(folder.join(&host).exists(), "the one before is kept");
    }
    ran(arch.pacman(&["-Rn"]).args(PACKAGES));
    assert_eq!(arch.installed(), "");
}

#[test]
#[ignore = "needs pacman, bookworm, gpg, zstd, root"]
fn what_is_not_signed_is_refused() {
    let arch = Arch::new();
    arch.repository.publish("arch", None, false);
    arch.point();
    fs::create_dir(arch.keyring()).unwrap();
    let said = refused(&mut arch.install());
    assert!(said.contains("signature") || said.contains("keyring") || said.contains("onegpu.db"), "{said}");
}

/// What pacman's own tool makes of the same packages says the same of them.
#[test]
#[ignore = "needs pacman, gpg, zstd, bsdtar"]
fn the_database_says_what_repo_add_says() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    repository.publish("arch", None, true);
    let ours = repository.of("arch");
    let theirs = folder.path().join("theirs.db.tar.zst");
    let packages = fs::read_dir(&ours).unwrap().map(|entry| entry.unwrap().path());
    let packages: Vec<PathBuf> =
        packages.filter(|path| path.to_string_lossy().ends_with(".pkg.tar.zst")).collect();
    ran(Command::new("repo-add").arg(&theirs).args(packages));
    for kind in ["db", "files"] {
        let blocks = |path: PathBuf| -> Vec<String> {
            let archive = zstd::Decoder::new(fs::File::open(path).unwrap()).unwrap();
            let mut blocks = Vec::new();
            for entry in tar::Archive::new(archive).entries().unwrap() {
                let mut entry = entry.unwrap();
                let name = entry.path().unwrap().display().to_string();
                let mut text = String::new();
                std::io::Read::read_to_string(&mut entry, &mut text).unwrap();
                blocks.extend(text.split("\n\n").map(|block| format!("{name}: {}", block.trim())));
            }
            // Old sums, which nobody needs beside the new ones.
            blocks.retain(|block| !block.ends_with(": ") && !block.contains("%MD5SUM%"));
            blocks.sort();
            blocks
        };
        let ours = blocks(ours.join(format!("onegpu.{kind}.tar.zst")));
        let theirs = blocks(folder.path().join(format!("theirs.{kind}.tar.zst")));
        assert_eq!(
            ours.iter().filter(|block| !theirs.contains(block)).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
        assert_eq!(
            theirs.iter().filter(|block| !ours.contains(block)).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
        assert!(ours.len() > 20);
    }
}
