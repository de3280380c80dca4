//! Parameters that guides pass on and that do nothing, or harm.

use super::{Answer, Check, Context, Needs, all_of, fail, unknown, warn};
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "useless-parameters",
    title: "Are there parameters that do nothing, or harm?",
    looks_at: "what was booted: /proc/cmdline",
    why: "Words that the kernel does not know hide those that are missing, and some take the card from the host.",
    failures: &["amd-iommu-on", "efi-framebuffer-missing", "simpledrm-holds-bar"],
    more: &["https://docs.kernel.org/admin-guide/kernel-parameters.html"],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let kernel = &context.machine.kernel;
    if kernel.cmdline.is_none() {
        return unknown(
            "the kernel's command line cannot be read",
            format!("on the PC, `cat {}`", at::CMDLINE),
        );
    }
    let words = kernel.parameters();
    all_of(words.iter().map(|word| about(context, word)), "none of the known ones")
}

fn about(context: &Context<'_>, word: &str) -> Vec<Answer> {
    let take_out = format!("take `{word}` out of the kernel's parameters");
    match word {
        "amd_iommu=on" => {
            warn("`amd_iommu=on` is no value that the kernel knows: AMD's IOMMU is on by itself", take_out)
        }
        "video=efifb:off" | "video=vesafb:off,efifb:off" | "video=efifb:off,vesafb:off" => warn(
            format!(
                "`{word}` is obsolete: since Linux 6.0 vfio-pci takes the firmware's framebuffer away itself"
            ),
            take_out,
        ),
        "initcall_blacklist=sysfb_init" => warn(
            format!("`{word}` hides the boot's messages, and does not help any more on Linux 6.18"),
            take_out,
        ),
        word if word.starts_with("pcie_acs_override=") => warn(
            format!(
                "`{word}` splits the IOMMU's groups on paper only: devices in them may still reach each other"
            ),
            format!("{take_out}, unless you have accepted that"),
        ),
        word => bound_at_boot(context, word, take_out),
    }
}

/// `vfio-pci.ids=10de:2482,…` takes the one card before the desktop starts.
fn bound_at_boot(context: &Context<'_>, word: &str, take_out: String) -> Vec<Answer> {
    let Some(ids) = word.strip_prefix("vfio-pci.ids=").or_else(|| word.strip_prefix("vfio_pci.ids=")) else {
        return Vec::new();
    };
    let card = context.card().and_then(|card| card.id).map(|id| id.to_string());
    match card {
        Some(card) if ids.split(',').any(|id| id.to_ascii_lowercase().starts_with(&card)) => {
            fail(format!("`{word}` takes the card {card} at boot: the host has no desktop then"), take_out)
        }
        _ => Vec::new(),
    }
}
