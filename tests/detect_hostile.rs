//! Hostile machines: whatever lies there, `detect` answers within a second and never panics.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use machine::Machine;
use serde_json::Value;

fn onegpu(arguments: &[&str], root: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    command.args(arguments).arg("--root").arg(root).env_remove("NO_COLOR").output().unwrap()
}

fn detect(machine: &Machine) -> Value {
    let out = onegpu(&["detect", "--format", "json"], machine.root());
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

/// Runs every reader and fails when it takes longer than a second.
fn within_a_second(what: &str, machine: &Machine) -> Value {
    for arguments in [["detect", "--format=text"], ["groups", "--format=svg"]] {
        let start = Instant::now();
        let out = onegpu(&arguments, machine.root());
        assert_eq!(out.status.code(), Some(0), "{what}: {}", String::from_utf8_lossy(&out.stderr));
        assert!(start.elapsed() < Duration::from_secs(1), "{what}: {:?}", start.elapsed());
    }
    detect(machine)
}

const ARCH: &str = "@file usr/lib/os-release\nID=arch\n";

#[test]
fn hostile_os_release() {
    let fifo = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    type Make<'a> = &'a dyn Fn(&Machine);
    let cases: [(&str, Make<'_>); 9] = [
        ("a folder", &|m| fs::create_dir_all(m.at("etc/os-release")).unwrap()),
        ("a FIFO", &|m| {
            fs::create_dir_all(m.at("etc")).unwrap();
            fifo(&m.at("etc/os-release"));
        }),
        ("a lone quote", &|m| m.file("etc/os-release", "ID=\"\nNAME='\n")),
        ("NUL bytes", &|m| m.file("etc/os-release", b"ID=ar\0ch\n\0\0\0")),
        ("no text", &|m| m.file("etc/os-release", [0xff, 0xfe, b'I', b'D', b'=', 0xff])),
        ("a GiB of nothing", &|m| {
            fs::create_dir_all(m.at("etc")).unwrap();
            fs::File::create(m.at("etc/os-release")).unwrap().set_len(1 << 30).unwrap();
        }),
        ("a circle", &|m| m.link("etc/os-release", "os-release")),
        ("a device of the host", &|m| m.link("etc/os-release", "/dev/zero")),
        ("a file of the host", &|m| m.link("etc/os-release", "../../../../../../../../etc/os-release")),
    ];
    for (what, make) in cases {
        let machine = Machine::new(ARCH);
        make(&machine);
        let told = within_a_second(what, &machine);
        assert_eq!(told["distro"]["id"], "arch", "{what}: the vendor's file is read instead");
    }
}

#[test]
fn hostile_sysfs() {
    let card = "@pci\nGroup 1\n00:02.0 VGA compatible controller [0300]: a card [8086:0416] driver=i915\n";
    let folder = "sys/devices/pci0000:00/0000:00:02.0";
    type Make<'a> = &'a dyn Fn(&Machine);
    let replaced = |m: &Machine, name: &str, target: &str| {
        let path = format!("{folder}/{name}");
        fs::remove_file(m.at(&path)).unwrap();
        m.link(&path, target);
    };
    let cases: [(&str, Make<'_>, &str, Value); 9] = [
        ("no vendor", &|m| m.file(&format!("{folder}/vendor"), "0xZZZZ\n"), "/gpus/0/id", Value::Null),
        (
            "a vendor of NULs",
            &|m| m.file(&format!("{folder}/vendor"), [0; 64]),
            "/gpus/0/vendor",
            Value::Null,
        ),
        (
            "a group that is nowhere",
            &|m| {
                fs::remove_dir_all(m.at("sys/kernel/iommu_groups/1")).unwrap();
                replaced(m, "iommu_group", "../../../kernel/iommu_groups/99");
            },
            "/gpus/0/group",
            Value::Null,
        ),
        (
            "a group that is no group",
            &|m| replaced(m, "iommu_group", "/etc/passwd"),
            "/gpus/0/group",
            // The group's own folder still has the card.
            Value::from(1),
        ),
        (
            "a driver that goes in circles",
            &|m| replaced(m, "driver", "driver"),
            "/gpus/0/driver",
            "driver".into(),
        ),
        (
            "a class of nonsense",
            &|m| m.file(&format!("{folder}/class"), "-1\n"),
            "/gpus",
            Value::Array(vec![]),
        ),
        (
            "a device in a circle",
            &|m| m.link("sys/bus/pci/devices/0000:00:03.0", "0000:00:03.0"),
            "/gpus/0/address",
            "0000:00:02.0".into(),
        ),
        (
            "a device that is nowhere",
            &|m| m.link("sys/bus/pci/devices/0000:00:03.0", "../../../devices/gone"),
            "/gpus/0/address",
            "0000:00:02.0".into(),
        ),
        (
            "names that are no addresses",
            &|m| m.file("sys/bus/pci/devices/\u{1b}[2J/class", "0x030000"),
            "/gpus/0/address",
            "0000:00:02.0".into(),
        ),
    ];
    for (what, make, pointer, expected) in cases {
        let machine = Machine::new(card);
        make(&machine);
        assert_eq!(within_a_second(what, &machine).pointer(pointer), Some(&expected), "{what}");
    }
}

#[test]
fn a_thousand_devices_and_a_group_full_of_links() {
    let machine = Machine::new("");
    for number in 0..1000 {
        let (bus, slot) = (number / 32, number % 32);
        let address = format!("0000:{bus:02x}:{slot:02x}.0");
        machine.file(&format!("sys/bus/pci/devices/{address}/class"), "0x030000\n");
        machine.link(&format!("sys/kernel/iommu_groups/0/devices/{address}"), "nowhere");
    }
    let told = within_a_second("1000 cards in one group", &machine);
    assert_eq!(told["gpus"][0]["passthrough"].as_array().unwrap().len(), 1000);
}

#[test]
fn a_file_that_may_not_be_read_is_null() {
    use std::os::unix::fs::PermissionsExt;
    let machine = machine::named("amd-navi-own-switch");
    for path in ["proc/cmdline", "proc/meminfo", "etc/passwd"] {
        fs::set_permissions(machine.at(path), fs::Permissions::from_mode(0o000)).unwrap();
    }
    fs::set_permissions(machine.root(), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    command.args(["detect", "--format", "json", "--root"]).arg(machine.root());
    // Root may read everything: the test becomes nobody where it is root.
    if rustix::process::getuid().is_root() {
        use std::os::unix::process::CommandExt;
        let open = tempfile::tempdir().unwrap();
        fs::set_permissions(open.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let program = open.path().join("onegpu");
        // By another process: a program that any fork of this one still has open for writing cannot be run.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_onegpu")).arg(&program).status();
        assert!(copied.unwrap().success());
        let mut as_nobody = Command::new(&program);
        as_nobody.args(["detect", "--format", "json", "--root"]).arg(machine.root()).uid(65534).gid(65534);
        check_unread(&as_nobody.output().unwrap());
    } else {
        check_unread(&command.output().unwrap());
    }
}

fn check_unread(out: &Output) {
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told["memory_mib"], Value::Null);
    assert_eq!(told["users"], Value::Array(vec![]));
    assert_eq!(told.pointer("/more/kernel/cmdline"), Some(&Value::Null));
    assert_eq!(told["init"], "systemd");
}
