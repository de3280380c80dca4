//! Whether libvirt and QEMU are there, and new enough.

use super::{Answer, Check, Context, Needs, all_of, fail, unknown, warn};
use crate::profile::Audio;

pub(super) const CHECK: Check = Check {
    id: "libvirt-version",
    title: "Are libvirt and QEMU there, and new enough?",
    looks_at: "the library's name, libvirt.so.0.NUMBER; QEMU's program",
    why: "The hooks' folder qemu.d is read since libvirt 6.5, firmware is chosen by its features since 7.2, and \
          sound goes to PipeWire since 9.10.",
    failures: &["pipewire-context"],
    more: &["https://libvirt.org/hooks.html", "https://libvirt.org/news.html"],
    needs: Needs::Files,
    run,
};

/// The oldest that reads what onegpu writes.
const OLDEST: [u32; 2] = [7, 2];
/// The oldest that knows PipeWire.
const PIPEWIRE: [u32; 2] = [9, 10];

fn run(context: &Context<'_>) -> Vec<Answer> {
    let libvirt = &context.machine.libvirt;
    let Some(version) = &libvirt.version else {
        let fix = format!("the setup packages bring it; or {}", context.install("libvirt"));
        return match libvirt.daemons.is_empty() {
            true => warn("libvirt is not installed", fix),
            false => unknown("libvirt is there, and its version cannot be read", "`virsh --version`"),
        };
    };
    let mut numbers = version.split('.').filter_map(|number| number.parse::<u32>().ok());
    let found = [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)];
    let pipewire =
        context.setup.is_some_and(|setup| setup.guests.iter().any(|guest| guest.audio == Audio::Pipewire));
    let old = if found < OLDEST {
        fail(format!("libvirt {version} is older than 7.2"), "upgrade the distro, or its backports")
    } else if pipewire && found < PIPEWIRE {
        fail(
            format!("libvirt {version} is older than 9.10, and a guest shall play to PipeWire"),
            "upgrade the distro; or write audio = \"none\" and let the card's own output or a USB device play",
        )
    } else {
        Vec::new()
    };
    let qemu = match &libvirt.qemu {
        Some(_) => Vec::new(),
        None => warn(
            "QEMU is not installed",
            format!("the setup packages bring it; or {}", context.install("qemu")),
        ),
    };
    all_of([old, qemu], &format!("libvirt {version}, and QEMU"))
}
