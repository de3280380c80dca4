//! Libvirt's default network, on which the guests are.

use super::{Answer, Check, Context, Needs, does_not_apply, ok, unknown, warn};
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "network",
    title: "Is libvirt's default network there, and started at boot?",
    looks_at: "its definition, /etc/libvirt/qemu/networks/default.xml, and the link in autostart",
    why: "The guests are on it. Not every distro starts it by itself, and a guest on a network that is down does not start.",
    failures: &[],
    more: &["https://wiki.libvirt.org/VirtualNetworking.html"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let libvirt = &context.machine.libvirt;
    if libvirt.version.is_none() && libvirt.daemons.is_empty() {
        return does_not_apply("libvirt is not installed yet");
    }
    let definition = format!("{}/default.xml", at::NETWORKS);
    let start =
        "the setup packages do it; or `sudo virsh net-autostart default; sudo virsh net-start default`";
    match (&libvirt.autostarted_networks, context.root.is_file(&definition)) {
        (Some(networks), _) if networks.iter().any(|name| name == "default") => {
            ok("it starts with the daemon")
        }
        (_, true) => warn("it is defined, and does not start by itself", start),
        (_, false) if context.root.is_absent(&definition) => warn(
            "there is no network `default`",
            format!(
                "{} brings its definition; else `sudo virsh net-define` with the one in libvirt's documents",
                context.install("network")
            ),
        ),
        _ => unknown(
            "libvirt's folder may only be read by root",
            "`sudo virsh net-list --all` shows it; or run onegpu as root",
        ),
    }
}
