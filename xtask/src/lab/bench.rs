//! One run on one PC: the machine, its channel, and the steps with their times.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use onegpu::diag::Result;
use xshell::Shell;

use super::accelerator::Accelerator;
use super::channel::Channel;
use super::emulator::Emulator;
use super::machine::Machine;
use super::saved::Saved;
use super::screen::Film;
use super::store::{self, Images};
use super::{Init, Iommu, disk, results, screen};
use crate::process::{failure, root, shell};

/// Other work on the same processors, and slower ones, may make a step take that much longer.
const PATIENCE: u64 = 6;

/// How many lines of a log are shown when a step failed.
const TAIL: usize = 40;

/// A PC on the bench.
pub struct Bench {
    machine: Machine,
    channel: Channel,
    /// Where the run's logs and pictures lie.
    pub folder: PathBuf,
    /// The PC's init system.
    pub init: Init,
    /// The PC's IOMMU.
    pub iommu: Iommu,
    /// Whether it is a saved one, with the setup installed.
    pub installed: bool,
    /// What its onegpu was built from: the working tree may move on while the PC runs.
    pub templates: String,
    /// Whether the setup is installed, and works.
    pub ready: bool,
    /// How its processor comes about.
    accelerator: Accelerator,
    emulator: Emulator,
    saved: Saved,
    keep: bool,
    pictures: u32,
}

impl Bench {
    /// Switches a fresh PC on and waits until it answers. Without `fresh`, it is the one that was
    /// saved with the setup installed, if there is one.
    pub fn new(
        sh: &Shell,
        images: &Images,
        (init, iommu): (Init, Iommu),
        keep: bool,
        fresh: bool,
    ) -> Result<Self> {
        let folder = store::folder().join("runs").join(format!("{}-{}", init.word(), iommu.word()));
        let _ = fs::remove_dir_all(&folder);
        let share = folder.join("share");
        let channel = Channel::new(&share)?;
        timed("build onegpu (usually 10 s)", || {
            sh.cmd("nice")
                .args(["cargo", "build", "--quiet", "--package", "onegpu"])
                .quiet()
                .run()
                .map_err(failure)
        })?;
        let templates = results::templates(sh)?;
        let onegpu = root().join("target/debug/onegpu");
        fs::copy(&onegpu, share.join("onegpu")).map_err(failure)?;
        sh.cmd("cp").arg("-r").arg(store::data().join("vm")).arg(&share).quiet().run().map_err(failure)?;
        let emulator = Emulator::new(&images.emulator);
        let saved = Saved::of(init, iommu, &onegpu, images)?;
        let installed = !fresh && saved.is_there();
        let disk = folder.join("disk.qcow2");
        if installed {
            saved.lend(&folder)?;
            disk::lay(sh, &emulator, "qcow2", &saved.disk(), &disk)?;
        } else {
            disk::lay(sh, &emulator, "raw", &images.disk, &disk)?;
        }
        let accelerator = Accelerator::find(&emulator);
        println!("by {}; logs and pictures: {}", accelerator.name(), folder.display());
        let machine = Machine::start(&emulator, accelerator, iommu, &folder)?;
        let mut bench = Self {
            machine,
            channel,
            folder,
            init,
            iommu,
            installed,
            templates,
            ready: false,
            accelerator,
            emulator,
            saved,
            keep,
            pictures: 0,
        };
        bench.await_boot("switch the PC on")?;
        Ok(bench)
    }

    /// Switches the PC off, keeps it as the one with the setup installed, and switches it on again.
    pub fn save(&mut self) -> Result<()> {
        self.channel.expect_boot();
        self.channel.run(&mut self.machine, "poweroff", &[], Duration::from_secs(60), |_| ())?;
        timed("switch the PC off (usually 15 s)", || {
            match self.machine.await_off(Duration::from_secs(30 * PATIENCE)) {
                true => Ok(()),
                false => Err(failure("the PC does not go off")),
            }
        })?;
        self.saved.keep(&self.folder)?;
        disk::lay(&shell()?, &self.emulator, "qcow2", &self.saved.disk(), &self.folder.join("disk.qcow2"))?;
        self.machine = Machine::start(&self.emulator, self.accelerator, self.iommu, &self.folder)?;
        self.await_boot("switch it on again")
    }

