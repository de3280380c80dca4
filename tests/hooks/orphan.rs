//! Libvirt dies in the middle of a handover: nobody will start the guest, and so nobody end it.

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
