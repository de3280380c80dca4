//! Every outside command of both scripts fails, hangs, and takes the script with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::NVIDIA;
use super::machine::{Cell, Machine};
use onegpu::profile::{Driver, Init};

fn openrc() -> Cell {
    Cell { init: Init::Openrc, driver: Driver::Amdgpu, ..NVIDIA }
}

fn runit() -> Cell {
    Cell { init: Init::Runit, driver: Driver::Nouveau, ..NVIDIA }
}

/// Where the fault happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum In {
    Start,
    Stop,
}

/// What one handover and return of a cell call, each call once.
fn calls(cell: Cell) -> Vec<(In, String)> {
    let mut out = Vec::new();
    let machine = Machine::new(cell);
    for script in [In::Start, In::Stop] {
        match script {
            In::Start => machine.start(),
            In::Stop => machine.stop(),
        };
        let unique: BTreeSet<String> = machine.calls().into_iter().collect();
        out.extend(unique.into_iter().map(|call| (script, call)));
    }
    out
}

/// The state, but for an empty folder in a tmpfs that a failing `rmdir` leaves.
fn state(machine: &Machine) -> BTreeMap<String, String> {
    let mut state = machine.state();
    state.remove("/run/udev/rules.d");
    state
}

/// One fault; the machine must come out as it went in.
fn survive(cell: Cell, script: In, call: &str, mode: &str) {
    let machine = Machine::new(cell);
    let before = state(&machine);
    let what = format!("{cell:?} {script:?}: {mode} {call}");
    if script == In::Stop {
        assert_eq!(machine.start(), 0, "{what}");
    }
    machine.fault(mode, call);
    let since = Instant::now();
    let killed = mode.starts_with("die");
    if script == In::Start {
        let status = machine.start();
        assert_eq!(killed, status == 137, "{what}: {status}");
        // The script itself has taken back what it had done.
        if status == 1 {
            assert_eq!(state(&machine), before, "{what}\n{}", machine.log());
        }
    }
    machine.stop();
    if script == In::Stop && killed {
        machine.stop();
    }
    assert!(!machine.path("/fault").exists(), "{what}: was never called");
    assert_eq!(state(&machine), before, "{what}\n{}", machine.log());
    assert!(since.elapsed() < Duration::from_secs(20), "{what}: {:?}", since.elapsed());
}

fn survive_all(cell: Cell) {
    let calls = calls(cell);
    assert!(calls.len() > 20, "{calls:?}");
    let modes = ["fail", "hang", "die-before", "die-after"];
    let faults = calls.iter().flat_map(|(script, call)| modes.map(|mode| (*script, call.as_str(), mode)));
    // What bounds everything else is not bounded itself; when it dies, its command does.
    let faults: Vec<_> =
        faults.filter(|(_, call, mode)| *mode == "fail" || !call.starts_with("timeout")).collect();
    let next = AtomicUsize::new(0);
    // A hanging command costs time and no work.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some((script, call, mode)) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    survive(cell, *script, call, mode);
                }
            });
        }
    });
    println!("{} {}: {} faults in {} different calls", cell.init, cell.driver, faults.len(), calls.len());
}

#[test]
fn systemd_with_nvidia() {
    survive_all(NVIDIA);
}

#[test]
fn openrc_with_amdgpu() {
    survive_all(openrc());
}

#[test]
fn runit_with_nouveau() {
    survive_all(runit());
}

/// Commands of paths that a smooth handover does not take; each has its scenario below.
const RARE: [&str; 3] = ["chvt", "mv", "sleep"];

/// A command that no test ever made fail is a mistake of the tests.
#[test]
fn no_command_is_forgotten() {
    for cell in [NVIDIA, openrc(), runit()] {
        let tried: Vec<String> = calls(cell).into_iter().map(|(_, call)| call).collect();
        let mut seen = 0;
        for file in super::machine::files(cell) {
            if !file.path.ends_with(".sh")
                || !file.path.contains("/qemu.d/") && !file.path.ends_with("/handover.sh")
            {
                continue;
            }
            let text = String::from_utf8(file.bytes).unwrap();
            // All commands but `timeout`, `flock` and `logger` themselves run as `bounded COMMAND`.
            for after in text.split("bounded ").skip(1) {
                let name = after.split([' ', '\n', ')']).next().unwrap();
                if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
                    continue;
                }
                let known =
                    RARE.contains(&name) || tried.iter().any(|call| call.split(' ').next() == Some(name));
                assert!(known, "{cell:?}: {}: {name} was never made to fail", file.path);
                seen += 1;
            }
        }
        assert!(seen > 15, "{seen}");
        for name in ["timeout", "flock", "logger"] {
            assert!(tried.iter().any(|call| call.starts_with(name)), "{name}");
        }
    }
}

#[test]
fn rare_commands_may_fail_and_hang_too() {
    for end in ["exit 1", "exec /tools/sleep 1000"] {
        for name in RARE {
            let machine = Machine::new(NVIDIA);
            let before = state(&machine);
            std::fs::remove_file(machine.path(&format!("/fakes/{name}"))).unwrap();
            machine.write(&format!("/fakes/{name}"), &format!("#!/tools/sh\n: >/called\n{end}\n"), 0o755);
            match name {
                "mv" => {
                    machine.write(
                        &format!("/var/log/onegpu/{}.log", super::GUEST),
                        &"x\n".repeat(200_000),
                        0o644,
                    );
                    assert_eq!((machine.start(), machine.stop()), (0, 0));
                }
                "sleep" => {
                    let (left, status) = super::start_beside(&machine, "/tools/sleep 100 3</dev/dri/card0");
                    assert_eq!((left, status), (true, 1), "without waiting nobody is ended");
                }
                _ => {
                    assert_eq!(machine.start(), 0);
                    machine.fault("always", "systemctl start display-manager.service");
                    assert_eq!(machine.stop(), 0);
                    // What a person would do then.
                    std::fs::remove_file(machine.path("/fault")).unwrap();
                    machine.sh("systemctl start display-manager.service; systemctl stop getty@tty1.service");
                }
            }
            assert!(machine.path("/called").exists(), "{name}");
            assert_eq!(state(&machine), before, "{name}: {end}\n{}", machine.log());
        }
    }
}
