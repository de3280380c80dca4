//! A machine made of a folder that nobody writes to and a layer in memory above it, in a mount
//! namespace of its own. All that was written is in the layer, and gone with the process that
//! holds it: to compare the whole root, the layer is enough.

#![allow(dead_code)] // Each test takes what it needs.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use sha2::{Digest, Sha256};

/// Makes the machine and stays until it is killed; $1 is the folder below, $2 one of the test's, $3 what else is to be done.
const HOLD: &str = r#"
mount --make-rprivate /
mkdir "$2/machine"
mount -t tmpfs tmpfs "$2/machine"
mkdir "$2/machine/upper" "$2/machine/work" "$2/machine/root" "$2/machine/images"
root=$2/machine/root
mount -t overlay -o "lowerdir=$1,upperdir=$2/machine/upper,workdir=$2/machine/work" overlay "$root"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
eval "$3"
echo ready
exec sleep 7200
"#;

/// Mounts the machine anew: $1 is its folder, $2 the folders below, $3 what its layer becomes: `new`,
/// `keep`, or a copy of one of the images. The others are what is mounted in it; they lie outside at
/// the same path.
const MOUNT: &str = r#"
machine=$1 below=$2 root=$1/root
umount -R "$root" 2>/dev/null || umount -R -l "$root"
case $3 in
    keep) ;;
    new) rm -rf "$1/upper" "$1/work" && mkdir "$1/upper" ;;
    *) rm -rf "$1/upper" && cp -a "$1/images/$3" "$1/upper" ;;
esac
[ ! -d "$1/work" ] || rm -rf "$1/work"
mkdir "$1/work"
mount -t overlay -o "lowerdir=$below,upperdir=$machine/upper,workdir=$machine/work" overlay "$root"
shift 3
for path; do mount --rbind "$path" "$root$path"; done
"#;

/// What differs from the folder below: a path, and what it is now.
pub type Changes = BTreeMap<String, String>;

