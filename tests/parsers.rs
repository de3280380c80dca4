//! Every parser of what a machine says, on anything: none panics, and none
//! makes more of a text than is in it. `fuzz/` looks longer for the same.

#![allow(clippy::unwrap_used, missing_docs)]

use onegpu::log::{Item, libvirt as log_libvirt, run};
use onegpu::machine::{
    bootloader, cpu, display_manager, efi_variables, kernel, libvirt, memory, option_rom, os_release, pci,
    pci_names, plain, sessions, users,
};
use proptest::prelude::*;

/// Lines of the form that a parser looks for, with nonsense in them.
fn lines(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    let line = (prop::sample::select(keys), "(?s).{0,24}").prop_map(|(key, rest)| format!("{key}{rest}"));
    prop::collection::vec(prop_oneof![3 => line, 1 => "(?s).{0,40}"], 0..12).prop_map(|all| all.join("\n"))
}

/// Bytes with the marks of an option ROM among them.
fn rom_like() -> impl Strategy<Value = Vec<u8>> {
    let mark = prop::sample::select(vec![&b"\x55\xaa"[..], b"PCIR", b"\xf1\x0e\0\0", b"\x1c\0", b"\0\0\0\0"]);
    let piece =
        prop_oneof![2 => mark.prop_map(<[u8]>::to_vec), 1 => prop::collection::vec(any::<u8>(), 0..24)];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn option_roms(bytes in rom_like()) {
        if let Some(rom) = option_rom::parse(&bytes) {
            prop_assert!(bytes[rom.offset..].starts_with(b"\x55\xaa") && !rom.images.is_empty());
            prop_assert!(rom.images.windows(2).all(|two| two[0].at + two[0].length == two[1].at));
            prop_assert!(rom.images.iter().all(|image| image.at < bytes.len()));
        }
    }

    #[test]
    fn os_releases(text in lines(&["ID=", "ID_LIKE=\"", "ID='", "ID=\"", "VERSION_ID=", "NAME=\""])) {
        let facts = os_release::parse(&text);
        if let Some(id) = facts.id {
            prop_assert!(text.contains(&id) && !id.contains(['/', '\0', ' ', '"']), "{id:?}");
        }
    }

    #[test]
    fn cpus(text in lines(&["processor : ", "\n\nprocessor\t: 0\nphysical id : ", "core id : 1", "siblings : ",
        "siblings : 4294967295", "cpu cores : ", "flags : vmx ", "vendor_id : AuthenticAMD"])) {
        let facts = cpu::parse(&text);
        prop_assert!(facts.threads != Some(0) && facts.cores != Some(0));
    }

    #[test]
    fn memories(text in lines(&["MemTotal: ", "MemTotal: 18446744073709551615 kB", "HugePages_Total: ", "Hugepagesize: "])) {
        memory::parse(&text);
    }

    #[test]
    fn accounts(text in lines(&["a:x:1000:1000::/home/a:/bin/", "b:x:", ":::::::", "c:x:60000:1::/:"])) {
        for user in users::parse(&text) {
            prop_assert!((1000..=60000).contains(&user.uid));
            prop_assert!(user.name.parse::<onegpu::profile::UserName>().is_ok());
        }
    }

    #[test]
    fn sessions_and_settings(text in lines(&["UID=", "TYPE=", "DISPLAYMANAGER=", "DISPLAYMANAGER=\"/"])) {
        sessions::parse(&text);
        if let Some(name) = display_manager::assigned(&text, "DISPLAYMANAGER") {
            prop_assert!(!name.is_empty() && !name.contains(['/', '"', '\n']));
        }
    }

    #[test]
    fn command_lines(text in lines(&["BOOT_IMAGE=(", "initrd=\\", "quiet \"", "BOOT_IMAGE=/"])) {
        let evidence = bootloader::by_cmdline(&text, &[]);
        bootloader::decide(&evidence, &[]);
        bootloader::by_loader_info(&text);
        let kernel = kernel::KernelFacts { cmdline: Some(text), release: None };
        for word in kernel.parameters() {
            prop_assert!(!word.is_empty() && kernel.has(&word) == Some(true));
        }
    }

    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..200), vendor: u16, device: u16) {
        efi_variables::utf16(&bytes);
        pci_names::device(&bytes, pci::PciId { vendor, device });
    }

    #[test]
    fn pci_databases(text in lines(&["10de  ", "\t1c03  ", "\t\t1c03 ", "C 03  ", "#"])) {
        let id = pci::PciId { vendor: 0x10de, device: 0x1c03 };
        if let Some(name) = pci_names::device(text.as_bytes(), id) {
            prop_assert!(!name.is_empty() && !name.chars().any(char::is_control));
        }
    }

    #[test]
    fn names_of_sysfs(text in "(?s).{0,60}") {
        pci::hex(&text);
        pci::parents(&text, "0000:00:00.0".parse().unwrap());
        libvirt::version(&format!("libvirt.so.0.{text}"));
        prop_assert!(!plain::plain(&text).chars().any(char::is_control));
    }

    #[test]
    fn logs_of_handovers(text in lines(&["+0.0s == start ", "+0.0s == stop 2026-11-22T10:00:00+0000\n", "+0.1s ok 0.10s ",
        "+0.1s FAILED(1) 0.1s ", "+9.9s TIMEOUT 30s ", "+", "+1.0s giving up: ", "+1.0s the card is free", "+2.0s ok 0.1s forget"])) {
        for run in run::parse(&text) {
            prop_assert!(run.items.len() <= text.lines().count() && run.failures() <= run.items.len());
            for item in run.items {
                let (Item::Step { what: shown, .. } | Item::Note { text: shown, .. }) = item;
                prop_assert!(!shown.chars().any(char::is_control), "{shown:?}");
            }
        }
    }

    #[test]
    fn logs_of_libvirt(text in lines(&["2026-11-22 10:00:00.000+0000: ", "2026-11-22T10:00:00.0Z ",
        "2026-11-22 10:00:00.000+0000: starting up", "2026-11-22 10:00:00.000+0000: shutting down, reason="])) {
        for since in [None, "2026-11-22T09:00:00Z".parse().ok()] {
            let section = log_libvirt::since(&text, since);
            prop_assert!(section.lines.len() <= text.lines().count());
            prop_assert!(!section.lines.concat().chars().any(char::is_control));
        }
    }
}
