//! A whole folder: everything goes into a neighbour, and the neighbour takes the
//! folder's place at the end.

use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::failure;
use crate::diag::{Diagnostic, Result};
use crate::plan::Kind;

/// Lies in every folder that was written here: only such a folder is replaced.
pub(crate) const MARK: &str = ".onegpu";

/// A folder under construction.
pub struct Folder {
    target: PathBuf,
    staging: PathBuf,
    done: bool,
}

impl Folder {
    /// Starts a folder that will be `target`.
    ///
    /// # Errors
    /// When `target` exists and holds anything but what onegpu wrote.
    pub fn new(target: &Path) -> Result<Self> {
        let fail = |error: std::io::Error| failure(target, &error);
        match fs::read_dir(target) {
            Ok(mut entries) => {
                if entries.next().is_some() && !target.join(MARK).exists() {
                    return Err(Diagnostic::input(format!("{}: the folder is not empty", target.display()))
                        .help("name one that does not exist yet, or one that onegpu wrote before"));
                }
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(fail(error)),
        }
        let name = target.file_name().ok_or_else(|| {
            Diagnostic::input(format!("{}: cannot be replaced by a new folder", target.display()))
        })?;
        let parent = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(fail)?;
        let staging = parent.join(format!(".{}.{}.new", name.to_string_lossy(), std::process::id()));
        fs::create_dir(&staging).map_err(fail)?;
        let folder = Self { target: target.to_path_buf(), staging, done: false };
        folder.write(MARK, 0o644, b"written by onegpu\n")?;
        Ok(folder)
    }

    /// Adds a file or link at `path` below the folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, path: &str, kind: Kind, bytes: &[u8]) -> Result<()> {
        if kind == Kind::Link {
            let full = self.staging.join(path);
            self.make_parents(&full)?;
            return symlink(String::from_utf8_lossy(bytes).as_ref(), &full).map_err(|e| failure(&full, &e));
        }
        self.write(path, kind.mode(), bytes)
    }

    /// Adds the file `from` as it is, without copying it where the file system can.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn keep(&mut self, path: &str, from: &Path) -> Result<()> {
        let full = self.staging.join(path);
        self.make_parents(&full)?;
        if fs::hard_link(from, &full).is_ok() {
            return Ok(());
        }
        fs::copy(from, &full).map(drop).map_err(|error| failure(&full, &error))
    }

    /// Where the folder is as long as it is under construction.
    pub(crate) fn staging(&self) -> &Path {
        &self.staging
    }

    /// Adds a plain text.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add_text(&mut self, path: &str, text: &str) -> Result<()> {
        self.write(path, 0o644, text.as_bytes())
    }

    /// Puts the folder in its place, in one rename.
    ///
    /// # Errors
    /// When the place cannot be taken.
    pub fn finish(mut self) -> Result<()> {
        // In one step, where kernel and file system can: at no moment is there no folder.
        if renameat_with(CWD, &self.staging, CWD, &self.target, RenameFlags::EXCHANGE).is_ok() {
            self.done = true;
            return fs::remove_dir_all(&self.staging).map_err(|error| failure(&self.staging, &error));
        }
        let old = self.staging.with_extension("old");
        // Another onegpu may put its folder there between the two renames: the later one wins.
        for _ in 0..8 {
            match fs::rename(&self.target, &old) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(failure(&self.target, &error)),
            }
            let placed = fs::rename(&self.staging, &self.target);
            if placed.is_err() && !self.target.exists() {
                // The folder of before goes back: a failed command leaves what was there.
                let _ = fs::rename(&old, &self.target);
            }
            let cleared = match fs::remove_dir_all(&old) {
                Err(error) if error.kind() != ErrorKind::NotFound => Err(failure(&old, &error)),
                _ => Ok(()),
            };
            match placed {
                Ok(()) => {
                    self.done = true;
                    return cleared;
                }
                Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => cleared?,
                Err(error) => return Err(failure(&self.target, &error)),
            }
        }
        Err(Diagnostic::machine(format!("{}: other programs keep writing it", self.target.display())))
    }

    fn make_parents(&self, full: &Path) -> Result<()> {
        full.parent().map_or(Ok(()), |parent| fs::create_dir_all(parent).map_err(|e| failure(parent, &e)))
    }

    fn write(&self, path: &str, mode: u32, bytes: &[u8]) -> Result<()> {
        let full = self.staging.join(path);
        self.make_parents(&full)?;
        let write = || {
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&full)?;
            file.write_all(bytes)?;
            // The umask may have taken bits away; the mode is part of the result.
            file.set_permissions(fs::Permissions::from_mode(mode))
        };
        write().map_err(|error| failure(&full, &error))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.done {
            let _ = fs::remove_dir_all(&self.staging);
        }
    }
}
