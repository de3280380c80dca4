//! The .rpm writer before rpm itself.

#![allow(clippy::unwrap_used, missing_docs)]

mod chroot;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use chroot::{Root, bounded, same, succeeded};
use onegpu::package::{SetupPackage, rpm};
use proptest::prelude::*;
use sample::{APPLY_FAILS, CALLS, CARD_IS_AWAY, GRUB, START};

/// Where the tests' rpm keeps its database, in the root.
const DATABASE: &str = "/var/lib/rpm";

fn write(dir: &Path, package: &SetupPackage) -> PathBuf {
    let built = sample::build(rpm::build, package);
    let path = dir.join(&built.file_name);
    fs::write(&path, built.bytes).unwrap();
    path
}

/// `rpm` with its own defaults, whatever the machine's macros say.
fn query(words: &[&str]) -> String {
    succeeded(words, &bounded("rpm").args(words).output().unwrap())
}

/// A Debian root with an empty database and the folders that Fedora's own
/// packages would own; scriptlets run in its shell.
fn fedora_like() -> Root {
    let root = Root::copy("bookworm");
    for dir in [
        "/etc/libvirt",
        "/etc/default/grub.d",
        "/usr/libexec",
        "/usr/share/licenses",
        "/usr/share/man/man8",
        "/usr/share/polkit-1/rules.d",
    ] {
        fs::create_dir_all(root.at(dir)).unwrap();
    }
    let out = rpm_in(&root, &["--initdb"]);
    succeeded(&["rpm --initdb"], &out);
    root
}

/// The machine's rpm on the root. Debian's rpm looks for a user's home otherwise.
fn rpm_in(root: &Root, words: &[&str]) -> Output {
    let define = format!("_dbpath {DATABASE}");
    bounded("rpm").arg("--root").arg(root.path()).args(["--define", &define]).args(words).output().unwrap()
}

/// `-i`, `-U` and so on with packages. Nothing in the root provides `/bin/sh` or
/// libvirt in the eyes of rpm, so dependencies are left out.
fn with(root: &Root, verb: &[&str], packages: &[SetupPackage]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let paths: Vec<PathBuf> = packages.iter().map(|package| write(dir.path(), package)).collect();
    let mut words = verb.to_vec();
    words.push("--nodeps");
    words.extend(paths.iter().map(|path| path.to_str().unwrap()));
    rpm_in(root, &words)
}

