//! The playbook, run by ansible-core: on a Debian and on a machine with dnf, both made of a layer
//! above the host's own root; only tried first, then for real, then again.
//!
//! Needs root, overlayfs, Debian's python3-apt and python3-dnf (which apt and dnf modules stand
//! on), gnupg, and the venv with ansible-core that ONEGPU_TEST_ANSIBLE names.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by a panic")]

mod ansible;
mod layer;
mod repository;

use std::fs;
use std::path::Path;
use std::process::Command;

use ansible::Machine;
use repository::{Repository, ran, refused, spoiled};
use rpm::{BuildConfig, Dependency, PackageBuilder};

#[test]
#[ignore = "needs ansible, apt-get, dpkg-deb, gpg, unshare, root"]
fn apt_machines_are_tried_first_and_then_have_the_packages() {
    let machine = Machine::new();
    machine.publish("debian");
    let layer = &machine.layer;
    let _ = fs::remove_file(layer.path("/etc/apt/sources.list"));
    let _ = fs::remove_dir_all(layer.path("/etc/apt/sources.list.d"));
    fs::create_dir(layer.path("/etc/apt/sources.list.d")).unwrap();
    // One package stands in for what the setup's need.
    let control = "Package: stand-in\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: stands in\n\
                   Provides: qemu-system-x86, libvirt-daemon-system, libvirt-clients, ovmf, dnsmasq-base, swtpm, swtpm-tools, \
                   qemu-utils, iptables\n";
    layer.write("/stand-in/DEBIAN/control", control);
    ran(&mut layer.command(&["dpkg-deb", "-b", "/stand-in", "/stand-in.deb"]));
    ran(&mut layer.command(&["dpkg", "-i", "/stand-in.deb"]));
    let installed = || {
        let query = ["dpkg-query", "-W", "-f", "${Package} ${Version} ${db:Status-Status}\n", "onegpu-*"];
        String::from_utf8_lossy(&layer.command(&query).output().unwrap().stdout).into_owned()
    };

    ran(&mut machine.play(&["--syntax-check"]));
    // In check mode nothing changes, not even the list of repositories.
    ran(&mut machine.play(&["--check", "--diff"]));
    assert_eq!(installed(), "");
    assert!(!layer.path("/etc/apt/sources.list.d/onegpu.sources").exists());

    // A repository that is not as it was signed: the trial fails, and nothing is installed.
    let release = machine.repository.of("debian").join("InRelease");
    spoiled(&release, 0.3, || refused(&mut machine.play(&[])));
    assert_eq!(installed(), "");

    let said = ran(&mut machine.play(&[]));
    assert_eq!(
        installed(),
        "onegpu-guest-win11 0.1.0-1 installed\nonegpu-host 0.1.0-1 installed\n",
        "{said}"
    );
    assert_eq!(Machine::tally(&said, "failed"), 0);
    let said = ran(&mut machine.play(&[]));
    assert_eq!(Machine::tally(&said, "changed"), 0, "{said}");

    machine.repository.write_profile(2);
    machine.publish("debian");
    let said = ran(&mut machine.play(&[]));
    assert!(Machine::tally(&said, "changed") > 0, "{said}");
    assert_eq!(installed(), "onegpu-guest-win11 0.1.0-2 installed\nonegpu-host 0.1.0-2 installed\n");
}

