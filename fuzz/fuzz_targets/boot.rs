//! EFI variables, and what boot loaders leave on the command line.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegpu::machine::{bootloader, efi_variables};

fuzz_target!(|bytes: &[u8]| {
    if let Some(text) = efi_variables::utf16(bytes) {
        bootloader::by_loader_info(&text);
        let evidence = bootloader::by_cmdline(&text, &[]);
        bootloader::decide(&evidence, &[]);
    }
});