pub struct Layer {
    hold: Child,
    folder: tempfile::TempDir,
    below: PathBuf,
    /// Layers that nobody writes to any more, between the folder below and the one that is written to.
    frozen: Cell<usize>,
    /// The image that lies above them.
    image: Cell<Option<usize>>,
    /// What stands in the folder below, which does not change, where somebody has asked.
    known: RefCell<HashMap<PathBuf, Option<String>>>,
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
        Self {
            hold,
            folder,
            below: below.to_path_buf(),
            frozen: Cell::new(0),
            image: Cell::new(None),
            known: RefCell::default(),
        }
    }

    /// From here on [`Layer::back`] brings the machine back to this moment, until [`Layer::thaw`]
    /// brings it back for the last time.
    pub fn freeze(&self) {
        assert_eq!(self.image.get(), None, "an image cannot be frozen");
        let frozen = self.frozen.get();
        fs::remove_dir_all(self.outside("images")).unwrap();
        fs::create_dir(self.outside("images")).unwrap();
        fs::rename(self.outside("upper"), self.outside(&format!("frozen{frozen}"))).unwrap();
        fs::create_dir(self.outside("upper")).unwrap();
        self.frozen.set(frozen + 1);
        self.mount("new");
    }

    /// The machine as it was when it was frozen; or, with a number, as in [`Layer::images`]. Nothing
    /// is copied: the image becomes a layer that nobody writes to.
    pub fn back(&self, image: Option<usize>) {
        self.image.set(image);
        self.mount("new");
    }

    /// The machine as in an image, which becomes its own: from here on it can be frozen or thawed.
    pub fn become_image(&self, image: usize) {
        self.image.set(None);
        self.mount(&image.to_string());
    }

    /// As [`Layer::back`], and the images go.
    pub fn thaw(&self) {
        let frozen = self.frozen.get() - 1;
        self.frozen.set(frozen);
        self.image.set(None);
        for folder in [self.outside("upper"), self.outside("images")] {
            fs::remove_dir_all(folder).unwrap();
        }
        fs::create_dir(self.outside("images")).unwrap();
        fs::rename(self.outside(&format!("frozen{frozen}")), self.outside("upper")).unwrap();
        self.mount("keep");
    }

    fn mount(&self, what: &str) {
        let machine = self.folder.path().join("machine");
        let still = self.still().into_iter().rev().map(|name| machine.join(name));
        let below: Vec<String> =
            still.chain([self.below.clone()]).map(|path| path.display().to_string()).collect();
        let mut command = self.beside(60);
        command.args(["sh", "-euc", MOUNT, "mount"]).arg(&machine).arg(below.join(":")).arg(what);
        command.args(self.binds());
        let out = command.output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
    }

    /// What is mounted in the machine's root from outside.
    fn binds(&self) -> Vec<String> {
        let root = self.inside().display().to_string();
        let mounts = fs::read_to_string(format!("/proc/{}/mounts", self.hold.id())).unwrap();
        let points = mounts.lines().filter_map(|line| line.split(' ').nth(1)?.strip_prefix(&root));
        let within =
            |path: &&str| !path.is_empty() && !path.starts_with("/proc/") && !path.starts_with("/dev/");
        points.filter(within).map(str::to_owned).collect()
    }

    /// The layers that nobody writes to, the lowest first.
    fn still(&self) -> Vec<String> {
        let frozen = (0..self.frozen.get()).map(|at| format!("frozen{at}"));
        frozen.chain(self.image.get().map(|image| format!("images/{image}"))).collect()
    }

    /// What a program in the machine copies its layer from, and the folder that it copies it to
    /// under a number. Both are paths in the machine.
    pub fn images(&self) -> (PathBuf, PathBuf) {
        (self.outside("upper"), self.outside("images"))
    }

    /// The machine as it is now becomes the image of a number.
    pub fn keep_image(&self, number: usize) {
        let (from, to) = self.images();
        let done = Command::new("cp").arg("-a").arg(from).arg(to.join(number.to_string())).status().unwrap();
        assert!(done.success());
    }

    /// The words of the command during which an image was taken.
    pub fn words(&self, number: usize) -> Vec<String> {
        let words = fs::read_to_string(self.outside("images").join(format!("{number}.words"))).unwrap();
        words.split_terminator('\0').map(str::to_owned).collect()
    }

    /// A number's image, told by all that is in it but the paths of which `except` is true.
    pub fn image(&self, number: usize, except: &dyn Fn(&str) -> bool) -> Option<u64> {
        let folder = self.outside("images").join(number.to_string());
        let mut all = BTreeMap::new();
        folder.exists().then(|| {
            describe_all(&folder, "", except, &mut all);
            let mut sum = std::hash::DefaultHasher::new();
            all.hash(&mut sum);
            sum.finish()
        })
    }

    /// Leaves room for so many pages of 4 KiB; none gives back all there was.
    pub fn leave(&self, pages: Option<u64>) {
        let machine = self.folder.path().join("machine");
        let size = match pages {
            None => "50%".into(),
            Some(pages) => {
                let used = rustix::fs::statvfs(self.outside("")).unwrap();
                format!("{}", (used.f_blocks - used.f_bfree + pages) * used.f_frsize)
            }
        };
        let mut command = self.beside(20);
        command.args(["mount", "-o", &format!("remount,size={size}")]).arg(machine);
        assert!(command.status().unwrap().success(), "{size}");
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
        let layers = self.still().into_iter().chain(["upper".into()]);
        let layers: Vec<PathBuf> = layers.map(|name| self.outside(&name).join(folder)).collect();
        let (merged, lower) = (self.root().join(folder), self.below.join(folder));
        // A layer has what was written. What was deleted is a mark in it, or its folder was made anew.
        let mut all: BTreeSet<String> = layers.iter().flat_map(|layer| names(layer)).collect();
        let there: HashSet<String> = names(&merged).collect();
        all.extend(names(&lower).filter(|name| !there.contains(name)));
        for name in &all {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if except.contains(&path.as_str()) || ["proc", "dev"].contains(&path.as_str()) {
                continue;
            }
            let now = describe(&merged.join(name));
            let mut known = self.known.borrow_mut();
            let came = known.entry(lower.join(name)).or_insert_with_key(|path| describe(path));
            if now != *came {
                out.insert(path.clone(), now.unwrap_or_else(|| "gone".into()));
            }
            drop(known);
            if layers.iter().any(|layer| layer.join(name).symlink_metadata().is_ok_and(|meta| meta.is_dir()))
            {
                self.compare(&path, except, out);
            }
        }
    }
}

fn names(folder: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
}

fn describe_all(
    folder: &Path,
    below: &str,
    except: &dyn Fn(&str) -> bool,
    out: &mut BTreeMap<String, String>,
) {
    for name in names(folder) {
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if except(&path) {
            continue;
        }
        let at = folder.join(&name);
        out.insert(path.clone(), describe(&at).unwrap());
        if at.symlink_metadata().unwrap().is_dir() {
            describe_all(&at, &path, except, out);
        }
    }
}

/// Kind, mode, owner; a file's content and the time it was written, a link's target.
fn describe(path: &Path) -> Option<String> {
    let meta = path.symlink_metadata().ok()?;
    let head = format!("{:o} {}:{}", meta.mode(), meta.uid(), meta.gid());
    Some(if meta.is_symlink() {
        format!("{head} -> {}", fs::read_link(path).unwrap().display())
    } else if meta.is_file() {
        let bytes = fs::read(path).unwrap();
        let sum = &Sha256::digest(&bytes)[..8];
        let sum: String = sum.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{head} {} bytes {sum} of {}", bytes.len(), meta.mtime())
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
