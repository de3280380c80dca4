//! Killed and started again, power loss, both at once, somebody else who calls the scripts too.

use std::fs;

use super::machine::{Cell, GUEST, Machine, NVIDIA};
use onegpu::profile::{Driver, Hugepages, Init};

/// Everything that a profile can ask for.
const ALL: Cell = Cell { options: true, hugepages: Hugepages::Reserve, ..NVIDIA };

fn record() -> String {
    format!("/run/onegpu/{GUEST}")
}

/// Each distinct call of a handover, and what the machine is when the script is killed at it.
fn killed_at_every_step() -> (Machine, Vec<(String, Machine)>) {
    let fresh = Machine::new(ALL);
    let smooth = fresh.copy();
    smooth.start();
    let mut calls = smooth.calls();
    let mut seen = std::collections::BTreeSet::new();
    calls.retain(|call| {
        !call.starts_with("timeout") && !call.contains("inhibit") && seen.insert(call.clone())
    });
    assert!(calls.len() > 25, "{calls:?}");
    let killed = |call: String| {
        let machine = fresh.copy();
        machine.fault("die-after", &call);
        assert_eq!(machine.start(), 137, "{call}");
        (call, machine)
    };
    let machines = calls.into_iter().map(killed).collect();
    (fresh, machines)
}

#[test]
fn killed_at_any_step_it_starts_again_and_is_one_handover() {
    let (fresh, killed) = killed_at_every_step();
    for (call, machine) in killed {
        assert_eq!((machine.start(), machine.stop()), (0, 0), "{call}\n{}", machine.log());
        assert_eq!(machine.state(), fresh.state(), "{call}\n{}", machine.log());
    }
}

/// The power goes away at any step. The next boot finds the hardware as it always is, and the
/// record, where /run outlives a boot.
#[test]
fn after_a_power_loss_the_record_of_the_last_boot_is_nobodys() {
    let (fresh, killed) = killed_at_every_step();
    for (call, killed) in killed {
        let mut machines = Vec::new();
        for way in ["stop", "start and stop"] {
            let machine = fresh.copy();
            fs::create_dir_all(machine.path(&record())).unwrap();
            for entry in fs::read_dir(killed.path(&record())).into_iter().flatten().flatten() {
                fs::copy(entry.path(), machine.path(&record()).join(entry.file_name())).unwrap();
            }
            if machine.path(&format!("{}/boot", record())).exists() {
                machine.write(&format!("{}/boot", record()), "another-boot\n", 0o600);
            }
            machines.push((way, machine));
        }
        for (way, machine) in machines {
            if way != "stop" {
                assert_eq!(machine.start(), 0, "{call}\n{}", machine.log());
            }
            assert_eq!(machine.stop(), 0);
            assert_eq!(machine.state(), fresh.state(), "{call}, {way}\n{}", machine.log());
        }
    }
    // Where /run is empty after a boot, nobody can tell it from a first handover.
    // What the record said is not done: the desktop that was stopped before the boot is not stopped now.
    let machine = fresh.copy();
    assert_eq!(machine.start(), 0);
    machine.write(&format!("{}/boot", record()), "another-boot\n", 0o600);
    machine.calls();
    assert_eq!(machine.stop(), 0);
    let calls = machine.calls();
    assert!(!calls.iter().any(|call| call.starts_with("systemctl")), "{calls:?}");
    assert!(!machine.path(&record()).exists());
}

