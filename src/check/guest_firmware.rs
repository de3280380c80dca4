//! UEFI for guests.

use super::{Answer, Check, Context, Needs, ok, unknown, warn};
use crate::paths::machine as at;
use crate::profile::GuestOs;

pub(super) const CHECK: Check = Check {
    id: "guest-firmware",
    title: "Is there UEFI for guests?",
    looks_at: "the descriptions in /usr/share/qemu/firmware",
    why: "The guests boot by UEFI (OVMF), which libvirt finds by these descriptions; Windows 11 wants Secure Boot of it.",
    failures: &[],
    more: &["https://libvirt.org/formatdomain.html#bios-bootloader"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let all = &context.machine.libvirt.guest_firmware;
    let descriptions: Vec<&String> = all.iter().filter(|name| name.ends_with(".json")).collect();
    let fix = format!("the setup packages bring it; or {}", context.install("firmware"));
    let read = |name: &&String| context.root.text(&format!("{}/{name}", at::GUEST_FIRMWARE));
    let texts: Vec<String> = descriptions.iter().take(128).filter_map(read).collect();
    let of_pc = |text: &&String| text.contains("\"x86_64\"") && text.contains("\"uefi\"");
    if texts.is_empty() {
        return match descriptions.is_empty() && (context.root.is_absent(at::GUEST_FIRMWARE) || all.is_empty())
        {
            true => warn("there is none", fix),
            false => unknown("the descriptions cannot be read", format!("`ls {}`", at::GUEST_FIRMWARE)),
        };
    }
    if !texts.iter().any(|text| of_pc(&text)) {
        return warn("there is none for x86-64", fix);
    }
    let wanted =
        context.setup.is_some_and(|setup| setup.guests.iter().any(|guest| guest.os == GuestOs::Windows11));
    let secure = texts.iter().filter(of_pc).any(|text| text.contains("\"secure-boot\""));
    if wanted && !secure && context.distro.is_some_and(|distro| distro.firmware.secure_boot) {
        return warn("none of them has Secure Boot, which Windows 11 wants", fix);
    }
    ok(format!("{} descriptions", texts.len()))
}
