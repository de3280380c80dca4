//! Running whole processes in turns, and what each took of the machine.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use onegpu::diag::{Diagnostic, Result};
use wait4::Wait4;

use super::figure::Figure;
use crate::process::failure;

/// How long one comparison may go on.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// As much as it takes, but no new round after this.
    pub time: Duration,
}

/// Fewer rounds have no quartiles worth the name.
const LEAST: usize = 5;
/// More rounds change no digit.
const MOST: usize = 101;

/// A piece of work: processes, one after the other.
#[derive(Debug, Clone, Default)]
pub struct Work {
    /// Whose it is: `onegpu`, `nfpm`.
    pub name: String,
    /// The processes.
    pub lines: Vec<Line>,
    /// Removed before each run: nobody writes over what is there.
    pub fresh: Vec<PathBuf>,
    /// Whether its memory is asked for: see [`Work::apart`].
    pub apart: bool,
}

/// One command line.
#[derive(Debug, Clone)]
pub struct Line {
    words: Vec<OsString>,
    folder: Option<PathBuf>,
    environment: Vec<(&'static str, OsString)>,
}

/// What a piece of work took.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    /// From the start of the first process to the end of the last, in ms.
    pub wall: f64,
    /// User and system time of all processes and their children, in ms.
    pub cpu: f64,
    /// The largest resident set of any of them, in KiB.
    pub memory: f64,
}

/// All runs of a piece of work, in order.
pub struct Series(Vec<Spent>);

impl Work {
    /// Work of nobody's processes yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// With one more process.
    pub fn line(mut self, line: Line) -> Self {
        self.lines.push(line);
        self
    }

    /// With something that must not be there yet.
    pub fn fresh(mut self, path: &Path) -> Self {
        self.fresh.push(path.to_path_buf());
        self
    }

    /// For whose memory is asked. A process that `vfork` begins, as is usual and quicker, counts with all
    /// that its parent ever had; one that `fork` does, with the little that it has of it then.
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// Both one after the other.
    pub fn and(mut self, other: Self) -> Self {
        self.lines.extend(other.lines);
        self.fresh.extend(other.fresh);
        self
    }

    /// Runs it once; a process that fails is an error with its last words.
    pub fn run(&self) -> Result<Spent> {
        for path in &self.fresh {
            match fs::symlink_metadata(path) {
                Ok(meta) if meta.is_dir() => fs::remove_dir_all(path).map_err(failure)?,
                Ok(_) => fs::remove_file(path).map_err(failure)?,
                Err(_) => {}
            }
        }
        let mut spent = Spent { wall: 0.0, cpu: 0.0, memory: 0.0 };
        for line in &self.lines {
            let one = line.run(self.apart)?;
            spent.wall += one.wall;
            spent.cpu += one.cpu;
            spent.memory = spent.memory.max(one.memory);
        }
        Ok(spent)
    }
}

impl Line {
    /// A program and its arguments.
    pub fn new<I: AsRef<OsStr>>(program: impl AsRef<OsStr>, arguments: impl IntoIterator<Item = I>) -> Self {
        let mut words = vec![program.as_ref().to_owned()];
        words.extend(arguments.into_iter().map(|word| word.as_ref().to_owned()));
        Self { words, folder: None, environment: Vec::new() }
    }

    /// Run in this folder.
    pub fn within(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_path_buf());
        self
    }

    /// Run with this variable.
    pub fn env(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// As somebody would type it.
    pub fn shown(&self) -> String {
        let quoted = |word: &OsStr| {
            let word = word.to_string_lossy();
            onegpu::render::quote::sh(&word).unwrap_or_else(|_| word.into_owned())
        };
        let folder = self.folder.iter().map(|folder| format!("cd {} &&", quoted(folder.as_os_str())));
        let set = self.environment.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
        folder.chain(set).chain(self.words.iter().map(|word| quoted(word))).collect::<Vec<_>>().join(" ")
    }

    fn run(&self, apart: bool) -> Result<Spent> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).envs(self.environment.iter().cloned());
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if apart {
            // Asked for a user, whoever it is, the standard library forks.
            command.uid(super::ground::user()?);
        }
        let start = Instant::now();
        let child = command.spawn().map_err(|error| failure(format!("{}: {error}", self.shown())))?;
        let done = child.wait4().map_err(failure)?;
        let wall = start.elapsed();
        if !done.status.success() {
            return Err(Diagnostic::machine(format!(
                "{}: {}{}",
                self.shown(),
                done.status,
                self.last_words()
            )));
        }
        let used = done.rusage;
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        #[allow(clippy::cast_precision_loss, reason = "no process has an exabyte")]
        let memory = used.maxrss as f64 / 1024.0;
        Ok(Spent { wall: ms(wall), cpu: ms(used.utime + used.stime), memory })
    }

    /// What it says when it is run once more with its standard error read.
    fn last_words(&self) -> String {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).envs(self.environment.iter().cloned()).stdin(Stdio::null());
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let said = command.output().map(|output| output.stderr).unwrap_or_default();
        let said = String::from_utf8_lossy(&said);
        said.trim().lines().last().map(|line| format!(": {line}")).unwrap_or_default()
    }
}