/// What a handover did on the disk outlives a boot, and libvirt's start takes it back.
#[test]
fn after_a_power_loss_with_an_empty_run_the_way_through_libvirts_folder_is_shut() {
    let start_of_libvirt = "/etc/libvirt/hooks/daemon.d/50-onegpu - start - start </dev/null";
    for (shell, first) in [("sh", 0), ("sh", 1), ("busybox", 0)] {
        let machine = Machine::new(Cell { shell, ..NVIDIA });
        let mark = machine.path("/var/lib/onegpu/let-through");
        assert_eq!(machine.start(), 0);
        assert!(mark.exists());
        // Libvirt starts again while the guest has the card: nothing of it is shut.
        machine.calls();
        assert!(machine.sh(start_of_libvirt).status.success());
        assert!(machine.calls().is_empty() && mark.exists());
        fs::remove_dir_all(machine.path("/run/onegpu")).unwrap();
        if first == 1 {
            machine.fault("fail", "setfacl -x u:1000,m /var/lib/libvirt/qemu");
        }
        let done = machine.sh(start_of_libvirt);
        assert!(done.status.success() && done.stdout.is_empty() && done.stderr.is_empty(), "{done:?}");
        let calls: Vec<String> =
            machine.calls().into_iter().filter(|call| call.starts_with("setfacl")).collect();
        let ways = ["setfacl -x u:1000,m /var/lib/libvirt/qemu", "setfacl -x u:1000 /var/lib/libvirt/qemu"];
        assert_eq!(calls, ways[..=first]);
        assert!(!mark.exists());
        assert!(machine.sh(start_of_libvirt).status.success());
        assert!(!machine.calls().iter().any(|call| call.starts_with("setfacl")), "once");
    }
    // The handover that was cut off before it got that far, and one that is taken back.
    let machine = Machine::new(NVIDIA);
    let before = machine.state();
    machine.fault("always", "systemctl stop display-manager.service");
    assert_eq!(machine.start(), 1);
    let mut after = machine.state();
    after.remove("/run/udev/rules.d");
    assert_eq!(after, before);
    // Without such a guest libvirt's start is nobody's.
    let files = super::machine::files(Cell { pipewire: false, ..NVIDIA });
    assert!(!files.iter().any(|file| file.path.contains("daemon.d")));
}

/// A main hook that runs every executable of qemu.d/GUEST/OPERATION/SUBOPERATION/, as several
/// guides and tools have it, beside onegpu's own. Libvirt calls both, and both call the scripts.
#[test]
fn a_foreign_dispatcher_may_call_the_scripts_too() {
    for cell in [ALL, Cell { init: Init::Openrc, driver: Driver::Amdgpu, ..ALL }] {
        let machine = Machine::new(cell);
        machine.write(
            "/etc/libvirt/hooks/qemu",
            "#!/bin/sh\nstatus=0\nfor hook in /etc/libvirt/hooks/qemu.d/\"$1/$2/$3\"/*; do\n\
             \t[ ! -x \"$hook\" ] || \"$hook\" \"$@\" || status=$?\ndone\nexit $status\n",
            0o755,
        );
        let before = machine.state();
        // Libvirt calls every one, whatever another returned, and takes the worst (facts D.3).
        let libvirt = |operation: &str| {
            let text = format!(
                "worst=0; for hook in /etc/libvirt/hooks/qemu /etc/libvirt/hooks/qemu.d/50-onegpu; do \
                 $hook {GUEST} {operation} </dev/null || worst=1; done; exit $worst"
            );
            machine.sh(&text).status.code().unwrap()
        };
        assert_eq!(libvirt("prepare begin -"), 0, "{}", machine.log());
        assert!(machine.path(&record()).join("card").exists());
        for operation in ["start begin -", "started begin -", "reconnect begin -", "stopped end -"] {
            assert_eq!(libvirt(operation), 0, "{operation}");
        }
        assert_eq!(libvirt("release end shutdown"), 0);
        assert_eq!(machine.state(), before, "{}", machine.log());
        // A handover that fails, and is tried again by the other of the two.
        for (mode, status) in [("fail", 1), ("always", 1)] {
            let stop = if cell.init == Init::Systemd {
                "systemctl stop display-manager.service"
            } else {
                "rc-service sddm stop"
            };
            machine.fault(mode, stop);
            assert_eq!(libvirt("prepare begin -"), status);
            let _ = fs::remove_file(machine.path("/fault"));
            assert_eq!(libvirt("stopped end failed"), 0);
            assert_eq!(libvirt("release end failed"), 0);
            let mut after = machine.state();
            after.remove("/run/udev/rules.d");
            assert_eq!(after, before, "{mode}\n{}", machine.log());
        }
    }
}

#[test]
fn both_at_once_leave_the_card_there_or_back_and_never_between() {
    for order in ["START & STOP & wait", "STOP & START & wait", "START & STOP & START & STOP & wait"] {
        for cell in [ALL, Cell { init: Init::Runit, driver: Driver::Xe, ..ALL }] {
            let machine = Machine::new(cell);
            let before = machine.state();
            machine.sh(&order.replace("START", &machine.start).replace("STOP", &machine.stop));
            if machine.state() != before {
                let log = machine.log();
                assert!(log.trim_end().ends_with("the card is free"), "{order}: half a handover\n{log}");
                assert_eq!(machine.stop(), 0);
            }
            assert_eq!(machine.state(), before, "{order}\n{}", machine.log());
        }
    }
}

