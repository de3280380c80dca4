//! The setup packages in the hands of dpkg and apt, in Debian roots: in, up, out.

#![allow(clippy::unwrap_used, missing_docs)]

mod chroot;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};

use chroot::{Root, bounded, same, succeeded};
use onegpu::package::{SetupPackage, deb};
use sample::{APPLY_FAILS, CALLS, CARD_IS_AWAY, GRUB, START};

/// What dpkg itself changes in a root, whatever package comes and goes.
const DPKG_CHANGES: [&str; 8] = [
    // The status of purged packages is gone, but the files are written anew.
    "/var/lib/dpkg/status",
    "/var/lib/dpkg/status-old",
    "/var/lib/dpkg/available",
    "/var/lib/dpkg/lock",
    "/var/lib/dpkg/lock-frontend",
    // dpkg's own triggers and diary.
    "/var/lib/dpkg/triggers/Lock",
    "/var/lib/dpkg/triggers/Unincorp",
    "/var/log/dpkg.log",
];

fn write(dir: &Path, package: &SetupPackage) -> PathBuf {
    let built = sample::build(deb::build, package);
    let path = dir.join(&built.file_name);
    fs::write(&path, built.bytes).unwrap();
    path
}

/// Puts the packages into the root's /tmp and gives their paths there.
fn put(root: &Root, packages: &[SetupPackage]) -> Vec<String> {
    packages
        .iter()
        .map(|package| {
            let built = sample::build(deb::build, package);
            let path = format!("/tmp/{}", built.file_name);
            root.write(&path, built.bytes);
            path
        })
        .collect()
}

/// `dpkg -i`; the dependency of the guest on the host is real, so nothing is forced.
fn install(root: &Root, packages: &[SetupPackage]) -> std::process::Output {
    let paths = put(root, packages);
    let mut words = vec!["dpkg", "--force-confdef", "-i"];
    words.extend(paths.iter().map(String::as_str));
    root.run(&words)
}

