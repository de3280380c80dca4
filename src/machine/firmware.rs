//! The machine's own firmware: UEFI or BIOS, Secure Boot, TPM.

use serde::Serialize;

use super::efi_variables::{self as efi, GLOBAL};
use super::root::Root;
use crate::paths::machine as at;

/// The firmware of the host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct FirmwareFacts {
    /// Whether it was booted by UEFI (else by BIOS).
    pub uefi: Option<bool>,
    /// Whether Secure Boot is on.
    pub secure_boot: Option<bool>,
    /// Whether it has a TPM.
    pub tpm: Option<bool>,
}

/// Reads what sysfs shows.
pub fn read(root: &Root) -> FirmwareFacts {
    let uefi = root.is_folder(at::FIRMWARE).then(|| root.is_folder(at::EFI));
    FirmwareFacts {
        uefi,
        secure_boot: match uefi {
            Some(false) => Some(false),
            _ => efi::flag(root, "SecureBoot", GLOBAL),
        },
        tpm: root.names(at::TPMS).map(|names| !names.is_empty()),
    }
}