#[test]
#[ignore = "needs ansible, dnf, createrepo_c, rpm, gpg, unshare, root"]
fn dnf_machines_are_tried_first_and_then_have_the_packages() {
    let machine = Machine::new();
    machine.publish("fedora");
    let layer = &machine.layer;
    // Ansible looks at the distro to know which dnf it has.
    layer.write(
        "/etc/os-release",
        "ID=fedora\nNAME=\"Fedora Linux\"\nVERSION_ID=44\nPRETTY_NAME=\"Fedora Linux 44\"\n",
    );
    layer.write("/etc/redhat-release", "Fedora release 44 (Forty Four)\n");
    let _ = fs::remove_file(layer.path("/etc/debian_version"));
    let _ = fs::remove_file(layer.path("/usr/bin/apt-get"));
    for folder in ["/etc/yum.repos.d", "/etc/pki/rpm-gpg", "/stand-in"] {
        fs::create_dir_all(layer.path(folder)).unwrap();
    }
    let mut builder = PackageBuilder::new("stand-in", "1", "MIT", "noarch", "Stands in");
    builder.using_config(BuildConfig::v4().source_date(1));
    for file in fs::read_dir(machine.repository.of("fedora")).unwrap().map(|entry| entry.unwrap().path()) {
        if file.extension().is_some_and(|ending| ending == "rpm") {
            for depend in rpm::PackageMetadata::open(&file).unwrap().get_requires().unwrap() {
                if !["rpmlib(", "onegpu-", "config("].iter().any(|own| depend.name.starts_with(own)) {
                    builder.provides(Dependency::any(depend.name));
                }
            }
        }
    }
    builder.build().unwrap().write_file(layer.path("/stand-in/stand-in-1-1.noarch.rpm")).unwrap();
    ran(&mut layer.command(&["createrepo_c", "-q", "/stand-in"]));
    layer.write(
        "/etc/yum.repos.d/stand-in.repo",
        "[stand-in]\nname=stand-in\nbaseurl=file:///stand-in\ngpgcheck=0\n",
    );
    let installed = || {
        let said =
            ran(&mut layer.command(&["rpm", "-qa", "--qf", "%{NAME}-%{VERSION}-%{RELEASE}\n", "onegpu-*"]));
        let mut lines: Vec<String> = said.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };

    ran(&mut machine.play(&["--check", "--diff"]));
    assert_eq!(installed(), Vec::<String>::new());
    assert!(!layer.path("/etc/yum.repos.d/onegpu.repo").exists());
    let index = machine.repository.of("fedora").join("repodata/repomd.xml");
    spoiled(&index, 0.5, || refused(&mut machine.play(&[])));
    assert_eq!(installed(), Vec::<String>::new());

    let said = ran(&mut machine.play(&[]));
    assert_eq!(installed(), ["onegpu-guest-win11-0.1.0-1", "onegpu-host-0.1.0-1"], "{said}");
    let said = ran(&mut machine.play(&[]));
    assert_eq!(Machine::tally(&said, "changed"), 0, "{said}");
}

/// The playbook of every family, as its linter wants it.
#[test]
#[ignore = "needs ansible-lint, gpg"]
fn the_playbook_is_lint_clean() {
    let folder = tempfile::tempdir().unwrap();
    let repository = Repository::new(folder.path());
    let ansible = folder.path().join("ansible");
    let venv = std::env::var_os("ONEGPU_TEST_ANSIBLE").expect("ONEGPU_TEST_ANSIBLE names a venv");
    let mut machines = String::from(onegpu::data::EXAMPLE_PROFILE);
    for distro in ["debian", "fedora"] {
        machines.push_str(&format!("\n[machines.{distro}.host]\ndistro = \"{distro}\"\n"));
    }
    fs::write(folder.path().join("fleet.toml"), machines).unwrap();
    ran(repository
        .onegpu()
        .arg("package")
        .arg(folder.path().join("fleet.toml"))
        .arg("--ansible")
        .arg(&ansible));
    let inventory: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(ansible.join("inventory.json")).unwrap()).unwrap();
    assert_eq!(inventory["all"]["children"]["onegpu"]["hosts"]["fedora"]["onegpu_format"], "rpm");
    let mut lint = Command::new("timeout");
    lint.arg("180").arg(Path::new(&venv).join("bin/ansible-lint")).args([
        "--offline",
        "--nocolor",
        "site.yml",
    ]);
    let path = std::env::join_paths(
        std::iter::once(Path::new(&venv).join("bin"))
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    ran(lint.current_dir(&ansible).env("PATH", path.unwrap()));
}
