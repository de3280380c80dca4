//! The handover and the return, on a machine of folders and fakes: whatever happens, the
//! machine is afterwards what it was before.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

mod accidents;
mod cpus;
mod dispatcher;
mod faults;
mod logs;
mod machine;
mod orphan;
mod processes;
mod rare;
mod scarce;

use std::fs;
use std::path::Path;

use machine::{Cell, GUEST, Machine, NVIDIA};
use onegpu::profile::{Driver, Hugepages, Init};

fn cells() -> impl Iterator<Item = Cell> {
    Init::ALL.iter().flat_map(|&init| {
        Driver::ALL.iter().flat_map(move |&driver| {
            [true, false].map(|desktop| Cell { init, driver, desktop, pipewire: desktop, ..NVIDIA })
        })
    })
}

#[test]
fn every_cell_goes_there_and_back() {
    for cell in cells() {
        let machine = Machine::new(cell);
        let before = machine.state();
        assert_eq!(machine.start(), 0, "{cell:?}\n{}", machine.log());
        let there = machine.state();
        assert!(there.contains_key(&format!("/run/onegpu/{GUEST}/card")), "{cell:?}: the guest has the card");
        assert!(!there.keys().any(|path| path.starts_with("/state/s") && path.ends_with("sddm")), "{cell:?}");
        assert_eq!(there["/sys/class/vtconsole/vtcon1/bind"], "0\n", "{cell:?}");
        assert!(!there.contains_key("/sys/module/nvidia"), "{cell:?}");
        assert_eq!(machine.stop(), 0, "{cell:?}");
        assert_eq!(machine.state(), before, "{cell:?}\n{}", machine.log());
        assert!(!machine.log().contains("FAILED"), "{cell:?}\n{}", machine.log());
    }
}

/// The calls of some cells, in order. `ONEGPU_BLESS=1` writes them anew.
#[test]
fn steps_come_in_the_order_of_the_expected_files() {
    for (name, cell) in [
        ("systemd-nvidia", NVIDIA),
        ("openrc-amdgpu", Cell { init: Init::Openrc, driver: Driver::Amdgpu, ..NVIDIA }),
        ("runit-nouveau", Cell { init: Init::Runit, driver: Driver::Nouveau, ..NVIDIA }),
        ("systemd-i915-console", Cell { driver: Driver::I915, desktop: false, ..NVIDIA }),
        ("systemd-nvidia-options", Cell { options: true, hugepages: Hugepages::Reserve, ..NVIDIA }),
    ] {
        let machine = Machine::new(cell);
        let mut found = String::new();
        let put = r#"sh -c bad=0; while [ $# -gt 0 ]; do printf "%s\n" "$1" >"$2" || bad=1; shift 2; done; exit $bad sh"#;
        let housekeeping = ["timeout", "logger", "date", "mkdir", "rmdir", "flock", "find /var"];
        for script in ["start", "stop"] {
            let status = if script == "start" { machine.start() } else { machine.stop() };
            found.push_str(&format!("# {script}: {status}\n"));
            // Who keeps the host awake does so beside the script, and may be called sooner or later.
            let (beside, calls): (Vec<_>, Vec<_>) =
                machine.calls().into_iter().partition(|call| call.contains("-inhibit "));
            for call in calls.into_iter().chain(beside) {
                if !housekeeping.iter().any(|word| call.starts_with(word)) {
                    found.push_str(&call.replace(put, "put"));
                    found.push('\n');
                }
            }
        }
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/hooks/{name}.expected"));
        if std::env::var_os("ONEGPU_BLESS").is_some() {
            fs::write(&path, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&path).unwrap_or_default(), "{}", path.display());
    }
}

#[test]
fn scripts_may_run_twice_and_in_any_order() {
    let machine = Machine::new(NVIDIA);
    let before = machine.state();
    assert_eq!(machine.stop(), 0);
    assert_eq!(machine.state(), before, "a return without a handover does nothing");
    assert!(!machine.calls().iter().any(|call| call.starts_with("systemctl")), "nothing at all");
    assert_eq!((machine.start(), machine.start()), (0, 0));
    assert_eq!(machine.stop(), 0);
    assert_eq!(machine.state(), before, "two handovers are one");
    machine.calls();
    assert_eq!(machine.stop(), 0);
    assert!(machine.calls().is_empty(), "the second return finds nothing to do");
}

