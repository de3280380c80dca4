//! What sysfs and libraries call things.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegpu::machine::{libvirt, pci, plain};
use onegpu::profile::PciAddress;

fuzz_target!(|text: &str| {
    pci::hex(text);
    libvirt::version(text);
    assert!(!plain::plain(text).chars().any(char::is_control));
    if let Ok(address) = text.parse::<PciAddress>() {
        assert_eq!(address.to_string(), text.to_ascii_lowercase());
        pci::parents(text, address);
    }
});
