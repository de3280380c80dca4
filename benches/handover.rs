//! What the hook scripts add to a handover by themselves: every outside program does nothing at
//! once, and nobody waits. Others' scripts run on the same machine of folders.
//!
//! `cargo xtask bench handover --peers DIR` runs it and makes rows of its lines: what was run, start or
//! stop, its processes, how many of them are outside programs, and the milliseconds of each round. What
//! the outside programs take to do nothing is taken off: as much as so many `true` beside them. What a
//! script is allowed is not held here but counted in tests/hooks/processes.rs, for a time depends on
//! what else the machine does.

#![allow(clippy::unwrap_used, missing_docs, reason = "a measurement that goes wrong ends by a panic")]

#[path = "../tests/hooks/machine.rs"]
#[allow(dead_code)] // the faults are for the fakes
mod machine;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use machine::{Cell, Machine, NVIDIA};
use onegpu::profile::{Hugepages, Init};

/// Rounds, in each of which every pair runs so often. Processor time, and not time by the clock,
/// which other work on the machine changes; of several runs together, for a shell counts it in hundredths of a second.
const ROUNDS: usize = 9;
const RUNS: usize = 10;
/// Processes that do nothing, after each pair, to know what one takes.
const IDLE: usize = 25;

/// Says what a display manager's service says: some wait for its answer.
const SYSTEMCTL: &str = "#!/tools/sh
case $1$2$3 in
	is-active*nvidia*) echo inactive; exit 3 ;;
	is-active*) read -r is </state/is; echo \"$is\"; [ \"$is\" = active ] || exit 3 ;;
	stop*) echo inactive >/state/is ;;
	start*) echo active >/state/is ;;
	show*) printf 'AllowedCPUs=\\n\\nAllowedCPUs=\\n\\nAllowedCPUs=\\n' ;;
esac
";

/// Says what `sv` says of a service that does not run, or does.
const SV: &str = "#!/tools/sh
case $1$2 in
	statusnvidia*) echo \"down: $2: 1s\" ;;
	status*) echo \"run: $2: (pid 1) 5s\" ;;
esac
";

/// Tells by its status whether a service runs.
const RC_SERVICE: &str = "#!/tools/sh
case $1$2 in nvidia*status) exit 3 ;; esac
";

