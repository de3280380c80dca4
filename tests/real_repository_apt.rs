//! apt installs from the repository over file and http, and refuses what was changed.
//!
//! Needs root, overlayfs, gnupg, and a root of Debian's current release in
//! `$ONEGPU_TEST_ROOTS/trixie`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by a panic")]

mod layer;
mod repository;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use layer::Layer;
use repository::{PACKAGES, Repository, named, ran, refused, spoiled};

/// The folder of the test is at the same path inside.
const MORE: &str = r#"mkdir -p "$root$2"; mount --bind "$2" "$root$2""#;

struct Debian {
    layer: Layer,
    repository: Repository,
}

impl Debian {
    fn new() -> Self {
        let roots = std::env::var_os("ONEGPU_TEST_ROOTS").expect("ONEGPU_TEST_ROOTS names the roots");
        let layer = Layer::new(&PathBuf::from(roots).join("trixie"), |_| (), MORE);
        let repository = Repository::new(layer.folder());
        // Debian's own archive is not asked.
        let _ = fs::remove_file(layer.path("/etc/apt/sources.list"));
        let _ = fs::remove_dir_all(layer.path("/etc/apt/sources.list.d"));
        Self { layer, repository }
    }

    /// Points the machine at the repository, as its README says.
    fn trust(&self) {
        let sources = fs::read(self.repository.of("debian").join("onegpu.sources")).unwrap();
        self.layer.write("/etc/apt/sources.list.d/onegpu.sources", sources);
    }

    fn apt(&self, words: &[&str]) -> Command {
        // Every message counts: a list that is not taken is an error, not a warning.
        let mut command = self.layer.command(&["apt-get", "-q", "-y", "-o", "APT::Update::Error-Mode=any"]);
        command.env("DEBIAN_FRONTEND", "noninteractive").args(words);
        command
    }

    /// Nothing is kept from before.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.layer.path("/var/lib/apt/lists"));
        ran(&mut self.apt(&["clean"]));
    }

    fn installed(&self) -> String {
        let query = ["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n", "onegpu-*"];
        let out = self.layer.command(&query).output().unwrap();
        String::from_utf8_lossy(&out.stdout).into_owned()
    }
}

#[test]
#[ignore = "needs trixie, gpg, unshare, root"]
fn installs_upgrades_and_refuses_a_changed_byte() {
    let debian = Debian::new();
    let repository = &debian.repository;
    let folder = repository.of("debian");
    let first = |revision: u32| {
        format!("onegpu-guest-win11 0.1.0-{revision} installed\nonegpu-host 0.1.0-{revision} installed\n")
    };
    for (revision, (way, url)) in (1..).step_by(2).zip(repository.ways()) {
        repository.write_profile(revision);
        repository.publish("debian", url.as_deref(), true);
        debian.trust();
        debian.forget();
        for (ending, part) in
            [("InRelease", 0.3), ("InRelease", 0.85), ("/Packages", 0.5), ("/Packages.xz", 0.5)]
        {
            let path = named(&folder, ending);
            // apt asks for one of the two lists; the other is not there.
            let other = match ending {
                "/Packages" => folder.join("Packages.xz"),
                "/Packages.xz" => folder.join("Packages"),
                _ => folder.join("none"),
            };
            let aside = folder.join("aside");
            let _ = fs::rename(&other, &aside);
            let said = spoiled(&path, part, || refused(&mut debian.apt(&["update"])));
            let _ = fs::rename(&aside, &other);
            assert!(!said.contains("Permission denied"), "{way} {ending}: {said}");
            debian.forget();
        }
        // Release.gpg is what older programs read.
        let aside = folder.join("aside");
        fs::rename(folder.join("InRelease"), &aside).unwrap();
        spoiled(&folder.join("Release.gpg"), 0.5, || refused(&mut debian.apt(&["update"])));
        spoiled(&folder.join("Release"), 0.5, || refused(&mut debian.apt(&["update"])));
        debian.forget();
        ran(&mut debian.apt(&["update"]));
        fs::rename(&aside, folder.join("InRelease")).unwrap();
        debian.forget();

        ran(&mut debian.apt(&["update"]));
        let host = named(&folder, &format!("onegpu-host_0.1.0-{revision}_all.deb"));
        let before = debian.installed();
        for part in [0.0, 0.5, 1.0] {
            spoiled(&host, part, || refused(debian.apt(&["install"]).args(PACKAGES)));
            ran(&mut debian.apt(&["clean"]));
        }
        assert_eq!(debian.installed(), before, "{way}");
        ran(debian.apt(&["install"]).args(PACKAGES));
        assert_eq!(debian.installed(), first(revision), "{way}");
        assert!(debian.layer.path("/usr/bin/onegpu-hook").exists());

        // The next revision comes by an ordinary upgrade; the one before is still there.
        repository.write_profile(revision + 1);
        repository.publish("debian", url.as_deref(), true);
        ran(&mut debian.apt(&["update"]));
        ran(&mut debian.apt(&["upgrade"]));
        assert_eq!(debian.installed(), first(revision + 1), "{way}");
        assert!(host.exists());
    }
    ran(debian.apt(&["purge"]).args(PACKAGES));
    assert_eq!(debian.installed(), "");
}

#[test]
#[ignore = "needs trixie, gpg, unshare, root"]
fn what_is_not_signed_or_by_another_key_is_refused() {
    let debian = Debian::new();
    let said = debian.repository.publish("debian", None, false);
    assert!(said.contains("NOT SIGNED"), "{said}");
    debian.trust();
    let said = refused(&mut debian.apt(&["update"]));
    assert!(said.contains("is not signed"), "{said}");

    // A repository of the same make, whose key the machine does not trust.
    debian.repository.publish("debian", None, true);
    let other = tempfile::tempdir().unwrap();
    let stranger = Repository::new(other.path());
    stranger.publish("debian", None, true);
    let sources = fs::read_to_string(stranger.of("debian").join("onegpu.sources")).unwrap();
    let place = |line: &str| {
        line.replace(&stranger.root().display().to_string(), &debian.repository.root().display().to_string())
    };
    debian.layer.write(
        "/etc/apt/sources.list.d/onegpu.sources",
        sources.lines().map(place).collect::<Vec<_>>().join("\n") + "\n",
    );
    let said = refused(&mut debian.apt(&["update"]));
    assert!(said.contains("NO_PUBKEY") || said.contains("Missing key"), "{said}");
    debian.trust();
    ran(&mut debian.apt(&["update"]));
}