/// Runs a start while `holder` runs in the background; whether it still ran afterwards, and the status.
fn start_beside(machine: &Machine, holder: &str) -> (bool, i32) {
    let text = format!(
        "{holder} & holder=$!; /tools/sleep 0.1; {} </dev/null; status=$?; kill -0 $holder 2>/dev/null && status=1$status; exit $status",
        machine.start
    );
    let status = machine.sh(&text).status.code().unwrap();
    (status >= 10, status % 10)
}

#[test]
fn who_holds_the_card_is_asked_and_then_killed() {
    for holder in [
        "/tools/sleep 100 3</dev/dri/renderD128",
        "/tools/sh -c 'trap : TERM; while :; do /tools/sleep 1; done' 3</dev/nvidia0",
    ] {
        let machine = Machine::new(NVIDIA);
        assert_eq!(start_beside(&machine, holder), (false, 0), "{holder}\n{}", machine.log());
        let killed = machine.log().contains("SIGKILL");
        assert_eq!(killed, holder.contains("trap"), "{}", machine.log());
    }
}

#[test]
fn who_will_not_leave_keeps_the_card() {
    let machine = Machine::new(NVIDIA);
    let before = machine.state();
    fs::copy(machine.path("/tools/sleep"), machine.path("/tools/qemu-system-x86")).unwrap();
    assert_eq!(start_beside(&machine, "/tools/qemu-system-x86 100 3</dev/dri/card0"), (true, 1));
    assert_eq!(machine.state(), before, "{}", machine.log());
    assert!(machine.log().contains("held by qemu-system-x86"), "{}", machine.log());
    assert!(machine.log().contains("giving up: somebody holds it"), "{}", machine.log());
}

#[test]
fn what_libvirt_could_not_attach_is_attached() {
    let machine = Machine::new(Cell { driver: Driver::Amdgpu, ..NVIDIA });
    assert_eq!(machine.start(), 0);
    machine.sh("/tools/rm -r /sys/bus/pci/devices/0000:0b:00.0/driver; /tools/mkdir -p /sys/bus/pci/drivers/vfio-pci/0000:0b:00.1");
    machine.stop();
    let told = |path: &str| fs::read_to_string(machine.path(path)).unwrap();
    assert_eq!(told("/sys/bus/pci/drivers_probe"), "0000:0b:00.0\n");
    assert_eq!(told("/sys/bus/pci/drivers/vfio-pci/unbind"), "0000:0b:00.1\n");
    assert!(machine.log().contains("FAILED(1)"), "no driver came: {}", machine.log());
}

/// Libvirt waits for the end of everything that has its pipes; the lock would never be free.
#[test]
fn a_daemon_that_is_started_has_nothing_of_ours_open() {
    let machine = Machine::new(Cell { init: Init::Openrc, ..NVIDIA });
    machine.write("/daemon", "", 0o644);
    assert_eq!(machine.start(), 0);
    let list = "/tools/find /proc/$pid/fd -printf '%f %l\n'";
    let own = machine.sh(&format!("pid=$$; {list}"));
    let of_daemon = machine.sh(&format!("{}; read -r pid </daemon; {list}", machine.stop));
    // Whoever runs the tests may have left descriptors open in everybody.
    let inherited = String::from_utf8(own.stdout).unwrap();
    let open = String::from_utf8(of_daemon.stdout).unwrap();
    let open: Vec<&str> =
        open.lines().filter(|line| !inherited.lines().skip(4).any(|own| own == *line)).collect();
    assert_eq!(open[1..], ["0 /dev/null", "1 /dev/null", "2 /dev/null"], "{}", machine.log());
}

#[test]
fn the_log_does_not_grow_for_ever() {
    let machine = Machine::new(NVIDIA);
    let log = format!("/var/log/onegpu/{GUEST}.log");
    machine.write(&log, &"x\n".repeat(200_000), 0o644);
    assert_eq!(machine.start(), 0);
    assert!(machine.log().starts_with("x\n"), "a handover waits for nothing that can wait");
    assert_eq!(machine.stop(), 0);
    assert!(machine.log().starts_with("+0.0s == stop 20"), "{}", machine.log());
    let older = fs::read_to_string(machine.path(&format!("{log}.1"))).unwrap();
    assert!(older.starts_with("x\n") && older.trim_end().ends_with("the card is free"));
    let root = onegpu::machine::root::Root::open(&machine.path("/")).unwrap();
    let report = onegpu::log::Logs::new(&root).unwrap().report(GUEST, None).unwrap();
    assert!(
        report.verdict.starts_with("The handover went well. The return went well."),
        "{}",
        report.verdict
    );
}
