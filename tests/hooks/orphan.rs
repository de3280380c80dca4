//! Libvirt dies in the middle of a handover: nobody will start the guest, and so nobody end it.

use std::fs;

use onegpu::profile::{Driver, Init};

use crate::machine::{Cell, GUEST, Machine, NVIDIA};

#[test]
fn a_handover_whose_libvirt_died_is_taken_back() {
    for shell in ["sh", "busybox"] {
        let cell = Cell { init: Init::Systemd, driver: Driver::Radeon, pipewire: false, shell, ..NVIDIA };
        let machine = Machine::new(cell);
        let before = machine.state();
        // PID 1 holds the card for so long that the daemon has time to die. Nobody reads the script's
        // standard error then: who writes there gets SIGPIPE.
        let daemon = format!(
            "{} {GUEST} prepare begin - 5<&- & until [ -e /run/onegpu/{GUEST}/display ]; do /tools/sleep 0.02; done",
            machine.start
        );
        machine.sh(&format!(
            "exec 5</dev/dri/card0; /tools/sh -c '{daemon}' 5<&- 2>&1 | :; exec 5<&-; \
             n=0; while [ -e /run/onegpu/{GUEST} ] && [ $n -lt 200 ]; do n=$((n + 1)); /tools/sleep 0.05; done"
        ));
        assert!(machine.log().contains("giving up: libvirt is gone"), "{}", machine.log());
        assert_eq!(machine.state(), before, "{}", machine.log());
    }
}

/// Calls start.sh as libvirt does, and what happens meanwhile and afterwards as shell text; the
/// machine with its log, and whether the guest still has the card.
fn after(shell: &'static str, start: &str, afterwards: &str) -> (Machine, bool) {
    let machine = Machine::new(Cell { driver: Driver::Radeon, pipewire: false, shell, ..NVIDIA });
    fs::copy(machine.path("/tools/sh"), machine.path("/tools/libvirtd")).unwrap();
    fs::create_dir_all(machine.path("/run/libvirt/qemu")).unwrap();
    let daemon = format!("/tools/libvirtd -c '{start}' & daemon=$!");
    // Libvirt waits until nobody has its pipe any more.
    let daemon = daemon.replace("START", &format!("said=$({} {GUEST} prepare begin - 2>&1)", machine.start));
    let done =
        machine.sh(&format!("{daemon}; {}", afterwards.replace("RECORD", &format!("/run/onegpu/{GUEST}"))));
    assert!(done.status.success(), "{done:?}\n{}", machine.log());
    let lent = machine.path(&format!("/run/onegpu/{GUEST}/card")).exists();
    (machine, lent)
}

/// Waits until the record is gone, for at most ten seconds.
const GONE: &str = "n=0; while [ -e RECORD ] && [ $n -lt 100 ]; do n=$((n + 1)); /tools/sleep 0.1; done";

#[test]
fn libvirt_dies_after_the_handover_and_before_its_guest_runs() {
    for shell in ["sh", "busybox"] {
        for signal in ["KILL", "TERM"] {
            let then = format!(
                "until [ -e /handed ]; do /tools/sleep 0.02; done; kill -{signal} $daemon; wait $daemon; {GONE}"
            );
            let (machine, lent) =
                after(shell, "START; : >/handed; while :; do /tools/sleep 0.1; done", &then);
            let log = machine.log();
            assert!(!lent && log.contains("libvirt is gone, and no guest runs"), "{signal}\n{log}");
            let fresh = Machine::new(Cell { driver: Driver::Radeon, pipewire: false, shell, ..NVIDIA });
            assert_eq!(machine.state(), fresh.state(), "{signal}\n{log}");
        }
    }
}

/// As long as libvirt lives, it may take its time; and with a guest that runs, the rest is its own.
#[test]
fn a_slow_libvirt_keeps_the_card_and_so_does_a_guest_that_runs() {
    let slow = "START; /tools/sleep 3; : >/run/libvirt/qemu/a+b.c_d-e.xml; : >/runs; /tools/sleep 2";
    let dead = "until [ -e /runs ]; do /tools/sleep 0.1; done; /tools/sleep 4; ! [ -d /proc/$daemon ]";
    let (machine, lent) = after("sh", slow, dead);
    assert!(lent && !machine.log().contains("== stop"), "{}", machine.log());
}

/// Libvirt is there again, and has begun with the guest anew before anybody looked.
#[test]
fn what_the_next_libvirt_has_begun_is_not_taken_back() {
    let then = format!(
        "until [ -e /handed ]; do /tools/sleep 0.02; done; kill -KILL $daemon; wait $daemon; \
         /tools/libvirtd -c '/etc/libvirt/hooks/qemu.d/{GUEST}/prepare/begin/start.sh; : >/again; /tools/sleep 5' & \
         until [ -e /again ]; do /tools/sleep 0.02; done; /tools/sleep 3"
    );
    let (machine, lent) = after("sh", "START; : >/handed; while :; do /tools/sleep 0.1; done", &then);
    assert!(lent && !machine.log().contains("== stop"), "{}", machine.log());
    assert_eq!(machine.log().matches("the card is free").count(), 2);
}
