//! The firmware's framebuffer, which may hold the card's memory.

use super::{Answer, Check, Context, Needs, ok, unknown, warn};
use crate::paths::machine as at;
use crate::profile::Driver;

pub(super) const CHECK: Check = Check {
    id: "framebuffer",
    title: "Has the card's driver taken over from the firmware's framebuffer?",
    looks_at: "simple-framebuffer.0 and efi-framebuffer.0 below /sys/bus/platform/drivers",
    why: "simpledrm or efifb on the card's memory (BAR 0) keeps vfio-pci from it. The card's own driver ends them, \
          so one that is still there says that no such driver has come.",
    failures: &["simpledrm-holds-bar", "efi-framebuffer-missing", "vtconsole-number"],
    more: &[],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    if !context.runs() {
        return unknown("the drivers cannot be read", "run onegpu on the PC itself");
    }
    let held: Vec<&str> = at::FRAMEBUFFERS.into_iter().filter(|path| context.root.is_named(path)).collect();
    let names: Vec<&str> = held.iter().filter_map(|path| path.rsplit('/').next()).collect();
    let driver = context.card().and_then(|card| card.driver.as_deref());
    let nvidia = driver == Some(Driver::Nvidia.word());
    match names.as_slice() {
        [] => ok("no framebuffer of the firmware is left"),
        // Its modules leave the console to the firmware's; the handover ends it last.
        some if nvidia => {
            ok(format!("{} serves the console beside nvidia: the handover ends it", some.join(", ")))
        }
        some => warn(
            format!("{} still drives the screen", some.join(", ")),
            "let the card's own driver load at boot: take `nomodeset` and blacklists of it out of the kernel's \
             parameters and of modprobe.d, and see the check `card-driver`",
        ),
    }
}
