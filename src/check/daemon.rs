//! Which of libvirt's daemons serves QEMU: the one for all, or one of its own.

use super::{Answer, Check, Context, Needs, does_not_apply, fail, ok, warn};
use crate::machine::libvirt::Daemon;

pub(super) const CHECK: Check = Check {
    id: "daemon",
    title: "Does one of libvirt's daemons serve QEMU?",
    looks_at: "libvirtd and virtqemud: installed, enabled under this init, listening in /run/libvirt",
    why: "libvirtd (monolithic) and virtqemud (modular) do the same and must not run together. Hooks, guests and networks \
          belong to the one that runs: a reload of the other changes nothing.",
    failures: &["wrong-daemon", "daemon-not-reloaded", "foreign-init-verbs"],
    more: &["https://libvirt.org/daemons.html"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let daemons = &context.machine.libvirt.daemons;
    let named = |name: &str| daemons.iter().find(|daemon| daemon.name == name);
    let serving = |daemon: &&Daemon| daemon.listening || !daemon.enabled.is_empty();
    let state = |daemon: &Daemon| match (daemon.listening, daemon.enabled.first()) {
        (true, _) => "listens".to_owned(),
        (false, Some(by)) => format!("is enabled by {by}"),
        (false, None) => "is neither enabled nor running".to_owned(),
    };
    let (monolithic, modular) = (named("libvirtd"), named("virtqemud"));
    if monolithic.is_none() && modular.is_none() {
        return does_not_apply("no daemon of libvirt's is installed yet");
    }
    // virtproxyd answers at libvirtd's address, so that its socket tells nothing where both are installed.
    let monolithic_serves = monolithic.filter(serving).filter(|daemon| {
        !daemon.enabled.is_empty() || named("virtproxyd").is_none_or(|proxy| proxy.enabled.is_empty())
    });
    match (monolithic_serves, modular.filter(serving)) {
        (Some(one), Some(other)) => fail(
            format!("both layouts: libvirtd {}, and virtqemud {}", state(one), state(other)),
            "keep one. For the modular one: `sudo systemctl disable --now libvirtd.service libvirtd.socket \
             libvirtd-ro.socket libvirtd-admin.socket`; for the other, the same with virtqemud's",
        ),
        (Some(one), None) => ok(format!("libvirtd {}", state(one))),
        (None, Some(other)) => ok(format!("virtqemud {}", state(other))),
        (None, None) => {
            let installed: Vec<&str> =
                [monolithic, modular].into_iter().flatten().map(|daemon| daemon.name).collect();
            warn(
                format!("{}: installed, neither enabled nor running", installed.join(" and ")),
                format!("the setup packages start it; or `{}`", context.enable(&context.libvirt_services())),
            )
        }
    }
}
