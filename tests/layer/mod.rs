//! A machine made of a folder that nobody writes to and a layer in memory above it, in a mount
//! namespace of its own. All that was written is in the layer, and gone with the process that
//! holds it: to compare the whole root, the layer is enough.

#![allow(dead_code)] // Each test takes what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Makes the machine and stays until it is killed; $1 is the folder below, $2 one of the test's, $3 what else is to be done.
const HOLD: &str = r#"
mount --make-rprivate /
mkdir "$2/machine"
mount -t tmpfs tmpfs "$2/machine"
mkdir "$2/machine/upper" "$2/machine/work" "$2/machine/root"
root=$2/machine/root
mount -t overlay -o "lowerdir=$1,upperdir=$2/machine/upper,workdir=$2/machine/work" overlay "$root"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
eval "$3"
echo ready
exec sleep 900
"#;

/// What differs from the folder below: a path, and what it is now.
pub type Changes = BTreeMap<String, String>;

pub struct Layer {
    hold: Child,
    folder: tempfile::TempDir,
    below: PathBuf,
}

impl Drop for Layer {
    fn drop(&mut self) {
        let _ = self.hold.kill();
        let _ = self.hold.wait();
    }
}

impl Layer {
    /// Above `below`. `prepare` fills the test's folder before, `more` is shell that is run in the
    /// namespace, with the machine's root as $root and the test's folder as $2.
    pub fn new(below: &Path, prepare: impl FnOnce(&Path), more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let mut hold = Command::new("unshare")
            .args(["--mount", "sh", "-euc", HOLD, "hold"])
            .args([below, folder.path()])
            .arg(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(hold.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n", "no machine: root and overlayfs are needed");
        Self { hold, folder, below: below.to_path_buf() }
    }

    /// The test's own folder, at the same path inside the namespace.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The machine's root, as the namespace sees it.
    pub fn inside(&self) -> PathBuf {
        self.folder.path().join("machine/root")
    }

    /// The machine's root, seen from outside.
    pub fn root(&self) -> PathBuf {
        self.outside("root")
    }

    fn outside(&self, name: &str) -> PathBuf {
        // The namespace's own view: the mounts are not the host's.
        let inside = self.folder.path().join("machine").join(name);
        PathBuf::from(format!("/proc/{}/root{}", self.hold.id(), inside.display()))
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root().join(path.trim_start_matches('/'))
    }

    /// Puts a file there, with the folders that it needs.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// A file's text; none when it is not there.
    pub fn read(&self, path: &str) -> Option<String> {
        fs::read(self.path(path)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// A command in the namespace, outside of the machine's root; ended after `seconds`.
    pub fn beside(&self, seconds: u32) -> Command {
        let mut command = Command::new("timeout");
        command.args(["-k", "5", &seconds.to_string(), "nsenter", "--mount", "--target"]);
        command.arg(self.hold.id().to_string());
        command
    }

    /// A command in the machine's root, with nothing of the caller's environment.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.beside(180);
        command.arg("chroot").arg(self.inside()).args(words).env_clear();
        command.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", "/root").env("LC_ALL", "C.UTF-8").env("NO_COLOR", "1");
        command
    }

    /// Every path that is not as in the folder below, without those that `except` says may differ
    /// and what lies under them.
    pub fn changes(&self, except: &[&str]) -> Changes {
        let mut out = BTreeMap::new();
        self.compare("", except, &mut out);
        out
    }

    fn compare(&self, folder: &str, except: &[&str], out: &mut Changes) {
        let (upper, merged) = (self.outside("upper").join(folder), self.root().join(folder));
        let lower = self.below.join(folder);
        // What is deleted is a mark in the layer, or its folder was made anew.
        for name in names(&upper).union(&names(&lower)) {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let in_upper = upper.join(name).symlink_metadata();
            if except.contains(&path.as_str()) || ["proc", "dev"].contains(&path.as_str()) {
                continue;
            }
            let now = describe(&merged.join(name));
            if in_upper.is_err() && now.is_some() {
                continue;
            }
            if now != describe(&lower.join(name)) {
                out.insert(path.clone(), now.unwrap_or_else(|| "gone".into()));
            }
            if in_upper.is_ok_and(|meta| meta.is_dir()) {
                self.compare(&path, except, out);
            }
        }
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
}

/// Kind, mode, owner; a file's content and the time it was written, a link's target.
fn describe(path: &Path) -> Option<String> {
    let meta = path.symlink_metadata().ok()?;
    let head = format!("{:o} {}:{}", meta.mode(), meta.uid(), meta.gid());
    Some(if meta.is_symlink() {
        format!("{head} -> {}", fs::read_link(path).unwrap().display())
    } else if meta.is_file() {
        let mut sum = std::hash::DefaultHasher::new();
        let bytes = fs::read(path).unwrap();
        bytes.hash(&mut sum);
        format!("{head} {} bytes {:016x} of {}", bytes.len(), sum.finish(), meta.mtime())
    } else if meta.file_type().is_char_device() {
        format!("{head} {:x}", meta.rdev())
    } else {
        head
    })
}

/// The lines that differ.
pub fn difference(before: &Changes, after: &Changes) -> String {
    let paths: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differ = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    differ
        .map(|path| {
            let was = before.get(path).map_or("as it came", String::as_str);
            format!("{path}: {was} -> {}\n", after.get(path).map_or("as it came", String::as_str))
        })
        .collect()
}
