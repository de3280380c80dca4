//! Reading archives back, within bounds: packages that somebody put into the repository
//! need not be ours.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;
use liblzma::read::XzDecoder;

/// No metadata of a package is larger; what unpacks to more is no package.
const LARGEST: u64 = 64 << 20;

/// A reader of what `bytes` hold, by the ending of the archive's name.
pub(super) fn reader<'a>(name: &str, bytes: &'a [u8]) -> io::Result<Box<dyn Read + 'a>> {
    Ok(match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("zst") => Box::new(zstd::Decoder::new(bytes)?),
        Some("xz") => Box::new(XzDecoder::new(bytes)),
        Some("gz") => Box::new(MultiGzDecoder::new(bytes)),
        Some("tar") => Box::new(bytes),
        _ => return Err(io::Error::other(format!("{name}: compressed in a way that is not known"))),
    })
}

/// A reader of a packed archive whose name says nothing of how: by its first bytes.
pub(super) fn packed(bytes: &[u8]) -> io::Result<Box<dyn Read + '_>> {
    reader(
        match bytes {
            [0x28, 0xb5, 0x2f, 0xfd, ..] => "a.zst",
            [0xfd, b'7', b'z', b'X', b'Z', ..] => "a.xz",
            [0x1f, 0x8b, ..] => "a.gz",
            _ => "a.tar",
        },
        bytes,
    )
}

/// Calls `each` with name, whether it is a folder, and content of every member of a tar
/// archive until it says that it has enough.
pub(super) fn members(
    archive: impl Read,
    mut each: impl FnMut(&str, bool, &mut dyn Read) -> io::Result<bool>,
) -> io::Result<()> {
    let mut archive = tar::Archive::new(archive);
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let folder = entry.header().entry_type().is_dir();
        if !each(name.trim_start_matches("./"), folder, &mut entry)? {
            break;
        }
    }
    Ok(())
}

/// A member's text.
pub(super) fn text(member: &mut dyn Read) -> io::Result<String> {
    let mut text = String::new();
    member.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

/// A member's bytes.
pub(super) fn bytes(member: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    member.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}
