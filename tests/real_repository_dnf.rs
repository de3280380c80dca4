//! dnf installs from the repository over file and http, and refuses what was changed; and
//! createrepo_c says the same of the packages.
//!
//! Needs root, gnupg, and Debian's dnf and createrepo-c.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

mod repository;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use repository::{PACKAGES, Repository, named, ran, refused, spoiled};
use rpm::{BuildConfig, Dependency, PackageBuilder};

struct Fedora {
    folder: tempfile::TempDir,
    repository: Repository,
}

impl Fedora {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::new(folder.path());
        let fedora = Self { folder, repository };
        fs::create_dir_all(fedora.root().join("etc")).unwrap();
        ["repos.d", "log"].iter().for_each(|name| fs::create_dir(fedora.at(name)).unwrap());
        fedora
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn root(&self) -> PathBuf {
        self.at("root")
    }

    /// Points the machine at the repository, as its README says; beside it there is a repository with
    /// one package that stands in for all that the setup's need.
    fn point(&self) {
        fs::copy(self.repository.of("fedora").join("onegpu.repo"), self.at("repos.d/onegpu.repo")).unwrap();
        let mut needs = BTreeSet::new();
        for file in fs::read_dir(self.repository.of("fedora")).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|ending| ending == "rpm") {
                let package = rpm::PackageMetadata::open(&file).unwrap();
                let requires = package.get_requires().unwrap().into_iter().map(|depend| depend.name);
                needs.extend(requires.filter(|name| {
                    !["rpmlib(", "onegpu-", "config("].iter().any(|own| name.starts_with(own))
                }));
            }
        }
        assert!(needs.contains("libvirt-daemon-kvm"), "{needs:?}");
        let mut builder = PackageBuilder::new("stand-in", "1", "MIT", "noarch", "Stands in");
        builder.using_config(BuildConfig::v4().source_date(1));
        for name in needs {
            builder.provides(Dependency::any(name));
        }
        let place = self.at("stand-in");
        fs::create_dir_all(&place).unwrap();
        builder.build().unwrap().write_file(place.join("stand-in-1-1.noarch.rpm")).unwrap();
        ran(Command::new("createrepo_c").arg("-q").arg(&place));
        let other = format!("[stand-in]\nname=stand-in\nbaseurl=file://{}\ngpgcheck=0\n", place.display());
        fs::write(self.at("repos.d/stand-in.repo"), other).unwrap();
    }

    fn dnf(&self, words: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command.args(["200", "dnf", "-y", "--releasever=44", "--installroot"]).arg(self.root());
        for (option, path) in
            [("reposdir", "repos.d"), ("cachedir", "cache"), ("logdir", "log"), ("persistdir", "persist")]
        {
            command.arg(format!("--setopt={option}={}", self.at(path).display()));
        }
        // No scriptlets: there is no shell in the root.
        command.args(["--setopt=tsflags=noscripts", "--setopt=pluginpath=/none", "--setopt=plugins=0"]);
        command.args(words).env("LC_ALL", "C.UTF-8");
        command
    }

    fn install(&self) -> Command {
        self.dnf(&["--refresh", "install", PACKAGES[0], PACKAGES[1]])
    }

    /// Nothing is kept from before but the key, which the machine has taken.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.at("cache"));
    }

    fn installed(&self) -> Vec<String> {
        let list = ran(Command::new("rpm").arg("--root").arg(self.root()).args([
            "-qa",
            "--qf",
            "%{NAME}-%{VERSION}-%{RELEASE}\n",
        ]));
        let mut list: Vec<String> =
            list.lines().filter(|line| line.starts_with("onegpu-")).map(str::to_owned).collect();
        list.sort();
        list
    }
}

#[test]
#[ignore = "needs dnf, createrepo_c, rpm, gpg, root"]
fn installs_upgrades_and_refuses_a_changed_byte() {
    let fedora = Fedora::new();
    let folder = fedora.repository.of("fedora");
    let want = |revision: u32| {
        vec![format!("onegpu-guest-win11-0.1.0-{revision}"), format!("onegpu-host-0.1.0-{revision}")]
    };
    for (revision, (way, url)) in (1..).step_by(2).zip(fedora.repository.ways()) {
        fedora.repository.write_profile(revision);
        fedora.repository.publish("fedora", url.as_deref(), true);
        fedora.point();
        let before = fedora.installed();
        let host = format!("onegpu-host-0.1.0-{revision}.noarch.rpm");
        for (ending, part) in [
            ("repomd.xml", 0.5),
            ("repomd.xml.asc", 0.5),
            ("-primary.xml.gz", 0.5),
            (host.as_str(), 0.0),
            (host.as_str(), 0.5),
            (host.as_str(), 1.0),
        ] {
            fedora.forget();
            let said = spoiled(&named(&folder, ending), part, || refused(&mut fedora.install()));
            let reasons = [
                "Bad GPG signature",
                "GPG signature verification error",
                "checksum doesn't match",
                "incorrect checksum",
                "Downloading successful, but checksum",
            ];
            assert!(reasons.iter().any(|reason| said.contains(reason)), "{way} {ending}: {said}");
            assert_eq!(fedora.installed(), before, "{way} {ending}");
        }
        fedora.forget();
        ran(&mut fedora.install());
        assert_eq!(fedora.installed(), want(revision), "{way}");
        assert!(fedora.root().join("usr/bin/onegpu-hook").exists());

        fedora.repository.write_profile(revision + 1);
        fedora.repository.publish("fedora", url.as_deref(), true);
        ran(&mut fedora.dnf(&["--refresh", "upgrade"]));
        assert_eq!(fedora.installed(), want(revision + 1), "{way}");
        assert!(folder.join(&host).exists(), "the one before is kept");
        ran(fedora.dnf(&["remove"]).args(PACKAGES));
        assert_eq!(fedora.installed(), Vec::<String>::new());
    }
}

