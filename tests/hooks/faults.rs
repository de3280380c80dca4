//! Every outside command of both scripts fails, hangs, and takes the script with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::machine::{Cell, Machine, NVIDIA};
use onegpu::profile::{Driver, Hugepages, Init};

/// Where the fault happens.
#[derive(Clone, Copy, Debug, PartialEq)]
enum In {
    Start,
    Stop,
}

/// What a command does instead. Every command of every script gets a death; which of the two
/// alternates from one to the next unless `ONEGPU_ALL_FAULTS` is set, which doubles that time.
const MODES: [&str; 4] = ["fail", "hang", "die-before", "die-after"];

/// A cell, its machine with the desktop up and with the card given away, and what both scripts call.
struct Subject {
    cell: Cell,
    fresh: Machine,
    lent: Machine,
    calls: Vec<(In, String)>,
}

impl Subject {
    fn new(cell: Cell) -> Self {
        let fresh = Machine::new(cell);
        let (lent, mut calls) = (fresh.copy(), Vec::new());
        let mut note = |script, machine: &Machine| {
            let unique: BTreeSet<String> = machine.calls().into_iter().collect();
            calls.extend(unique.into_iter().map(|call| (script, call)));
        };
        assert_eq!(lent.start(), 0, "{cell:?}\n{}", lent.log());
        note(In::Start, &lent);
        let back = lent.copy();
        assert_eq!(back.stop(), 0, "{cell:?}\n{}", back.log());
        note(In::Stop, &back);
        assert!(calls.len() > 20, "{calls:?}");
        Self { cell, fresh, lent, calls }
    }

    /// All faults there are, one after the other.
    fn faults(&self) -> impl Iterator<Item = Fault<'_>> {
        let every = std::env::var_os("ONEGPU_ALL_FAULTS").is_some();
        let all = self.calls.iter().enumerate().flat_map(move |(at, (script, call))| {
            let modes = MODES.iter().enumerate().filter(move |(mode, _)| every || *mode != 2 + at % 2);
            modes.map(move |(_, mode)| Fault { subject: self, script: *script, call, mode })
        });
        // What bounds everything else is not bounded itself; when it dies, its command does.
        all.filter(|fault| fault.mode == "fail" || !fault.call.starts_with("timeout"))
    }
}

/// What happens to one call.
struct Fault<'a> {
    subject: &'a Subject,
    script: In,
    call: &'a str,
    mode: &'static str,
}

impl Fault<'_> {
    /// The machine must come out as it went in, within its bound, and the log has the step.
    fn survive(&self) -> Result<(), String> {
        let Self { subject, script, call, mode } = self;
        let before = state(&subject.fresh);
        let machine = if *script == In::Start { subject.fresh.copy() } else { subject.lent.copy() };
        let must = |holds: bool, why: &str| match holds {
            true => Ok(()),
            false => {
                let log = machine.log();
                Err(format!("{:?} {script:?}: {mode} {call}: {why}\n{log}", subject.cell))
            }
        };
        machine.fault(mode, call);
        let since = Instant::now();
        let killed = mode.starts_with("die");
        if *script == In::Start {
            let status = machine.start();
            // What runs beside the script may kill it when it is through.
            let background = call.contains("inhibit") || *call == "logger";
            must(killed == (status == 137) || background, &format!("the status {status}"))?;
            // The script itself has taken back what it had done.
            must(status != 1 || state(&machine) == before, "half a handover")?;
            if status != 1 {
                must(machine.stop() == 0, "no return")?;
            }
        } else {
            machine
                .sh(&format!("{run}; {run}", run = machine.run_as_libvirt(&machine.stop, "release end -")));
        }
        must(!machine.path("/fault").exists(), "was never called")?;
        let after = state(&machine);
        let differs: Vec<_> = before.iter().filter(|(path, text)| after.get(*path) != Some(text)).collect();
        let new: Vec<_> = after.keys().filter(|path| !before.contains_key(*path)).collect();
        must(after == before, &format!("not as before: {differs:?}, new {new:?}"))?;
        must(since.elapsed() < Duration::from_secs(20), "too slow")?;
        let log = machine.log();
        let told =
            ["FAILED(", "TIMEOUT ", "once more, ", "no clear answer"].iter().any(|word| log.contains(word));
        must(killed || told || !is_a_step(call), "the log is silent")
    }
}

/// What takes a step of the handover or the return: the log names it when it fails. What keeps
/// the log itself, or a folder that is there already, has no step; and of two ways to take an entry
/// out of a list, either will do.
fn is_a_step(call: &str) -> bool {
    let steps = ["systemctl s", "rc-service", "sv -w", "put", "modprobe", "loginctl", "setfacl", "udevadm"];
    steps.iter().any(|step| call.starts_with(step)) && !call.contains("status") && !call.contains("1000,m")
}