fn status(root: &Root, package: &str) -> String {
    let out = root.run(&["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Version}", package]);
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs bookworm, root"]
fn a_setup_goes_in_and_out_of_debian_without_a_trace() {
    let root = Root::copy("bookworm");
    let before = root.listing(&DPKG_CHANGES);
    let calls = || root.take(CALLS);

    // Both at once, the guest first: dpkg configures in the order of the dependencies.
    succeeded(&["dpkg -i"], &install(&root, &[sample::guest(1), sample::host(1)]));
    assert_eq!(calls(), "apply host\napply guest win11\n");
    assert_eq!(status(&root, "onegpu-host"), "ii  0.1.0-1");
    assert_eq!(status(&root, "onegpu-guest-win11"), "ii  0.1.0-1");
    assert_eq!(
        fs::read_link(root.at("/etc/libvirt/hooks/qemu.d/50-onegpu")).unwrap(),
        Path::new("/usr/bin/onegpu-hook")
    );
    assert_eq!(root.ok(&["dpkg", "--verify", "onegpu-host", "onegpu-guest-win11"]), "");
    assert_eq!(root.ok(&["stat", "-c", "%a %U:%G", START]), "755 root:root\n");

    // The same again.
    succeeded(&["dpkg -i"], &install(&root, &[sample::host(1), sample::guest(1)]));
    assert_eq!(calls(), "apply host\napply guest win11\n");

    // A higher revision: the user's edit stays, the other conffile is replaced,
    // nothing is reverted, and what the new version has not is gone before apply.
    root.write(START, "#!/bin/sh\n# mine\n");
    let out = install(&root, &[sample::host(2), sample::guest(2)]);
    succeeded(&["dpkg -i"], &out);
    assert_eq!(calls(), "apply host\napply guest win11\n");
    assert_eq!(root.read(START), "#!/bin/sh\n# mine\n");
    assert!(root.at(&format!("{START}.dpkg-dist")).exists());
    assert_eq!(root.read(GRUB), "# grub of revision 2\n");
    assert_eq!(root.read("/usr/libexec/onegpu/lib.sh"), "# revision 2\n");
    assert!(!root.at("/usr/libexec/onegpu/steps").exists());

    // A step that fails is seen: the package stays unconfigured until it succeeds.
    root.write(APPLY_FAILS, "");
    assert!(!install(&root, &[sample::host(3)]).status.success());
    assert_eq!(status(&root, "onegpu-host"), "iF  0.1.0-3");
    fs::remove_file(root.at(APPLY_FAILS)).unwrap();
    assert!(
        !root.run(&["dpkg", "--configure", "onegpu-guest-win11"]).status.success(),
        "nothing to configure"
    );
    root.ok(&["dpkg", "--configure", "-a"]);
    assert_eq!(calls(), "apply host\n");
    succeeded(&["dpkg -i"], &install(&root, &[sample::guest(3)]));
    assert_eq!(calls(), "apply guest win11\n");

    // While the guest has the card, nothing goes, and all is as it was.
    root.write(CARD_IS_AWAY, "");
    assert!(!root.run(&["dpkg", "-r", "onegpu-guest-win11"]).status.success());
    // Installed; that it was to be removed is what dpkg remembers.
    assert_eq!(status(&root, "onegpu-guest-win11"), "ri  0.1.0-3");
    assert_eq!(calls(), "apply guest win11\n", "abort-remove applies again");
    fs::remove_file(root.at(CARD_IS_AWAY)).unwrap();

    // Removal keeps the conffiles, and no hook that libvirt would run.
    root.ok(&["dpkg", "-r", "onegpu-host", "onegpu-guest-win11"]);
    assert_eq!(calls(), "revert guest win11\nrevert host\n");
    assert_eq!(root.read(START), "#!/bin/sh\n# mine\n");
    assert!(root.at("/etc/libvirt/hooks/qemu.d/50-onegpu").symlink_metadata().is_err());
    assert_eq!(status(&root, "onegpu-host"), "rc  0.1.0-3");

    // Back again after a removal, then a purge of all at once.
    succeeded(&["dpkg -i"], &install(&root, &[sample::host(3), sample::guest(3)]));
    assert_eq!(calls(), "apply host\napply guest win11\n");
    root.ok(&["dpkg", "-P", "onegpu-host", "onegpu-guest-win11"]);
    assert_eq!(calls(), "revert guest win11\nrevert host\n");
    root.empty_tmp();
    same(&before, &root.listing(&DPKG_CHANGES));
}

/// With the real `apply` and `revert`, in a root where nothing runs and that has
/// no libvirt: as in an installer's chroot.
#[test]
#[ignore = "needs bookworm, root"]
fn the_example_goes_in_and_out_of_debian_without_a_trace() {
    let root = Root::copy("bookworm");
    let before = root.listing(&DPKG_CHANGES);
    // Debian's and Ubuntu's, each over itself and one over the other.
    for distro in ["debian", "debian", "ubuntu", "ubuntu"] {
        let paths = put(&root, &sample::planned(distro));
        let mut words = vec!["dpkg", "--force-depends", "-i"];
        words.extend(paths.iter().map(String::as_str));
        root.ok(&words);
        // Its exit status says that libvirt's steps wait for libvirt.
        let status = String::from_utf8(root.run(&["/usr/libexec/onegpu/status"]).stdout).unwrap();
        assert!(status.contains("host: kernel-parameters: applied\n"), "{status}");
        assert!(status.contains("guest win11: domain: left for later"), "{status}");
    }
    root.ok(&["dpkg", "-P", "onegpu-guest-win11", "onegpu-host"]);
    root.empty_tmp();
    same(&before, &root.listing(&DPKG_CHANGES));
}

#[test]
#[ignore = "needs bookworm, root"]
fn an_installation_that_failed_goes_out_without_a_trace() {
    let root = Root::copy("bookworm");
    let before = root.listing(&DPKG_CHANGES);
    root.write(APPLY_FAILS, "");
    assert!(!install(&root, &[sample::host(1), sample::guest(1)]).status.success());
    assert_eq!(status(&root, "onegpu-host"), "iF  0.1.0-1");
    // Never configured, so nothing was applied and nothing is to revert.
    assert_eq!(status(&root, "onegpu-guest-win11"), "iU  0.1.0-1");
    root.ok(&["dpkg", "-P", "onegpu-host", "onegpu-guest-win11"]);
    assert_eq!(root.take(CALLS), "revert host\n", "apply may have taken some of the steps");
    root.empty_tmp();
    same(&before, &root.listing(&DPKG_CHANGES));
}

#[test]
#[ignore = "needs dpkg, bookworm, root"]
fn a_root_that_is_set_up_from_outside_applies_nothing() {
    let root = Root::copy("bookworm");
    let before = root.listing(&DPKG_CHANGES);
    let dir = tempfile::tempdir().unwrap();
    let (host, guest) = (write(dir.path(), &sample::host(1)), write(dir.path(), &sample::guest(1)));
    let dpkg = |words: &[&str]| {
        let mut command = bounded("dpkg");
        command.arg(format!("--root={}", root.path().display())).arg("--force-script-chrootless");
        succeeded(words, &command.args(words).output().unwrap());
    };
    dpkg(&["-i", host.to_str().unwrap(), guest.to_str().unwrap()]);
    assert_eq!(status(&root, "onegpu-guest-win11"), "ii  0.1.0-1");
    dpkg(&["-P", "onegpu-guest-win11", "onegpu-host"]);
    assert_eq!(root.take(CALLS), "");
    same(&before, &root.listing(&DPKG_CHANGES));
}

#[test]
#[ignore = "needs bookworm, root"]
fn manual_packages_do_not_apply_but_revert() {
    let root = Root::copy("bookworm");
    let host = SetupPackage { auto_apply: false, ..sample::host(1) };
    let said = succeeded(&["dpkg -i"], &install(&root, &[host]));
    assert!(said.contains("/usr/libexec/onegpu/apply host"), "{said}");
    assert_eq!(root.take(CALLS), "");
    root.ok(&["dpkg", "-P", "onegpu-host"]);
    assert_eq!(root.take(CALLS), "revert host\n");
}

#[test]
#[ignore = "needs bookworm, root"]
fn a_removal_in_the_wrong_order_is_refused_or_survived() {
    let root = Root::copy("bookworm");
    succeeded(&["dpkg -i"], &install(&root, &[sample::host(1), sample::guest(1)]));
    assert!(!root.run(&["dpkg", "-r", "onegpu-host"]).status.success(), "the guest's part needs it");
    root.take(CALLS);
    root.ok(&["dpkg", "--force-depends", "-r", "onegpu-host"]);
    let said = root.ok(&["dpkg", "-P", "onegpu-guest-win11"]);
    assert!(said.contains("onegpu-host is not installed: nothing is reverted"), "{said}");
    assert_eq!(root.take(CALLS), "revert host\n");
}

#[test]
#[ignore = "needs bookworm, trixie, root"]
fn apt_finds_every_dependency_of_the_example() {
    for suite in ["bookworm", "trixie"] {
        let root = Root::copy(suite);
        fs::copy("/etc/resolv.conf", root.at("/etc/resolv.conf")).unwrap();
        root.ok(&["apt-get", "-q", "update"]);
        let simulate = |packages: &[SetupPackage]| {
            let paths = put(&root, packages);
            let mut words = vec!["apt-get", "-q", "install", "--simulate", "--no-install-recommends"];
            words.extend(paths.iter().map(String::as_str));
            root.run(&words)
        };
        let mut packages = sample::planned("debian");
        let said = succeeded(&["apt-get install", suite], &simulate(&packages));
        for package in &packages {
            assert!(said.contains(&format!("Conf {} (0.1.0-1 ", package.name)), "{suite}:\n{said}");
        }
        // apt does look: a name that no archive has is found out.
        packages[0].depends.push("qemu-system-x87".into());
        assert!(!simulate(&packages).status.success(), "{suite}");
    }
}