/// The signature in the package is what stops a package that the list does not tell from another:
/// one that somebody changed and listed anew.
#[test]
#[ignore = "needs dnf, createrepo_c, rpm, gpg, root"]
fn a_package_without_its_signature_is_refused_whatever_the_list_says() {
    let fedora = Fedora::new();
    let folder = fedora.repository.of("fedora");
    fedora.repository.publish("fedora", None, true);
    fedora.point();
    // repo_gpgcheck off: somebody has the list in hand.
    let repo = fs::read_to_string(fedora.at("repos.d/onegpu.repo"))
        .unwrap()
        .replace("repo_gpgcheck=1", "repo_gpgcheck=0");
    fs::write(fedora.at("repos.d/onegpu.repo"), repo).unwrap();
    let host = named(&folder, "onegpu-host-0.1.0-1.noarch.rpm");
    let good = fs::read(&host).unwrap();
    let mut package = rpm::Package::open(&host).unwrap();
    package.clear_signatures().unwrap();
    package.write_file(&host).unwrap();
    ran(Command::new("createrepo_c").args(["-q", "--no-database"]).arg(&folder));
    let said = refused(&mut fedora.install());
    assert!(said.contains("is not signed"), "{said}");
    fs::write(&host, good).unwrap();
    ran(Command::new("createrepo_c").args(["-q", "--no-database"]).arg(&folder));
    fedora.forget();
    ran(&mut fedora.install());
}

#[test]
#[ignore = "needs dnf, createrepo_c, rpm, gpg, root"]
fn what_is_not_signed_is_refused() {
    let fedora = Fedora::new();
    fedora.repository.publish("fedora", None, false);
    fedora.point();
    let said = refused(&mut fedora.install());
    assert!(said.contains("repomd.xml.asc"), "{said}");
    assert_eq!(fedora.installed(), Vec::<String>::new());
}

#[test]
#[ignore = "needs createrepo_c, gpg"]
fn the_metadata_says_what_createrepo_says() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    repository.publish("fedora", None, true);
    let theirs = folder.path().join("theirs");
    fs::create_dir(&theirs).unwrap();
    ran(Command::new("createrepo_c")
        .args(["-q", "--no-database", "--outputdir"])
        .arg(&theirs)
        .arg(repository.of("fedora")));
    for kind in ["primary", "filelists", "other"] {
        let ours = facts(&repository.of("fedora"), kind);
        let theirs = facts(&theirs, kind);
        assert_eq!(ours.difference(&theirs).collect::<Vec<_>>(), Vec::<&String>::new(), "{kind}: only ours");
        assert_eq!(
            theirs.difference(&ours).collect::<Vec<_>>(),
            Vec::<&String>::new(),
            "{kind}: only theirs"
        );
        assert!(ours.len() > 3, "{kind}");
    }
}

/// Every element of a list with its attributes and text, whatever their order.
fn facts(repository: &Path, kind: &str) -> BTreeSet<String> {
    let bytes = fs::read(named(&repository.join("repodata"), &format!("-{kind}.xml.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    let document = roxmltree::Document::parse(&text).unwrap();
    let mut out = BTreeSet::new();
    for package in document.root_element().children().filter(roxmltree::Node::is_element) {
        let name = package.descendants().find_map(|node| node.attribute("pkgid").filter(|id| id.len() > 9));
        let sum =
            package.descendants().find(|node| node.has_tag_name("checksum")).and_then(|node| node.text());
        let own = name.or(sum).unwrap_or_default()[..8].to_owned();
        for node in package.descendants().filter(roxmltree::Node::is_element) {
            let tag = node.tag_name().name();
            // When the file was written, and what it weighs unpacked to rpm's own archive.
            let mut attributes: Vec<String> = node
                .attributes()
                .filter(|attribute| !(tag == "time" && attribute.name() == "file"))
                .filter(|attribute| !(tag == "size" && attribute.name() == "archive"))
                .map(|attribute| format!("{}={}", attribute.name(), attribute.value()))
                .collect();
            attributes.sort();
            let text = node.text().unwrap_or_default().trim();
            let parent = node.parent().map_or("", |parent| parent.tag_name().name());
            out.insert(format!("{own} {parent}/{tag} {attributes:?} {text}"));
        }
    }
    out
}
