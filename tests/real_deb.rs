//! The .deb writer before Debian's own tools.

#![allow(clippy::unwrap_used, missing_docs)]

mod chroot;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};

use chroot::{Root, bounded, same, succeeded};
use onegpu::package::{SetupPackage, deb};
use proptest::prelude::*;
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
#[ignore = "needs dpkg-deb"]
fn dpkg_deb_reads_every_field_and_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut host = sample::host(1);
    host.depends = vec!["ovmf".into(), "iptables | nftables".into()];
    let path = write(dir.path(), &host);
    assert_eq!(path.file_name().unwrap(), "onegpu-host_0.1.0-1_all.deb");
    let path = path.to_str().unwrap();
    let deb = |words: &[&str]| succeeded(words, &bounded("dpkg-deb").args(words).output().unwrap());
    assert_eq!(
        deb(&["-f", path]),
        "Package: onegpu-host\nVersion: 0.1.0-1\nArchitecture: all\n\
         Maintainer: onegpu <setup@onegpu.invalid>\nInstalled-Size: 31\n\
         Depends: ovmf, iptables | nftables\nSection: admin\nPriority: optional\n\
         Description: single-GPU passthrough: a sample\n \
         A package of the test suite, with a description that is long enough to be\n \
         wrapped into more than one line of the control file.\n .\n And a second paragraph.\n"
    );
    let list = deb(&["-c", path]);
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().collect()).collect();
    let seen: Vec<(&str, &str)> = lines.iter().map(|words| (words[0], words[5])).collect();
    assert_eq!(
        seen[..9],
        [
            ("drwxr-xr-x", "./"),
            ("drwxr-xr-x", "./etc/"),
            ("drwxr-xr-x", "./etc/default/"),
            ("drwxr-xr-x", "./etc/default/grub.d/"),
            ("-rw-r--r--", "./etc/default/grub.d/50-onegpu.cfg"),
            ("drwxr-xr-x", "./etc/libvirt/"),
            ("drwxr-xr-x", "./etc/libvirt/hooks/"),
            ("drwxr-xr-x", "./etc/libvirt/hooks/qemu.d/"),
            ("lrwxrwxrwx", "./etc/libvirt/hooks/qemu.d/50-onegpu"),
        ]
    );
    assert!(seen.contains(&("-rwxr-xr-x", "./usr/libexec/onegpu/apply")));
    assert!(lines.iter().all(|words| words[1] == "root/root" && words[3] == "2026-09-21"), "{list}");
    assert_eq!(deb(&["-I", path, "conffiles"]), format!("{GRUB}\n"));
    let unpacked = dir.path().join("root");
    deb(&["-x", path, unpacked.to_str().unwrap()]);
    // md5sums holds for every file but the conffile.
    let sums = deb(&["-I", path, "md5sums"]);
    fs::write(unpacked.join("md5sums"), &sums).unwrap();
    let words = ["-c", "--strict", "--quiet", "md5sums"];
    succeeded(&words, &bounded("md5sum").args(words).current_dir(&unpacked).output().unwrap());
    assert_eq!(sums.lines().count(), 5 + 4, "{sums}");
}

#[test]
#[ignore = "needs dpkg-deb"]
fn names_longer_than_a_tar_header_arrive_whole() {
    let dir = tempfile::tempdir().unwrap();
    let name = "n".repeat(64);
    let mut package = sample::guest(1);
    for file in &mut package.files {
        file.path = file.path.replace("win11", &name);
    }
    package.files[0].kind = onegpu::plan::Kind::Link;
    package.files[0].bytes = format!("/{}", "t".repeat(150)).into();
    let path = write(dir.path(), &package);
    let unpacked = dir.path().join("root");
    let words = ["-x", path.to_str().unwrap(), unpacked.to_str().unwrap()];
    succeeded(&words, &bounded("dpkg-deb").args(words).output().unwrap());
    for file in &package.files {
        let at = unpacked.join(&file.path[1..]);
        match file.kind {
            onegpu::plan::Kind::Link => {
                assert_eq!(fs::read_link(at).unwrap().into_os_string().into_encoded_bytes(), file.bytes)
            }
            _ => assert_eq!(fs::read(at).unwrap(), file.bytes),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "needs dpkg-deb"]
    fn no_summary_or_description_gets_out_of_its_field(
        summary in "[^\\p{Cc}]{1,60}",
        description in "([ -~\n]|\\PC|\\p{Cc}|\n\n|\n\\.|\nDepends: x\n){0,200}",
    ) {
        prop_assume!(!summary.trim().is_empty() && description.contains(|c| c > ' ' && c < '\x7f'));
        let dir = tempfile::tempdir().unwrap();
        let package = SetupPackage { summary, description, ..sample::host(1) };
        let path = write(dir.path(), &package);
        let words = ["-f", path.to_str().unwrap(), "Description"];
        let read = succeeded(&words, &bounded("dpkg-deb").args(words).output().unwrap());
        let (first, rest) = read.split_once('\n').unwrap();
        prop_assert_eq!(first.trim(), package.summary.trim());
        // The same words in the same order, and paragraphs where they were.
        let gap = |c: char| c.is_whitespace() || c.is_control();
        let words = |text: &str| text.split(gap).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let mut back = Vec::new();
        for line in rest.lines() {
            prop_assert!(line.starts_with(' '), "{line:?}");
            if line != " ." {
                back.extend(words(line));
            }
        }
        prop_assert_eq!(back, words(&package.description));
        let words = ["-f", path.to_str().unwrap()];
        let all = succeeded(&words, &bounded("dpkg-deb").args(words).output().unwrap());
        let fields: Vec<&str> = all.lines().filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(':').next()).collect();
        prop_assert_eq!(fields, ["Package", "Version", "Architecture", "Maintainer", "Installed-Size", "Section", "Priority", "Description"]);
    }
}

