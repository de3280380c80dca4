//! The folder that is a machine's `/`. Everything that is read of a machine is
//! read through here, so that nothing outside of it is ever read, and nothing
//! that lies in it can make a reader wait, run out of memory, or panic.
//!
//! `openat2` with `RESOLVE_IN_ROOT` (Linux 5.6) has exactly the meaning wanted:
//! absolute links and `..` stay below the folder. The crate `pathrs` wraps it
//! too, but needs a `/proc` of its own to reopen what it found; where the
//! kernel or a sandbox refuses `openat2`, [`super::walk`] does the same.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{self, AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::walk;
use crate::diag::{Diagnostic, Result};

/// Larger texts are not configuration; `/proc/cpuinfo` of 512 threads has 1 MB.
const LARGEST_TEXT: usize = 4 << 20;
/// An attribute of sysfs has at most one page.
const LARGEST_ATTRIBUTE: usize = 4096;
/// A folder with more entries is cut there: no machine has as many devices.
const MOST_ENTRIES: usize = 8192;

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file; whether any x bit is set.
    File {
        /// Any of the three x bits.
        executable: bool,
    },
    /// A folder.
    Folder,
    /// A device, a FIFO, a socket.
    Special,
}

/// Whose a file is, and who may do what with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// The twelve bits of its mode.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Whether an access control list says more than the mode; false also where
    /// that may not be known.
    pub list: bool,
}

/// An open root folder.
#[derive(Debug)]
pub struct Root {
    dir: OwnedFd,
    openat2: bool,
}

