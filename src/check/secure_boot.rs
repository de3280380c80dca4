//! Secure Boot, where something that the handover needs is not signed.

use super::amd_reset::{self, Known};
use super::{Answer, Check, Context, Needs, ok, unknown, warn};

pub(super) const CHECK: Check = Check {
    id: "secure-boot",
    title: "Does Secure Boot stop something that is needed?",
    looks_at: "the EFI variable SecureBoot; whether the kernel is a unified image, the card one that needs vendor-reset, \
               its driver NVIDIA's",
    why: "With Secure Boot on, modules built on this machine and images made on it are only loaded when you have signed them.",
    failures: &[],
    more: &["https://wiki.debian.org/SecureBoot"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    match context.machine.firmware.secure_boot {
        None => unknown(
            "whether Secure Boot is on cannot be read",
            "`mokutil --sb-state` or `bootctl status` says it",
        ),
        Some(false) => ok("off"),
        Some(true) => {
            let needs_module = context
                .card()
                .and_then(|card| amd_reset::family(card.id?))
                .is_some_and(|family| family.known == Known::VendorReset);
            if context.machine.boot.uki == Some(true) {
                return warn(
                    "on, and the kernel is a unified image: one with other parameters must be signed anew",
                    "let the tool that makes the image sign it (`sbctl`, `ukify` with a key), before you reboot",
                );
            }
            if needs_module && !context.has_module("vendor_reset") {
                return warn(
                    "on, and the card needs vendor-reset, which is built on this machine",
                    "sign the module: DKMS does it with a key of your own; `sudo mokutil --import` makes the firmware trust it",
                );
            }
            ok("on, and nothing that is needed is unsigned")
        }
    }
}
