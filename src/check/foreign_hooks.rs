//! Hooks of libvirt's that are not onegpu's.

use super::{Answer, Check, Context, Needs, all_of, fail, unknown, warn};
use crate::machine::libvirt::Hook;
use crate::paths::{self, machine as at};

pub(super) const CHECK: Check = Check {
    id: "foreign-hooks",
    title: "Are there hooks of others?",
    looks_at: "the main hook /etc/libvirt/hooks/qemu, and every file in qemu.d: what it calls, whether it may run",
    why: "libvirt runs every executable there for every guest, copies and leftovers too. Two hooks that both stop the desktop \
          are in each other's way, and one that calls libvirt back waits for itself.",
    failures: &["libvirt-call-in-hook", "hook-not-executable"],
    more: &["https://libvirt.org/hooks.html"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(hooks) = &context.machine.libvirt.foreign_hooks else {
        return unknown(
            "the hooks' folder may only be read by root",
            format!("`sudo ls -lR {}`; or run onegpu as root", at::HOOKS),
        );
    };
    let guests = older_setups(context);
    all_of(hooks.iter().map(|hook| about(context, hook)).chain([guests]), "none")
}

fn about(context: &Context<'_>, hook: &Hook) -> Vec<Answer> {
    let path = &hook.path;
    let name = path.rsplit('/').next().unwrap_or(path);
    let Some(text) = context.root.text(path) else {
        return unknown(
            format!("{path} cannot be read"),
            "look into it: it must not call libvirt, nor touch the card",
        );
    };
    let code: Vec<&str> = text.lines().map(str::trim_start).filter(|line| !line.starts_with('#')).collect();
    let calls = |word: &str| code.iter().any(|line| line.contains(word));
    let remove = format!("if nothing of yours needs it: `sudo rm {path}`");
    if name.contains("onegpu") || calls("onegpu-hook") {
        return warn(
            format!("{path} is a stray copy of onegpu's hook"),
            format!(
                "libvirt would run it beside the real one, which is the link {}: `sudo rm {path}`",
                paths::HOOK_LINK
            ),
        );
    }
    if !hook.executable {
        return warn(
            format!("{path} is not executable: libvirt leaves it out"),
            format!("`sudo chmod 0755 {path}`, or remove it"),
        );
    }
    if calls("virsh") || calls("libvirt.open") {
        return fail(
            format!("{path} calls libvirt: it waits for libvirt, which waits for it"),
            format!("take the calls out: managed devices are detached by libvirt itself. {remove}"),
        );
    }
    let touches = ["vfio", "unbind", "display-manager", "vtcon", "nvidia", "amdgpu"];
    if touches.iter().any(|word| calls(word)) {
        return fail(
            format!("{path} hands the card over as well"),
            format!("one of the two must go. {remove}"),
        );
    }
    // The dispatcher of VFIO-Tools, as every guide has it.
    if calls("HOOKPATH") || (calls("GUEST_NAME") && calls("qemu.d")) {
        return warn(
            format!(
                "{path} is the guides' dispatcher: it runs every file below qemu.d/GUEST, onegpu's scripts too"
            ),
            format!("onegpu brings its own dispatcher, and its scripts would run twice. {remove}"),
        );
    }
    warn(
        format!("{path} is another one's hook"),
        "see that it answers `reconnect` with success and leaves the card alone: it runs for every guest",
    )
}

/// Scripts of an older setup, below qemu.d/GUEST, of guests that are to be onegpu's.
fn older_setups(context: &Context<'_>) -> Vec<Answer> {
    let places = ["prepare/begin", "start/begin", "started/begin", "stopped/end", "release/end"];
    let guests = context.setup.iter().flat_map(|setup| &setup.guests);
    let mut found = Vec::new();
    for guest in guests {
        for place in places {
            let folder = format!("{}/{}/{place}", paths::HOOK_DIR, guest.name);
            let names = context.root.names(&folder).unwrap_or_default();
            let own = |name: &&String| {
                matches!((place, name.as_str()), ("prepare/begin", "start.sh") | ("release/end", "stop.sh"))
            };
            found.extend(names.iter().filter(|name| !own(name)).map(|name| format!("{folder}/{name}")));
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    warn(
        format!("an older setup's scripts: {}", found.join(", ")),
        "onegpu's dispatcher does not run them, but that of the guides does: remove what you do not know",
    )
}
