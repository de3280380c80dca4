//! `onegpu detect` on described machines.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

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

/// The keys that programs rely on.
fn promised(mut whole: Value) -> Value {
    whole.as_object_mut().unwrap().remove("more").unwrap();
    whole
}

#[test]
fn every_machine_is_told_as_it_is() {
    let folders = machine::all();
    assert!(folders.len() >= 13, "machines are gone");
    let mut wrong = Vec::new();
    for folder in folders {
        let name = folder.file_name().unwrap().to_str().unwrap();
        assert!(folder.join("SOURCE").is_file(), "{name} does not say where it comes from");
        let told = promised(detect(&machine::named(name)));
        let told = serde_json::to_string_pretty(&told).unwrap() + "\n";
        let expected = folder.join("detect.json");
        if std::env::var_os("ONEGPU_REGENERATE").is_some() {
            fs::write(&expected, &told).unwrap();
        }
        let expected = fs::read_to_string(&expected).unwrap_or_default();
        if told != expected {
            let diff = similar::TextDiff::from_lines(&expected, &told);
            wrong.push(format!("{name}\n{}", diff.unified_diff()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_promised_keys_stand_in_their_order() {
    let out = onegpu(&["detect", "--format", "json"], machine::named("amd-navi-own-switch").root());
    let text = String::from_utf8(out.stdout).unwrap();
    let keys = [
        "distro",
        "init",
        "bootloader",
        "cpu",
        "memory_mib",
        "iommu",
        "gpus",
        "display_manager",
        "users",
        "usb_input",
        "more",
    ];
    let places: Vec<usize> = keys.iter().map(|key| text.find(&format!("\n  \"{key}\":")).unwrap()).collect();
    assert!(places.is_sorted(), "{places:?}");
}

/// One line a machine: what is decided, where a wrong rule would decide otherwise.
#[test]
fn the_facts_that_are_easily_got_wrong() {
    let told = |name: &str, pointer: &str| detect(&machine::named(name)).pointer(pointer).cloned().unwrap();
    for (name, pointer, value) in [
        // A bridge in the card's group stays; the two functions go.
        ("intel-nvidia-two-functions", "/gpus/0/passthrough/1", "\"0000:01:00.1\""),
        ("intel-nvidia-two-functions", "/gpus/0/passthrough", "[\"0000:01:00.0\",\"0000:01:00.1\"]"),
        // BLS entries are GRUB's on Fedora, whose own folder only root may read.
        ("intel-nvidia-two-functions", "/bootloader", "\"grub\""),
        ("intel-nvidia-two-functions", "/usb_input/1/kinds", "[\"keyboard\",\"mouse\"]"),
        ("intel-nvidia-two-functions", "/usb_input/1/name", "\"Razer DeathAdder V2\""),
        // Behind its own switch: three bridges above, none of them goes.
        ("amd-navi-own-switch", "/gpus/0/passthrough", "[\"0000:03:00.0\",\"0000:03:00.1\"]"),
        (
            "amd-navi-own-switch",
            "/more/gpus/0/parents",
            "[\"0000:00:01.1\",\"0000:01:00.0\",\"0000:02:00.0\"]",
        ),
        ("amd-navi-own-switch", "/gpus/0/name", "\"Navi 31 [Radeon RX 7900 XT/7900 XTX/7900 GRE/7900M]\""),
        // The audio function goes though its group is another.
        ("amd-audio-in-another-group", "/gpus/0/passthrough", "[\"0000:30:00.0\",\"0000:30:00.1\"]"),
        ("amd-audio-in-another-group", "/gpus/0/shared", "[]"),
        ("amd-audio-in-another-group", "/display_manager", "\"sddm\""),
        (
            "amd-shares-with-network-card",
            "/gpus/0/shared",
            "[\"0000:16:00.0\",\"0000:16:00.1\",\"0000:22:00.0\"]",
        ),
        ("amd-shares-with-network-card", "/init", "\"openrc\""),
        ("amd-apu-laptop-one-group", "/gpus/0/shared", "[]"),
        ("amd-apu-laptop-one-group", "/bootloader", "\"limine\""),
        ("amd-apu-laptop-one-group", "/more/platform/laptop", "true"),
        ("intel-muxless-laptop", "/distro/family", "\"debian\""),
        ("amd-iommu-off", "/iommu", "{\"enabled\":false,\"groups\":0}"),
        ("amd-iommu-off", "/gpus/0/group", "null"),
        // GDM's service is linked too, and held down.
        ("amd-iommu-off", "/display_manager", "\"lxdm\""),
        ("intel-card-in-x58", "/bootloader", "\"syslinux\""),
        ("intel-card-in-x58", "/init", "\"openrc\""),
        // GRUB's menu is still there, and did not boot.
        ("amd-two-nvidia-cards", "/bootloader", "\"systemd-boot\""),
        ("virtual-machine", "/more/platform/hypervisor", "\"qemu\""),
        // A container's first process is no init, wherever /sbin/init leads.
        ("container-without-sysfs", "/init", "null"),
        ("container-without-sysfs", "/iommu", "{\"enabled\":null,\"groups\":null}"),
        ("container-without-sysfs", "/cpu/virtualization", "null"),
        ("offline-disk", "/init", "\"systemd\""),
        ("offline-disk", "/display_manager", "\"ly\""),
        ("offline-disk", "/users/0/name", "\"nora\""),
    ] {
        assert_eq!(told(name, pointer).to_string(), value, "{name} {pointer}");
    }
}

#[test]
fn the_profile_part_is_a_profile() {
    for folder in machine::all() {
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let machine = machine::named(&name);
        let out = onegpu(&["detect", "--format", "toml"], machine.root());
        let text = String::from_utf8(out.stdout).unwrap();
        let facts = detect(&machine);
        let parsed = onegpu::profile::parse(&name, &text);
        let driver = facts.pointer("/gpus/0/driver").and_then(Value::as_str);
        match driver {
            // No card, or one whose driver no profile can say: the line is left to the user.
            None | Some("qxl") => {
                assert!(parsed.is_err(), "{name}\n{text}");
                text.parse::<toml::Table>().unwrap();
            }
            Some(_) => {
                let profile = parsed.unwrap_or_else(|error| panic!("{name}\n{error}\n{text}"));
                let main = facts["gpus"].as_array().unwrap().iter().find(|gpu| gpu["boot_vga"] == true);
                let main = main.unwrap_or(&facts["gpus"][0]);
                assert_eq!(profile.gpu.address.to_string(), main["address"].as_str().unwrap());
                assert_eq!(profile.gpu.devices.len(), main["passthrough"].as_array().unwrap().len());
            }
        }
    }
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let machine = machine::named("amd-navi-own-switch");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("host.toml");
    let write = |to: &Path| {
        onegpu(&["detect", "--format", "toml", "-o", to.to_str().unwrap()], machine.root()).status.code()
    };
    assert_eq!(write(&file), Some(0));
    let first = fs::read_to_string(&file).unwrap();
    assert!(first.contains("address = \"0000:03:00.0\""));
    assert_eq!(write(&file), Some(0));
    assert_eq!(write(dir.path()), Some(2));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_root_that_is_none() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("file"), "").unwrap();
    for name in ["absent", "file"] {
        let out = onegpu(&["detect"], &dir.path().join(name));
        assert_eq!(out.status.code(), Some(2));
        let message = String::from_utf8(out.stderr).unwrap();
        assert!(message.contains(name) && message.contains("--root names the folder"), "{message}");
    }
    // An empty folder is a machine of which nothing is known.
    let told = promised(detect(&Machine::new("")));
    assert_eq!(told["distro"], serde_json::json!({"id": null, "family": null, "version": null}));
    assert_eq!(told["iommu"]["enabled"], Value::Null);
    assert_eq!(told["gpus"], serde_json::json!([]));
}

/// The display manager, the init and the boot loader, each from one place.
#[test]
fn every_place_of_a_fact_counts() {
    let grub = "@file boot/grub/grub.cfg\n";
    let systemd = "@file proc/1/comm\nsystemd\n";
    let runit = "@file proc/1/comm\nrunit\n";
    let openrc = "@file proc/1/comm\ninit\n@file run/openrc/softlevel\ndefault\n";
    let sddm = "@link etc/systemd/system/display-manager.service";
    for (description, pointer, value) in [
        // Init.
        ("@folder run/systemd/system\n".to_owned(), "/init", "systemd"),
        ("@link proc/1/exe /usr/bin/runit\n".into(), "/init", "runit"),
        ("@file proc/1/comm\ninit\n@file run/runit.stopit\n".into(), "/init", "runit"),
        ("@folder run/runit/runsvdir\n".into(), "/init", "runit"),
        ("@file proc/1/comm\nopenrc-init\n".into(), "/init", "openrc"),
        (
            "@file proc/1/comm\ninit\n@file etc/inittab\n#x\nsi::sysinit:/sbin/openrc sysinit\n".into(),
            "/init",
            "openrc",
        ),
        ("@link sbin/init openrc-init\n".into(), "/init", "openrc"),
        (format!("{systemd}@file run/openrc/softlevel\n@folder run/runit/service\n"), "/init", "systemd"),
        (
            format!("{openrc}@folder run/runit/service\n@link sbin/init /lib/systemd/systemd\n"),
            "/init",
            "openrc",
        ),
        ("@file proc/1/comm\ninit\n@folder run/runit/supervise\n".into(), "/init", "-"),
        ("@file proc/1/comm\ntini\n@folder run/systemd/system\n".into(), "/init", "-"),
        ("@file proc/1/comm\ndinit\n".into(), "/init", "-"),
        // Boot loader.
        (grub.into(), "/bootloader", "grub"),
        ("@file boot/efi/EFI/debian/grubx64.efi\n".into(), "/bootloader", "grub"),
        ("@file etc/kernelstub/configuration\n".into(), "/bootloader", "systemd-boot"),
        ("@file efi/loader/entries/a.conf\n".into(), "/bootloader", "systemd-boot"),
        (format!("{grub}@efi LoaderInfo systemd-boot 257\n"), "/bootloader", "systemd-boot"),
        (format!("{grub}@efi LoaderInfo GRUB 2.12\n@file boot/loader/loader.conf\n"), "/bootloader", "grub"),
        (
            format!("{grub}@file boot/loader/loader.conf\n@file proc/cmdline\nBOOT_IMAGE=/vmlinuz ro\n"),
            "/bootloader",
            "grub",
        ),
        (
            format!("{grub}@file boot/loader/loader.conf\n@file proc/cmdline\ninitrd=\\a\\b ro\n"),
            "/bootloader",
            "systemd-boot",
        ),
        (format!("{grub}@file boot/loader/loader.conf\n@folder sys/firmware\n"), "/bootloader", "grub"),
        (format!("{grub}@file boot/loader/loader.conf\n"), "/bootloader", "-"),
        ("@efi StubInfo systemd-stub 257\n".into(), "/bootloader", "efistub"),
        ("@efi LoaderInfo something else\n".into(), "/bootloader", "-"),
        ("@file etc/lilo.conf\n".into(), "/bootloader", "lilo"),
        // Display manager.
        (
            format!("{systemd}{sddm} ../../../usr/lib/systemd/system/gdm3.service\n"),
            "/display_manager",
            "gdm",
        ),
        (format!("{systemd}{sddm} /dev/null\n"), "/display_manager", "-"),
        (
            format!("{systemd}@file etc/X11/default-display-manager\n/usr/sbin/lightdm\n"),
            "/display_manager",
            "lightdm",
        ),
        (
            format!("{systemd}@file etc/sysconfig/displaymanager\n# x\nDISPLAYMANAGER=\"xdm\"\n"),
            "/display_manager",
            "xdm",
        ),
        (
            format!(
                "{systemd}@file etc/systemd/system/display-manager.service\n[Service]\nExecStart=/nix/store/x-sddm/bin/sddm\n"
            ),
            "/display_manager",
            "sddm",
        ),
        (
            format!("{systemd}@link etc/systemd/system/multi-user.target.wants/emptty.service x\n"),
            "/display_manager",
            "emptty",
        ),
        (format!("{systemd}{sddm} /usr/lib/systemd/system/nodm.service\n"), "/display_manager", "nodm"),
        (
            format!(
                "{openrc}@file etc/conf.d/xdm\nDISPLAYMANAGER=\"slim\"\n@link etc/runlevels/default/xdm x\n"
            ),
            "/display_manager",
            "slim",
        ),
        (format!("{openrc}@file etc/conf.d/xdm\nDISPLAYMANAGER='gdm'\n"), "/display_manager", "gdm"),
        (
            format!(
                "{openrc}@file etc/conf.d/display-manager\nDISPLAYMANAGER=\"xdm\"\n@folder etc/runlevels/default\n"
            ),
            "/display_manager",
            "-",
        ),
        (
            format!("{openrc}@link etc/runlevels/default/lightdm /etc/init.d/lightdm\n"),
            "/display_manager",
            "lightdm",
        ),
        (format!("{openrc}{sddm} /usr/lib/systemd/system/sddm.service\n"), "/display_manager", "-"),
        (format!("{runit}@link var/service/greetd /etc/sv/greetd\n"), "/display_manager", "greetd"),
        (format!("{runit}@link run/runit/service/ly /etc/runit/sv/ly\n"), "/display_manager", "ly"),
        (format!("{runit}@link etc/service/xdm /etc/sv/xdm\n"), "/display_manager", "xdm"),
    ] {
        let told = detect(&Machine::new(&description));
        let found = told.pointer(pointer).and_then(Value::as_str).unwrap_or("-");
        assert_eq!(found, value, "{pointer} of\n{description}");
    }
}
