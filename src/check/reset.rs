//! Whether the card can be reset between one guest and the next.

use super::amd_reset::{self, Known};
use super::{Answer, Check, Context, Needs, no_card, ok, unknown, warn};

pub(super) const CHECK: Check = Check {
    id: "reset",
    title: "Can the card be reset?",
    looks_at: "reset_method of the card in sysfs; for AMD, the device id and the module vendor_reset",
    why: "Between host and guest a card must start anew. One that does not hangs at the second start, \
          and often only a reboot of the host brings it back.",
    failures: &["amd-reset-bug", "stuck-in-d3"],
    more: &["https://github.com/gnif/vendor-reset"],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(card) = context.card() else {
        return no_card(context);
    };
    let methods = context.card_details().and_then(|details| details.reset_methods.clone());
    let ways = methods.as_ref().map(|all| all.join(", ")).unwrap_or_default();
    let specific = methods.as_ref().is_some_and(|all| all.iter().any(|way| way == "device_specific"));
    if let Some(family) = card.id.and_then(amd_reset::family) {
        let name = family.name;
        match family.known {
            Known::VendorReset if specific && context.has_module("vendor_reset") => {
                return ok(format!("{name} has AMD's reset bug, and vendor-reset is loaded for it"));
            }
            Known::VendorReset => {
                return warn(
                    format!("{name} is known for AMD's reset bug: the second start of a guest may hang"),
                    format!(
                        "build the module vendor-reset (DKMS) and load it at boot; then write device_specific into the card's \
                         reset_method. Without it, reboot the host between two guests ({})",
                        family.source
                    ),
                );
            }
            Known::Reports => {
                return warn(
                    format!("{name}: some cards of it do not come back from a reset"),
                    format!(
                        "try it before you rely on it. What helped some: suspend the host and wake it between two guests ({})",
                        family.source
                    ),
                );
            }
            Known::Fine => {}
        }
    }
    match methods.as_deref() {
        None => unknown(
            "the ways to reset the card cannot be read",
            format!(
                "on the PC, with Linux 5.15 or newer, `cat {}/{}/reset_method`",
                crate::paths::machine::PCI_DEVICES,
                card.address
            ),
        ),
        Some([]) => warn(
            "the kernel knows no way to reset the card",
            "try it before you rely on it: a guest's second start may need a reboot of the host; a newer kernel may know a way",
        ),
        Some(_) => ok(format!("the kernel can reset the card: {ways}")),
    }
}
