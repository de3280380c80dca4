//! XBPS installs from the repository over a path and http, and refuses what was changed; and its own
//! index of the packages says the same.
//!
//! Needs root, gnupg, XBPS on the PATH, and any small root in `$ONEGPU_TEST_ROOTS/bookworm`, which XBPS
//! takes for a Void.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by a panic")]

mod chroot;
mod fakes;
mod repository;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use chroot::{Root, bounded};
use fakes::{Sample, with_engine};
use onegpu::package::{SetupPackage, xbps};
use repository::{PACKAGES, Repository, named, ran, refused, spoiled};

struct Void {
    folder: tempfile::TempDir,
    root: Root,
    repository: Repository,
}

impl Void {
    fn new() -> Self {
        let (folder, root) = (tempfile::tempdir().unwrap(), Root::copy("bookworm"));
        let repository = Repository::new(folder.path());
        fs::create_dir_all(root.at("/etc/xbps.d")).unwrap();
        Self { folder, root, repository }
    }

    fn xbps(&self, tool: &str) -> Command {
        let mut command = bounded(&format!("xbps-{tool}"));
        command.arg("-r").arg(self.root.path());
        command
    }

    /// Points the machine at the repository, as its README says; and gives it what the packages depend on.
    fn point(&self) {
        let conf = fs::read(self.repository.of("void").join("onegpu.conf")).unwrap();
        self.root.write("/etc/xbps.d/onegpu.conf", conf);
        let index = plist(&self.repository.of("void").join("x86_64-repodata"), "index.plist");
        let names: BTreeSet<&str> = index
            .split("<string>")
            .filter_map(|text| text.split("&gt;=0</string>").next().filter(|name| !name.contains('<')))
            .collect();
        let stand_ins = self.folder.path().join("stand-ins");
        fs::create_dir_all(&stand_ins).unwrap();
        let files: Vec<PathBuf> = names
            .iter()
            .map(|name| {
                let manual = Sample { revision: 1, auto_apply: false };
                let dummy = SetupPackage { name: (*name).into(), files: Vec::new(), ..manual.host(&[]) };
                let built = with_engine(|engine| xbps::build(engine, &dummy)).unwrap();
                let path = stand_ins.join(built.file_name);
                fs::write(&path, built.bytes).unwrap();
                path
            })
            .collect();
        assert!(files.len() > 3, "{index}");
        ran(bounded("xbps-rindex").args(["-f", "-a"]).args(files));
        ran(self.xbps("install").args(["-y", "-i", "-R"]).arg(&stand_ins).args(names));
    }

    fn trust(&self) {
        let key = named(&self.repository.of("void"), ".plist");
        fs::create_dir_all(self.root.at("/var/db/xbps/keys")).unwrap();
        fs::copy(&key, self.root.at("/var/db/xbps/keys").join(key.file_name().unwrap())).unwrap();
    }

    /// Nothing is kept from before.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.root.at("/var/cache/xbps"));
    }

    fn install(&self) -> Command {
        let mut command = self.xbps("install");
        command.args(["-y", "-S", "-u"]).args(PACKAGES);
        command
    }

    fn installed(&self) -> Vec<String> {
        let said = ran(self.xbps("query").arg("-l"));
        let words = said.lines().filter_map(|line| line.split_whitespace().nth(1));
        words.filter(|name| name.starts_with("onegpu-")).map(str::to_owned).collect()
    }
}

