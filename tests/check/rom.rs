//! ROMs of cards, made up: the headers are right, and there is no code in them.

/// An image of two blocks: `code` 0 for BIOS, 3 for EFI on x86-64.
fn image(vendor: u16, device: u16, code: u8, last: bool) -> Vec<u8> {
    let mut bytes = vec![0_u8; 1024];
    bytes[..2].copy_from_slice(&[0x55, 0xaa]);
    bytes[0x18] = 0x40;
    if code == 3 {
        bytes[4..8].copy_from_slice(&[0xf1, 0x0e, 0, 0]);
        bytes[0x0a..0x0c].copy_from_slice(&0x8664_u16.to_le_bytes());
    }
    bytes[0x40..0x44].copy_from_slice(b"PCIR");
    bytes[0x44..0x46].copy_from_slice(&vendor.to_le_bytes());
    bytes[0x46..0x48].copy_from_slice(&device.to_le_bytes());
    bytes[0x50] = 2;
    bytes[0x54] = code;
    bytes[0x55] = if last { 0x80 } else { 0 };
    bytes
}

/// As cards have it since about 2013.
pub fn both(vendor: u16, device: u16) -> Vec<u8> {
    [image(vendor, device, 0, false), image(vendor, device, 3, true)].concat()
}

#[allow(dead_code, reason = "each test binary uses its own part of this")]
/// As cards had it before.
pub fn bios(vendor: u16, device: u16) -> Vec<u8> {
    image(vendor, device, 0, true)
}
