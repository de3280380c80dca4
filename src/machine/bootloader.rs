//! Which boot loader booted the machine, by evidence (facts C.2): what it left
//! in EFI variables, then what it put on the kernel's command line, then files.

use serde::Serialize;

use super::boot_files;
use super::efi_variables::{self as efi, LOADER};
use super::kernel::KernelFacts;
use super::os_release::DistroFacts;
use super::plain::plain;
use super::root::Root;
use crate::paths::machine as at;
use crate::profile::Bootloader;

/// Boot loaders that can be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loader {
    /// GRUB 2.
    Grub,
    /// systemd-boot.
    SystemdBoot,
    /// Limine.
    Limine,
    /// rEFInd.
    Refind,
    /// The firmware itself starts the kernel, or a unified kernel image.
    Efistub,
    /// Syslinux, extlinux.
    Syslinux,
    /// LILO.
    Lilo,
}

impl Loader {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Grub => "grub",
            Self::SystemdBoot => "systemd-boot",
            Self::Limine => "limine",
            Self::Refind => "refind",
            Self::Efistub => "efistub",
            Self::Syslinux => "syslinux",
            Self::Lilo => "lilo",
        }
    }

    /// The same as a profile says it, when a profile can.
    pub fn in_profile(self) -> Option<Bootloader> {
        Bootloader::ALL.iter().copied().find(|known| known.word() == self.word())
    }
}

/// How much an observation weighs; the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// The boot loader itself said so at this boot.
    Booted,
    /// The kernel's command line looks like this boot loader's.
    Hint,
    /// It is installed.
    Installed,
    /// It has settings here.
    Configured,
}

/// One observation about the boot loader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BootEvidence {
    /// Whom it speaks for.
    pub loader: Loader,
    /// How much it weighs.
    pub strength: Strength,
    /// The file or variable.
    pub from: String,
    /// What it says.
    pub says: String,
}

/// How the machine was booted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct BootFacts {
    /// The boot loader that booted it.
    pub loader: Option<Loader>,
    /// Whether the kernel was a unified kernel image.
    pub uki: Option<bool>,
    /// Whether the root is an ostree deployment.
    pub ostree: bool,
    /// All that was found, the strongest first.
    pub evidence: Vec<BootEvidence>,
}

impl BootFacts {
    /// What a profile says for it, when a profile can: of a unified kernel image the image, where the
    /// distro has a way for it, for there the words are.
    pub fn in_profile(&self, distro: &DistroFacts) -> Option<Bootloader> {
        match self.uki == Some(true) && distro.knows_images {
            true => Some(Bootloader::Uki),
            false => self.loader.and_then(Loader::in_profile),
        }
    }

    /// Evidence for other boot loaders than the one that booted. A hint that
    /// speaks for that one as well speaks against nothing.
    pub fn disagreeing(&self) -> impl Iterator<Item = &BootEvidence> {
        let own = |e: &&BootEvidence| Some(e.loader) == self.loader;
        let shared = move |hint: &BootEvidence| {
            let same = |e: &BootEvidence| e.strength == Strength::Hint && e.says == hint.says;
            hint.strength == Strength::Hint && self.evidence.iter().filter(own).any(same)
        };
        let others = self.evidence.iter().filter(|e| Some(e.loader) != self.loader);
        others.filter(|e| e.strength <= Strength::Installed).filter(move |e| !shared(e))
    }
}

