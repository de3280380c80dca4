//! The step `libvirt-service`: whether libvirt starts by itself.

use super::Found;
use crate::distro::Services;
use crate::machine::root::Root;
use crate::paths::installed as at;
use crate::paths::machine;
use crate::profile::Init;
use crate::setup::Setup;

/// Whether every service of libvirt that the machine has is enabled.
pub fn found(root: &Root, setup: &Setup) -> Found {
    let Some(services) = setup.distro.libvirt.get(&setup.host.init) else { return Found::InForce };
    if setup.host.init == Init::Systemd && services.unless_enabled.iter().any(|unit| linked(root, unit)) {
        // The machine has chosen the other daemon layout, which stays.
        return Found::InForce;
    }
    let present: Vec<&String> =
        services.enable.iter().filter(|name| is_present(root, setup.host.init, services, name)).collect();
    if present.is_empty() {
        return Found::Later("libvirt is not installed".into());
    }
    let off: Vec<&str> = present
        .into_iter()
        .filter(|name| !is_enabled(root, setup.host.init, services, name))
        .map(String::as_str)
        .collect();
    match off.is_empty() {
        true => Found::InForce,
        false => Found::Not(format!("enable {} and start what does not run", off.join(", "))),
    }
}

fn is_present(root: &Root, init: Init, services: &Services, name: &str) -> bool {
    match init {
        Init::Systemd => unit(root, name).is_some(),
        Init::Openrc => root.is_file(&format!("{}/{name}", at::INIT_SCRIPTS)),
        Init::Runit => {
            services.available.as_ref().is_some_and(|folder| root.is_folder(&format!("{folder}/{name}")))
        }
    }
}

fn is_enabled(root: &Root, init: Init, services: &Services, name: &str) -> bool {
    match init {
        // A unit without [Install] is not enabled by anybody, and is no worse for it.
        Init::Systemd => {
            linked(root, name) || unit(root, name).is_some_and(|text| !text.contains("[Install]"))
        }
        Init::Openrc => {
            let runlevel = services.runlevel.as_deref().unwrap_or("default");
            root.is_named(&format!("{}/{runlevel}/{name}", machine::RUNLEVELS))
        }
        Init::Runit => {
            services.enabled.as_ref().is_some_and(|folder| root.is_named(&format!("{folder}/{name}")))
        }
    }
}

fn unit(root: &Root, name: &str) -> Option<String> {
    at::UNIT_FOLDERS.iter().find_map(|folder| root.text(&format!("{folder}/{name}")))
}

/// Whether a target or another unit wants the unit.
fn linked(root: &Root, name: &str) -> bool {
    let folders = root.names(at::SYSTEMD_UNITS).unwrap_or_default();
    folders
        .iter()
        .filter(|folder| folder.ends_with(".wants") || folder.ends_with(".requires"))
        .any(|folder| root.is_named(&format!("{}/{folder}/{name}", at::SYSTEMD_UNITS)))
}