/// The state, but for an empty folder in a tmpfs that a failing `rmdir` leaves.
fn state(machine: &Machine) -> BTreeMap<String, String> {
    let mut state = machine.state();
    state.remove("/run/udev/rules.d");
    state
}

/// Every init × driver, with everything that a profile can ask for.
fn cells() -> Vec<Cell> {
    let cell = |init, driver| Cell { init, driver, options: true, hugepages: Hugepages::Reserve, ..NVIDIA };
    Init::ALL.iter().flat_map(|&init| Driver::ALL.iter().map(move |&driver| cell(init, driver))).collect()
}

/// The scripts of a cell. Some drivers have the same: then only the driver's own name differs.
fn scripts(cell: Cell) -> Vec<String> {
    let files = super::machine::files(cell);
    let scripts = files.iter().filter(|file| {
        file.path.ends_with(".sh") && file.path.contains("/qemu.d/") || file.path.ends_with("/handover.sh")
    });
    let driver = format!("modprobe {}", cell.driver);
    scripts
        .map(|file| String::from_utf8(file.bytes.clone()).unwrap().replace(&driver, "modprobe DRIVER"))
        .collect()
}

/// A cell for each distinct pair of scripts, with the drivers it stands for.
fn distinct() -> Vec<(Cell, Vec<Driver>)> {
    let mut out: Vec<(Cell, Vec<Driver>, Vec<String>)> = Vec::new();
    for cell in cells() {
        let scripts = scripts(cell);
        match out.iter_mut().find(|(.., known)| *known == scripts) {
            Some((_, drivers, _)) => drivers.push(cell.driver),
            None => out.push((cell, vec![cell.driver], scripts)),
        }
    }
    out.into_iter().map(|(cell, drivers, _)| (cell, drivers)).collect()
}

#[test]
fn every_command_of_every_script_fails_hangs_and_takes_the_script_with_it() {
    let since = Instant::now();
    let cells = distinct();
    let stand_for: usize = cells.iter().map(|(_, drivers)| drivers.len()).sum();
    assert_eq!(stand_for, Init::ALL.len() * Driver::ALL.len());
    let subjects: Vec<Subject> = cells.iter().map(|(cell, _)| Subject::new(*cell)).collect();
    let faults: Vec<Fault<'_>> = subjects.iter().flat_map(Subject::faults).collect();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    // A hanging command costs time and no work.
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some(fault) = faults.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(why) = fault.survive() {
                        wrong.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), faults.len(), wrong.join("\n"));
    for (subject, (cell, drivers)) in subjects.iter().zip(&cells) {
        let drivers: Vec<&str> = drivers.iter().map(|driver| driver.word()).collect();
        let (faults, calls) = (subject.faults().count(), subject.calls.len());
        println!("{} with {}: {faults} faults in {calls} different calls", cell.init, drivers.join(", "));
        forgotten(subject);
    }
    println!("{} faults in {:?}", faults.len(), since.elapsed());
}

/// Commands of paths that a smooth handover does not take; each has its scenario in `rare`.
pub const RARE: [&str; 4] = ["chvt", "modprobe", "mv", "sleep"];

/// The check below finds a command that was left out.
#[test]
fn a_command_that_was_never_made_to_fail_is_found() {
    for name in ["udevadm", "setfacl", "systemd-inhibit", "flock"] {
        let mut subject = Subject::new(Cell { options: true, hugepages: Hugepages::Reserve, ..NVIDIA });
        forgotten(&subject);
        subject.calls.retain(|(_, call)| call.split(' ').next() != Some(name));
        let found = std::panic::catch_unwind(|| forgotten(&subject)).unwrap_err();
        let why = found.downcast_ref::<String>().cloned().unwrap_or_default();
        assert!(why.contains(name), "{name}: {why}");
    }
}

/// A command that no test ever made fail is a mistake of the tests.
fn forgotten(subject: &Subject) {
    let tried: BTreeSet<&str> = subject.calls.iter().filter_map(|(_, call)| call.split(' ').next()).collect();
    let mut seen = 0;
    for script in scripts(subject.cell) {
        // All commands but `timeout`, `flock`, `logger` and the inhibitor run as `bounded COMMAND`
        // or `ask COMMAND`.
        for after in script.split("bounded ").skip(1).chain(script.split("$(ask ").skip(1)) {
            let name = after.split([' ', '\n', ')']).next().unwrap();
            let name = name.rsplit('/').next().unwrap();
            if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') {
                continue;
            }
            let known = RARE.contains(&name) || tried.contains(name);
            assert!(known, "{:?}: {name} was never made to fail", subject.cell);
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
    let inhibit = if subject.cell.init == Init::Systemd { "systemd-inhibit" } else { "elogind-inhibit" };
    for name in ["timeout", "flock", "logger", inhibit] {
        assert!(tried.contains(name), "{name}");
    }
}
