//! The header of an installed package, as rpm's database keeps it: an index of tags, then their values.
//! rpm's docs/manual/format_header.md, and lib/rpmtag.h for the numbers.

/// No header of a package has more.
const MOST: usize = 1 << 20;

const DIGESTS: u32 = 1035;
const MODES: u32 = 1030;
const FOLDER_OF: u32 = 1116;
const NAMES: u32 = 1117;
const FOLDERS: u32 = 1118;
const ALGORITHM: u32 = 5011;

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Where it lies.
    pub path: String,
    /// Its checksum in hex; empty for a link.
    pub digest: String,
    /// Whether the checksum is SHA-256, and not MD5.
    pub sha256: bool,
}

/// The files of a header, without folders; none when it is no header.
pub fn files(bytes: &[u8]) -> Option<Vec<Listed>> {
    let header = Header::new(bytes)?;
    let (names, folders) = (header.strings(NAMES)?, header.strings(FOLDERS)?);
    let (folder_of, modes) = (header.numbers(FOLDER_OF, 4)?, header.numbers(MODES, 2)?);
    let digests = header.strings(DIGESTS).unwrap_or_default();
    // PGP's numbers of algorithms: 8 is SHA-256, 1 is MD5, which it is where none is named.
    let algorithm = header.numbers(ALGORITHM, 4).and_then(|numbers| numbers.first().copied());
    let mut out = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let folder = folders.get(*folder_of.get(at)? as usize)?;
        if modes.get(at)? & 0o170_000 == 0o040_000 {
            continue;
        }
        let digest = digests.get(at).cloned().unwrap_or_default();
        out.push(Listed { path: format!("{folder}{name}"), digest, sha256: algorithm == Some(8) });
    }
    Some(out)
}

struct Header<'a> {
    index: &'a [u8],
    values: &'a [u8],
}

impl<'a> Header<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let number = |at: usize| number(bytes, at, 4);
        let (entries, size) = (number(0)? as usize, number(4)? as usize);
        let index = bytes.get(8..8 + entries.checked_mul(16)?)?;
        let values = bytes.get(8 + index.len()..)?;
        Some(Self { index, values: values.get(..size)? })
    }

    /// Where the values of a tag begin, and how many there are.
    fn tag(&self, wanted: u32) -> Option<(usize, usize)> {
        let entry = self.index.chunks_exact(16).find(|entry| number(entry, 0, 4) == Some(wanted))?;
        let (from, count) = (number(entry, 8, 4)? as usize, number(entry, 12, 4)? as usize);
        (count <= MOST).then_some((from, count))
    }

    fn numbers(&self, tag: u32, size: usize) -> Option<Vec<u32>> {
        let (from, count) = self.tag(tag)?;
        (0..count).map(|at| number(self.values, from.checked_add(at * size)?, size)).collect()
    }

    fn strings(&self, tag: u32) -> Option<Vec<String>> {
        let (from, count) = self.tag(tag)?;
        let mut texts = self.values.get(from..)?.split(|byte| *byte == 0);
        (0..count).map(|_| texts.next().map(|text| String::from_utf8_lossy(text).into_owned())).collect()
    }
}

/// A number of `size` bytes, the most significant first.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<u32> {
    let bytes = bytes.get(at..at.checked_add(size)?)?;
    Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}
