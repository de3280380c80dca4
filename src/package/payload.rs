//! What an RPM package of format 4 carries: a cpio archive, and what the header says of each file.
//!
//! The crate `rpm` could make it too. It reckons three checksums of the archive twice, though, four of
//! which only format 6 has: an eighth of the time that a package takes.

use std::io::{self, Write};

use cpio::newc::{Builder, ModeFileType, trailer};
use sha2::{Digest, Sha256};

use super::archive::hex;
use super::tree::Entry;

/// The archive under construction.
#[derive(Default)]
pub(super) struct Payload {
    archive: Vec<u8>,
    /// In bytes, of each entry.
    pub(super) sizes: Vec<u32>,
    /// SHA-256 of each regular file; nothing for the others.
    pub(super) digests: Vec<String>,
}

impl Payload {
    /// Adds one entry; they come sorted by path.
    ///
    /// # Errors
    /// When it is of 4 GiB or more.
    pub(super) fn add(&mut self, entry: &Entry<'_>, epoch: u32) -> io::Result<()> {
        let (kind, bytes) = match (entry.target(), entry.content()) {
            (Some(target), _) => (ModeFileType::Symlink, target),
            (_, Some(content)) => (ModeFileType::Regular, content),
            _ => (ModeFileType::Directory, &[][..]),
        };
        let size = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        self.sizes.push(size);
        self.digests.push(entry.content().map_or_else(String::new, |content| hex(&Sha256::digest(content))));
        let mut writer = Builder::new(&format!(".{}", entry.path))
            .ino(self.sizes.len() as u32)
            .mode(entry.mode())
            .set_mode_file_type(kind)
            .nlink(1)
            .mtime(epoch)
            .write(&mut self.archive, size);
        writer.write_all(bytes)?;
        writer.finish()?;
        Ok(())
    }

    /// The whole archive.
    ///
    /// # Errors
    /// None in memory, but the crate's interface has one.
    pub(super) fn finish(&mut self) -> io::Result<&[u8]> {
        trailer(&mut self.archive)?;
        Ok(&self.archive)
    }
}
