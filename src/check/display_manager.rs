//! The display manager, which the handover stops.

use super::{Answer, Check, Context, Needs, fail, ok, unknown, warn};
use crate::paths::machine as at;
use crate::profile::DisplayManager;

pub(super) const CHECK: Check = Check {
    id: "display-manager",
    title: "Is the display manager known?",
    looks_at: "display-manager.service, the runlevels, the enabled services; the profile's host.display-manager",
    why: "The handover stops the display manager, for it holds the card, and the return starts it again. \
          One that is not known stays, and the card is never free.",
    failures: &["black-screen-on-return", "foreign-init-verbs"],
    more: &[],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let facts = &context.machine.display_manager;
    let said = context.setup.and_then(|setup| setup.host.display_manager);
    let found = facts.in_profile();
    match (said, &facts.name) {
        (Some(DisplayManager::None), None) => ok("none, as the profile says"),
        (Some(said), Some(name)) if Some(said) != found => fail(
            format!("the profile says {said}, and this machine starts {name}"),
            match found {
                Some(found) => format!("write under [host]: display-manager = \"{found}\""),
                None => format!(
                    "onegpu does not know {name}: use one of those it knows, or write \"none\" and end it yourself"
                ),
            },
        ),
        (Some(said), Some(_)) => ok(format!("{said}, as the profile says")),
        (Some(said), None) => unknown(
            format!("the profile says {said}, and none was found here"),
            "`systemctl status display-manager`, or your init's list of services, shows what starts the desktop",
        ),
        (None, Some(name)) if found.is_none() => warn(
            format!("onegpu does not know {name}"),
            "if the distro's service for any display manager starts it, leave display-manager out of the profile; \
             else use one of those it knows (`onegpu explain host.display-manager`)",
        ),
        (None, Some(name)) => ok(name.clone()),
        (None, None) => {
            let known = at::DISPLAY_MANAGER_UNITS.iter().all(|path| context.root.is_absent(path));
            let what = if known { "none was found" } else { "it cannot be told" };
            unknown(
                what,
                "if you start the desktop from a console, write under [host]: display-manager = \"none\"; else name yours there",
            )
        }
    }
}
