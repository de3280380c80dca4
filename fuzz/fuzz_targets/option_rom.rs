//! Expansion ROMs of cards, as a file or as sysfs shows them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegpu::machine::option_rom;

fuzz_target!(|bytes: &[u8]| {
    if let Some(rom) = option_rom::parse(bytes) {
        assert!(rom.offset < bytes.len() && !rom.images.is_empty());
        rom.has_efi();
        rom.is_for(rom.images[0].id);
    }
});
