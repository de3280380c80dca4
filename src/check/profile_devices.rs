//! The profile's list of devices beside what must go along.

use super::{Answer, Check, Context, Needs, all_of, does_not_apply, fail, no_card, warn};
use crate::machine::pci_class;
use crate::profile::PciAddress;

pub(super) const CHECK: Check = Check {
    id: "profile-devices",
    title: "Does everything of the card's groups go along?",
    looks_at: "the profile's gpu.devices, beside every endpoint in the groups of the card's slot",
    why: "VFIO refuses a group of which something stays with the host (`group is not viable`). Bridges stay always.",
    failures: &["group-not-viable"],
    more: &["https://docs.kernel.org/driver-api/vfio.html"],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(setup) = context.setup else { return does_not_apply("no profile was given") };
    let Some(card) = context.card() else {
        return no_card(context);
    };
    let listed = &setup.gpu.devices;
    let quoted = |all: &[PciAddress]| {
        all.iter().map(|address| format!("\"{address}\"")).collect::<Vec<_>>().join(", ")
    };
    let fix = format!("write under [gpu]: devices = [{}]", quoted(&card.passthrough));
    let words = |all: &[PciAddress]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let missing: Vec<PciAddress> = card.passthrough.iter().copied().filter(|a| !listed.contains(a)).collect();
    let missing = match missing.as_slice() {
        [] => Vec::new(),
        some => fail(format!("the list lacks {}", words(some)), fix.clone()),
    };
    let others = listed.iter().filter(|address| !card.passthrough.contains(address));
    let others = others.map(|address| match context.machine.function(*address) {
        None => fail(format!("there is no {address}"), fix.clone()),
        Some(device) if device.bridge => {
            fail(format!("{address} is a bridge, which no guest can have"), fix.clone())
        }
        Some(device) => warn(
            format!(
                "{address} ({}) is not of the card's groups: the host loses it too",
                pci_class::name(device.class)
            ),
            format!("right if you want that, a USB controller say; else {fix}"),
        ),
    });
    all_of(others.chain([missing]), "the list has everything, and nothing else")
}
