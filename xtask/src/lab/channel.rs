//! Scripts for the PC, on the folder it shares with the lab. Its agent runs them one after the
//! other (xtask/lab/image/files/usr/local/lib/lab/agent).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use onegpu::diag::Result;

use super::machine::Machine;
use crate::process::failure;

/// What a script said, and its status.
pub struct Answer {
    /// Both its outputs.
    pub text: String,
    /// 124 and 137: it took too long.
    pub status: i32,
}

/// The share of one run.
pub struct Channel {
    share: PathBuf,
    count: u32,
    boot: String,
}

impl Channel {
    /// Makes the folders that the agent looks into.
    pub fn new(share: &Path) -> Result<Self> {
        for folder in ["in", "out"] {
            fs::create_dir_all(share.join(folder)).map_err(failure)?;
        }
        Ok(Self { share: share.to_owned(), count: 0, boot: String::new() })
    }

    /// Forgets the present boot: the next agent that is up is another's.
    pub fn expect_boot(&mut self) {
        let _ = fs::remove_file(self.share.join("up"));
    }

    /// Waits until the agent of a boot is up, after [`Self::expect_boot`].
    pub fn boot(&mut self, machine: &mut Machine, bound: Duration) -> Result<()> {
        let up = self.share.join("up");
        self.boot = wait(machine, bound, |_| fs::read_to_string(&up).ok())
            .ok_or_else(|| failure("the PC did not come up"))?;
        Ok(())
    }

    /// Whether the PC has restarted without being told to.
    pub fn restarted(&self) -> bool {
        fs::read_to_string(self.share.join("up")).is_ok_and(|id| id != self.boot)
    }

    /// Runs the script `name` of `vm/` with words, and waits for its end; `meanwhile` is called again
    /// and again until then.
    pub fn run(
        &mut self,
        machine: &mut Machine,
        name: &str,
        words: &[&str],
        bound: Duration,
        mut meanwhile: impl FnMut(&mut Machine),
    ) -> Result<Answer> {
        self.count += 1;
        let id = format!("{:03}-{name}", self.count);
        let place = |folder: &str, ending: &str| self.share.join(folder).join(format!("{id}.{ending}"));
        let quoted: String = words.iter().map(|word| format!(" '{}'", word.replace('\'', "'\\''"))).collect();
        fs::write(place("in", "bound"), format!("{}\n", bound.as_secs())).map_err(failure)?;
        fs::write(place("in", "new"), format!("cd /run/lab/vm && exec sh ./{name}.sh{quoted}\n"))
            .map_err(failure)?;
        fs::rename(place("in", "new"), place("in", "sh")).map_err(failure)?;
        let patience = bound + Duration::from_secs(60);
        let status = wait(machine, patience, |machine| {
            meanwhile(machine);
            fs::read_to_string(place("out", "rc")).ok()
        })
        .unwrap_or_default();
        let text = fs::read(place("out", "out")).unwrap_or_default();
        Ok(Answer {
            text: String::from_utf8_lossy(&text).into_owned(),
            status: status.trim().parse().unwrap_or(-1),
        })
    }
}

/// Asks until there is an answer, the machine is dead, or the time is over.
fn wait<T>(
    machine: &mut Machine,
    bound: Duration,
    mut ask: impl FnMut(&mut Machine) -> Option<T>,
) -> Option<T> {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask(machine) {
            return Some(answer);
        }
        if began.elapsed() > bound || !machine.is_alive() {
            return None;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
}