/// Who keeps the host awake does so from the handover to the return, once, and holds nothing of libvirt's.
#[test]
fn the_host_is_kept_awake_as_long_as_the_record_is_there() {
    for mode in ["", "start twice", "fails"] {
        let machine = Machine::new(Cell { init: Init::Systemd, ..ALL });
        let inhibit = match mode {
            "fails" => "exit 1",
            _ => r#"echo $$ >>/awake; export PATH=/tools; shift 4; "$@"; echo ended >>/awake"#,
        };
        machine.write("/fakes/systemd-inhibit", &format!("#!/tools/sh\n{inhibit}\n"), 0o755);
        let again = if mode == "start twice" { machine.start.as_str() } else { ":" };
        let text = format!(
            "{} && {again} && read -r pid </awake && /tools/find /proc/$pid/fd -printf '%f %l\\n' >/open; \
             /tools/find /proc/$$/fd -printf '%f %l\\n' >/own; {}; /tools/sleep 3",
            machine.start, machine.stop
        );
        machine.sh(&text);
        let log = machine.log();
        if mode == "fails" {
            assert!(log.contains("FAILED(1)") && log.contains("see that the host is kept awake"), "{log}");
            assert!(log.contains("the card is free"), "the guest can do without\n{log}");
            continue;
        }
        let awake = fs::read_to_string(machine.path("/awake")).unwrap();
        assert_eq!(awake.lines().count(), 2, "{mode}: one, and it has ended: {awake}\n{log}");
        assert!(awake.ends_with("ended\n"), "{awake}");
        // Whoever runs the tests may have left descriptors open in everybody: none of the first three.
        let read = |path: &str| fs::read_to_string(machine.path(path)).unwrap();
        let (open, own) = (read("/open"), read("/own"));
        let inherited: Vec<&str> =
            own.lines().filter(|line| !["0 ", "1 ", "2 "].contains(&&line[..2])).collect();
        let open: Vec<&str> = open.lines().filter(|line| !inherited.contains(line)).collect();
        assert_eq!(open[..3], ["0 /dev/null", "1 /dev/null", "2 /dev/null"], "{open:?}");
        let own = |line: &&str| line.ends_with("/fakes/systemd-inhibit") || line.ends_with(" /dev/null");
        assert!(open[3..].iter().all(own), "{open:?}");
        assert!(!log.contains("FAILED"), "{log}");
    }
}

#[test]
fn the_users_own_lines_run_once_each_way_and_may_do_what_they_like() {
    for own in ["exit 0", "exit 7", "exec /tools/sleep 1000", "/tools/sleep 1000 & exit 0"] {
        let machine = Machine::new(ALL);
        let before = machine.state();
        if own.starts_with("exec") {
            machine.write("/hangs", "", 0o644);
        }
        for name in ["before-handover", "after-return"] {
            let text = format!("#!/tools/sh\necho \"${{0##*/}} $*\" >>/ran\necho told\n{own}\n");
            machine.write(&format!("/etc/onegpu/guests/{GUEST}/{name}"), &text, 0o755);
        }
        assert_eq!((machine.start(), machine.stop()), (0, 0), "{own}\n{}", machine.log());
        let ran = fs::read_to_string(machine.path("/ran")).unwrap();
        assert_eq!(ran, format!("before-handover {GUEST}\nafter-return {GUEST}\n"));
        let log = machine.log();
        let word = match own {
            "exit 7" => "FAILED(7)",
            "exec /tools/sleep 1000" => "TIMEOUT",
            _ => "ok",
        };
        let line = log.lines().find(|line| line.ends_with("run before-handover")).unwrap();
        assert!(line.contains(word) && log.contains("told"), "{log}");
        assert_eq!(machine.state(), before, "{own}\n{log}");
    }
    // Without them, nothing.
    let machine = Machine::new(ALL);
    fs::remove_dir_all(machine.path("/etc/onegpu")).unwrap();
    assert_eq!((machine.start(), machine.stop()), (0, 0));
    assert!(!machine.log().contains("FAILED"), "{}", machine.log());
}
