//! Sound to the desktop's PipeWire.

use super::{Answer, Check, Context, Needs, does_not_apply, ok, unknown, warn};
use crate::paths::machine as at;
use crate::profile::{Audio, Init};

pub(super) const CHECK: Check = Check {
    id: "guest-sound",
    title: "Will PipeWire be there when the guest plays?",
    looks_at: "whether the profile's user lingers; logind",
    why: "The handover ends the desktop's session, and PipeWire with it, unless its user's services may outlive \
          the session (linger).",
    failures: &["pipewire-context", "spice-leftovers"],
    more: &["https://libvirt.org/formatdomain.html#audio-backends"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(setup) = context.setup else { return does_not_apply("no profile was given") };
    if !setup.guests.iter().any(|guest| guest.audio == Audio::Pipewire) {
        return does_not_apply("no guest plays to PipeWire");
    }
    let Some(user) = &setup.host.user else { return does_not_apply("no guest plays to PipeWire") };
    match context.init() {
        Some(Init::Systemd) => {}
        Some(init) => {
            return warn(
                format!(
                    "{init} has no services of users by itself: who starts {}'s PipeWire, and ends it, is not known",
                    user.name
                ),
                "start PipeWire as a service of the user, outside the session; or write audio = \"none\" and let the card or a \
                 USB device play",
            );
        }
        None => return unknown("the init is not known", "on the PC, `loginctl show-user USER -p Linger`"),
    }
    let lingers =
        context.root.names(at::LINGER).map(|names| names.iter().any(|name| *name == user.name.as_str()));
    match lingers {
        Some(true) => ok(format!("{} lingers", user.name)),
        Some(false) => warn(
            format!("{} does not linger", user.name),
            format!("the guest's package sees to it; or `sudo loginctl enable-linger {}`", user.name),
        ),
        None if context.root.is_absent(at::LINGER) => warn(
            format!("{} does not linger", user.name),
            format!("the guest's package sees to it; or `sudo loginctl enable-linger {}`", user.name),
        ),
        None => unknown(
            format!("whether {} lingers cannot be read", user.name),
            format!("`loginctl show-user {} -p Linger`", user.name),
        ),
    }
}
