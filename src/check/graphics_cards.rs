//! Whether there is one graphics card, and which.

use super::{Answer, Check, Context, Needs, fail, ok, unknown, warn};

pub(super) const CHECK: Check = Check {
    id: "graphics-cards",
    title: "Is there one graphics card?",
    looks_at: "the display functions of /sys/bus/pci/devices",
    why: "Handing the one card over ends the desktop. With a second card the desktop can stay: \
          the guest gets a card of its own from boot on, and none of these scripts are needed.",
    failures: &[],
    more: &["https://wiki.archlinux.org/title/PCI_passthrough_via_OVMF"],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let gpus = &context.machine.gpus;
    let name = |gpu: &crate::machine::gpu::Gpu| {
        let name = gpu.name.as_deref().or(gpu.vendor).unwrap_or("of an unknown maker");
        format!("{} {name}", gpu.address)
    };
    match gpus.as_slice() {
        [] if context.machine.pci.is_empty() => {
            unknown("the PCI devices cannot be read", "run onegpu on the PC itself")
        }
        [] => fail(
            "no graphics card is there",
            "see with `lspci -nn` that the card sits in its slot and has power",
        ),
        [one] => ok(name(one)),
        several => {
            let all: Vec<String> = several.iter().map(name).collect();
            warn(
                format!("{} cards: {}", several.len(), all.join("; ")),
                "to keep the desktop, give the guest the card that shows none, with vfio-pci from boot on, and no onegpu; \
                 to lend the desktop's card all the same, name it in the profile, [gpu] address",
            )
        }
    }
}