    /// Runs a script of `xtask/lab/vm` on the PC. `usually` is its time in seconds on an idle
    /// machine, for people and for its bound.
    ///
    /// # Errors
    /// When it fails; the end of what it said, or of the serial log, is printed.
    pub fn step(&mut self, what: &str, usually: u64, script: &str, words: &[&str]) -> Result<String> {
        self.attend(what, usually, (script, words), |_| ())
    }

    /// The same without words, with a picture of the display each second.
    pub fn film(&mut self, what: &str, usually: u64, script: &str, name: &str) -> Result<()> {
        self.pictures += 1;
        let mut film = Film::new(&self.folder, &format!("{:02}-{name}", self.pictures));
        let done = self.attend(what, usually, (script, &[]), |machine| film.shoot(machine));
        film.cut();
        done.map(drop)
    }

    fn attend(
        &mut self,
        what: &str,
        usually: u64,
        (script, words): (&str, &[&str]),
        meanwhile: impl FnMut(&mut Machine),
    ) -> Result<String> {
        let bound = Duration::from_secs(usually * PATIENCE + 60);
        let Self { machine, channel, .. } = self;
        timed(&format!("{what} (usually {usually} s)"), || {
            let answer = channel.run(machine, script, words, bound, meanwhile)?;
            match answer.status {
                0 => Ok(answer.text),
                -1 if channel.restarted() => Err(failure(format!("{what}: the PC restarted by itself"))),
                -1 => Err(failure(format!("{what}: the PC does not answer\n{}", tail(&machine.serial())))),
                status => {
                    Err(failure(format!("{what}: status {status} of {script}.sh\n{}", tail(&answer.text))))
                }
            }
        })
    }

    /// Runs a script whose failure is no news: what it says, whatever comes.
    pub fn ask(&mut self, script: &str, words: &[&str]) -> String {
        let answer = self.channel.run(&mut self.machine, script, words, Duration::from_secs(120), |_| ());
        answer.map(|answer| answer.text).unwrap_or_default()
    }

    /// Takes a picture of the display.
    pub fn picture(&mut self, name: &str) -> Result<()> {
        self.pictures += 1;
        screen::shoot(&mut self.machine, &self.folder, &format!("{:02}-{name}", self.pictures))
    }

    /// Restarts the PC as its user would.
    pub fn reboot(&mut self) -> Result<()> {
        self.channel.expect_boot();
        self.channel.run(&mut self.machine, "reboot", &[], Duration::from_secs(60), |_| ())?;
        self.await_boot("restart the PC")
    }

    /// Pulls the plug, and switches on again.
    pub fn pull_the_plug(&mut self) -> Result<()> {
        self.machine.order("system_reset")?;
        self.channel.expect_boot();
        self.await_boot("the plug is pulled; switch on again")
    }

    /// What the PC said over its serial line, and QEMU of its own.
    pub fn logs(&self) -> String {
        ["qemu.log", "resets.log", "serial.log"]
            .map(|name| {
                let said = fs::read(self.folder.join(name)).unwrap_or_default();
                format!("--- {name}\n{}\n", String::from_utf8_lossy(&said))
            })
            .concat()
    }

    /// The folder that the PC sees as /run/lab.
    pub fn share(&self) -> PathBuf {
        self.folder.join("share")
    }

    /// What the emulator died of, or the PC's processor, if they did.
    pub fn emulator_fault(&mut self) -> Option<String> {
        let restarted = self.channel.restarted();
        self.machine.fault().or_else(|| self.machine.triple_fault().filter(|_| restarted))
    }

    fn await_boot(&mut self, what: &str) -> Result<()> {
        let bound = Duration::from_secs(60 * PATIENCE);
        let Self { machine, channel, .. } = self;
        timed(&format!("{what} (usually 70 s)"), || {
            channel
                .boot(machine, bound)
                .map_err(|error| failure(format!("{}\n{}", error.message(), tail(&machine.serial()))))
        })
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !self.keep {
            let _ = fs::remove_file(self.folder.join("disk.qcow2"));
            let _ = fs::remove_file(self.folder.join("vars.fd"));
        }
    }
}

/// Does it and prints what and how long.
pub fn timed<T>(what: &str, act: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("  ... {what}");
    let began = Instant::now();
    let done = act();
    let word = if done.is_ok() { "ok" } else { "FAILED" };
    println!("  {word} {:.0} s", began.elapsed().as_secs_f64());
    done
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
