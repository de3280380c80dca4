//! NVIDIA's daemons and rules, which hold the card or load its modules again.

use super::{Answer, Check, Context, Needs, does_not_apply, ok, unknown, warn};
use crate::paths::machine as at;
use crate::profile::{Driver, Init};

pub(super) const CHECK: Check = Check {
    id: "nvidia-services",
    title: "Does something of NVIDIA's hold the card?",
    looks_at: "nvidia-persistenced and nvidia-powerd among the enabled services, udev's 71-nvidia.rules",
    why: "The daemons keep /dev/nvidia* open, so that the modules cannot be unloaded; the rule loads them again while \
          the guest has the card.",
    failures: &["persistence-daemon", "udev-reloads-nvidia", "module-in-use"],
    more: &[],
    needs: Needs::Files,
    run,
};

const DAEMONS: [&str; 2] = ["nvidia-persistenced", "nvidia-powerd"];

fn run(context: &Context<'_>) -> Vec<Answer> {
    let driver = context.profile.map(|profile| profile.gpu.driver.word());
    let driver = driver.or_else(|| context.card()?.driver.as_deref());
    match driver {
        None => return unknown("the card's driver is not known", "see the check `card-driver`"),
        Some(driver) if driver != Driver::Nvidia.word() => {
            return does_not_apply("the card's driver is not NVIDIA's");
        }
        Some(_) => {}
    }
    let enabled: Vec<&str> = DAEMONS.into_iter().filter(|daemon| is_enabled(context, daemon)).collect();
    let rule = at::NVIDIA_RULES.iter().any(|path| context.root.is_file(path));
    // The handover stops them by name through the init; another supervisor starts them again.
    if context.machine.init.init.is_none() && !enabled.is_empty() {
        return warn(
            format!("{}, under an init that onegpu does not know", enabled.join(" and ")),
            "stop it yourself before you start the guest, or disable it",
        );
    }
    match (enabled.as_slice(), rule) {
        ([], false) => ok("none of it is there"),
        ([], true) => ok("udev's rule is there: the handover masks it for as long as the guest runs"),
        (all, _) => {
            ok(format!("{}: the handover stops it, and the return starts it again", all.join(" and ")))
        }
    }
}

fn is_enabled(context: &Context<'_>, daemon: &str) -> bool {
    let units = at::UNIT_WANTS.iter().map(|folder| format!("{folder}/{daemon}.service"));
    let levels = context.root.names(at::RUNLEVELS).unwrap_or_default();
    let levels = levels.into_iter().take(16).map(|level| format!("{}/{level}/{daemon}", at::RUNLEVELS));
    let services = at::RUNIT_SERVICES.iter().map(|folder| format!("{folder}/{daemon}"));
    let all: Vec<String> = match context.machine.init.init {
        Some(Init::Systemd) => units.collect(),
        Some(Init::Openrc) => levels.collect(),
        Some(Init::Runit) => services.collect(),
        None => units.chain(levels).chain(services).collect(),
    };
    all.iter().any(|path| context.root.is_named(path))
}
