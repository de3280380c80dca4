//! Portage installs from the repository over file and http, and refuses what was changed.
//!
//! Needs root, overlayfs, gnupg, and a venv with Portage that ONEGPU_TEST_PORTAGE names; see
//! `tests/real_portage.rs`.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by a panic")]

mod fakes;
mod gentoo;
mod layer;
mod repository;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use gentoo::Gentoo;
use repository::{Repository, named, ran, refused, spoiled};

const ATOMS: [&str; 2] = ["app-emulation/onegpu-host", "app-emulation/onegpu-guest-win11"];
/// Portage's keyring, which getuto(8) makes on a Gentoo.
const KEYRING: &str = "/etc/portage/gnupg";

struct Machine {
    gentoo: Gentoo,
    repository: Repository,
}

impl Machine {
    fn new() -> Self {
        let gentoo = Gentoo::new();
        let shared = gentoo.shared();
        let repository = Repository::new(&shared);
        fs::set_permissions(gentoo.layer().folder(), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        // The overlay tells what the packages need, for which there are stand-ins.
        let profile = shared.join("attic.toml");
        let out = shared.join("out");
        ran(repository.onegpu().arg("package").arg(profile).args(["--distro", "gentoo", "-o"]).arg(&out));
        gentoo.stand_in_for_dependencies(&out.join("overlay"));
        Self { gentoo, repository }
    }

    /// Points the machine at the repository.
    fn point(&self) {
        let conf = fs::read(self.repository.of("gentoo").join("binrepos.conf")).unwrap();
        self.gentoo.layer().write("/etc/portage/binrepos.conf/onegpu.conf", conf);
    }

    /// Trusts the key, as the repository's README says; the keyring is one that `nobody`, as whom
    /// Portage verifies, may read.
    fn trust(&self) {
        let key = self.repository.root().join("onegpu.asc");
        let script = format!(
            "mkdir -p {KEYRING} && gpg --homedir {KEYRING} --batch --import {} && \
             echo {}:6: | gpg --homedir {KEYRING} --batch --import-ownertrust && \
             gpg --homedir {KEYRING} --batch --check-trustdb && \
             gpgconf --homedir {KEYRING} --kill all && chmod -R a+rX {KEYRING} && chown -R nobody {KEYRING}",
            key.display(),
            self.repository.fingerprint()
        );
        ran(&mut self.gentoo.command(&["sh", "-ec", &script]));
    }

    fn emerge(&self, words: &[&str]) -> Command {
        let mut command = self.gentoo.command(&["emerge", "--color=n", "--getbinpkgonly"]);
        command.args(words);
        command
    }

    fn install(&self) -> Command {
        let mut command = self.emerge(&["--update", "--deep"]);
        command.args(["--usepkg-exclude", "app-emulation/libvirt"]).args(ATOMS);
        command
    }

    /// Nothing is kept from before.
    fn forget(&self) {
        let _ = fs::remove_dir_all(self.gentoo.path("/var/cache/edb/binhost"));
        let _ = fs::remove_dir_all(self.gentoo.path("/var/cache/binhost"));
        let _ = fs::remove_dir_all(self.gentoo.shared().join("binpkgs"));
    }

    fn installed(&self) -> Vec<String> {
        let folder = self.gentoo.path("/var/db/pkg/app-emulation");
        let names =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("onegpu-")).collect();
        names.sort();
        names
    }
}