#[test]
#[ignore = "needs rpm"]
fn rpm_reads_every_tag_and_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut host = sample::host(1);
    host.depends =
        vec!["edk2-ovmf".into(), "libvirt-daemon-kvm >= 9.0".into(), "(nftables or iptables)".into()];
    let path = write(dir.path(), &host);
    assert_eq!(path.file_name().unwrap(), "onegpu-host-0.1.0-1.noarch.rpm");
    let path = path.to_str().unwrap();
    let format = "%{NEVRA}|%{SUMMARY}|%{LICENSE}|%{BUILDHOST}|%{BUILDTIME}|%{PAYLOADCOMPRESSOR}|%{PACKAGER}\n%{DESCRIPTION}";
    assert_eq!(
        query(&["-qp", "--qf", format, path]),
        "onegpu-host-0.1.0-1.noarch|Single-GPU passthrough: a sample|MIT OR Apache-2.0|onegpu|1790000000|zstd|\
         onegpu <setup@onegpu.invalid>\n\
         A package of the test suite, with a description that is long enough to be\n\
         wrapped into more than one line of the control file.\n\nAnd a second paragraph."
    );
    assert_eq!(
        query(&["-qp", "--requires", path]),
        "(nftables or iptables)\n/bin/sh\n/bin/sh\nconfig(onegpu-host) = 0.1.0-1\nedk2-ovmf\n\
         libvirt-daemon-kvm >= 9.0\nrpmlib(CompressedFileNames) <= 3.0.4-1\nrpmlib(FileDigests) <= 4.6.0-1\n\
         rpmlib(PayloadFilesHavePrefix) <= 4.0-1\nrpmlib(PayloadIsZstd) <= 5.4.18-1\n\
         rpmlib(RichDependencies) <= 4.12.0-1\n"
    );
    assert_eq!(query(&["-qp", "-c", path]), format!("{GRUB}\n"));
    assert_eq!(
        query(&["-qp", "--configfiles", "--qf", "[%{FILEFLAGS:fflags} %{FILENAMES}\n]", path]).lines().next(),
        Some("cn /etc/default/grub.d/50-onegpu.cfg")
    );
    let list = query(&[
        "-qp",
        "--qf",
        "[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEMTIMES} %{FILENAMES}\n]",
        path,
    ]);
    assert!(list.lines().all(|line| line.contains(" root:root 1790000000 /")), "{list}");
    let seen: Vec<String> = list.lines().map(|line| line.replace(" root:root 1790000000", "")).collect();
    assert_eq!(
        seen,
        [
            "-rw-r--r-- /etc/default/grub.d/50-onegpu.cfg",
            "drwxr-xr-x /etc/libvirt/hooks",
            "drwxr-xr-x /etc/libvirt/hooks/qemu.d",
            "lrwxrwxrwx /etc/libvirt/hooks/qemu.d/50-onegpu",
            "-rwxr-xr-x /usr/bin/onegpu-hook",
            "drwxr-xr-x /usr/libexec/onegpu",
            "-rwxr-xr-x /usr/libexec/onegpu/apply",
            "-rw-r--r-- /usr/libexec/onegpu/lib.sh",
            "-rwxr-xr-x /usr/libexec/onegpu/revert",
            "drwxr-xr-x /usr/libexec/onegpu/steps",
            "drwxr-xr-x /usr/libexec/onegpu/steps/host",
            "-rw-r--r-- /usr/libexec/onegpu/steps/host/10-old",
            "drwxr-xr-x /usr/share/licenses/onegpu-host",
            "-rw-r--r-- /usr/share/licenses/onegpu-host/LICENSE-APACHE",
            "-rw-r--r-- /usr/share/licenses/onegpu-host/LICENSE-MIT",
            "-rw-r--r-- /usr/share/man/man8/onegpu-hook.8.gz",
        ]
    );
    let changes = query(&["-qp", "--changelog", path]);
    assert!(
        changes.starts_with("* Mon Sep 21 2026 onegpu <setup@onegpu.invalid> - 0.1.0-1\n- Setup package"),
        "{changes}"
    );
    let digests = query(&["-Kv", path]);
    for line in ["Header SHA256 digest: OK", "Header SHA1 digest: OK", "Payload SHA256 digest: OK"] {
        assert!(digests.contains(line), "{digests}");
    }
    assert!(!digests.contains("BAD"), "{digests}");
    // The digests are looked at: one bit of the payload, and rpm says no.
    let mut bytes = fs::read(path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(path, bytes).unwrap();
    assert!(!bounded("rpm").args(["-K", path]).output().unwrap().status.success());
}

#[test]
#[ignore = "needs rpm"]
fn a_guest_needs_the_host_of_its_own_version() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), &sample::guest(3));
    let requires = query(&["-qp", "--requires", path.to_str().unwrap()]);
    assert!(requires.contains("onegpu-host = 0.1.0-3\n"), "{requires}");
}

