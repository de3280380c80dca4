//! The step `kernel-parameters`: whether the words are where the boot loader takes them from.

use super::Found;
use crate::distro::Mechanism;
use crate::machine::kernel;
use crate::machine::root::Root;
use crate::paths::machine as at;
use crate::setup::Setup;

/// Whether every file that the boot loader reads has the words.
pub fn found(root: &Root, setup: &Setup) -> Found {
    let Some(way) = setup.distro.bootloader.get(&setup.host.bootloader) else { return Found::InForce };
    let files: Vec<String> = match way.mechanism {
        Mechanism::GrubDropIn => way.generated.iter().cloned().collect(),
        Mechanism::GrubBlock => vec![at::GRUB_DEFAULTS.to_owned()],
        Mechanism::Kernelstub => vec![at::KERNELSTUB.to_owned()],
        Mechanism::UpdateBootloader => {
            vec![at::GRUB_DEFAULTS.to_owned(), at::KERNEL_CMDLINE[0].to_owned()]
        }
        Mechanism::Limine => limine(root),
        Mechanism::Refind => below_boot(root, &at::REFIND_FILES[..1]),
        Mechanism::UkiAddon => below_boot(root, &[at::UKI_ADDON]),
        Mechanism::SourcedBlock => way.file.iter().cloned().collect(),
        Mechanism::Grubby | Mechanism::KernelInstall | Mechanism::LoaderEntries => entries(root),
    };
    let words = &setup.host.kernel_parameters;
    let mut lacking: Vec<String> = Vec::new();
    let mut read = 0;
    for file in &files {
        let Some(text) = root.text(file) else { continue };
        read += 1;
        let lacks: Vec<&str> = words.iter().map(String::as_str).filter(|word| !has(&text, word)).collect();
        if !lacks.is_empty() {
            lacking.push(format!("{} ({file} lacks it)", lacks.join(" ")));
        }
    }
    let booted = kernel::read(root);
    let missing: Vec<&str> =
        words.iter().map(String::as_str).filter(|word| booted.has(word) == Some(false)).collect();
    match (read, lacking.first()) {
        (_, Some(first)) => Found::Not(format!("put on the kernel's command line: {first}")),
        (0, None) if booted.cmdline.is_none() => {
            Found::Unknown("no boot file and no kernel command line can be read".into())
        }
        (0, None) if !missing.is_empty() => Found::Not(format!(
            "put on the kernel's command line: {} (the running kernel lacks it)",
            missing.join(" ")
        )),
        _ => Found::InForce,
    }
}

/// Where limine-entry-tool takes the words from: our drop-in, or its settings that stand above it.
fn limine(root: &Root) -> Vec<String> {
    match root.is_file(at::LIMINE_DROP_IN) {
        true => vec![at::LIMINE_DROP_IN.to_owned()],
        false => vec![at::LIMINE_DEFAULTS.to_owned()],
    }
}

/// Those of the files that are below a mount of the boot loader's.
fn below_boot(root: &Root, files: &[&str]) -> Vec<String> {
    let paths =
        at::BOOT_MOUNTS.iter().flat_map(|mount| files.iter().map(move |file| format!("{mount}/{file}")));
    paths.filter(|path| root.is_file(path)).collect()
}

/// The boot entries that start a Linux.
fn entries(root: &Root) -> Vec<String> {
    let mut out = Vec::new();
    for mount in at::BOOT_MOUNTS {
        let folder = format!("{mount}/{}", at::BLS_ENTRIES);
        for name in root.names(&folder).unwrap_or_default() {
            let path = format!("{folder}/{name}");
            let linux = |text: String| {
                text.lines().any(|line| line.starts_with("linux ") || line.starts_with("linux\t"))
            };
            if name.ends_with(".conf") && root.text(&path).is_some_and(linux) {
                out.push(path);
            }
        }
    }
    out
}

/// Whether a word stands in a text, and not as a part of a longer one.
fn has(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || "_.-=,".contains(c);
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(part) && !after.is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::has;

    #[test]
    fn a_word_is_no_part_of_another() {
        assert!(has("options quiet iommu=pt\n", "iommu=pt"));
        assert!(has("X=\"iommu=pt\"", "iommu=pt"));
        assert!(!has("amd_iommu=pt iommu=pt2 iommu=pt,x", "iommu=pt"));
        assert!(!has("intel_iommu=on", "iommu=on"));
    }
}