#[test]
#[ignore = "needs portage, gpg, root"]
fn installs_upgrades_and_refuses_a_changed_byte() {
    let machine = Machine::new();
    let folder = machine.repository.of("gentoo");
    let want = |revision: u32| {
        vec![format!("onegpu-guest-win11-0.1.0-r{revision}"), format!("onegpu-host-0.1.0-r{revision}")]
    };
    // What they need is there, from the main repository.
    let overlay = fs::read_dir(machine.gentoo.shared().join("gentoo")).unwrap();
    let needs: Vec<String> = overlay
        .flat_map(|category| {
            let category = category.unwrap();
            let name = category.file_name().into_string().unwrap();
            let own = ["profiles", "metadata", "licenses"].contains(&name.as_str());
            let packages = (!own).then(|| fs::read_dir(category.path()).unwrap());
            packages
                .into_iter()
                .flatten()
                .map(move |package| format!("{name}/{}", package.unwrap().file_name().into_string().unwrap()))
                .collect::<Vec<_>>()
        })
        .collect();
    machine.gentoo.emerge(&needs.iter().map(String::as_str).collect::<Vec<_>>());
    for (revision, (way, url)) in (1..).step_by(2).zip(machine.repository.ways()) {
        machine.repository.write_profile(revision);
        machine.repository.publish("gentoo", url.as_deref(), true);
        machine.point();
        let before = machine.installed();
        if revision == 1 {
            let said = refused(&mut machine.install());
            assert!(said.contains("ignature") || said.contains("gpg"), "{said}");
            machine.forget();
            machine.trust();
        }
        let host = named(&folder, &format!("onegpu-host-0.1.0-r{revision}-1.gpkg.tar"));
        for part in [0.1, 0.5, 0.9] {
            machine.forget();
            let said = spoiled(&host, part, || refused(&mut machine.install()));
            assert!(said.contains("igest") && !said.contains("Traceback"), "{way}: {said}");
            assert_eq!(machine.installed(), before, "{way}");
        }
        // A changed sum in the list is another package than the one that is there.
        machine.forget();
        let index = folder.join("Packages");
        let good = fs::read_to_string(&index).unwrap();
        let entry =
            good.split(&format!("CPV: app-emulation/onegpu-host-0.1.0-r{revision}\n")).nth(1).unwrap();
        let sum = &entry.split("SHA1: ").nth(1).unwrap()[..40];
        let spoiled = good.replace(sum, &sum.chars().rev().collect::<String>());
        fs::write(&index, spoiled).unwrap();
        let said = refused(&mut machine.install());
        assert!(said.contains("igest") && !said.contains("Traceback"), "{way}: {said}");
        fs::write(&index, good).unwrap();
        assert_eq!(machine.installed(), before, "{way}");

        machine.forget();
        ran(&mut machine.install());
        assert_eq!(machine.installed(), want(revision), "{way}");
        assert!(machine.gentoo.path("/usr/bin/onegpu-hook").exists());

        machine.repository.write_profile(revision + 1);
        machine.repository.publish("gentoo", url.as_deref(), true);
        ran(&mut machine.install());
        assert_eq!(machine.installed(), want(revision + 1), "{way}");
        assert!(host.exists(), "the one before is kept");
    }
    machine.gentoo.emerge(&["--unmerge", ATOMS[1], ATOMS[0]]);
    assert_eq!(machine.installed(), Vec::<String>::new());
}

#[test]
#[ignore = "needs portage, gpg, root"]
fn what_is_not_signed_is_refused() {
    let machine = Machine::new();
    machine.repository.publish("gentoo", None, true);
    machine.trust();
    fs::remove_dir_all(machine.repository.root()).unwrap();
    machine.repository.publish("gentoo", None, false);
    machine.point();
    let mut install = machine.emerge(&["--nodeps"]);
    let said = refused(install.args(ATOMS));
    assert!(said.contains("unsigned") || said.contains("Manifest"), "{said}");
    assert!(!said.contains("Traceback"), "{said}");
    assert_eq!(machine.installed(), Vec::<String>::new());
}

/// The playbook with community.general's module, run by ansible-core: only tried, then for real, then again.
#[test]
#[ignore = "needs portage, ansible, gpg, root"]
fn the_playbook_tries_first_and_then_installs() {
    let machine = Machine::new();
    let shared = machine.gentoo.shared();
    let venv =
        |name: &str| PathBuf::from(std::env::var_os(name).unwrap_or_else(|| panic!("{name} names a venv")));
    let (ansible, portage) = (venv("ONEGPU_TEST_ANSIBLE"), venv("ONEGPU_TEST_PORTAGE"));
    let mut publish = machine.repository.onegpu();
    publish.arg("package").arg(shared.join("attic.toml")).args([
        "--distro",
        "gentoo",
        "--key",
        "test@example.org",
    ]);
    publish.arg("--repo").arg(machine.repository.root()).arg("--ansible").arg(shared.join("ansible"));
    let said = ran(&mut publish);
    assert!(said.contains("a folder of this one, which no other reaches"), "{said}");
    // A stand-in for Gentoo's own, which makes the keyring.
    let getuto = machine.gentoo.path("/usr/local/bin/getuto");
    fs::write(&getuto, format!("#!/bin/sh\nmkdir -p -m 755 {KEYRING}\n")).unwrap();
    fs::set_permissions(&getuto, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let play = |words: &[&str]| {
        let mut play = machine.gentoo.command(&["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh"]);
        play.arg(shared.join("ansible")).arg(ansible.join("bin/ansible-playbook"));
        play.args([
            "-i",
            "inventory.json",
            "site.yml",
            "-e",
            "ansible_connection=local ansible_become=false",
            "-e",
        ]);
        play.arg(format!("ansible_python_interpreter={}/bin/python", portage.display())).args(words);
        play.env("ANSIBLE_COLLECTIONS_PATH", ansible.join("collections"));
        play
    };
    ran(&mut play(&["--check", "--diff"]));
    assert_eq!(machine.installed(), Vec::<String>::new());
    assert!(!machine.gentoo.path("/etc/portage/binrepos.conf/onegpu.conf").exists());
    let host = named(&machine.repository.of("gentoo"), "onegpu-host-0.1.0-r1-1.gpkg.tar");
    spoiled(&host, 0.5, || refused(&mut play(&[])));
    assert_eq!(machine.installed(), Vec::<String>::new());
    machine.forget();
    let said = ran(&mut play(&[]));
    assert_eq!(machine.installed(), ["onegpu-guest-win11-0.1.0-r1", "onegpu-host-0.1.0-r1"], "{said}");
    let said = ran(&mut play(&[]));
    assert!(said.contains("changed=0 "), "{said}");
}
