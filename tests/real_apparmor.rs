//! The rule for PipeWire's socket, as AppArmor's own parser reads it within libvirt's profile.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(done.success());
}

/// The compiler's answer to a guest's profile, as virt-aa-helper writes one, in the folder `base`.
fn parse(base: &Path, how: &[&str]) -> String {
    let profile = base.join("guest.profile");
    fs::write(
        &profile,
        "include <tunables/global>\nprofile guest {\n  include <abstractions/libvirt-qemu>\n}\n",
    )
    .unwrap();
    let done =
        Command::new("apparmor_parser").args(how).arg("--base").arg(base).arg(&profile).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
#[ignore = "needs apparmor_parser, trixie"]
fn libvirts_profile_takes_the_rule() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("apparmor.d");
    copy(Path::new("/etc/apparmor.d"), &base);
    let roots = PathBuf::from(std::env::var_os("ONEGPU_TEST_ROOTS").unwrap());
    let libvirts = "abstractions/libvirt-qemu";
    fs::copy(roots.join("trixie/etc/apparmor.d").join(libvirts), base.join(libvirts)).unwrap();
    assert!(!parse(&base, &["--preprocess"]).contains("pipewire-0"), "without ours there is no such rule");

    let ours = "root/etc/apparmor.d/abstractions/libvirt-qemu.d";
    let golden = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/ubuntu-systemd-grub-amd-nvidia/expected")
        .join(ours);
    copy(&golden, &base.join("abstractions/libvirt-qemu.d"));
    assert!(parse(&base, &["--preprocess"]).contains("\n/run/user/1000/pipewire-0 rw,\n"));
    parse(&base, &["--skip-kernel-load", "--skip-cache"]);
}
