//! Hostile machines: whatever lies there, `check` answers within a second and
//! never panics, nor calls a thing fine that it could not read.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;
#[path = "check/rom.rs"]
mod rom;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use machine::Machine;
use serde_json::Value;

const GOOD: &str = include_str!("check/good.txt");
const PROFILE: &str = include_str!("check/good.toml");
const CARD: &str = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0";

/// Files that checks read, and the check that must not be content then.
const READ: [(&str, &str); 11] = [
    ("usr/share/vgabios/card.rom", "profile-rom"),
    (concat!("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0", "/rom"), "card-rom"),
    ("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/reset_method", "reset"),
    ("proc/cmdline", "parameters"),
    ("proc/meminfo", "guest-memory"),
    ("etc/passwd", "profile-user"),
    ("usr/lib/modules/6.12.57-amd64/modules.dep", "vfio-module"),
    ("usr/share/qemu/firmware/40-edk2-x86_64-secure-enrolled.json", "guest-firmware"),
    ("etc/kernel/cmdline", "command-line-file"),
    ("etc/libvirt/hooks/qemu", "foreign-hooks"),
    ("etc/systemd/system/libvirtd.service.d/a.conf", "hardened-daemon"),
];

fn good() -> Machine {
    let machine = Machine::new(GOOD);
    machine.file(&format!("{CARD}/rom"), rom::described("both 10de:2482"));
    machine.file("usr/share/vgabios/card.rom", rom::described("both 10de:2482"));
    machine
}

/// The outcomes of a check on this machine, with the good profile.
fn outcomes(machine: &Machine, what: &str, id: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("good.toml");
    fs::write(&profile, PROFILE).unwrap();
    let start = Instant::now();
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    let out = command
        .arg("check")
        .arg(&profile)
        .args(["--format", "json", "--root"])
        .arg(machine.root())
        .output()
        .unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{what}: {:?}", start.elapsed());
    assert!(matches!(out.status.code(), Some(0 | 1)), "{what}: {}", String::from_utf8_lossy(&out.stderr));
    let list: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    let own = list.iter().filter(|finding| finding["id"] == id);
    own.map(|finding| finding["result"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_file_that_is_none_is_not_fine() {
    type Make = fn(&Machine, &str);
    let hostile: [(&str, Make); 5] = [
        ("a FIFO", |m, path| assert!(Command::new("mkfifo").arg(m.at(path)).status().unwrap().success())),
        ("a GiB of nothing", |m, path| fs::File::create(m.at(path)).unwrap().set_len(1 << 30).unwrap()),
        ("a folder", |m, path| fs::create_dir(m.at(path)).unwrap()),
        ("a circle", |m, path| m.link(path, &format!("/{path}"))),
        ("a device", |m, path| m.link(path, "/dev/zero")),
    ];
    for (path, id) in READ {
        for (what, make) in hostile {
            let machine = good();
            let place = machine.at(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            let _ = fs::remove_file(&place);
            make(&machine, path);
            // libvirt runs no folder among its hooks, and none of what is no file; and a
            // link into nowhere is no file of a unit's.
            let harmless = id == "foreign-hooks" && what != "a GiB of nothing";
            let found = outcomes(&machine, &format!("{what} as {path}"), id);
            assert!(
                !found.is_empty() && (harmless || !found.contains(&"ok".to_owned())),
                "{what} as {path}: {found:?}"
            );
        }
    }
}

#[test]
fn a_file_that_may_not_be_read_is_not_fine() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let machine = good();
    fs::set_permissions(machine.root(), fs::Permissions::from_mode(0o755)).unwrap();
    machine.file("etc/kernel/cmdline", "root=UUID=77");
    machine.file("etc/libvirt/hooks/qemu", "#!/bin/sh\n");
    machine.file("etc/systemd/system/libvirtd.service.d/a.conf", "[Service]\n");
    for (path, _) in READ {
        fs::set_permissions(machine.at(path), fs::Permissions::from_mode(0o000)).unwrap();
    }
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = open.path().join("onegpu");
    // By another process: a program that any fork of this one still has open for writing cannot be run.
    assert!(
        Command::new("cp")
            .args([env!("CARGO_BIN_EXE_onegpu").as_ref(), program.as_os_str()])
            .status()
            .unwrap()
            .success()
    );
    let profile = open.path().join("good.toml");
    fs::write(&profile, PROFILE).unwrap();
    let mut command = Command::new(&program);
    command.arg("check").arg(&profile).args(["--format", "json", "--root"]).arg(machine.root());
    // Root may read everything: the test becomes nobody where it is root.
    if rustix::process::getuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let out = command.output().unwrap();
    let list: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
    for (path, id) in READ {
        let fine = list.iter().any(|finding| finding["id"] == id && finding["result"] == "ok");
        assert!(!fine, "{path} could not be read, and {id} is ok");
    }
}

#[test]
fn texts_of_a_machine_do_not_drive_the_terminal() {
    let machine = good();
    machine.file(
        "proc/cmdline",
        "root=UUID=77 vfio-pci.ids=10de:2482\u{1b}[2J\u{202e}x pcie_acs_override=\u{1b}]0;x\u{7}\n",
    );
    machine.file("etc/passwd", "\u{1b}[31mroot:x:1000:1000::/:/bin/sh\n");
    machine.file("etc/libvirt/hooks/qemu.d/\u{1b}[2J\u{202e}x", "#!/bin/sh\nvirsh\n");
    machine.file("etc/cmdline.d/\u{1b}[2Jx.conf", "quiet\n");
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("good.toml");
    fs::write(&profile, PROFILE).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    let out = command.arg("check").arg(&profile).arg("--root").arg(machine.root()).output().unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let control = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.contains(control), "{text:?}");
}

#[test]
fn a_profile_that_is_no_file() {
    let machine = good();
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    for path in [fifo.as_path(), dir.path(), Path::new("/dev/zero")] {
        let start = Instant::now();
        let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
        let out = command.arg("check").arg(path).arg("--root").arg(machine.root()).output().unwrap();
        assert_eq!(out.status.code(), Some(2), "{}", path.display());
        assert!(start.elapsed() < Duration::from_secs(1) && out.stdout.is_empty());
    }
}
