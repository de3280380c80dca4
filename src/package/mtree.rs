//! `.MTREE`: what pacman compares installed files with (`pacman -Qkk`).
//! The format is mtree(5), as makepkg has bsdtar write it, in gzip.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha256};

use super::SetupPackage;
use super::archive::{gzip, hex};
use super::tree::Entry;
use crate::diag::Result;

/// The compressed list: first the metadata files, which pacman keeps, then the tree.
///
/// # Errors
/// When the compressor fails, which memory alone can bring about.
pub(super) fn write(
    package: &SetupPackage,
    metadata: &[(&str, &[u8])],
    tree: &[Entry<'_>],
) -> Result<Vec<u8>> {
    let epoch = package.epoch;
    let mut text = String::from("#mtree\n/set type=file uid=0 gid=0 mode=644\n");
    for (name, bytes) in metadata {
        line(&mut text, name, epoch, &regular(0o644, bytes));
    }
    for entry in tree {
        let about = match (entry.content(), entry.target()) {
            (Some(bytes), _) => regular(entry.mode(), bytes),
            (_, Some(target)) => format!(" mode=777 type=link link={}", escape(target)),
            (None, None) => format!(" mode={:o} type=dir", entry.mode()),
        };
        line(&mut text, entry.path.trim_start_matches('/'), epoch, &about);
    }
    gzip(text.as_bytes())
}

fn line(text: &mut String, path: &str, epoch: u32, about: &str) {
    let _ = writeln!(text, "./{} time={epoch}.0{about}", escape(path.as_bytes()));
}

fn regular(mode: u32, bytes: &[u8]) -> String {
    // 644 is what /set says.
    let mode = if mode == 0o644 { String::new() } else { format!(" mode={mode:o}") };
    // Pacman before 6.1 looks at the MD5, and takes its absence for an altered file.
    let (md5, sha256) = (hex(&Md5::digest(bytes)), hex(&Sha256::digest(bytes)));
    format!("{mode} size={} md5digest={md5} sha256digest={sha256}", bytes.len())
}

/// mtree(5): anything but plain characters as three octal digits.
fn escape(path: &[u8]) -> String {
    path.iter().fold(String::with_capacity(path.len()), |mut out, &byte| {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'/'
            | b'.'
            | b'_'
            | b'-'
            | b'+'
            | b':'
            | b'@'
            | b',' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "\\{byte:03o}");
            }
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_mtree_would_misread_are_octal() {
        assert_eq!(escape("a b#=\\é".as_bytes()), "a\\040b\\043\\075\\134\\303\\251");
        assert_eq!(escape(b"/etc/x-1.0_2+3"), "/etc/x-1.0_2+3");
    }
}
