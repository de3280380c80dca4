//! The .deb writer before Debian's own tools.

#![allow(clippy::unwrap_used, missing_docs)]

mod chroot;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};

use chroot::{bounded, succeeded};
use onegpu::package::{SetupPackage, deb};
use proptest::prelude::*;
use sample::GRUB;

fn write(dir: &Path, package: &SetupPackage) -> PathBuf {
    let built = sample::build(deb::build, package);
    let path = dir.join(&built.file_name);
    fs::write(&path, built.bytes).unwrap();
    path
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