/// One file of an index.
fn plist(path: &Path, wanted: &str) -> String {
    let archive = zstd::Decoder::new(fs::File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    for entry in tar::Archive::new(archive).entries().unwrap() {
        let mut entry = entry.unwrap();
        if entry.path().unwrap().to_string_lossy() == wanted {
            entry.read_to_string(&mut text).unwrap();
        }
    }
    text
}

fn want(revision: u32) -> [String; 2] {
    [format!("onegpu-guest-win11-0.1.0_{revision}"), format!("onegpu-host-0.1.0_{revision}")]
}

#[test]
#[ignore = "needs xbps-install, bookworm, gpg, root"]
fn installs_upgrades_and_refuses_a_changed_byte() {
    let void = Void::new();
    let folder = void.repository.of("void");
    for (revision, (way, url)) in (1..).step_by(2).zip(void.repository.ways()) {
        void.repository.write_profile(revision);
        void.repository.publish("void", url.as_deref(), true);
        void.point();
        let host = format!("onegpu-host-0.1.0_{revision}.noarch.xbps");
        let before = void.installed();
        if revision == 1 {
            // Before the key is trusted, nothing is taken: without a terminal nobody says yes.
            let said = refused(void.install().stdin(std::process::Stdio::null()));
            assert!(said.contains("import this public key"), "{said}");
            void.trust();
        }
        // In a folder of its own disk, XBPS looks at the index' sums alone.
        for part in [0.0, 0.5, 0.9].iter().filter(|_| way == "http") {
            void.forget();
            spoiled(&folder.join(format!("{host}.sig2")), *part, || refused(&mut void.install()));
        }
        for name in ["x86_64-repodata", &host] {
            for part in [0.0, 0.5, 0.9] {
                void.forget();
                spoiled(&folder.join(name), part, || refused(&mut void.install()));
            }
        }
        assert_eq!(void.installed(), before, "{way}");
        void.forget();
        ran(&mut void.install());
        assert_eq!(void.installed(), want(revision), "{way}");
        assert!(void.root.at("/usr/bin/onegpu-hook").exists());

        void.repository.write_profile(revision + 1);
        void.repository.publish("void", url.as_deref(), true);
        ran(void.xbps("install").args(["-y", "-S", "-u"]));
        assert_eq!(void.installed(), want(revision + 1), "{way}");
        assert!(folder.join(&host).exists(), "the one before is kept");
    }
    ran(void.xbps("remove").arg("-y").args(PACKAGES));
    assert_eq!(void.installed(), Vec::<String>::new());
}

#[test]
#[ignore = "needs xbps-install, bookworm, gpg, root"]
fn what_is_not_signed_or_by_another_key_is_refused_over_http() {
    let void = Void::new();
    let url = repository::serve(void.repository.root());
    let said = void.repository.publish("void", Some(&url), false);
    assert!(said.contains("NOT SIGNED"), "{said}");
    void.point();
    refused(&mut void.install());
    // A stranger's signatures below our own index.
    let _ = fs::remove_dir_all(void.repository.root());
    void.repository.publish("void", Some(&url), true);
    void.trust();
    let other = tempfile::tempdir().unwrap();
    let stranger = Repository::new(other.path());
    stranger.publish("void", None, true);
    let name = "onegpu-host-0.1.0_1.noarch.xbps.sig2";
    let own = fs::read(void.repository.of("void").join(name)).unwrap();
    fs::copy(stranger.of("void").join(name), void.repository.of("void").join(name)).unwrap();
    let said = refused(&mut void.install());
    assert!(said.contains("RSA signature"), "{said}");
    fs::write(void.repository.of("void").join(name), own).unwrap();
    void.forget();
    ran(&mut void.install());
    assert_eq!(void.installed(), want(1));
}

/// What XBPS's own tool makes of the same packages says the same of them.
#[test]
#[ignore = "needs xbps-install, gpg"]
fn the_index_says_what_xbps_rindex_says() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    repository.publish("void", None, true);
    let (ours, theirs) = (repository.of("void"), folder.path().join("theirs"));
    fs::create_dir(&theirs).unwrap();
    let mut files = Vec::new();
    for path in fs::read_dir(&ours).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|ending| ending == "xbps") {
            let to = theirs.join(path.file_name().unwrap());
            fs::copy(&path, &to).unwrap();
            files.push(to);
        }
    }
    assert_eq!(files.len(), 2);
    ran(bounded("xbps-rindex").arg("-a").args(files));
    let lines = |folder: &Path| -> Vec<String> {
        let text = plist(&folder.join("x86_64-repodata"), "index.plist");
        text.lines().map(|line| line.trim().to_owned()).collect()
    };
    assert_eq!(lines(&ours), lines(&theirs));
    assert!(lines(&ours).len() > 40);
}
