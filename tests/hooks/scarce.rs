//! Machines that lack what most have, and those that have no room for a record or a log.

use std::fs;

use super::machine::{Cell, GUEST, Machine, NVIDIA};
use super::start_beside;
use onegpu::profile::{Driver, Hugepages, Init};

const CARD: &str = "/sys/bus/pci/devices/0000:0b:00.0";

/// Everything that a profile can ask for.
fn all(init: Init, driver: Driver) -> Cell {
    Cell { init, driver, options: true, hugepages: Hugepages::Reserve, ..NVIDIA }
}

/// The state, but for an empty folder in a tmpfs and the record.
fn state(machine: &Machine) -> std::collections::BTreeMap<String, String> {
    let mut state = machine.state();
    state.retain(|path, _| path != "/run/udev/rules.d" && !path.starts_with("/run/onegpu/"));
    state
}

/// No consoles on the card, no sound, no power management, no clock to keep up, no daemons of NVIDIA's, no groups.
#[test]
fn what_is_not_there_is_left_alone() {
    for (init, driver) in
        [(Init::Systemd, Driver::Amdgpu), (Init::Openrc, Driver::Nvidia), (Init::Runit, Driver::I915)]
    {
        let machine = Machine::new(Cell { hugepages: Hugepages::Transparent, ..all(init, driver) });
        for gone in [
            "/sys/class/vtconsole",
            "/sys/bus/pci/devices/0000:0b:00.1/sound",
            "/sys/bus/pci/devices/0000:0b:00.0/power",
            "/sys/devices/system/cpu",
            "/sys/bus/platform",
            "/sys/fs/cgroup",
            "/sys/module",
            "/etc/init.d",
            "/lib/udev",
        ] {
            let _ = fs::remove_dir_all(machine.path(gone));
        }
        let _ = fs::remove_file(machine.path("/state/nvidia-persistenced"));
        // systemd's fake writes there.
        for slice in ["init.scope", "system.slice", "user.slice"] {
            fs::create_dir_all(machine.path(&format!("/sys/fs/cgroup/{slice}"))).unwrap();
        }
        let before = state(&machine);
        assert_eq!(machine.start(), 0, "{init} {driver}\n{}", machine.log());
        assert_eq!(machine.stop(), 0, "{init} {driver}\n{}", machine.log());
        let mut after = state(&machine);
        after.retain(|path, _| !path.ends_with("/cpuset.cpus"));
        assert_eq!(after, before, "{init} {driver}\n{}", machine.log());
        assert!(!machine.log().contains("FAILED"), "{}", machine.log());
    }
}

#[test]
fn a_kernel_without_huge_pages_keeps_the_card() {
    let machine = Machine::new(all(Init::Systemd, Driver::Amdgpu));
    fs::remove_dir_all(machine.path("/sys/kernel/mm")).unwrap();
    let before = machine.state();
    assert_eq!(machine.start(), 1);
    assert_eq!(machine.state(), before, "{}", machine.log());
    assert!(machine.log().contains("giving up: a kernel without huge pages"), "{}", machine.log());
}