/// Collects the evidence and weighs it.
pub fn read(root: &Root, kernel: &KernelFacts) -> BootFacts {
    let mut evidence = Vec::new();
    let info = efi::text(root, "LoaderInfo", LOADER);
    let stub = efi::text(root, "StubInfo", LOADER);
    let mut booted = |loader, from: &str, says: &str| {
        let (from, says) = (from.to_owned(), plain(says));
        evidence.push(BootEvidence { loader, strength: Strength::Booted, from, says });
    };
    if let Some(info) = &info {
        by_loader_info(info).into_iter().for_each(|loader| booted(loader, "LoaderInfo", info));
    } else if let Some(stub) = &stub {
        booted(Loader::Efistub, "StubInfo, and no LoaderInfo", stub);
    }
    let files = boot_files::read(root);
    evidence.extend(by_cmdline(kernel.cmdline.as_deref().unwrap_or_default(), &files));
    evidence.extend(files);
    evidence.sort_by_key(|e| e.strength);
    let variables = efi::are_readable(root);
    let bios = root.is_folder(at::FIRMWARE) && !root.is_folder(at::EFI);
    // These two only exist under UEFI, and systemd-boot always leaves LoaderInfo.
    let excluded: &[Loader] = match (bios, variables && info.is_none()) {
        (true, _) => &[Loader::SystemdBoot, Loader::Refind, Loader::Efistub],
        (_, true) => &[Loader::SystemdBoot],
        _ => &[],
    };
    BootFacts {
        loader: decide(&evidence, excluded),
        uki: if stub.is_some() { Some(true) } else { (variables || bios).then_some(false) },
        ostree: root.kind(at::OSTREE_BOOTED).is_some(),
        evidence,
    }
}

/// LoaderInfo is a name and a version: `systemd-boot 257.8-1`, `GRUB 2.12`.
pub fn by_loader_info(info: &str) -> Option<Loader> {
    let info = info.to_ascii_lowercase();
    let known = [
        ("systemd-boot", Loader::SystemdBoot),
        // Its name until 2015.
        ("gummiboot", Loader::SystemdBoot),
        ("grub", Loader::Grub),
        ("limine", Loader::Limine),
        ("refind", Loader::Refind),
        ("syslinux", Loader::Syslinux),
    ];
    known.iter().find(|(name, _)| info.starts_with(name)).map(|(_, loader)| *loader)
}

/// GRUB, syslinux and LILO say BOOT_IMAGE; loaders that go by EFI's stub hand
/// the initrd over as a path with EFI's backslashes.
pub fn by_cmdline(cmdline: &str, files: &[BootEvidence]) -> Vec<BootEvidence> {
    let mut found = Vec::new();
    let mut hint = |loader, word: &str| {
        let (from, says) = (at::CMDLINE.to_owned(), plain(word));
        found.push(BootEvidence { loader, strength: Strength::Hint, from, says });
    };
    for word in cmdline.split_whitespace() {
        if let Some(image) = word.strip_prefix("BOOT_IMAGE=") {
            let others = [Loader::Syslinux, Loader::Lilo];
            let others = others.into_iter().filter(|l| files.iter().any(|file| file.loader == *l));
            // `(hd0,gpt2)/vmlinuz` is GRUB's own way to name a disk.
            if image.starts_with(['/', '(']) {
                hint(Loader::Grub, word);
            }
            if !image.starts_with('(') {
                others.for_each(|loader| hint(loader, word));
            }
        }
        if word.strip_prefix("initrd=").is_some_and(|path| path.contains('\\')) {
            [Loader::SystemdBoot, Loader::Refind, Loader::Efistub]
                .into_iter()
                .for_each(|loader| hint(loader, word));
        }
    }
    found
}

/// Narrows from the strongest evidence to the weakest until one is left. What
/// is excluded is only dropped where something else remains.
pub fn decide(evidence: &[BootEvidence], excluded: &[Loader]) -> Option<Loader> {
    let mut left: Vec<Loader> = Vec::new();
    for strength in [Strength::Booted, Strength::Hint, Strength::Installed, Strength::Configured] {
        // Settings outlive the boot loader they were for: they do not choose between installed ones.
        let installed = |e: &BootEvidence| e.strength == Strength::Installed && left.contains(&e.loader);
        if strength == Strength::Configured && evidence.iter().any(installed) {
            break;
        }
        let mut here: Vec<Loader> =
            evidence.iter().filter(|e| e.strength == strength).map(|e| e.loader).collect();
        here.sort_unstable();
        here.dedup();
        let both: Vec<Loader> = left.iter().copied().filter(|loader| here.contains(loader)).collect();
        left = match (left.is_empty(), both.is_empty()) {
            (true, _) => here,
            (false, false) => both,
            (false, true) => left,
        };
        if strength != Strength::Booted && left.iter().any(|loader| !excluded.contains(loader)) {
            left.retain(|loader| !excluded.contains(loader));
        }
        if let [one] = left.as_slice() {
            return Some(*one);
        }
    }
    None
}