impl Root {
    /// Opens `path` as a machine's root.
    ///
    /// # Errors
    /// When it is not a folder that may be read.
    pub fn open(path: &Path) -> Result<Self> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = fs::open(path, flags, Mode::empty()).map_err(|error| {
            Diagnostic::input(format!("{}: {}", path.display(), io::Error::from(error)))
                .help("--root names the folder that holds the machine's files: its etc, proc, sys")
        })?;
        // A seccomp filter that does not know the call answers EPERM instead of ENOSYS.
        let probe = fs::openat2(&dir, ".", flags, Mode::empty(), ResolveFlags::IN_ROOT);
        let openat2 = !matches!(probe, Err(Errno::NOSYS | Errno::PERM | Errno::INVAL));
        Ok(Self { dir, openat2 })
    }

    /// As [`Self::open`], resolving links without the kernel's help.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_walking(path: &Path) -> Result<Self> {
        Ok(Self { openat2: false, ..Self::open(path)? })
    }

    /// Opens `path` inside the root.
    fn resolve(&self, path: &str, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let path = path.trim_start_matches('/');
        let path = if path.is_empty() { "." } else { path };
        let flags = flags | OFlags::CLOEXEC;
        if !self.openat2 {
            return walk::open(self.dir.as_fd(), path, flags);
        }
        let how = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
        for _ in 0..16 {
            match fs::openat2(&self.dir, path, flags, Mode::empty(), how) {
                // A rename went on meanwhile.
                Err(Errno::AGAIN | Errno::INTR) => {}
                done => return done,
            }
        }
        Err(Errno::AGAIN)
    }

    /// What `path` leads to; `None` when there is nothing, or it may not be known.
    pub fn kind(&self, path: &str) -> Option<Kind> {
        let stat = fs::fstat(self.resolve(path, OFlags::PATH).ok()?).ok()?;
        Some(match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File { executable: stat.st_mode & 0o111 != 0 },
            FileType::Directory => Kind::Folder,
            _ => Kind::Special,
        })
    }

    /// Whose `path` is, and its mode; `None` when there is nothing, or it may not be known.
    pub fn access(&self, path: &str) -> Option<Access> {
        let stat = fs::fstat(self.resolve(path, OFlags::PATH).ok()?).ok()?;
        // A list can only be asked for where the file may be opened; a FIFO is not.
        let plain = FileType::from_raw_mode(stat.st_mode).is_dir() || self.is_file(path);
        let open = || self.resolve(path, OFlags::RDONLY | OFlags::NONBLOCK).ok();
        let has_list = |fd: OwnedFd| {
            let mut nothing: [u8; 0] = [];
            fs::fgetxattr(&fd, c"system.posix_acl_access", &mut nothing).is_ok_and(|size| size > 0)
        };
        Some(Access {
            mode: stat.st_mode & 0o7777,
            uid: stat.st_uid,
            gid: stat.st_gid,
            list: plain && open().is_some_and(has_list),
        })
    }

    /// Whether `path` leads to a regular file.
    pub fn is_file(&self, path: &str) -> bool {
        matches!(self.kind(path), Some(Kind::File { .. }))
    }

    /// Whether `path` leads to a folder.
    pub fn is_folder(&self, path: &str) -> bool {
        self.kind(path) == Some(Kind::Folder)
    }

    /// A regular file, open for reading in any order; `None` when it cannot be.
    pub fn file(&self, path: &str) -> Option<File> {
        // Looked at before it is opened: opening some devices does something.
        if !self.is_file(path) {
            return None;
        }
        let file = File::from(self.resolve(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).ok()?);
        file.metadata().ok()?.is_file().then_some(file)
    }

    /// The bytes of a regular file; `None` when it cannot be read or has more than `most`.
    pub fn bytes(&self, path: &str, most: usize) -> Option<Vec<u8>> {
        let file = self.file(path)?;
        let mut bytes = Vec::new();
        file.take(most as u64 + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() <= most).then_some(bytes)
    }

    /// The last `most` bytes of a regular file, and whether that is all of it.
    ///
    /// # Errors
    /// When there is none, it may not be read, or it is something else.
    pub fn tail(&self, path: &str, most: u64) -> io::Result<(Vec<u8>, bool)> {
        let special = || io::Error::other("is not a regular file");
        // Looked at before it is opened: opening some devices does something.
        let stat = fs::fstat(self.resolve(path, OFlags::PATH)?)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(special());
        }
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY;
        let mut file = File::from(self.resolve(path, flags)?);
        let meta = file.metadata()?;
        if !meta.is_file() {
            return Err(special());
        }
        let start = meta.len().saturating_sub(most);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok((bytes, start == 0))
    }

    /// The text of a file; what is not UTF-8 in it becomes U+FFFD.
    pub fn text(&self, path: &str) -> Option<String> {
        self.bytes(path, LARGEST_TEXT).map(lossy)
    }

    /// The text of an attribute of sysfs, without the space around it; `None` when empty.
    pub fn attribute(&self, path: &str) -> Option<String> {
        let text = self.bytes(path, LARGEST_ATTRIBUTE).map(lossy)?;
        let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Where the link at `path` points to, as it is written.
    pub fn link(&self, path: &str) -> Option<String> {
        let path = path.trim_end_matches('/');
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.resolve(folder, OFlags::PATH | OFlags::DIRECTORY).ok()?;
        let target = fs::readlinkat(&folder, name, Vec::new()).ok()?;
        String::from_utf8(target.into_bytes()).ok()
    }

    /// The last part of what the link at `path` points to: how sysfs names a driver.
    pub fn link_name(&self, path: &str) -> Option<String> {
        let target = self.link(path)?;
        let name = target.trim_end_matches('/').rsplit('/').next()?;
        (!name.is_empty() && name != "." && name != "..").then(|| name.to_owned())
    }

    /// The names in a folder, sorted; `None` when it cannot be read.
    pub fn names(&self, path: &str) -> Option<Vec<String>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NONBLOCK;
        let dir = Dir::new(self.resolve(path, flags).ok()?).ok()?;
        let mut names = Vec::new();
        for entry in dir.take(MOST_ENTRIES) {
            let name = entry.ok()?;
            match name.file_name().to_str() {
                Ok("." | "..") | Err(_) => {}
                Ok(name) => names.push(name.to_owned()),
            }
        }
        names.sort_unstable();
        Some(names)
    }

    /// Whether there is surely nothing at `path`; false when it may not be known.
    pub fn is_absent(&self, path: &str) -> bool {
        matches!(self.resolve(path, OFlags::PATH), Err(Errno::NOENT | Errno::NOTDIR))
    }

    /// Whether something is called `path`, even a link that leads nowhere.
    pub fn is_named(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        self.resolve(folder, OFlags::PATH | OFlags::DIRECTORY)
            .is_ok_and(|folder| fs::statat(&folder, name, AtFlags::SYMLINK_NOFOLLOW).is_ok())
    }
}

fn lossy(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}
