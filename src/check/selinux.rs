//! SELinux, which confines libvirt's hooks.

use super::{Answer, Check, Context, Needs, fail, ok, unknown, warn};
use crate::machine::security::Selinux;
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "selinux",
    title: "Does SELinux let libvirt's hooks run?",
    looks_at: "whether it enforces (/sys/fs/selinux/enforce), the daemon in use, a policy module of onegpu's",
    why: "Fedora's policy of 2026 lets virtqemud read a hook and not run it, whatever the boolean virt_hooks_unconfined says: \
          the guest does not start then.",
    failures: &["selinux-stops-hook"],
    more: &["https://github.com/fedora-selinux/selinux-policy/pull/2195"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    match context.machine.security.selinux {
        None => return unknown("SELinux' state cannot be read", "`getenforce`"),
        Some(Selinux::Disabled) => return ok("off"),
        Some(Selinux::Permissive) => return ok("permissive: it only reports"),
        Some(Selinux::Enforcing) => {}
    }
    if has_module(context) {
        return ok("enforcing, with onegpu's policy module");
    }
    let installed = context.root.is_file(crate::paths::HOOK_PROGRAM);
    let brought = context.distro.is_some_and(|distro| distro.security.selinux);
    match (brought, installed, context.root.names(at::SELINUX_STORE).is_some()) {
        (true, false, _) => {
            return warn(
                "enforcing: it lets virtqemud run no hook before onegpu's policy module is there",
                "nothing by hand: the setup packages load the module, and take it out again",
            );
        }
        (true, true, true) => {
            return fail(
                "enforcing, and onegpu's policy module is not loaded",
                "call onegpu's `apply` as root: it loads the module",
            );
        }
        // Only root may look into the stores.
        (_, true, false) => {
            return unknown(
                "enforcing; whether onegpu's policy module is in use may only be seen by root",
                "`sudo semodule -l | grep onegpu`",
            );
        }
        _ => {}
    }
    let how = "`sudo ausearch -m avc -ts recent` after a failed start shows what was refused; for a first try, `sudo setenforce 0` \
               until the next boot. Lasting: a policy module that lets the daemon's domain run virt_hook_t";
    let serving = |name: &str| {
        context
            .machine
            .libvirt
            .daemons
            .iter()
            .any(|d| d.name == name && (d.listening || !d.enabled.is_empty()))
    };
    let modular = match context.machine.libvirt.daemons.is_empty() {
        true => context.libvirt_services().iter().any(|unit| unit.starts_with("virtqemud")),
        false => serving("virtqemud"),
    };
    match modular {
        true => {
            fail("enforcing, and virtqemud may not run hooks under Fedora's policy, which others share", how)
        }
        false => warn("enforcing: whether libvirtd may run hooks depends on the distro's policy", how),
    }
}

/// Whether a store has a module of onegpu's; false also where only root may look.
fn has_module(context: &Context<'_>) -> bool {
    let stores = context.root.names(at::SELINUX_STORE).unwrap_or_default();
    stores.iter().take(16).any(|store| {
        let modules = format!("{}/{store}/active/modules", at::SELINUX_STORE);
        let priorities = context.root.names(&modules).unwrap_or_default();
        priorities.iter().take(16).any(|priority| {
            let names = context.root.names(&format!("{modules}/{priority}")).unwrap_or_default();
            names.iter().any(|name| name.starts_with("onegpu"))
        })
    })
}
