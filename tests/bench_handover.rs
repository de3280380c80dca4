//! The time that the hook scripts add by themselves: every outside program does nothing at
//! once, and nobody waits. Others' scripts run on the same machine of folders.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

#[path = "hooks/machine.rs"]
#[allow(dead_code)] // the faults are for the fakes
mod machine;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use machine::{Cell, Machine, NVIDIA};
use onegpu::profile::{Hugepages, Init};

/// Runs of each pair. Processor time, and not time by the clock, which other work on the machine changes.
const RUNS: usize = 20;

/// What nobody should wait for.
const LONGEST_MS: f64 = 50.0;

/// Says what a display manager's service says: some wait for its answer.
const SYSTEMCTL: &str = "#!/tools/sh
case $1$2$3 in
	is-active*nvidia*) echo inactive; exit 3 ;;
	is-active*) read -r is </state/is; echo \"$is\"; [ \"$is\" = active ] || exit 3 ;;
	stop*) echo inactive >/state/is ;;
	start*) echo active >/state/is ;;
esac
";

/// What is measured: a name, and both scripts.
struct Pair {
    name: String,
    machine: Machine,
    start: String,
    stop: String,
}

/// `cargo xtask bench handover`. Others' scripts come from `ONEGPU_BENCH_PEERS`, as NAME/start.sh and
/// NAME/stop.sh (and kvm.conf, which some read): the repository has none of them.
#[test]
#[ignore = "needs unshare"]
fn what_a_handover_adds() {
    let mut pairs: Vec<Pair> = Init::ALL
        .iter()
        .map(|&init| own(&format!("onegpu, {init} and nvidia"), Cell { init, ..NVIDIA }))
        .collect();
    let plain = pairs.len();
    pairs.push(own(
        "onegpu, with all options",
        Cell { options: true, hugepages: Hugepages::Reserve, ..NVIDIA },
    ));
    match std::env::var_os("ONEGPU_BENCH_PEERS") {
        Some(folder) => pairs.extend(peers(Path::new(&folder))),
        None => println!("others' scripts: not had; --peers names a folder of them"),
    }
    println!("{:<34} {:>8} {:>8}", "milliseconds of the processor", "start", "stop");
    let mut slow = Vec::new();
    for (at, pair) in pairs.iter().enumerate() {
        let [start, stop] = pair.measure();
        let over = if at < plain && start.max(stop) > LONGEST_MS { "  over 50 ms" } else { "" };
        println!("{:<34} {start:>8.1} {stop:>8.1}{over}", pair.name);
        if at < plain && start.max(stop) > 2.0 * LONGEST_MS {
            slow.push(pair.name.as_str());
        }
    }
    // A machine with other work to do is up to half as slow again: that alone is no failure.
    assert!(slow.is_empty(), "twice over {LONGEST_MS} ms: {slow:?}");
}

impl Pair {
    /// What both scripts take, one after the other as libvirt calls them: the mean of all runs.
    fn measure(&self) -> [f64; 2] {
        let one = format!(
            "{{ {}; }} >/dev/null 2>&1; times; {{ {}; }} >/dev/null 2>&1; times",
            self.start, self.stop
        );
        let done = self.machine.sh(&format!("times; {}exit 0", format!("{one}; ").repeat(RUNS)));
        assert!(done.status.success(), "{}: {done:?}", self.name);
        let said = String::from_utf8(done.stdout).unwrap();
        // Of each `times` the second line is the children's.
        let spent: Vec<f64> = said.lines().skip(1).step_by(2).map(milliseconds).collect();
        assert_eq!(spent.len(), 2 * RUNS + 1, "{said}");
        let mut sums = [0.0, 0.0];
        for (at, pair) in spent.windows(2).enumerate() {
            sums[at % 2] += pair[1] - pair[0];
        }
        sums.map(|sum| sum / RUNS as f64)
    }
}

/// `0m0.010000s 0m0.020000s`, user and system.
fn milliseconds(line: &str) -> f64 {
    let seconds = |word: &str| {
        let (minutes, seconds) = word.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    line.split_whitespace().map(seconds).sum::<f64>() * 1000.0
}

fn own(name: &str, cell: Cell) -> Pair {
    let machine = quick(cell);
    let (start, stop) = (machine.start.clone(), machine.stop.clone());
    Pair { name: name.to_owned(), machine, start, stop }
}

/// Each folder of others' scripts.
fn peers(folder: &Path) -> Vec<Pair> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    names.iter().filter(|path| path.is_dir()).map(|path| peer(path)).collect()
}

fn peer(path: &Path) -> Pair {
    let machine = quick(NVIDIA);
    machine.install("bash");
    for (file, place) in [
        ("start.sh", "/peer/start.sh"),
        ("stop.sh", "/peer/stop.sh"),
        ("kvm.conf", "/etc/libvirt/hooks/kvm.conf"),
    ] {
        if file != "kvm.conf" || path.join(file).exists() {
            machine.write(place, &fs::read_to_string(path.join(file)).unwrap(), 0o755);
        }
    }
    for program in ["/bin/bash", "/usr/bin/bash"] {
        link(&machine, "/tools/bash", program);
    }
    link(&machine, "/tools/env", "/usr/bin/env");
    // What these scripts call beside what ours do.
    for program in
        ["virsh", "killall", "pkill", "lsmod", "lspci", "nvidia-xconfig", "loginctl", "rmmod", "sudo"]
    {
        link(&machine, "/tools/true", &format!("/fakes/{program}"));
    }
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    Pair { name, machine, start: "/peer/start.sh".into(), stop: "/peer/stop.sh".into() }
}

/// A machine on which what is faked does nothing, and what is real does it at once; nobody sleeps.
fn quick(cell: Cell) -> Machine {
    let machine = Machine::with(cell, |text| text);
    for entry in fs::read_dir(machine.path("/fakes")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let real = machine.path(&format!("/tools/{name}")).exists() && name != "sleep";
        if name != "fake" {
            let to = if real { format!("/tools/{name}") } else { "/tools/true".to_owned() };
            link(&machine, &to, &format!("/fakes/{name}"));
        }
    }
    machine.write("/fakes/systemctl", SYSTEMCTL, 0o755);
    machine.write("/state/is", "active\n", 0o644);
    // Who keeps the host awake does so in the background: that it holds is said at once.
    machine.write("/fakes/systemd-inhibit", "#!/tools/sh\n: >\"$9-held\"\n", 0o755);
    machine
}

fn link(machine: &Machine, to: &str, at: &str) {
    let at = machine.path(at);
    let _ = fs::remove_file(&at);
    fs::create_dir_all(at.parent().unwrap()).unwrap();
    symlink(to, &at).unwrap();
}
