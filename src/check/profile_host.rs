//! The profile's `[host]` beside the machine.

use super::{Answer, Check, Context, Needs, all_of, does_not_apply, fail, unknown};
use crate::profile::Bootloader;

pub(super) const CHECK: Check = Check {
    id: "profile-host",
    title: "Is the profile for this machine?",
    looks_at: "distro, init, bootloader and cpu of [host], beside what is detected",
    why: "Every file is rendered for these four: packages for another distro do not install, services of another init \
          are not found, parameters for another boot loader are not read.",
    failures: &["foreign-init-verbs", "grub-not-regenerated"],
    more: &[],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(setup) = context.setup else { return does_not_apply("no profile was given") };
    let machine = context.machine;
    let distro = match (&machine.distro.known_as, &machine.distro.id) {
        (Some(known), _) => Some(known.clone()),
        (None, id) => id.clone(),
    };
    let known = machine.boot.in_profile(&machine.distro);
    let loader = machine.boot.loader.map(|loader| known.map_or(loader.word(), Bootloader::word).to_owned());
    let init = machine.init.init.map(|init| init.word().to_owned()).or_else(|| machine.init.other.clone());
    let cpu = machine.cpu.vendor.map(|vendor| vendor.word().to_owned());
    let loader_is_foreign = machine.boot.loader.is_some() && known.is_none();
    let host = &setup.host;
    let facts = [
        ("distro", setup.distro.id.clone(), distro),
        ("init", host.init.word().to_owned(), init),
        ("bootloader", host.bootloader.word().to_owned(), loader),
        ("cpu", host.cpu.word().to_owned(), cpu),
    ];
    let all = facts.into_iter().map(|(key, said, found)| match found {
        Some(found) if found == said => Vec::new(),
        Some(found) => fail(
            format!("the profile is for {key} {said}, and this machine has {found}"),
            match key {
                "bootloader" if loader_is_foreign => {
                    "see the check `boot-loader-covered`: set the kernel's parameters yourself".to_owned()
                }
                "init" if machine.init.init.is_none() => {
                    format!("onegpu does not know {found}: known are systemd, openrc and runit")
                }
                "distro" if machine.distro.known_as.is_none() => {
                    "`onegpu distros` lists those known; distros/README.md says how to add one".to_owned()
                }
                _ => format!("write under [host]: {key} = \"{found}\""),
            },
        ),
        None => unknown(
            format!("the machine's {key} cannot be told; the profile is for {said}"),
            format!("compare yourself: {key} = \"{said}\""),
        ),
    });
    all_of(all, "distro, init, boot loader and CPU are this machine's")
}
