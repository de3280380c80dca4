//! The tarball: the same bytes for the same files, whoever makes it and when.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use liblzma::stream::{Check, Stream};
use liblzma::write::XzEncoder;
use onegpu::diag::Result;
use tar::{Builder, EntryType, Header};

use crate::process::failure;

/// xz's own default: more would want more memory of whoever unpacks it.
const PRESET: u32 = 6;

/// One file of the tarball.
pub struct Entry {
    /// From the tarball's top folder.
    pub path: String,
    /// What it is.
    pub content: Content,
}

/// What a file is.
pub enum Content {
    /// Its bytes, and whether it runs.
    File {
        /// The bytes.
        bytes: Vec<u8>,
        /// Whether it runs.
        runs: bool,
    },
    /// A link, and where it points.
    Link(PathBuf),
}

impl Entry {
    /// The file `path` of `folder`.
    pub fn read(folder: &Path, path: &str) -> Result<Self> {
        let place = folder.join(path);
        let metadata = fs::symlink_metadata(&place).map_err(failure)?;
        let content = match metadata.is_symlink() {
            true => Content::Link(fs::read_link(&place).map_err(failure)?),
            false => Content::File {
                bytes: fs::read(&place).map_err(failure)?,
                runs: metadata.permissions().mode() & 0o100 != 0,
            },
        };
        Ok(Self { path: path.to_owned(), content })
    }
}

/// Packs the entries below the folder `top`, in the order of their paths.
pub fn write(top: &str, epoch: u64, mut entries: Vec<Entry>) -> Result<Vec<u8>> {
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let stream = Stream::new_easy_encoder(PRESET, Check::Crc64).map_err(failure)?;
    let mut tar = Builder::new(XzEncoder::new_stream(Vec::new(), stream));
    for Entry { path, content } in &entries {
        let mut header = Header::new_gnu();
        header.set_mtime(epoch);
        header.set_uid(0);
        header.set_gid(0);
        let path = format!("{top}/{path}");
        match content {
            Content::File { bytes, runs } => {
                header.set_size(bytes.len() as u64);
                header.set_mode(if *runs { 0o755 } else { 0o644 });
                tar.append_data(&mut header, path, bytes.as_slice()).map_err(failure)?;
            }
            Content::Link(target) => {
                header.set_size(0);
                header.set_mode(0o777);
                header.set_entry_type(EntryType::Symlink);
                tar.append_link(&mut header, path, target).map_err(failure)?;
            }
        }
    }
    let mut xz = tar.into_inner().map_err(failure)?;
    xz.flush().map_err(failure)?;
    xz.finish().map_err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_depend_on_the_files_alone() {
        let file = |path: &str, runs| Entry {
            path: path.to_owned(),
            content: Content::File { bytes: path.as_bytes().to_vec(), runs },
        };
        let link = || Entry { path: "c".into(), content: Content::Link("a".into()) };
        let long = "very-long-name/".repeat(20) + "end";
        let one = write("x-1", 7, vec![file("a", false), file(&long, true), link()]).unwrap();
        let two = write("x-1", 7, vec![link(), file(&long, true), file("a", false)]).unwrap();
        assert_eq!(one, two);
        let mut tar = tar::Archive::new(liblzma::read::XzDecoder::new(one.as_slice()));
        let seen: Vec<(String, u32, u64)> = tar
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                let header = entry.header();
                (entry.path().unwrap().display().to_string(), header.mode().unwrap(), header.mtime().unwrap())
            })
            .collect();
        let expected = [("x-1/a", 0o644), ("x-1/c", 0o777), (&*format!("x-1/{long}"), 0o755)];
        assert_eq!(seen, expected.map(|(path, mode)| (path.to_owned(), mode, 7)));
    }
}
