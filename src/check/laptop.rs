//! Laptops, whose screens are wired to the processor's own graphics.

use super::{Answer, Check, Context, Needs, does_not_apply, unknown, warn};

pub(super) const CHECK: Check = Check {
    id: "laptop",
    title: "Is it a laptop without a multiplexer?",
    looks_at: "the chassis in DMI, batteries, the class of each display function, its connectors",
    why: "In most laptops the second card has no screen of its own: it draws into the first card's memory \
          (muxless). A guest with such a card shows nothing.",
    failures: &[],
    more: &["https://wiki.archlinux.org/title/PRIME"],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let machine = context.machine;
    let screenless: Vec<String> = machine
        .gpu_details
        .iter()
        // 0x0302: a 3D controller, which has no screen.
        .filter(|details| details.class.is_some_and(|class| class >> 8 == 0x0302))
        .map(|details| details.address.to_string())
        .collect();
    match (machine.platform.laptop, machine.gpus.len()) {
        (Some(true), count) if count > 1 || !screenless.is_empty() => warn(
            match screenless.as_slice() {
                [] => "a laptop with several cards: the screen is wired to one of them".to_owned(),
                all => format!("a laptop whose {} has no screen of its own (muxless)", all.join(", ")),
            },
            "see which card the outputs are wired to: the connectors below /sys/class/drm. A guest needs one of those, \
             a firmware option for the card (`discrete graphics only`), or looking-glass",
        ),
        (Some(true), _) => warn(
            "a laptop: its one card is most likely the processor's own, which few firmwares let go",
            "have a second way in (ssh) at the first try, and see the checks `group`, `option-rom` and `reset`",
        ),
        (Some(false), _) if !screenless.is_empty() => warn(
            format!("{} is a 3D controller: it has no screen of its own", screenless.join(", ")),
            "hand over the card that the screen is plugged into",
        ),
        (Some(false), _) => does_not_apply("this is no laptop"),
        (None, _) if screenless.is_empty() && machine.platform.hypervisor.is_some() => {
            does_not_apply("this is a virtual machine")
        }
        (None, _) => unknown(
            "whether this is a laptop cannot be read",
            "you will know: on a laptop, read `onegpu explain laptop`",
        ),
    }
}
