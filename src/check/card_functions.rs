//! The other functions of the card's slot: sound, USB-C.

use super::{Answer, Check, Context, Needs, no_card, ok, warn};
use crate::machine::pci::PciDevice;

pub(super) const CHECK: Check = Check {
    id: "card-functions",
    title: "Do all functions of the card go along?",
    looks_at: "the functions of the card's slot, and the group of each",
    why: "A card is one piece of hardware: its sound and its USB-C port are reset together with it, \
          so they must go to the guest, even from another group.",
    failures: &["group-not-viable"],
    more: &[],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(card) = context.card() else {
        return no_card(context);
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
    // A card has at most picture, sound, USB and its USB-C port; a processor's slot has more.
    let foreign: Vec<String> =
        own.iter().filter(|device| is_processors(device)).map(|device| named(&[*device])).collect();
    if !foreign.is_empty() {
        return warn(
            format!("the card is the processor's own: with it go its slot's other devices, {}", named(&own)),
            "see with `onegpu groups` what they are, the USB ports with your keyboard say; few firmwares let such a card go, \
             and many need its ROM from the PC's firmware",
        );
    }
    let elsewhere: Vec<&PciDevice> =
        own.iter().copied().filter(|device| device.group != card.group).collect();
    match (own.as_slice(), elsewhere.as_slice()) {
        ([one], _) => ok(format!("{} has no other function", one.address)),
        (_, []) => ok(format!("{} go together: {}", own.len(), named(&own))),
        (_, some) => ok(format!("{} go together; in another group, and no harm: {}", own.len(), named(some))),
    }
}

/// An encryption controller (0x1080) or a signal processor (0x0480): AMD's
/// processors have them beside their graphics, no card has.
fn is_processors(device: &PciDevice) -> bool {
    device.class.is_some_and(|class| matches!(class >> 8, 0x1080 | 0x0480))
}
