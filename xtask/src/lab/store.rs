//! What is made once and kept below `target/lab`: the emulator, a Debian root for each init
//! system, and the disks made of them. Another recipe makes another image.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use onegpu::diag::Result;
use xshell::Shell;

use super::Init;
use super::bench::timed;
use crate::process::{failure, root};

/// The images of one kind of PC.
pub struct Images {
    /// QEMU, newer than the machine's own may be, unpacked and not installed.
    pub emulator: PathBuf,
    /// The PC's disk as it is before every run.
    pub disk: PathBuf,
    /// What the disk was made of.
    pub stamp: String,
}

/// Where everything of the lab's lies.
pub fn folder() -> PathBuf {
    root().join("target/lab")
}

/// The lab's data in the repo.
pub fn data() -> PathBuf {
    root().join("xtask/lab")
}

impl Images {
    /// Makes what is not there or not current.
    pub fn prepare(sh: &Shell, init: Init) -> Result<Self> {
        fs::create_dir_all(folder()).map_err(failure)?;
        let data = data();
        let word = init.word();
        let emulator = folder().join("emulator");
        made(&emulator, &[data.join("image/emulator")], "unpack QEMU (usually 10 s)", |new| {
            run(sh, &data.join("image/emulator"), &[new])
        })?;
        let of_root = ["packages", "pool", "root"].map(|name| data.join("image").join(name));
        let of_root = with_own(&of_root, word);
        let disk = folder().join(format!("disk-{word}"));
        let files = with_own(&["disk", "files"].map(|name| data.join("image").join(name)), word);
        let recipe = [of_root.clone(), files, vec![data.join("guest")]].concat();
        made(&disk, &recipe, "make the PC's disk (usually 15 s)", |new| {
            let tar = root_of(init);
            made(&tar, &of_root, "make a Debian root (usually 80 s)", |new| {
                run(sh, &data.join("image/root"), &[Path::new(word), new])
            })?;
            run(sh, &data.join("image/disk"), &[Path::new(word), &tar, new, &emulator])
        })?;
        let stamp = fs::read_to_string(stamp(&disk)).map_err(failure)?;
        Ok(Self { emulator, disk: disk.join("host.img"), stamp })
    }
}

/// The Debian root that a disk is made of.
fn root_of(init: Init) -> PathBuf {
    folder().join(format!("root-{}.tar", init.word()))
}

/// Forgets the root, for its disk is made: four of each are more than the lab may take.
pub fn forget_root(init: Init) {
    for place in [root_of(init), stamp(&root_of(init))] {
        let _ = fs::remove_file(place);
    }
}

/// Makes `place` in a neighbour and renames it: it is whole or not there. It stays as long as
/// the files of its recipe say the same.
fn made(place: &Path, recipe: &[PathBuf], what: &str, make: impl Fn(&Path) -> Result<()>) -> Result<()> {
    let stamp = stamp(place);
    let current = hash(recipe)?;
    if place.exists() && fs::read_to_string(&stamp).is_ok_and(|text| text == current) {
        return Ok(());
    }
    let new = PathBuf::from(format!("{}.new", place.display()));
    for old in [&stamp, place, &new] {
        let _ = fs::remove_file(old);
        let _ = fs::remove_dir_all(old);
    }
    timed(what, || make(&new))?;
    fs::rename(&new, place).map_err(failure)?;
    fs::write(stamp, current).map_err(failure)
}

fn stamp(place: &Path) -> PathBuf {
    PathBuf::from(format!("{}.recipe", place.display()))
}

/// The same, and what an init system has of its own beside them.
fn with_own(paths: &[PathBuf], init: &str) -> Vec<PathBuf> {
    let own = paths.iter().map(|path| PathBuf::from(format!("{}-{init}", path.display())));
    paths.iter().cloned().chain(own.filter(|path| path.exists())).collect()
}

/// It ends with this process, however that comes: `timeout` hands TERM on to everything it started.
fn run(sh: &Shell, program: &Path, words: &[&Path]) -> Result<()> {
    sh.cmd("setpriv")
        .args(["--pdeathsig", "TERM", "timeout", "--kill-after=10", "1800"])
        .arg(program)
        .args(words)
        .quiet()
        .run()
        .map_err(failure)
}

/// A number for the bytes of all these files and folders.
pub fn hash(paths: &[PathBuf]) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path, &mut hasher)?;
    }
    Ok(format!("{:016x}\n", hasher.finish()))
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    path.hash(hasher);
    if !path.is_dir() {
        fs::read(path).map_err(failure)?.hash(hasher);
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(failure)?;
    let mut inside: Vec<PathBuf> = entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
    inside.sort();
    inside.iter().try_for_each(|path| add(path, hasher))
}
