//! The driver that has the card now.

use super::{Answer, Check, Context, Needs, fail, no_card, ok, warn};
use crate::profile::Driver;

pub(super) const CHECK: Check = Check {
    id: "card-driver",
    title: "Does a driver that onegpu knows show the desktop?",
    looks_at: "the driver bound to the card in /sys/bus/pci/devices; the profile's [gpu] driver",
    why: "The handover lets this driver go, and the return gives the card back to it.",
    failures: &["module-in-use", "unbind-wedges-nvidia", "amdgpu-in-use"],
    more: &[],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(card) = context.card() else {
        return no_card(context);
    };
    let Some(driver) = card.driver.as_deref() else {
        return warn(
            format!("no driver has {}", card.address),
            "install the card's driver and start the desktop on it, or write `driver` into the profile by hand",
        );
    };
    if driver == "vfio-pci" {
        return fail(
            format!("vfio-pci has {} already: the host has no desktop on it", card.address),
            "take the card's ids out of vfio-pci.ids and out of modprobe.d, make the initramfs again, and reboot; \
             or wait until the guest that has the card ends",
        );
    }
    if let Some(profile) = context.profile
        && profile.gpu.driver.word() != driver
    {
        return fail(
            format!("the profile says {}, and {driver} has {}", profile.gpu.driver, card.address),
            format!("write under [gpu]: driver = \"{driver}\""),
        );
    }
    match Driver::ALL.iter().any(|known| known.word() == driver) {
        true => ok(format!("{driver} has {}", card.address)),
        false => warn(
            format!("onegpu does not know the driver {driver}"),
            "known: nvidia, nouveau, amdgpu, radeon, i915, xe; boot with one of these",
        ),
    }
}