/// The control files of a package, unpacked.
fn scripts(dir: &Path, package: &SetupPackage) -> PathBuf {
    let to = dir.join("control");
    let path = write(dir, package);
    let words = ["-e", path.to_str().unwrap(), to.to_str().unwrap()];
    succeeded(&words, &bounded("dpkg-deb").args(words).output().unwrap());
    to
}

#[test]
#[ignore = "needs dpkg-deb, shellcheck"]
fn maintainer_scripts_are_plain_posix_shell() {
    for package in [sample::host(1), sample::guest(1), SetupPackage { auto_apply: false, ..sample::guest(1) }]
    {
        let dir = tempfile::tempdir().unwrap();
        let control = scripts(dir.path(), &package);
        for name in ["postinst", "prerm"] {
            let out = bounded("shellcheck").args(["-s", "sh"]).arg(control.join(name)).output().unwrap();
            assert_eq!(succeeded(&["shellcheck", name], &out), "");
        }
    }
}

#[test]
#[ignore = "needs dpkg-deb"]
fn maintainer_scripts_quote_what_they_print() {
    let dir = tempfile::tempdir().unwrap();
    let libexec = dir.path().join("it's $(here)");
    fs::create_dir(&libexec).unwrap();
    let package = SetupPackage {
        guest: Some("a 'b' $(touch x)".into()),
        libexec: libexec.to_str().unwrap().into(),
        ..sample::guest(1)
    };
    let control = scripts(dir.path(), &package);
    let call = |script: &str, words: &[&str]| {
        let mut command = bounded("sh");
        command.arg(control.join(script)).args(words).current_dir(dir.path());
        succeeded(words, &command.output().unwrap())
    };
    assert!(call("postinst", &["configure", ""]).contains("onegpu-host is not installed"));
    for (name, word) in [("apply", "applied"), ("revert", "reverted")] {
        let text = format!("#!/bin/sh\nprintf '<%s>' {word} \"$@\"\n");
        let path = libexec.join(name);
        fs::write(&path, text).unwrap();
        let words = ["755", path.to_str().unwrap()];
        succeeded(&words, &bounded("chmod").args(words).output().unwrap());
    }
    assert_eq!(call("postinst", &["configure", "0.1.0-1"]), "<applied><guest><a 'b' $(touch x)>");
    assert_eq!(call("postinst", &["abort-upgrade", "0.1.0-1"]), "<applied><guest><a 'b' $(touch x)>");
    assert_eq!(call("prerm", &["remove"]), "<reverted><guest><a 'b' $(touch x)>");
    for words in [
        vec!["upgrade", "0.1.0-2"],
        vec!["failed-upgrade", "0.1.0-2"],
        vec!["deconfigure", "in-favour", "x", "1"],
    ] {
        assert_eq!(call("prerm", &words), "");
    }
    assert!(!dir.path().join("x").exists());
    for script in ["postinst", "prerm"] {
        assert!(!bounded("sh").arg(control.join(script)).arg("no-such").output().unwrap().status.success());
    }
}

#[test]
#[ignore = "needs lintian"]
fn lintian_says_nothing() {
    let dir = tempfile::tempdir().unwrap();
    for package in [sample::host(1), sample::guest(1), SetupPackage { auto_apply: false, ..sample::host(2) }]
    {
        let path = write(dir.path(), &package);
        let out = bounded("lintian")
            .args(["--no-cfg", "--fail-on", "error,warning", "--tag-display-limit", "0", "--allow-root"])
            .arg(&path)
            .env("TMPDIR", dir.path())
            .output()
            .unwrap();
        let said = succeeded(&["lintian", &package.name], &out);
        assert_eq!(said, "", "{}", package.name);
    }
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
    for _ in ["first", "again"] {
        let paths = put(&root, &sample::planned("debian"));
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
