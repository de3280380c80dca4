//! The host's own programs are kept off the guest's CPUs, and get theirs back.

use std::fs;

use super::machine::{Cell, GUEST, Machine, NVIDIA};
use onegpu::profile::{Driver, Init};

/// What the profile of `cell.rs` leaves to the host.
const KEEPS: &str = "0-1,8-9\n";

fn cell(init: Init) -> Cell {
    Cell { init, driver: Driver::Amdgpu, options: true, ..NVIDIA }
}

fn list(machine: &Machine, group: &str) -> String {
    fs::read_to_string(machine.path(&format!("/sys/fs/cgroup/{group}/cpuset.cpus"))).unwrap()
}

#[test]
fn systemds_slices_are_kept_there_and_have_all_again() {
    let machine = Machine::new(cell(Init::Systemd));
    let slices = ["init.scope", "system.slice", "user.slice"];
    assert_eq!(machine.start(), 0);
    assert_eq!(slices.map(|slice| list(&machine, slice)), [KEEPS; 3], "{}", machine.log());
    assert_eq!(machine.stop(), 0);
    // The kernel has not taken the lists away, though systemd was told so of two.
    assert_eq!(slices.map(|slice| list(&machine, slice)), ["0-15\n"; 3], "{}", machine.log());
    let told = slices.map(|slice| machine.path(&format!("/state/cpus/{slice}")).exists());
    assert_eq!(told, [false, true, false]);
}

#[test]
fn elsewhere_it_is_every_group_but_libvirts() {
    for shell in ["sh", "busybox"] {
        let machine = Machine::new(Cell { shell, ..cell(Init::Openrc) });
        let group = |name: &str, cpus: &str| {
            machine.write(&format!("/sys/fs/cgroup/{name}/cgroup.type"), "domain\n", 0o644);
            machine.write(&format!("/sys/fs/cgroup/{name}/cpuset.cpus"), cpus, 0o644);
        };
        group("an odd;name $(true)", "3-4\n");
        group("inherits", "\n");
        group("ends", "0-15\n");
        assert_eq!((machine.start(), machine.start()), (0, 0), "{}", machine.log());
        for name in ["2", "an odd;name $(true)", "ends", "inherits", "openrc.sshd"] {
            assert_eq!(list(&machine, name), KEEPS, "{name}\n{}", machine.log());
        }
        assert_eq!(list(&machine, "machine"), "0-15\n", "the guest is in it");
        // Meanwhile one has ended, and one refuses; which is tried again, and keeps no other back.
        fs::remove_dir_all(machine.path("/sys/fs/cgroup/ends")).unwrap();
        fs::remove_file(machine.path("/sys/fs/cgroup/2/cpuset.cpus")).unwrap();
        fs::create_dir(machine.path("/sys/fs/cgroup/2/cpuset.cpus")).unwrap();
        assert_eq!(machine.stop(), 0, "{}", machine.log());
        for (name, cpus) in
            [("an odd;name $(true)", "3-4\n"), ("inherits", "0-15\n"), ("openrc.sshd", "0-15\n")]
        {
            assert_eq!(list(&machine, name), cpus, "{name}\n{}", machine.log());
        }
        let log = machine.log();
        assert!(log.contains("FAILED(1)") && log.contains("let the host have its CPUs"), "{log}");
        assert!(!machine.path(&format!("/run/onegpu/{GUEST}")).exists(), "{log}");
    }
}

#[test]
fn without_groups_it_is_said() {
    let machine = Machine::new(cell(Init::Runit));
    // As version 1 of the groups has them.
    machine.write("/sys/fs/cgroup/cpuset/cpuset.cpus", "0-15\n", 0o644);
    let before = machine.state();
    assert_eq!(machine.start(), 0);
    assert_eq!(list(&machine, "cpuset"), "0-15\n");
    assert!(machine.log().contains("the host stays on all CPUs"), "{}", machine.log());
    assert_eq!(machine.stop(), 0);
    assert_eq!(machine.state(), before);
    assert!(!machine.log().contains("have its CPUs"), "{}", machine.log());
}
