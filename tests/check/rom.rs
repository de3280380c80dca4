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

/// `both VENDOR:DEVICE`, for BIOS and UEFI, as cards have it since about 2013; `bios …`,
/// as before; `behind LENGTH …`, with a header of another kind before it.
pub fn described(words: &str) -> Vec<u8> {
    let (kind, rest) = words.split_once(' ').unwrap();
    if kind == "behind" {
        let (length, rest) = rest.split_once(' ').unwrap();
        return [vec![0x4e; length.parse().unwrap()], described(rest)].concat();
    }
    let (vendor, device) = rest.split_once(':').unwrap();
    let (vendor, device) =
        (u16::from_str_radix(vendor, 16).unwrap(), u16::from_str_radix(device, 16).unwrap());
    match kind {
        "both" => [image(vendor, device, 0, false), image(vendor, device, 3, true)].concat(),
        "bios" => image(vendor, device, 0, true),
        _ => panic!("no such ROM: {words}"),
    }
}