/// Runs all of them in turns, A B C A B C …, after one round that does not count.
pub fn alternate(works: &[&Work], budget: Budget) -> Result<Vec<Series>> {
    let mut out: Vec<Series> = works.iter().map(|_| Series(Vec::new())).collect();
    works.iter().try_for_each(|work| work.run().map(drop))?;
    let start = Instant::now();
    for round in 0..MOST {
        if round >= LEAST && start.elapsed() > budget.time {
            break;
        }
        for (work, series) in works.iter().zip(&mut out) {
            series.0.push(work.run()?);
        }
    }
    Ok(out)
}

impl Series {
    /// How often it ran.
    pub fn runs(&self) -> usize {
        self.0.len()
    }

    /// One thing of every run.
    pub fn figure(&self, of: impl Fn(&Spent) -> f64) -> Figure {
        Figure::of(self.0.iter().map(of)).unwrap_or(Figure { median: 0.0, low: 0.0, high: 0.0 })
    }

    /// This by the other, round by round: what disturbs the machine for a while disturbs both.
    pub fn ratio(&self, other: &Self, of: impl Fn(&Spent) -> f64) -> Figure {
        let ratios = self.0.iter().zip(&other.0).map(|(one, other)| of(one) / of(other));
        Figure::of(ratios).unwrap_or(Figure { median: f64::NAN, low: f64::NAN, high: f64::NAN })
    }
}

/// Wall time, for [`Series::figure`].
pub fn wall(spent: &Spent) -> f64 {
    spent.wall
}

/// CPU time, for [`Series::figure`].
pub fn cpu(spent: &Spent) -> f64 {
    spent.cpu
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_taken_round_by_round() {
        let series = |walls: &[f64]| {
            Series(walls.iter().map(|wall| Spent { wall: *wall, cpu: 1.0, memory: 1.0 }).collect())
        };
        // The machine was ten times as slow in the second half: the ratio does not see it.
        let (one, other) = (series(&[1.0, 1.0, 10.0, 10.0, 10.0]), series(&[4.0, 4.0, 40.0, 40.0, 40.0]));
        assert_eq!(one.ratio(&other, wall), Figure { median: 0.25, low: 0.25, high: 0.25 });
        assert_eq!(one.runs(), 5);
    }

    #[test]
    fn lines_are_shown_as_they_would_be_typed() {
        let line = Line::new("nfpm", ["-f", "a b"]).env("PKGDEST", "/x").within(Path::new("/y"));
        assert_eq!(line.shown(), "cd /y && PKGDEST=/x nfpm -f 'a b'");
    }

    #[test]
    fn turns_are_taken_and_each_run_starts_fresh() {
        let folder = std::env::temp_dir().join(format!("onegpu-bench-{}", std::process::id()));
        let script = format!("echo x >>{0}/log; test ! -e {0}/made && touch {0}/made", folder.display());
        let work = Work::new("a").line(Line::new("sh", ["-c", &script])).fresh(&folder.join("made"));
        fs::create_dir_all(&folder).ok();
        let done = alternate(&[&work, &work], Budget { time: Duration::ZERO });
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        fs::remove_dir_all(&folder).ok();
        let done = done.unwrap_or_default();
        assert_eq!(done.iter().map(Series::runs).collect::<Vec<_>>(), [LEAST, LEAST]);
        assert_eq!(log.lines().count(), 2 * (LEAST + 1));
        let failing = Work::new("b").line(Line::new("sh", ["-c", "echo why >&2; exit 3"]));
        let error = alternate(&[&failing], Budget { time: Duration::ZERO }).err();
        assert!(error.is_some_and(|error| error.message().ends_with(": why")));
    }
}
