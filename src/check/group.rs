//! Whether the card's IOMMU groups can be handed over, and what the host loses.

use super::{Answer, Check, Context, Needs, fail, no_card, ok, unknown};
use crate::machine::pci_class;
use crate::profile::PciAddress;

pub(super) const CHECK: Check = Check {
    id: "group",
    title: "Can the card's IOMMU groups be handed over?",
    looks_at: "every endpoint in the groups of the card's slot",
    why: "VFIO owns a group as a whole: what shares one with the card leaves the host together with it.",
    failures: &["group-not-viable"],
    more: &[
        "https://docs.kernel.org/driver-api/vfio.html",
        "https://vfio.blogspot.com/2014/08/iommu-groups-inside-and-out.html",
    ],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(card) = context.card() else {
        return no_card(context);
    };
    let Some(group) = card.group else {
        return unknown(
            "the card is in no group: the IOMMU is off",
            "see the check `iommu`; this one can tell after it",
        );
    };
    if card.shared.is_empty() {
        return ok(format!("group {group} has nothing but the card and bridges"));
    }
    let name = |address: &PciAddress| {
        let device = context.machine.function(*address);
        let class = pci_class::name(device.and_then(|device| device.class));
        let driver = device.and_then(|device| device.driver.as_deref());
        format!("{address} {class}{}", driver.map(|driver| format!(" ({driver})")).unwrap_or_default())
    };
    let lost: Vec<String> = card.shared.iter().map(name).collect();
    fail(
        format!("with the card, in group {group}, the host loses: {}", lost.join(", ")),
        "put the card into another slot, best one that is wired to the processor; or look in the firmware for `ACS Enable` \
         or `PCIe ARI`, or a newer firmware: `onegpu groups` shows the result. If the host can do without these \
         devices while the guest runs, list them in [gpu] devices: they go along",
    )
}
