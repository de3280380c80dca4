//! The time that the hook scripts add by themselves: every outside program does nothing at
//! once, and nobody waits. Others' scripts run on the same machine of folders.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use onegpu::diag::Result;
use onegpu::profile::{Hugepages, Init};

use crate::process::failure;

/// The machine of the hooks' own tests.
#[path = "../../../tests/hooks/machine.rs"]
#[allow(dead_code, clippy::unwrap_used, reason = "shared with tests, which fail by a panic")]
mod machine;

use machine::{Cell, Machine, NVIDIA};

/// Runs of each pair; the median counts.
const RUNS: usize = 31;

/// What nobody should wait for.
const LONGEST_MS: f64 = 50.0;

/// The time that start.sh and stop.sh add by themselves, in milliseconds by the clock
#[derive(Args)]
pub struct Handover {
    /// A folder with others' scripts, as NAME/start.sh and NAME/stop.sh (and kvm.conf, which some
    /// read): the repository has none of them
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,
}

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

impl Handover {
    /// Prints a line for each; status 1 when our own take too long.
    pub fn run(self) -> Result<ExitCode> {
        let mut pairs = Vec::new();
        for &init in Init::ALL {
            pairs.push(own(&format!("onegpu, {init} and nvidia"), Cell { init, ..NVIDIA })?);
        }
        let all = Cell { options: true, hugepages: Hugepages::Reserve, ..NVIDIA };
        pairs.push(own("onegpu, with all options", all)?);
        let ours = pairs.len();
        match &self.peers {
            Some(folder) => pairs.extend(peers(folder)?),
            None => println!("others' scripts: not had; --peers names a folder of them"),
        }
        println!("{:<34} {:>8} {:>8}", "milliseconds, the median", "start", "stop");
        let mut slow = false;
        for (at, pair) in pairs.iter().enumerate() {
            let (start, stop) = pair.measure()?;
            println!("{:<34} {start:>8.1} {stop:>8.1}", pair.name);
            slow |= at < ours - 1 && start.max(stop) > LONGEST_MS;
        }
        Ok(ExitCode::from(u8::from(slow)))
    }
}

impl Pair {
    /// The medians of both scripts, one after the other as libvirt calls them.
    fn measure(&self) -> Result<(f64, f64)> {
        let mut times = [Vec::new(), Vec::new()];
        // Entering the machine takes time too: what doing nothing takes is not theirs.
        for _ in 0..RUNS {
            let nothing = self.time(":")?;
            let start = self.time(&self.start)?;
            let both = self.time(&format!("{}; {}", self.start, self.stop))?;
            times[0].push((start - nothing).max(0.0));
            times[1].push((both - start).max(0.0));
            // A start without its stop left a record.
            self.time(&self.stop)?;
        }
        let [start, stop] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times.get(RUNS / 2).copied().unwrap_or_default()
        });
        Ok((start, stop))
    }

    fn time(&self, script: &str) -> Result<f64> {
        let since = Instant::now();
        let done = self.machine.sh(&format!("{{ {script}; }} </dev/null >/dev/null 2>&1; exit 0"));
        match done.status.success() {
            true => Ok(since.elapsed().as_secs_f64() * 1000.0),
            false => Err(failure(format!("{}: {}", self.name, String::from_utf8_lossy(&done.stderr)))),
        }
    }
}

fn own(name: &str, cell: Cell) -> Result<Pair> {
    let machine = quick(cell)?;
    let (start, stop) = (machine.start.clone(), machine.stop.clone());
    Ok(Pair { name: name.to_owned(), machine, start, stop })
}

/// Each folder of others' scripts.
fn peers(folder: &Path) -> Result<Vec<Pair>> {
    let mut names: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| failure(format!("{}: {error}", folder.display())))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.is_dir())
        .collect();
    names.sort();
    names.iter().map(|path| peer(path)).collect()
}

fn peer(path: &Path) -> Result<Pair> {
    let machine = quick(NVIDIA)?;
    machine.install("bash");
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for (file, place) in [
        ("start.sh", "/peer/start.sh"),
        ("stop.sh", "/peer/stop.sh"),
        ("kvm.conf", "/etc/libvirt/hooks/kvm.conf"),
    ] {
        match fs::read_to_string(path.join(file)) {
            Ok(text) => machine.write(place, &text, 0o755),
            Err(_) if file == "kvm.conf" => {}
            Err(error) => return Err(failure(format!("{}: {error}", path.join(file).display()))),
        }
    }
    for program in ["/bin/bash", "/usr/bin/bash", "/usr/bin/env"] {
        let to = if program.ends_with("env") { "/tools/env" } else { "/tools/bash" };
        link(&machine, to, program)?;
    }
    // What these scripts call beside what ours do.
    for program in
        ["virsh", "killall", "pkill", "lsmod", "lspci", "nvidia-xconfig", "loginctl", "rmmod", "sudo"]
    {
        link(&machine, "/tools/true", &format!("/fakes/{program}"))?;
    }
    Ok(Pair { name, machine, start: "/peer/start.sh".into(), stop: "/peer/stop.sh".into() })
}

/// A machine on which what is faked does nothing, and what is real does it at once; nobody sleeps.
fn quick(cell: Cell) -> Result<Machine> {
    let machine = Machine::with(cell, |text| text);
    for entry in fs::read_dir(machine.path("/fakes")).map_err(failure)? {
        let name = entry.map_err(failure)?.file_name().to_string_lossy().into_owned();
        let real = machine.path(&format!("/tools/{name}")).exists() && name != "sleep" && name != "logger";
        if name != "fake" {
            let to = if real { format!("/tools/{name}") } else { "/tools/true".to_owned() };
            link(&machine, &to, &format!("/fakes/{name}"))?;
        }
    }
    machine.write("/fakes/systemctl", SYSTEMCTL, 0o755);
    machine.write("/state/is", "active\n", 0o644);
    // Who keeps the host awake does so in the background, and is not waited for; that it holds is said at once.
    machine.write(
        "/fakes/systemd-inhibit",
        "#!/tools/sh\nexec /tools/sh \"$6\" \"$7\" \"$8\" \"$9\"\n",
        0o755,
    );
    Ok(machine)
}

fn link(machine: &Machine, to: &str, at: &str) -> Result<()> {
    let at = machine.path(at);
    let _ = fs::remove_file(&at);
    if let Some(folder) = at.parent() {
        fs::create_dir_all(folder).map_err(failure)?;
    }
    symlink(to, &at).map_err(failure)?;
    fs::metadata(machine.path(to)).map_err(failure)?.permissions().mode();
    Ok(())
}
