//! The emulated TPM that Windows 11 wants.

use super::{Answer, Check, Context, Needs, does_not_apply, ok, warn};
use crate::profile::GuestOs;

pub(super) const CHECK: Check = Check {
    id: "guest-tpm",
    title: "Is there a TPM for Windows 11?",
    looks_at: "the program swtpm",
    why: "Windows 11 does not install without a TPM 2.0. swtpm emulates one; a guest that asks for it does not start without it.",
    failures: &[],
    more: &["https://libvirt.org/formatdomain.html#tpm-device"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let wants = |setup: &crate::setup::Setup| setup.guests.iter().any(|guest| guest.os == GuestOs::Windows11);
    if context.setup.is_some_and(|setup| !wants(setup)) {
        return does_not_apply("no guest of the profile is a Windows 11");
    }
    match &context.machine.libvirt.swtpm {
        Some(path) => ok(path.clone()),
        None => warn(
            "swtpm is not installed",
            format!("the package of a Windows 11 guest brings it; or {}", context.install("tpm")),
        ),
    }
}
