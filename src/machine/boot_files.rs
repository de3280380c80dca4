//! Files that boot loaders leave: what is installed, which is not yet what booted.

use super::bootloader::{BootEvidence, Loader, Strength};
use super::root::Root;
use crate::paths::machine as at;

/// The boot loaders that have files on this machine.
pub fn read(root: &Root) -> Vec<BootEvidence> {
    let mut found = Vec::new();
    let mut see = |loader, strength, from: String| {
        if !found.iter().any(|e: &BootEvidence| e.loader == loader && e.strength == strength) {
            found.push(BootEvidence { loader, strength, from, says: "exists".to_owned() });
        }
    };
    let menus: [(Loader, &[&str]); 5] = [
        (Loader::Grub, &at::GRUB_FILES),
        (Loader::SystemdBoot, &at::SYSTEMD_BOOT_FILES),
        (Loader::Limine, &at::LIMINE_FILES),
        (Loader::Refind, &at::REFIND_FILES),
        (Loader::Syslinux, &at::SYSLINUX_FILES),
    ];
    for mount in at::BOOT_MOUNTS.into_iter().filter(|mount| root.is_folder(mount)) {
        for (loader, files) in menus {
            let paths = files.iter().map(|file| format!("{mount}/{file}"));
            paths.filter(|path| root.is_file(path)).for_each(|path| see(loader, Strength::Installed, path));
        }
        let (vendors, grub) = at::EFI_VENDORS;
        let folders = root.names(&format!("{mount}/{vendors}")).unwrap_or_default();
        let programs = folders.iter().take(32).map(|folder| format!("{mount}/{vendors}/{folder}/{grub}"));
        programs
            .filter(|path| root.is_file(path))
            .for_each(|path| see(Loader::Grub, Strength::Installed, path));
        let entries = format!("{mount}/{}", at::BLS_ENTRIES);
        let has_entry = |names: Vec<String>| names.iter().any(|name| name.ends_with(".conf"));
        if root.names(&entries).is_some_and(has_entry) {
            see(Loader::SystemdBoot, Strength::Configured, entries);
        }
    }
    let settings = [
        (Loader::SystemdBoot, Strength::Installed, at::KERNELSTUB),
        (Loader::Limine, Strength::Installed, at::LIMINE_DEFAULTS),
        (Loader::Lilo, Strength::Installed, at::LILO_CONFIG),
        (Loader::Grub, Strength::Configured, at::GRUB_DEFAULTS),
    ];
    for (loader, strength, path) in settings {
        if root.is_file(path) {
            see(loader, strength, path.to_owned());
        }
    }
    if let Some(path) = at::GRUB_FOLDERS.into_iter().find(|path| root.is_folder(path)) {
        see(Loader::Grub, Strength::Configured, path.to_owned());
    }
    found
}
