//! Expansion ROMs of PCI cards, as the PCI Firmware Specification 3.3 (chapter 5)
//! and UEFI 2.10 (14.4.2) lay them out: a chain of images, each for one kind of
//! firmware. A virtual machine with OVMF runs the one for EFI.

use serde::Serialize;

use super::pci::PciId;

/// The largest ROM that is read: a BAR for one has at most 16 MiB (PCI 3.0, 6.2.5.2).
pub const LARGEST: usize = 16 << 20;
/// The lengths of images are counted in these.
const BLOCK: usize = 512;
/// More images than any ROM has.
const MOST_IMAGES: usize = 64;

/// What a file of ROM bytes holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OptionRom {
    /// Where the first image starts; a file of the card's own starts at 0, what
    /// a flash tool wrote may have a header of the maker's before it.
    pub offset: usize,
    /// The images in their order.
    pub images: Vec<Image>,
    /// Whether the last image says that it is the last, and all of it is there.
    pub complete: bool,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Image {
    /// Where it starts, from the file's beginning.
    pub at: usize,
    /// Its length as it says.
    pub length: usize,
    /// The card it is for.
    pub id: PciId,
    /// Other devices that it is for too.
    pub also: Vec<u16>,
    /// Who runs it.
    pub code: Code,
    /// Whether it says that it is the last.
    pub last: bool,
}

/// The kind of firmware that runs an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Code {
    /// A PC's BIOS.
    Bios,
    /// Open Firmware.
    OpenFirmware,
    /// UEFI, for the CPU of this number (0x8664 is x86-64).
    Efi(u16),
    /// Marked as EFI's, without its signature.
    BrokenEfi,
    /// Another number.
    Other(u8),
}

impl OptionRom {
    /// Whether an image is for UEFI on x86-64. A machine of `EBC` runs anywhere.
    pub fn has_efi(&self) -> bool {
        self.images.iter().any(|image| matches!(image.code, Code::Efi(0x8664 | 0x0ebc)))
    }

    /// Whether an image is for the card `id`.
    pub fn is_for(&self, id: PciId) -> bool {
        self.images.iter().any(|image| {
            image.id.vendor == id.vendor && (image.id.device == id.device || image.also.contains(&id.device))
        })
    }
}

/// Reads the images; `None` when there is not one in `bytes`.
pub fn parse(bytes: &[u8]) -> Option<OptionRom> {
    let offset = first(bytes)?;
    let mut rom = OptionRom { offset, images: Vec::new(), complete: false };
    let mut at = offset;
    while let Some(image) = image(bytes, at).filter(|_| rom.images.len() < MOST_IMAGES) {
        let end = at.checked_add(image.length)?;
        let (last, empty) = (image.last, image.length == 0);
        rom.images.push(image);
        if last || empty {
            rom.complete = last && !empty && end <= bytes.len();
            break;
        }
        at = end;
    }
    Some(rom)
}

/// Where the first image starts: a signature whose pointer leads to `PCIR`.
fn first(bytes: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(bytes, b"\x55\xaa").find(|at| image(bytes, *at).is_some())
}

fn image(bytes: &[u8], at: usize) -> Option<Image> {
    let header = bytes.get(at..)?;
    if !header.starts_with(b"\x55\xaa") {
        return None;
    }
    let data = header.get(usize::from(number(header, 0x18)?)..)?;
    if !data.starts_with(b"PCIR") {
        return None;
    }
    let revision = *data.get(0x0c)?;
    let code = match *data.get(0x14)? {
        0 => Code::Bios,
        1 => Code::OpenFirmware,
        // 0x0EF1, four bytes; the machine stands behind the subsystem.
        3 if header.get(4..8) == Some(&[0xf1, 0x0e, 0, 0]) => Code::Efi(number(header, 0x0a)?),
        3 => Code::BrokenEfi,
        other => Code::Other(other),
    };
    Some(Image {
        at,
        length: usize::from(number(data, 0x10)?) * BLOCK,
        id: PciId { vendor: number(data, 4)?, device: number(data, 6)? },
        // Since revision 3 the number at 8 points to a list that ends with 0.
        also: if revision >= 3 { devices(data).unwrap_or_default() } else { Vec::new() },
        code,
        last: data.get(0x15)? & 0x80 != 0,
    })
}

