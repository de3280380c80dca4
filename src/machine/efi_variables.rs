//! EFI variables, as efivarfs shows them: four bytes of attributes, then the value.

use super::plain::plain_word;
use super::root::Root;
use crate::paths::machine as at;

/// The Boot Loader Interface's vendor GUID
/// (<https://systemd.io/BOOT_LOADER_INTERFACE/>).
pub const LOADER: &str = "4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
/// UEFI's own variables (UEFI 2.10, 3.3).
pub const GLOBAL: &str = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
/// A variable that is longer is none of those asked for.
const LARGEST: usize = 4096;

/// The value of a variable, without its attributes.
pub fn value(root: &Root, name: &str, vendor: &str) -> Option<Vec<u8>> {
    let bytes = root.bytes(&format!("{}/{name}-{vendor}", at::EFI_VARIABLES), LARGEST)?;
    bytes.get(4..).map(<[u8]>::to_vec)
}

/// A variable that is a text.
pub fn text(root: &Root, name: &str, vendor: &str) -> Option<String> {
    utf16(&value(root, name, vendor)?)
}

/// A variable that is one byte, 0 or 1.
pub fn flag(root: &Root, name: &str, vendor: &str) -> Option<bool> {
    match value(root, name, vendor)?.as_slice() {
        [0] => Some(false),
        [1] => Some(true),
        _ => None,
    }
}

/// Whether the variables can be read at all, so that a missing one means something.
pub fn are_readable(root: &Root) -> bool {
    root.names(at::EFI_VARIABLES).is_some_and(|names| !names.is_empty())
}

/// UTF-16, little-endian, up to the first NUL.
pub fn utf16(bytes: &[u8]) -> Option<String> {
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: String =
        char::decode_utf16(units.take_while(|unit| *unit != 0)).map(|c| c.unwrap_or('\u{fffd}')).collect();
    plain_word(&text)
}