#[test]
#[ignore = "needs shellcheck"]
fn scriptlets_are_plain_posix_shell() {
    let dir = tempfile::tempdir().unwrap();
    for package in [sample::host(1), sample::guest(1), SetupPackage { auto_apply: false, ..sample::guest(1) }]
    {
        let built = sample::build(rpm::build, &package);
        let read = ::rpm::Package::parse(&mut built.bytes.as_slice()).unwrap().metadata;
        for scriptlet in [read.get_post_trans_script().unwrap(), read.get_pre_uninstall_script().unwrap()] {
            let path = dir.path().join("scriptlet");
            fs::write(&path, scriptlet.script).unwrap();
            let out = bounded("shellcheck").args(["-s", "sh"]).arg(path).output().unwrap();
            assert_eq!(succeeded(&["shellcheck", &package.name], &out), "");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "needs rpm"]
    fn rpm_reads_any_summary_and_description_back(
        summary in "[^\\p{Cc}]{1,60}",
        description in "([ -~\n]|\\PC|\\p{Cc}|\n\n|%\\{NAME\\}){0,200}",
    ) {
        let dir = tempfile::tempdir().unwrap();
        let package = SetupPackage { summary, description, ..sample::host(1) };
        let path = write(dir.path(), &package);
        let read = query(&["-qp", "--qf", "%{SUMMARY}\n%{DESCRIPTION}", path.to_str().unwrap()]);
        let (first, rest) = read.split_once('\n').unwrap();
        prop_assert_eq!(first.to_ascii_lowercase(), package.summary.trim().to_ascii_lowercase());
        let gap = |c: char| c.is_whitespace() || c.is_control();
        let words = |text: &str| text.split(gap).filter(|w| !w.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        prop_assert_eq!(words(rest), words(&package.description));
    }
}

#[test]
#[ignore = "needs rpmlint"]
fn rpmlint_says_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let filters = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rpmlint.toml");
    let mut packages = sample::planned("fedora");
    packages.extend([
        sample::host(1),
        sample::guest(1),
        SetupPackage { auto_apply: false, ..sample::host(2) },
    ]);
    for package in packages {
        let path = write(dir.path(), &package);
        let out = bounded("rpmlint").arg("-c").arg(&filters).arg(&path).output().unwrap();
        let said = succeeded(&["rpmlint", &package.name], &out);
        assert!(said.contains(" 0 errors, 0 warnings"), "{said}");
    }
}

#[test]
#[ignore = "needs rpm, bookworm, root"]
fn a_setup_goes_in_and_out_of_rpm_without_a_trace() {
    let root = fedora_like();
    let except = [DATABASE];
    let before = root.listing(&except);
    let calls = || root.take(CALLS);

    succeeded(&["rpm -i"], &with(&root, &["-i"], &[sample::guest(1), sample::host(1)]));
    // --nodeps leaves the order to rpm; both are there when they apply.
    let mut lines: Vec<String> = calls().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["apply guest win11", "apply host"]);
    assert_eq!(
        fs::read_link(root.at("/etc/libvirt/hooks/qemu.d/50-onegpu")).unwrap(),
        Path::new("/usr/bin/onegpu-hook")
    );
    let verified = rpm_in(&root, &["-V", "--nodeps", "onegpu-host", "onegpu-guest-win11"]);
    assert_eq!(succeeded(&["rpm -V"], &verified), "");

    // The same again.
    succeeded(&["rpm -U"], &with(&root, &["-U", "--replacepkgs"], &[sample::host(1), sample::guest(1)]));
    let mut lines: Vec<String> = calls().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["apply guest win11", "apply host"]);

    // A higher revision: the user's edit stays, and what the new version has not
    // is gone when apply runs.
    root.write(START, "#!/bin/sh\n# mine\n");
    let apply = format!(
        "#!/bin/sh\n[ ! -e /usr/libexec/onegpu/steps/host/10-old ] || echo stale >>{CALLS}\necho \"apply $*\" >>{CALLS}\n"
    );
    let mut host = sample::host(2);
    host.files.iter_mut().find(|file| file.path.ends_with("/apply")).unwrap().bytes = apply.into();
    succeeded(&["rpm -U"], &with(&root, &["-U"], &[host, sample::guest(2)]));
    let mut lines: Vec<String> = calls().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["apply guest win11", "apply host"]);
    assert_eq!(root.read(START), "#!/bin/sh\n# mine\n");
    assert!(root.at(&format!("{START}.rpmnew")).exists());
    assert_eq!(root.read(GRUB), "# grub of revision 2\n");
    assert!(!root.at("/usr/libexec/onegpu/steps").exists());

    // A step that fails is seen.
    root.write(APPLY_FAILS, "");
    let out = with(&root, &["-U"], &[sample::host(3), sample::guest(3)]);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(said.contains("%posttrans(onegpu-host-0.1.0-3.noarch) scriptlet failed"), "{said}");
    fs::remove_file(root.at(APPLY_FAILS)).unwrap();
    assert_eq!(calls(), "");

    // While the guest has the card, nothing goes.
    root.write(CARD_IS_AWAY, "");
    assert!(!rpm_in(&root, &["-e", "onegpu-guest-win11"]).status.success());
    assert!(root.at(START).exists());
    assert!(!rpm_in(&root, &["-e", "onegpu-guest-win11", "onegpu-host"]).status.success());
    assert!(root.at("/usr/libexec/onegpu/revert").exists());
    assert!(!rpm_in(&root, &["-e", "onegpu-host"]).status.success(), "the guest's part needs it");
    fs::remove_file(root.at(CARD_IS_AWAY)).unwrap();

    // All goes, the guest first; the user's edit is kept aside.
    succeeded(&["rpm -e"], &rpm_in(&root, &["-e", "onegpu-host", "onegpu-guest-win11"]));
    assert_eq!(calls(), "revert guest win11\nrevert host\n");
    for kept in [format!("{START}.rpmsave"), format!("{START}.rpmnew")] {
        fs::remove_file(root.at(&kept)).unwrap();
    }
    for dir in ["prepare/begin", "prepare", ""] {
        fs::remove_dir(root.at(&format!("/etc/libvirt/hooks/qemu.d/win11/{dir}"))).unwrap();
    }
    for dir in ["/etc/libvirt/hooks/qemu.d", "/etc/libvirt/hooks"] {
        fs::remove_dir(root.at(dir)).unwrap();
    }
    same(&before, &root.listing(&except));

    // Without an edit, nothing is left to sweep.
    succeeded(&["rpm -i"], &with(&root, &["-i"], &[sample::host(3), sample::guest(3)]));
    succeeded(&["rpm -e"], &rpm_in(&root, &["-e", "onegpu-host", "onegpu-guest-win11"]));
    calls();
    same(&before, &root.listing(&except));
}