fn devices(data: &[u8]) -> Option<Vec<u16>> {
    let list = data.get(usize::from(Some(number(data, 8)?).filter(|at| *at != 0)?)..)?;
    let numbers = list.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    Some(numbers.take_while(|number| *number != 0).take(256).collect())
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use super::*;

    const CARD: PciId = PciId { vendor: 0x10de, device: 0x2482 };

    /// An image of `blocks` blocks for [`CARD`].
    fn made(code: u8, last: bool, blocks: u8) -> Vec<u8> {
        let mut bytes = vec![0; usize::from(blocks) * BLOCK];
        bytes[..2].copy_from_slice(b"\x55\xaa");
        bytes[0x18] = 0x40;
        if code == 3 {
            bytes[4..8].copy_from_slice(&[0xf1, 0x0e, 0, 0]);
            bytes[0x0a..0x0c].copy_from_slice(&0x8664_u16.to_le_bytes());
        }
        bytes[0x40..0x44].copy_from_slice(b"PCIR");
        bytes[0x44..0x46].copy_from_slice(&CARD.vendor.to_le_bytes());
        bytes[0x46..0x48].copy_from_slice(&CARD.device.to_le_bytes());
        bytes[0x50] = blocks;
        bytes[0x54] = code;
        bytes[0x55] = if last { 0x80 } else { 0 };
        bytes
    }

    #[test]
    fn a_card_with_both_kinds() {
        let rom = parse(&[made(0, false, 2), made(3, true, 3)].concat()).unwrap();
        assert!(rom.complete && rom.has_efi() && rom.is_for(CARD) && rom.offset == 0);
        assert_eq!(
            rom.images.iter().map(|image| (image.at, image.length)).collect::<Vec<_>>(),
            [(0, 2 * BLOCK), (2 * BLOCK, 3 * BLOCK)]
        );
        assert!(!rom.is_for(PciId { vendor: 0x1002, device: CARD.device }));
    }

    #[test]
    fn a_card_of_before_uefi() {
        let rom = parse(&made(0, true, 2)).unwrap();
        assert!(rom.complete && !rom.has_efi());
        // Marked as EFI's, and without its signature.
        let mut broken = made(3, true, 2);
        broken[4] = 0;
        assert!(!parse(&broken).unwrap().has_efi());
    }

    #[test]
    fn what_a_flash_tool_writes_before_it() {
        // `NVGI`, and a pair of bytes that looks like the signature.
        let header = [b"NVGI".as_slice(), &[0x55, 0xaa], &[7; 100]].concat();
        let rom = parse(&[header.as_slice(), &made(3, true, 2)].concat()).unwrap();
        assert_eq!((rom.offset, rom.images.len(), rom.complete), (106, 1, true));
    }

    #[test]
    fn what_is_cut_off_or_never_ends_is_not_complete() {
        let whole = [made(0, false, 2), made(3, true, 3)].concat();
        assert!(!parse(&whole[..whole.len() - 1]).unwrap().complete);
        assert_eq!(parse(&whole[..2 * BLOCK]).unwrap().images.len(), 1);
        assert!(!parse(&made(0, false, 2)).unwrap().complete);
        let mut endless = made(0, false, 2);
        endless[0x50] = 0;
        assert_eq!(parse(&endless).unwrap().images.len(), 1);
        assert_eq!(parse(b"\x55\xaa"), None);
        assert_eq!(parse(&[0; 4096]), None);
    }

    #[test]
    fn a_list_of_devices() {
        let mut rom = made(3, true, 2);
        rom[0x4c] = 3;
        rom[0x48] = 0x20;
        rom[0x60..0x66].copy_from_slice(&[0x84, 0x24, 0x88, 0x24, 0, 0]);
        assert_eq!(parse(&rom).unwrap().images[0].also, [0x2484, 0x2488]);
        assert!(parse(&rom).unwrap().is_for(PciId { vendor: 0x10de, device: 0x2488 }));
    }
}
