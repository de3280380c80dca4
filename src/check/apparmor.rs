//! AppArmor, which confines guests to known places.

use super::{Answer, Check, Context, Needs, ok, unknown, warn};
use crate::paths;
use crate::profile::Audio;

pub(super) const CHECK: Check = Check {
    id: "apparmor",
    title: "Does AppArmor let the guest have its files?",
    looks_at: "whether AppArmor is on (/sys/module/apparmor/parameters/enabled); the sound of the profile's guests",
    why: "libvirt gives each guest a profile of its own, with its disks in it. PipeWire's socket is not, \
          nor is a file outside the standard places.",
    failures: &["apparmor-stops-file", "pipewire-context"],
    more: &["https://libvirt.org/drvqemu.html#apparmor-basic-confinement"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    match context.machine.security.apparmor {
        None => return unknown("AppArmor's state cannot be read", "`aa-enabled`, or `sudo aa-status`"),
        Some(false) => return ok("off"),
        Some(true) => {}
    }
    let Some(setup) = context.setup else {
        return ok("on: disks and input devices are let through by libvirt itself");
    };
    let Some(guest) = setup.guests.iter().find(|guest| guest.audio == Audio::Pipewire) else {
        return ok("on, and nothing of the profile is outside what it allows");
    };
    if setup.distro.security.apparmor {
        return ok(format!("on: the package of {} brings the rule for PipeWire's socket", guest.name));
    }
    if allows_pipewire(context) {
        return ok("on, with a local rule for PipeWire");
    }
    warn(
        format!(
            "on: it keeps {} from PipeWire's socket, if libvirt here gives each guest a profile",
            guest.name
        ),
        format!(
            "a rule for the socket in {}, where libvirt reads that folder; or audio = \"none\", and the card's own output \
             or a USB device plays",
            paths::APPARMOR_DIR
        ),
    )
}

/// Whether a local rule speaks of PipeWire.
fn allows_pipewire(context: &Context<'_>) -> bool {
    let folder = paths::APPARMOR_DIR;
    let names = context.root.names(folder).unwrap_or_default();
    let says = |name: &String| {
        context.root.text(&format!("{folder}/{name}")).is_some_and(|text| text.contains("pipewire"))
    };
    names.iter().take(64).any(says)
}
