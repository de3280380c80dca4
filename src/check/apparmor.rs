//! AppArmor, which confines guests to known places.

use super::{Answer, Check, Context, all_of, ok, unknown, warn};
use crate::paths;
use crate::profile::Audio;

pub(super) const CHECK: Check = Check {
    id: "apparmor",
    title: "Does AppArmor let the guest have its files?",
    looks_at: "/sys/module/apparmor/parameters/enabled; the profile's ROM and sound",
    why: "libvirt gives each guest a profile of its own, with its disks in it. A ROM outside the standard places, \
          and PipeWire's socket, are not.",
    failures: &["apparmor-stops-file", "pipewire-context"],
    more: &["https://libvirt.org/drvqemu.html#apparmor-basic-confinement"],
    hardware: false,
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
    let plays = setup.guests.iter().any(|guest| guest.audio == Audio::Pipewire);
    let sound = match plays && !allows_pipewire(context) {
        true => warn(
            "on: it keeps a guest from PipeWire's socket",
            "write audio = \"none\" and let the card's own output or a USB device play; or add `owner /run/user/*/pipewire-0 rw,` \
             to a file in apparmor.d's abstractions/libvirt-qemu.d",
        ),
        false => Vec::new(),
    };
    let rom = match &setup.gpu.rom {
        Some(rom) if !rom.starts_with(paths::ROM_DIR) => warn(
            format!("on: {rom} is in no place that it allows"),
            format!("put the ROM below {}", paths::ROM_DIR),
        ),
        _ => Vec::new(),
    };
    all_of([sound, rom], "on, and nothing of the profile is outside what it allows")
}

/// Whether a local rule speaks of PipeWire.
fn allows_pipewire(context: &Context<'_>) -> bool {
    let folder = crate::paths::machine::APPARMOR_QEMU;
    let names = context.root.names(folder).unwrap_or_default();
    let says = |name: &String| {
        context.root.text(&format!("{folder}/{name}")).is_some_and(|text| text.contains("pipewire"))
    };
    names.iter().take(64).any(says)
}
