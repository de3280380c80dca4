//! The playbook with the modules of community.general, run by ansible-core: on a machine with pacman, one with
//! apk and one with XBPS, each made of a layer above the host's own root; only tried first, then for real, then again.
//!
//! Needs root, overlayfs, gnupg, each package manager, and the venv with ansible-core and the collection
//! that ONEGPU_TEST_ANSIBLE names.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by a panic")]

mod ansible;
mod fakes;
mod layer;
mod repository;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ansible::Machine;
use fakes::{Sample, with_engine};
use onegpu::diag::Result;
use onegpu::package::{Built, SetupPackage, apk, pacman, xbps};
use onegpu::render::Engine;
use repository::{named, ran, refused, spoiled};

/// Packages of no files, for what the setup packages of `distro` need; their paths on the machine, and their names.
fn stand_ins(
    machine: &Machine,
    distro: &str,
    build: impl Fn(&mut Engine<'_>, &SetupPackage) -> Result<Built>,
) -> (Vec<String>, Vec<String>) {
    let distro = onegpu::distro::Distro::load(&onegpu::data::DataDirs::embedded(), distro).unwrap();
    let profile = onegpu::profile::parse("test", onegpu::data::EXAMPLE_PROFILE).unwrap();
    let setup = onegpu::setup::Setup::new(&profile, distro).unwrap();
    let plan = onegpu::plan::Plan::new(setup);
    let names: BTreeSet<String> = plan.packages.iter().flat_map(|package| package.depends.clone()).collect();
    let names: Vec<String> = names.into_iter().filter(|name| !name.starts_with("onegpu-")).collect();
    let files = names.iter().map(|name| {
        let manual = Sample { revision: 1, auto_apply: false };
        let dummy = SetupPackage { name: name.clone(), files: Vec::new(), ..manual.host(&[]) };
        let built = with_engine(|engine| build(engine, &dummy)).unwrap();
        let path = format!("/stand-in/{}", built.file_name);
        fs::create_dir_all(machine.layer.path("/stand-in")).unwrap();
        machine.layer.write(&path, built.bytes);
        path
    });
    (files.collect(), names)
}

/// Tried only, refused while spoiled, then for real, and again with nothing to do.
fn goes_in(
    machine: &Machine,
    installed: &dyn Fn() -> Vec<String>,
    source: &str,
    index: &Path,
    want: [&str; 2],
) {
    ran(&mut machine.play(&["--syntax-check"]));
    ran(&mut machine.play(&["--check", "--diff"]));
    assert_eq!(installed(), Vec::<String>::new());
    assert!(machine.layer.read(source).is_none_or(|text| !text.contains("onegpu")), "{source}");
    spoiled(index, 0.5, || refused(&mut machine.play(&[])));
    assert_eq!(installed(), Vec::<String>::new());
    let said = ran(&mut machine.play(&[]));
    assert_eq!(installed(), want, "{said}");
    let said = ran(&mut machine.play(&[]));
    assert_eq!(Machine::tally(&said, "changed"), 0, "{said}");
}

#[test]
#[ignore = "needs ansible, pacman, bsdtar, gpg, unshare, root"]
fn pacman_machines_are_tried_first_and_then_have_the_packages() {
    let machine = Machine::new();
    machine.publish("arch");
    let layer = &machine.layer;
    layer.write("/etc/pacman.conf", "[options]\nArchitecture = auto\nLocalFileSigLevel = Optional\n");
    fs::create_dir_all(layer.path("/var/lib/pacman")).unwrap();
    ran(&mut layer.command(&["pacman-key", "--init"]));
    // The module asks for all groups, and for what came as a dependency or not, and takes a machine without any
    // for one that is broken; an Arch has some.
    let script = "mkdir /stand-in && cd /stand-in && \
        printf 'pkgname = base\\npkgver = 1-1\\narch = any\\nsize = 0\\nbuilddate = 1\\ngroup = base\\n' >.PKGINFO && \
        bsdtar --zstd -cf base-1-1-any.pkg.tar.zst .PKGINFO && repo-add -q stand-in.db.tar.zst base-1-1-any.pkg.tar.zst";
    ran(&mut layer.command(&["sh", "-ec", script]));
    let own = layer.read("/etc/pacman.conf").unwrap();
    layer.write("/etc/pacman.conf", own + "[stand-in]\nSigLevel = Never\nServer = file:///stand-in\n");
    let (files, _) = stand_ins(&machine, "arch", pacman::build);
    ran(layer.command(&["pacman", "--noconfirm", "-U", "--asdeps"]).args(files));
    ran(&mut layer.command(&["pacman", "--noconfirm", "-U", "/stand-in/base-1-1-any.pkg.tar.zst"]));
    let installed = || {
        let said = ran(&mut layer.command(&["pacman", "-Q"]));
        said.lines().filter(|line| line.starts_with("onegpu-")).map(str::to_owned).collect()
    };
    let index = machine.repository.of("arch").join("onegpu.db.tar.zst");
    goes_in(
        &machine,
        &installed,
        "/etc/pacman.conf",
        &index,
        ["onegpu-guest-win11 0.1.0-1", "onegpu-host 0.1.0-1"],
    );
}

#[test]
#[ignore = "needs ansible, apk, gpg, unshare, root"]
fn apk_machines_are_tried_first_and_then_have_the_packages() {
    let machine = Machine::new();
    machine.publish("alpine");
    let layer = &machine.layer;
    ran(&mut layer.command(&["apk", "add", "--initdb"]));
    let (files, _) = stand_ins(&machine, "alpine", apk::build);
    let words = ["apk", "add", "--allow-untrusted", "--no-network", "--repositories-file", "/dev/null"];
    ran(layer.command(&words).args(files));
    let installed = || {
        let said = ran(&mut layer.command(&["apk", "info", "-v"]));
        let mut names: Vec<String> =
            said.lines().filter(|line| line.starts_with("onegpu-")).map(str::to_owned).collect();
        names.sort();
        names
    };
    let index = machine.repository.of("alpine").join("x86_64/APKINDEX.tar.gz");
    let source = "/etc/apk/repositories.d/onegpu.list";
    goes_in(&machine, &installed, source, &index, ["onegpu-guest-win11-0.1.0-r1", "onegpu-host-0.1.0-r1"]);
}

#[test]
#[ignore = "needs ansible, xbps-install, gpg, unshare, root"]
fn xbps_machines_are_tried_first_and_then_have_the_packages() {
    let machine = Machine::new();
    machine.publish("void");
    let layer = &machine.layer;
    let (files, names) = stand_ins(&machine, "void", xbps::build);
    ran(layer.command(&["xbps-rindex", "-a"]).args(files));
    ran(layer.command(&["xbps-install", "-y", "-i", "-R", "/stand-in"]).args(names));
    let installed = || {
        let said = ran(&mut layer.command(&["xbps-query", "-l"]));
        let words = said.lines().filter_map(|line| line.split_whitespace().nth(1));
        words.filter(|name| name.starts_with("onegpu-")).map(str::to_owned).collect()
    };
    let index = named(&machine.repository.of("void"), "onegpu-host-0.1.0_1.noarch.xbps");
    let source = "/etc/xbps.d/onegpu.conf";
    goes_in(&machine, &installed, source, &index, ["onegpu-guest-win11-0.1.0_1", "onegpu-host-0.1.0_1"]);
}
