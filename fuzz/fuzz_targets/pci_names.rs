//! The PCI ID database.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegpu::machine::{pci::PciId, pci_names};

fuzz_target!(|input: (u16, u16, &[u8])| {
    let (vendor, device, text) = input;
    if let Some(name) = pci_names::device(text, PciId { vendor, device }) {
        assert!(!name.chars().any(char::is_control));
    }
});
