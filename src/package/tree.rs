//! A package's files together with the folders they lie in, as archives want them.

use std::collections::BTreeMap;

use crate::paths;
use crate::plan::Kind;
use crate::render::File;

/// Permission bits of every folder. All entries belong to root:root.
pub const DIR_MODE: u32 = 0o755;

/// One entry of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// From `/`, without a slash at the end.
    pub path: &'a str,
    /// The file or link; none for a folder.
    pub file: Option<&'a File>,
}

impl Entry<'_> {
    /// Permission bits.
    pub fn mode(&self) -> u32 {
        self.file.map_or(DIR_MODE, |file| file.kind.mode())
    }

    /// The target, if it is a symbolic link.
    pub fn target(&self) -> Option<&[u8]> {
        self.file.filter(|file| file.kind == Kind::Link).map(|file| file.bytes.as_slice())
    }

    /// The content, if it is a regular file.
    pub fn content(&self) -> Option<&[u8]> {
        self.file.filter(|file| file.kind != Kind::Link).map(|file| file.bytes.as_slice())
    }

    /// A folder that belongs to the distro's own packages, and that a format
    /// where folders have owners must not claim.
    pub fn is_shared(&self) -> bool {
        self.file.is_none() && paths::SHARED_DIRS.contains(&self.path)
    }
}

/// Files, links and every folder above them but `/`, sorted by path bytes: each
/// folder before what lies in it.
pub fn entries(files: &[File]) -> Vec<Entry<'_>> {
    let mut out = BTreeMap::new();
    for file in files {
        let path = file.path.as_str();
        for (at, _) in path.match_indices('/').skip(1) {
            let dir = &path[..at];
            out.entry(dir).or_insert(Entry { path: dir, file: None });
        }
        out.insert(path, Entry { path, file: Some(file) });
    }
    out.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_come_once_and_before_their_files() {
        let file = |path: &str, kind| File { path: path.into(), kind, bytes: b"x".to_vec() };
        let files = [
            file("/usr/share/a/b", Kind::Plain),
            file("/usr/share/a-c", Kind::Executable),
            file("/etc/l", Kind::Link),
        ];
        let seen: Vec<(&str, u32)> = entries(&files).iter().map(|e| (e.path, e.mode())).collect();
        assert_eq!(
            seen,
            [
                ("/etc", 0o755),
                ("/etc/l", 0o777),
                ("/usr", 0o755),
                ("/usr/share", 0o755),
                ("/usr/share/a", 0o755),
                ("/usr/share/a-c", 0o755),
                ("/usr/share/a/b", 0o644),
            ]
        );
        let shared: Vec<&str> = entries(&files).iter().filter(|e| e.is_shared()).map(|e| e.path).collect();
        assert_eq!(shared, ["/etc", "/usr", "/usr/share"]);
    }
}