/// With the real `apply` and `revert`, where nothing runs and nothing of libvirt
/// is installed: as in an installer's chroot.
#[test]
#[ignore = "needs rpm, bookworm, root"]
fn the_example_goes_in_and_out_of_rpm_without_a_trace() {
    let root = fedora_like();
    let except = [DATABASE];
    let before = root.listing(&except);
    for verb in [["-i"].as_slice(), &["-U", "--replacepkgs"]] {
        succeeded(&["rpm"], &with(&root, verb, &sample::planned("fedora")));
        let status = String::from_utf8(root.run(&["/usr/libexec/onegpu/status"]).stdout).unwrap();
        assert!(status.contains("guest win11: domain: left for later"), "{status}");
        assert!(root.at("/var/lib/onegpu").exists(), "apply keeps a record");
    }
    succeeded(&["rpm -e"], &rpm_in(&root, &["-e", "onegpu-host", "onegpu-guest-win11"]));
    same(&before, &root.listing(&except));
}

#[test]
#[ignore = "needs rpm, bookworm, root"]
fn manual_packages_do_not_apply_but_revert() {
    let root = fedora_like();
    let host = SetupPackage { auto_apply: false, ..sample::host(1) };
    let said = succeeded(&["rpm -i"], &with(&root, &["-i"], &[host]));
    assert!(said.contains("/usr/libexec/onegpu/apply host"), "{said}");
    assert_eq!(root.take(CALLS), "");
    succeeded(&["rpm -e"], &rpm_in(&root, &["-e", "onegpu-host"]));
    assert_eq!(root.take(CALLS), "revert host\n");
}