/// What of a README is a script: the block of code that starts with `#!` and has this line.
struct Block(&'static str);

/// Somebody else's pair of scripts, in a checkout of its repository.
struct Peer {
    repository: &'static str,
    /// Paths in the checkout; or of the README both blocks.
    scripts: Result<[&'static str; 2], [Block; 2]>,
}

/// The guide, whose scripts stand in its README, and two tools of which people say what goes wrong with them.
const PEERS: [Peer; 3] = [
    Peer {
        repository: "QaidVoid/Complete-Single-GPU-Passthrough",
        scripts: Err([Block("systemctl stop display-manager"), Block("systemctl start display-manager")]),
    },
    Peer {
        repository: "ilayna/Single-GPU-passthrough-amd-nvidia",
        scripts: Ok(["hooks/vfio-startup.sh", "hooks/vfio-teardown.sh"]),
    },
    Peer {
        repository: "joeknock90/Single-GPU-Passthrough",
        scripts: Ok(["example-start.sh", "example-revert.sh"]),
    },
];

/// What is measured: a name, both scripts, and what each round found.
struct Pair {
    name: String,
    machine: Machine,
    start: String,
    stop: String,
    /// How many outside programs each calls; `timeout` is the script's own.
    outside: [usize; 2],
    rounds: Vec<[Spent; 2]>,
}

/// Milliseconds of the processor, and processes.
#[derive(Clone, Copy, Default)]
struct Spent {
    ms: f64,
    processes: u64,
}

/// Others' scripts come from `ONEGPU_BENCH_PEERS`, a folder of checkouts by the repositories' names: this
/// repository has none of them.
fn main() {
    let mut pairs: Vec<Pair> = Init::ALL
        .iter()
        .map(|&init| own(&format!("onegpu, {init} and nvidia"), Cell { init, ..NVIDIA }))
        .collect();
    pairs.push(own(
        "onegpu, with all options",
        Cell { options: true, hugepages: Hugepages::Reserve, ..NVIDIA },
    ));
    let folder = std::env::var_os("ONEGPU_BENCH_PEERS");
    for peer in &PEERS {
        match folder.as_deref().and_then(|folder| peer.scripts(Path::new(folder))) {
            Some(scripts) => pairs.push(other(peer.repository, &scripts)),
            None => println!("missing\t{}", peer.repository),
        }
    }
    for _ in 0..ROUNDS {
        pairs.iter_mut().for_each(Pair::measure);
    }
    for pair in &pairs {
        for (at, script) in ["start", "stop"].into_iter().enumerate() {
            let rounds: Vec<String> =
                pair.rounds.iter().map(|round| format!("{:.2}", round[at].ms)).collect();
            let (processes, outside) = (pair.rounds[0][at].processes, pair.outside[at]);
            println!("{}\t{script}\t{processes}\t{outside}\t{}", pair.name, rounds.join(" "));
        }
    }
}

impl Pair {
    fn new(name: &str, machine: Machine, [start, stop]: [String; 2]) -> Self {
        // Each by a name that is noted and then called.
        for entry in fs::read_dir(machine.path("/fakes")).unwrap() {
            let name = entry.unwrap().file_name().to_string_lossy().into_owned();
            let text = format!("#!/tools/sh\necho {name} >>/calls\nexec /fakes/{name} \"$@\"\n");
            machine.write(&format!("/counting/{name}"), &text, 0o755);
        }
        let outside = [&start, &stop].map(|script| {
            machine.calls();
            let done = machine.sh(&format!("PATH=/counting:$PATH; {{ {script}; }} >/dev/null 2>&1; exit 0"));
            assert!(done.status.success(), "{name}: {done:?}");
            machine.calls().iter().filter(|name| *name != "timeout").count()
        });
        Self { name: name.to_owned(), machine, start, stop, outside, rounds: Vec::new() }
    }

    /// What both scripts take, one after the other as libvirt calls them: the mean of some runs.
    fn measure(&mut self) {
        // In a namespace of their own, processes are numbered one after the other.
        let count = "times; /tools/sh -c 'echo $$'";
        let idle = format!("for i in {}; do /tools/true; done", "x ".repeat(IDLE));
        let one = format!(
            "{{ {}; }} >/dev/null 2>&1; {count}; {{ {}; }} >/dev/null 2>&1; {count}; {idle}; {count}",
            self.start, self.stop
        );
        let done = self.machine.sh(&format!("{count}; {}exit 0", format!("{one}; ").repeat(RUNS)));
        assert!(done.status.success(), "{}: {done:?}", self.name);
        let said = String::from_utf8(done.stdout).unwrap();
        let lines: Vec<&str> = said.lines().collect();
        // Of each `times` the second line is the children's.
        let marks: Vec<(f64, u64)> =
            lines.chunks(3).map(|three| (milliseconds(three[1]), three[2].parse().unwrap())).collect();
        assert_eq!(marks.len(), 3 * RUNS + 1, "{said}");
        let mut spent = [Spent::default(); 3];
        for (at, two) in marks.windows(2).enumerate() {
            spent[at % 3].ms += (two[1].0 - two[0].0) / RUNS as f64;
            // But for the script itself and the one that says its number. The last run counts: the
            // first makes folders that stay.
            spent[at % 3].processes = two[1].1 - two[0].1 - 2;
        }
        let [start, stop, idle] = spent;
        let own = |spent: Spent, outside: usize| Spent {
            ms: spent.ms - idle.ms * outside as f64 / IDLE as f64,
            ..spent
        };
        self.rounds.push([own(start, self.outside[0]), own(stop, self.outside[1])]);
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
    let scripts = [machine.start.clone(), machine.stop.clone()];
    Pair::new(name, machine, scripts)
}

impl Peer {
    /// Both scripts; none where there is no checkout.
    fn scripts(&self, folder: &Path) -> Option<[String; 2]> {
        let (_, name) = self.repository.split_once('/')?;
        let checkout = folder.join(name);
        checkout.is_dir().then(|| match &self.scripts {
            Ok(paths) => paths.map(|path| fs::read_to_string(checkout.join(path)).unwrap()),
            Err(blocks) => {
                let readme = fs::read_to_string(checkout.join("README.md")).unwrap();
                [0, 1].map(|at| blocks[at].of(&readme))
            }
        })
    }
}

impl Block {
    fn of(&self, readme: &str) -> String {
        // What stands between two fences is every other part.
        let mut blocks = readme.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
        let found = blocks.find(|(_, text)| {
            text.trim_start().starts_with("#!") && text.lines().any(|line| line.trim() == self.0)
        });
        found.unwrap_or_else(|| panic!("no script in the README has {}", self.0)).1.trim_start().to_owned()
    }
}

fn other(repository: &str, [start, stop]: &[String; 2]) -> Pair {
    let machine = quick(NVIDIA);
    machine.install("bash");
    machine.write("/peer/start.sh", start, 0o755);
    machine.write("/peer/stop.sh", stop, 0o755);
    for program in ["/bin/bash", "/usr/bin/bash"] {
        link(&machine, "/tools/bash", program);
    }
    link(&machine, "/tools/env", "/usr/bin/env");
    // What these scripts call beside what ours do.
    for program in
        ["virsh", "killall", "pkill", "pgrep", "lsmod", "nvidia-xconfig", "loginctl", "rmmod", "sudo"]
    {
        link(&machine, "/tools/true", &format!("/fakes/{program}"));
    }
    for program in ["grep", "awk", "cat", "sed"] {
        machine.install(program);
        link(&machine, &format!("/tools/{program}"), &format!("/fakes/{program}"));
    }
    // What they look at to see what machine it is.
    machine.write("/fakes/lspci", "#!/tools/sh\necho '01:00.0 VGA compatible controller: NVIDIA'\n", 0o755);
    machine.write("/etc/systemd/system/display-manager.service", "ExecStart=/usr/bin/sddm\n", 0o644);
    machine.write("/run/systemd/system/x", "", 0o644);
    let pair = Pair::new(repository, machine, ["/peer/start.sh".into(), "/peer/stop.sh".into()]);
    // They do what they are there for: a script that ends at its first line would be fast.
    for (script, then) in [(&pair.start, "inactive\n"), (&pair.stop, "active\n")] {
        let done = pair.machine.sh(&format!("{script}; exit 0"));
        let state = fs::read_to_string(pair.machine.path("/state/is")).unwrap();
        assert_eq!(state, then, "{repository}: {done:?}");
    }
    pair
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
    for (name, text) in [("systemctl", SYSTEMCTL), ("sv", SV), ("rc-service", RC_SERVICE)] {
        machine.write(&format!("/fakes/{name}"), text, 0o755);
    }
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
