//! Steps whose whole effect is a file, a link or a line.

use super::Found;
use crate::machine::root::Root;
use crate::paths::{installed, machine as at};
use crate::profile::size;
use crate::setup::{Guest, Setup};

/// No vBIOS has more than 1 MiB.
const LARGEST_ROM: usize = 16 << 20;

/// Whether `path` is there; `None` when that cannot be seen.
fn there(root: &Root, path: &str) -> Option<bool> {
    match root.is_named(path) {
        true => Some(true),
        false => root.is_absent(path).then_some(false),
    }
}

fn unreadable(path: &str) -> Found {
    Found::Unknown(format!("{path} cannot be read: as root, one sees more"))
}

/// Whether libvirt's default network starts by itself.
pub fn network(root: &Root) -> Found {
    let link = format!("{}/default.xml", at::NETWORK_AUTOSTART);
    match there(root, &link) {
        Some(true) => Found::InForce,
        Some(false) => Found::Not("start the network `default` now and at every boot".into()),
        None => unreadable(&link),
    }
}

/// Whether our policy module is among those loaded; where no policy is installed there is nothing to do.
pub fn selinux(root: &Root) -> Found {
    let Some(config) = root.text(installed::SELINUX_CONFIG) else {
        return if root.is_absent(installed::SELINUX_CONFIG) {
            Found::InForce
        } else {
            unreadable(installed::SELINUX_CONFIG)
        };
    };
    let kind = config.lines().rev().find_map(|line| line.strip_prefix("SELINUXTYPE="));
    let plain =
        |kind: &&str| kind.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) && !kind.is_empty();
    let Some(kind) = kind.map(str::trim).filter(plain) else { return Found::InForce };
    let store = format!("{}/{kind}/active", installed::SELINUX_STORE);
    let module = format!("{store}/modules/400/onegpu-hook");
    match (there(root, &store), there(root, &module)) {
        (Some(false), _) | (_, Some(true)) => Found::InForce,
        (Some(true), Some(false)) => Found::Not("load the policy module onegpu-hook".into()),
        _ => unreadable(&module),
    }
}

/// Whether the disk is there.
pub fn disk(root: &Root, guest: &Guest) -> Found {
    let (path, mib) = (&guest.disk.path, guest.disk.size_mib.unwrap_or_default());
    match there(root, path) {
        Some(true) => Found::InForce,
        Some(false) => Found::Not(format!("create {path} of {}", size(mib))),
        None => unreadable(path),
    }
}

/// Whether the user's services outlive the session.
pub fn linger(root: &Root, setup: &Setup) -> Found {
    let Some(user) = &setup.host.user else { return Found::InForce };
    let mark = format!("{}/{}", at::LINGER, user.name);
    match there(root, &mark) {
        Some(true) => Found::InForce,
        Some(false) => Found::Not(format!("let {}'s services run on without a session", user.name)),
        None => unreadable(&mark),
    }
}

/// Whether the user is in libvirt's group.
pub fn group(root: &Root, setup: &Setup) -> Found {
    let Some(user) = &setup.host.user else { return Found::InForce };
    let name = &setup.distro.access.group;
    let Some(text) = root.text(at::GROUP) else { return unreadable(at::GROUP) };
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
    let members = line.and_then(|line| line.rsplit(':').next());
    match members.map(|members| members.split(',').any(|member| member == user.name.as_str())) {
        Some(true) => Found::InForce,
        Some(false) => Found::Not(format!("put {} into the group {name}", user.name)),
        None => Found::Later(format!("there is no group {name}: libvirt's package makes it")),
    }
}

/// Whether the vBIOS lies where QEMU may read it.
pub fn rom(root: &Root, setup: &Setup) -> Found {
    let (Some(from), Some(to)) = (&setup.gpu.rom_source, &setup.gpu.rom) else { return Found::InForce };
    let bytes = |path: &str| root.bytes(path, LARGEST_ROM);
    match (there(root, from), there(root, to)) {
        (None, _) => unreadable(from),
        (_, None) => unreadable(to),
        (Some(false), Some(false)) => Found::Later(format!("there is no {from}: put the card's vBIOS there")),
        (Some(false), Some(true)) => Found::InForce,
        (Some(true), Some(false)) => Found::Not(format!("copy {from} to {to}")),
        (Some(true), Some(true)) => match (bytes(from), bytes(to)) {
            (Some(one), Some(other)) if one == other => Found::InForce,
            (Some(_), Some(_)) => Found::Later(format!("{to} is there already, and is another file")),
            _ => unreadable(to),
        },
    }
}
