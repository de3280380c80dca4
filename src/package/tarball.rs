//! Tar archives as dpkg-deb and xbps-create write them: GNU headers, every name
//! with a leading `./`, all of root's, one time for all.

use std::io;

use tar::{Builder, EntryType, Header};

use super::tree::{DIR_MODE, Entry};

/// A tar archive in memory.
pub(super) struct Tarball {
    out: Builder<Vec<u8>>,
    time: u64,
}

impl Tarball {
    /// An archive whose entries are of `time`, in seconds since 1970. It starts with `./`.
    pub(super) fn new(time: u32) -> io::Result<Self> {
        let mut tarball = Self::bare(time);
        tarball.add("/", EntryType::Directory, DIR_MODE, None, &[])?;
        Ok(tarball)
    }

    /// The same without `./` itself: its first entry is the first that is added.
    pub(super) fn bare(time: u32) -> Self {
        Self { out: Builder::new(Vec::new()), time: time.into() }
    }

    /// Adds an entry of a package's tree.
    pub(super) fn entry(&mut self, entry: &Entry<'_>) -> io::Result<()> {
        match (entry.target(), entry.content()) {
            (Some(target), _) => self.add(entry.path, EntryType::Symlink, entry.mode(), Some(target), &[]),
            (_, Some(content)) => self.file(entry.path, entry.mode(), content),
            (None, None) => {
                // Folders have a slash at the end, as in GNU tar.
                self.add(&format!("{}/", entry.path), EntryType::Directory, entry.mode(), None, &[])
            }
        }
    }

    /// Adds a regular file; `path` starts with `/`.
    pub(super) fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> io::Result<()> {
        self.add(path, EntryType::Regular, mode, None, content)
    }

    /// The finished archive.
    pub(super) fn finish(self) -> io::Result<Vec<u8>> {
        self.out.into_inner()
    }

    fn add(
        &mut self,
        path: &str,
        kind: EntryType,
        mode: u32,
        target: Option<&[u8]>,
        content: &[u8],
    ) -> io::Result<()> {
        // The crate's own setters strip the leading `./`.
        let name = format!(".{path}");
        let mut header = self.header(kind, mode, content.len());
        if let Some(target) = target {
            self.put(&mut header.as_old_mut().linkname, target, b'K')?;
        }
        self.put(&mut header.as_old_mut().name, name.as_bytes(), b'L')?;
        header.set_cksum();
        self.out.append(&header, content)
    }

    /// Writes `value` into a field of a header; one that is too long goes before
    /// it as an entry of its own, GNU's way (`K` for a target, `L` for a name).
    fn put(&mut self, field: &mut [u8; 100], value: &[u8], long: u8) -> io::Result<()> {
        let fits = value.len().min(field.len());
        field[..fits].copy_from_slice(&value[..fits]);
        if fits == value.len() {
            return Ok(());
        }
        let mut data = value.to_vec();
        data.push(0);
        let mut header = self.header(EntryType::new(long), 0o644, data.len());
        let name = b"././@LongLink";
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_mtime(0);
        header.set_cksum();
        self.out.append(&header, data.as_slice())
    }

    fn header(&self, kind: EntryType, mode: u32, size: usize) -> Header {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_size(size as u64);
        header.set_mtime(self.time);
        header.set_uid(0);
        header.set_gid(0);
        if let Some(gnu) = header.as_gnu_mut() {
            gnu.uname[..4].copy_from_slice(b"root");
            gnu.gname[..4].copy_from_slice(b"root");
        }
        header
    }
}