/// A step that cannot be put down is not taken: nobody could undo it.
#[test]
fn without_room_for_the_record_nothing_is_done() {
    for (init, driver) in [(Init::Systemd, Driver::Nvidia), (Init::Openrc, Driver::Amdgpu)] {
        let cell = all(init, driver);
        let smooth = Machine::new(cell);
        assert_eq!(smooth.start(), 0);
        let record = format!("/run/onegpu/{GUEST}");
        let mut names: Vec<String> = fs::read_dir(smooth.path(&record))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            // Who keeps the host awake writes it.
            .filter(|name| name != "awake-held")
            .collect();
        names.sort();
        assert!(names.len() > 12, "{names:?}");
        for name in names {
            let machine = Machine::new(cell);
            let before = state(&machine);
            fs::create_dir_all(machine.path(&format!("{record}/{name}"))).unwrap();
            assert_eq!(machine.start(), 1, "{name}\n{}", machine.log());
            assert!(machine.log().contains("giving up: "), "{name}\n{}", machine.log());
            assert_eq!(state(&machine), before, "{name}\n{}", machine.log());
        }
        // And no place for a record at all, nor for the lock.
        let machine = Machine::new(cell);
        machine.write("/run/onegpu", "", 0o644);
        let before = machine.state();
        assert_eq!((machine.start(), machine.stop()), (1, 0));
        assert_eq!(machine.state(), before);
        assert!(!machine.calls().iter().any(|call| call.contains("stop")), "nothing at all");
    }
    let machine = Machine::new(NVIDIA);
    let before = machine.state();
    fs::create_dir_all(machine.path("/var/lib/onegpu/let-through")).unwrap();
    assert_eq!(machine.start(), 1, "libvirt's start could not take it back");
    fs::remove_dir_all(machine.path("/var/lib/onegpu")).unwrap();
    assert_eq!(machine.state(), before, "{}", machine.log());
}

#[test]
fn without_a_log_everything_goes_on() {
    let machine = Machine::new(NVIDIA);
    let before = machine.state();
    fs::create_dir_all(machine.path(&format!("/var/log/onegpu/{GUEST}.log"))).unwrap();
    assert_eq!(machine.start(), 0);
    assert!(machine.calls().contains(&"logger".to_owned()), "the journal has it");
    assert_eq!(machine.stop(), 0);
    assert_eq!(machine.state(), before);
}

/// The old frame buffer's node and the card's buses are the card's, too.
#[test]
fn every_node_of_the_card_counts() {
    for node in ["fb0", "i2c-3", "i2c-4", "i2c-5"] {
        let machine = Machine::new(Cell { driver: Driver::Amdgpu, pipewire: false, ..NVIDIA });
        for place in ["graphics/fb0", "i2c-3", "drm/i2c-4", "drm/card0/card0-DP-1/i2c-5"] {
            machine.write(&format!("{CARD}/{place}/dev"), "", 0o644);
            machine.write(&format!("/dev/{}", place.rsplit('/').next().unwrap()), "", 0o644);
        }
        let ended = start_beside(&machine, &format!("/tools/sleep 100 3</dev/{node}"));
        assert_eq!(ended, (false, 0), "{node}\n{}", machine.log());
        assert!(machine.log().contains("held by sleep"), "{node}\n{}", machine.log());
    }
}

/// A handle by which nothing can be done with the node holds nothing.
#[test]
fn a_mere_name_of_the_card_is_left_alone() {
    let machine = Machine::new(NVIDIA);
    machine.install("perl");
    let name = "/tools/perl -e 'sysopen(F, \"/dev/dri/card0\", 010000000) or die; $^F = 99; sleep 100'";
    assert_eq!(start_beside(&machine, name), (true, 0), "{}", machine.log());
    assert!(!machine.log().contains("held by"), "{}", machine.log());
}

/// Its sound, where taking the driver away was refused: who has it open is asked to leave, and may stay.
#[test]
fn who_holds_its_sound_keeps_the_card() {
    for (holder, result) in [("sleep", (false, 0)), ("qemu-system-x86", (true, 1))] {
        let machine = Machine::new(NVIDIA);
        let before = state(&machine);
        fs::copy(machine.path("/tools/sleep"), machine.path("/tools/qemu-system-x86")).unwrap();
        let unbind = "/sys/bus/pci/devices/0000:0b:00.1/driver/unbind";
        fs::remove_file(machine.path(unbind)).unwrap();
        fs::create_dir(machine.path(unbind)).unwrap();
        let held = start_beside(&machine, &format!("/tools/{holder} 100 3</dev/snd/controlC1"));
        assert_eq!(held, result, "{}", machine.log());
        if result.1 == 1 {
            assert!(machine.log().contains("giving up: somebody holds its sound"), "{}", machine.log());
            assert_eq!(state(&machine), before, "{}", machine.log());
        }
    }
}
