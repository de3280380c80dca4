//! What every area stands on: the program, a scratch folder, and what machine it is.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;

use onegpu::data::EXAMPLE_PROFILE;
use onegpu::diag::Result;
use xshell::Shell;

use super::peers;
use super::run::{Budget, Line, Work};
use crate::process::{failure, root};

/// What every area is given.
pub struct Ground {
    /// Stands in the workspace's root, with the peers on its PATH.
    pub sh: Shell,
    /// The release build.
    pub program: PathBuf,
    /// Whether it was named and not built.
    given: bool,
    /// Empty at the start, and gone in the end. In memory where there is such a place: for a new file,
    /// ext4 looks past each that was deleted in the last five seconds, and so each run would measure the ones before.
    pub scratch: PathBuf,
    /// The embedded example, as a file.
    pub profile: PathBuf,
    /// For each comparison.
    pub budget: Budget,
}

/// KiB: a thousand machines' repository, and the peers' trees. A container often has 64 MiB there.
const ROOM: u64 = 2 << 20;

impl Ground {
    /// Builds the program, unless one is named, and clears the scratch folder.
    pub fn new(sh: Shell, program: Option<&Path>, budget: Budget) -> Result<Self> {
        let given = program.is_some();
        let program = match program {
            Some(program) => fs::canonicalize(program)
                .map_err(|error| failure(format!("{}: {error}", program.display())))?,
            None => {
                let build = ["build", "--release", "--package", "onegpu", "--bin", "onegpu"];
                sh.cmd("cargo").args(build).run().map_err(failure)?;
                root().join("target/release/onegpu")
            }
        };
        let scratch = match room(&sh, machine::MEMORY) >= ROOM {
            true => Path::new(machine::MEMORY).join(format!("onegpu-bench-{}", user()?)),
            false => root().join("target/bench"),
        };
        sh.remove_path(&scratch).map_err(failure)?;
        let profile = scratch.join("profile.toml");
        let ground = Self { sh, program, given, scratch, profile, budget };
        ground.write(&ground.profile, EXAMPLE_PROFILE)?;
        Ok(ground)
    }

    /// A path in the scratch folder.
    pub fn at(&self, path: &str) -> PathBuf {
        self.scratch.join(path)
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, path: &Path, text: impl AsRef<[u8]>) -> Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failure)?;
        fs::write(path, text).map_err(|error| failure(format!("{}: {error}", path.display())))
    }

    /// One call of onegpu.
    pub fn call(&self, arguments: &[&str]) -> Work {
        Work::new("onegpu").line(Line::new(&self.program, arguments))
    }

    /// `onegpu package` of the example into a folder that is not there yet.
    pub fn package(&self, arguments: &[&str], output: &Path) -> Work {
        let (profile, folder) = (self.profile.display().to_string(), output.display().to_string());
        let mut all = vec!["package", profile.as_str()];
        all.extend(arguments);
        all.extend(["-o", folder.as_str()]);
        self.call(&all).fresh(output)
    }

    /// Long paths, and what the report calls them.
    pub fn places(&self) -> Vec<(String, &'static str)> {
        let program = self.program.display().to_string();
        let tools = root().join("target/test-tools/nfpm/bin/").display().to_string();
        vec![
            (program, "onegpu"),
            (tools, ""),
            (self.scratch.display().to_string(), "$W"),
            (root().display().to_string(), "."),
        ]
    }

    /// The machine's load, as the kernel tells it.
    pub fn load(&self) -> String {
        let text = fs::read_to_string(machine::LOAD).unwrap_or_default();
        text.split_whitespace().next().unwrap_or("unknown").to_owned()
    }

    /// Where and with what it was measured.
    pub fn about(&self, load_before: &str) -> String {
        let info = fs::read_to_string(machine::CPU).unwrap_or_default();
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let model = model.map_or("an unknown CPU", |(_, model)| model.trim());
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let kernel = fs::read_to_string(machine::KERNEL).unwrap_or_default();
        let commit = self.sh.cmd("git").args(["describe", "--always", "--dirty", "--exclude=*"]);
        // A program that was built elsewhere need not be of this checkout.
        let commit = match self.given {
            true => "a program given by --program".into(),
            false => commit.quiet().ignore_stderr().read().unwrap_or_else(|_| "an unknown commit".into()),
        };
        format!(
            "onegpu {} ({commit}) on {model}, {threads} threads, Linux {}; load {load_before} at the start, {} at the \
             end. `$W` is {}. Beside: {}.",
            env!("CARGO_PKG_VERSION"),
            kernel.trim(),
            self.load(),
            if self.scratch.starts_with(machine::MEMORY) { "in memory" } else { "on the disk" },
            peers::versions(&self.sh).join(", "),
        )
    }
}

/// KiB that are free there; none where there is no such folder.
fn room(sh: &Shell, folder: &str) -> u64 {
    let df = sh.cmd("df").args(["--output=avail", "-k", folder]);
    let said = df.quiet().ignore_stderr().ignore_status().read().unwrap_or_default();
    said.lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or(0)
}

/// Whose process this is.
pub fn user() -> Result<u32> {
    fs::metadata(machine::SELF).map(|meta| meta.uid()).map_err(failure)
}

impl Drop for Ground {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

/// The kernel's own words about the machine that measures: not a machine that onegpu
/// is told to read.
mod machine {
    pub const LOAD: &str = "/proc/loadavg";
    pub const CPU: &str = "/proc/cpuinfo";
    /// Files there never come to a disk.
    pub const MEMORY: &str = "/dev/shm";
    /// Belongs to whoever looks.
    pub const SELF: &str = "/proc/self";
    pub const KERNEL: &str = "/proc/sys/kernel/osrelease";
}
