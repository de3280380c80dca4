//! The other functions of the card's slot: sound, USB-C.

use super::{Answer, Check, Context, ok, unknown, warn};
use crate::machine::pci::PciDevice;

pub(super) const CHECK: Check = Check {
    id: "card-functions",
    title: "Do all functions of the card go along?",
    looks_at: "the functions of the card's slot, and the group of each",
    why: "A card is one piece of hardware: its sound and its USB-C port are reset together with it, \
          so they must go to the guest, even from another group.",
    failures: &["group-not-viable"],
    more: &[],
    hardware: true,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(card) = context.card() else {
        return unknown("there is no card to look at", "see the checks `graphics-cards` and `profile-card`");
    };
    let own: Vec<&PciDevice> = context.companions().filter(|d| d.address.same_slot(&card.address)).collect();
    let named = |devices: &[&PciDevice]| {
        devices.iter().map(|device| device.address.to_string()).collect::<Vec<_>>().join(", ")
    };
    let outside: Vec<&PciDevice> = own.iter().copied().filter(|device| device.group.is_none()).collect();
    if card.group.is_some() && !outside.is_empty() {
        return warn(
            format!(
                "the card is in group {}, and {} is in none",
                card.group.unwrap_or_default(),
                named(&outside)
            ),
            "VFIO hands no device over that is in no group: look for a newer firmware, or leave it to the host",
        );
    }
    let elsewhere: Vec<&PciDevice> =
        own.iter().copied().filter(|device| device.group != card.group).collect();
    match elsewhere.as_slice() {
        [] => ok(format!("{} go together: {}", own.len(), named(&own))),
        some => ok(format!("{} go together; in another group, and no harm: {}", own.len(), named(some))),
    }
}
