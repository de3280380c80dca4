//! A copy of a small Debian root, in which package managers do what they like.

#![allow(dead_code)] // Each writer's test takes what it needs.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A root that vanishes with the test.
pub struct Root {
    dir: tempfile::TempDir,
}

/// What a path is: kind and mode, owner, content or target.
pub type Listing = BTreeMap<PathBuf, String>;

impl Root {
    /// A copy of `$ONEGPU_TEST_ROOTS/NAME`.
    pub fn copy(name: &str) -> Self {
        let roots = std::env::var_os("ONEGPU_TEST_ROOTS")
            .unwrap_or_else(|| panic!("ONEGPU_TEST_ROOTS names no folder of roots"));
        let from = PathBuf::from(roots).join(name);
        assert!(from.join("bin/sh").exists(), "{} is no root", from.display());
        let dir = tempfile::tempdir().unwrap();
        let done = Command::new("cp")
            .args(["-a", "--reflink=auto"])
            .arg(from.join("."))
            .arg(dir.path().join("root"))
            .status()
            .unwrap();
        assert!(done.success(), "cp: {done}");
        Self { dir }
    }

    /// Where it lies.
    pub fn path(&self) -> PathBuf {
        self.dir.path().join("root")
    }

    /// A path inside it, seen from outside.
    pub fn at(&self, path: &str) -> PathBuf {
        self.path().join(path.trim_start_matches('/'))
    }

    /// Writes a file inside it, below a folder that is there.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.at(path), bytes).unwrap();
    }

    /// Reads a file inside it.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    /// What a file holds, which is then empty; nothing when it is not there.
    pub fn take(&self, path: &str) -> String {
        let text = fs::read_to_string(self.at(path)).unwrap_or_default();
        let _ = fs::remove_file(self.at(path));
        text
    }

    /// Removes the files that the test put into /tmp.
    pub fn empty_tmp(&self) {
        for entry in fs::read_dir(self.at("/tmp")).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    }

    /// Runs a command inside it.
    pub fn run(&self, words: &[&str]) -> Output {
        bounded("chroot").arg(self.path()).args(words).output().unwrap()
    }

    /// Runs a command inside it that must succeed; gives what it printed.
    pub fn ok(&self, words: &[&str]) -> String {
        succeeded(words, &self.run(words))
    }

    /// Every path in it with its metadata and content, without those that
    /// `except` says may differ.
    pub fn listing(&self, except: &[&str]) -> Listing {
        let mut out = BTreeMap::new();
        walk(&self.path(), Path::new("/"), except, &mut out);
        assert!(out.len() > 1000, "a root has more files than that");
        out
    }
}

/// A command that is stopped after five minutes, in plain English.
pub fn bounded(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["-k", "5", "300", program]);
    command.env("LC_ALL", "C.UTF-8").env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// What a command printed, if it succeeded.
pub fn succeeded(words: &[&str], out: &Output) -> String {
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{words:?}: {}\n{text}", out.status);
    text
}

/// Both must be the same; tells which paths are not.
pub fn same(before: &Listing, after: &Listing) {
    let differ: Vec<String> = before
        .keys()
        .chain(after.keys())
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| format!("{}: {:?} -> {:?}", path.display(), before.get(path), after.get(path)))
        .collect();
    assert!(differ.is_empty(), "the root has changed:\n{}", differ.join("\n"));
}

fn walk(outside: &Path, inside: &Path, except: &[&str], out: &mut Listing) {
    for entry in fs::read_dir(outside).unwrap() {
        let entry = entry.unwrap();
        let path = inside.join(entry.file_name());
        if except.iter().any(|skip| Path::new(skip) == path) {
            continue;
        }
        let meta = entry.path().symlink_metadata().unwrap();
        let content = if meta.is_symlink() {
            format!("-> {}", fs::read_link(entry.path()).unwrap().display())
        } else if meta.is_file() {
            let bytes = fs::read(entry.path()).unwrap();
            let mut sum = std::hash::DefaultHasher::new();
            std::hash::Hash::hash(&bytes, &mut sum);
            format!("{} {:016x}", bytes.len(), std::hash::Hasher::finish(&sum))
        } else {
            String::new()
        };
        let (mode, uid, gid) = (meta.permissions().mode(), meta.uid(), meta.gid());
        out.insert(path.clone(), format!("{mode:o} {uid}:{gid} {content}"));
        if meta.is_dir() {
            walk(&entry.path(), &path, except, out);
        }
    }
}
