//! Names of PCI devices from the PCI ID database (`pci.ids`), when the machine
//! has one. Only the lines that are asked for are parsed: the file has 1.5 MB,
//! and parsing it whole (as the crate `pciid-parser` does) takes longer than
//! everything else that is read of a machine.

use std::cell::OnceCell;

use memchr::memmem;

use super::pci::PciId;
use super::plain::plain_word;
use super::root::Root;
use crate::paths::machine as at;

/// The database of 2026 has 1.6 MB.
const LARGEST: usize = 16 << 20;

/// The database, read when first asked.
pub struct PciNames<'a> {
    root: &'a Root,
    text: OnceCell<Vec<u8>>,
}

impl<'a> PciNames<'a> {
    /// The database of this machine.
    pub fn new(root: &'a Root) -> Self {
        Self { root, text: OnceCell::new() }
    }

    /// The device's name, `GP106 [GeForce GTX 1060 6GB]`.
    pub fn device(&self, id: PciId) -> Option<String> {
        device(self.text(), id)
    }

    fn text(&self) -> &[u8] {
        self.text.get_or_init(|| {
            let read = |path: &&str| self.root.bytes(path, LARGEST);
            at::PCI_IDS.iter().find_map(read).unwrap_or_default()
        })
    }
}

/// Looks a device up in the text of a database: `vvvv  Vendor`, and below it
/// `<tab>dddd  Device`, and below that two tabs and subsystems.
pub fn device(text: &[u8], id: PciId) -> Option<String> {
    let vendor = format!("{:04x}  ", id.vendor);
    let from = line_start(text, vendor.as_bytes())?;
    let device = format!("\t{:04x}  ", id.device);
    let mut lines = text[from..].split(|byte| *byte == b'\n');
    lines.next();
    let of_vendor = lines.take_while(|line| matches!(line.first(), Some(b'\t' | b'#') | None));
    let name = of_vendor.into_iter().find_map(|line| line.strip_prefix(device.as_bytes()))?;
    plain_word(&String::from_utf8_lossy(name))
}

/// Where a line that starts with `head` starts.
fn line_start(text: &[u8], head: &[u8]) -> Option<usize> {
    if text.starts_with(head) {
        return Some(0);
    }
    let line = [b"\n", head].concat();
    memmem::find(text, &line).map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &[u8] = b"# comment\n1002  AMD\n\t687f  Vega 10\n\t\t1002 687f  a board\n10de  NVIDIA\n\t1c03  GP106\n\nC 03  Display\n\t00  VGA\n";

    #[test]
    fn only_the_vendors_own_devices() {
        let name = |vendor, id| device(TEXT, PciId { vendor, device: id });
        assert_eq!(name(0x1002, 0x687f).as_deref(), Some("Vega 10"));
        assert_eq!(name(0x10de, 0x1c03).as_deref(), Some("GP106"));
        assert_eq!(name(0x1002, 0x1c03), None);
        assert_eq!(name(0x8086, 0x687f), None);
        assert_eq!(device(b"", PciId { vendor: 1, device: 1 }), None);
        assert_eq!(device(b"1002  AMD", PciId { vendor: 0x1002, device: 1 }), None);
    }
}
