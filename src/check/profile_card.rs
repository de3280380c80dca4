//! The profile's `[gpu]` beside the machine's cards.

use super::{Answer, Check, Context, Needs, does_not_apply, fail, ok, unknown};

pub(super) const CHECK: Check = Check {
    id: "profile-card",
    title: "Is the profile's card there?",
    looks_at: "the profile's gpu.address, beside the display functions of the machine",
    why: "The address is what libvirt detaches. It moves when a card is put into another slot, and sometimes \
          with a new firmware.",
    failures: &[],
    more: &[],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(profile) = context.profile else { return does_not_apply("no profile was given") };
    let address = profile.gpu.address;
    if context.machine.pci.is_empty() {
        return unknown("the PCI devices cannot be read", format!("`lspci -s {address}` on the PC"));
    }
    if context.card().is_some() {
        return ok(address.to_string());
    }
    let cards: Vec<String> = context.machine.gpus.iter().map(|gpu| gpu.address.to_string()).collect();
    let fix = match cards.as_slice() {
        [] => "no card is there at all: see `lspci -nn`".to_owned(),
        [one] => format!("write under [gpu]: address = \"{one}\""),
        several => format!("write under [gpu] the address of one of these: {}", several.join(", ")),
    };
    match context.machine.function(address) {
        Some(device) => fail(
            format!("{address} is no graphics card but a {}", crate::machine::pci_class::name(device.class)),
            fix,
        ),
        None => fail(format!("there is no {address}"), fix),
    }
}
