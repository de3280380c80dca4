//! Which of the distro's packages a setup needs: as dependencies, and as one list.

use crate::distro::{AccessMethod, Format, alternatives, package_use};
use crate::profile::{Audio, Bootloader, GuestOs};
use crate::setup::{Guest, Setup};

/// What the host's part needs: the daemon, the emulator, firmware, the network.
pub(super) fn host(setup: &Setup) -> Vec<String> {
    let needs = &setup.distro.needs;
    let polkit = setup.distro.access.method == AccessMethod::Polkit && setup.host.user.is_some();
    let mut names: Vec<String> =
        [&needs.qemu, &needs.libvirt, &needs.firmware, &needs.network, &needs.firewall]
            .into_iter()
            .flatten()
            .cloned()
            .collect();
    if polkit {
        names.extend(needs.polkit.iter().cloned());
    }
    if setup.distro.security.selinux {
        names.extend(needs.selinux.iter().cloned());
    }
    if setup.host.bootloader == Bootloader::Uki {
        names.extend(needs.ukify.iter().cloned());
    }
    names.extend(needs.init.get(&setup.host.init).into_iter().flatten().cloned());
    unique(names)
}

/// What one guest's package depends on: the host's part, whose `apply` it
/// calls, and what the guest needs beyond it.
pub(super) fn guest(setup: &Setup, guest: &Guest) -> Vec<String> {
    let host = match setup.distro.package.format {
        Format::Portage => "app-emulation/onegpu-host",
        Format::Deb | Format::Rpm | Format::Pacman | Format::Xbps | Format::Apk => "onegpu-host",
    };
    let mut names = vec![host.to_owned()];
    names.extend(guest_needs(setup, guest));
    unique(names)
}

fn guest_needs(setup: &Setup, guest: &Guest) -> Vec<String> {
    let needs = &setup.distro.needs;
    let mut names = Vec::new();
    if guest.os == GuestOs::Windows11 {
        names.extend(needs.tpm.iter().cloned());
    }
    if guest.disk.size_mib.is_some() {
        names.extend(needs.disk_tool.iter().cloned());
    }
    if guest.audio == Audio::Pipewire {
        names.extend(needs.pipewire.iter().cloned());
    }
    names
}

/// Everything of the distro's that the setup needs, with the manager for
/// installing guests: the guide's package list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackageList {
    /// Names that one can type after the install command: of alternatives the
    /// preferred one, and no USE flags.
    pub names: Vec<String>,
    /// Lines of `/etc/portage/package.use`; empty where there are no USE flags.
    pub package_use: Vec<String>,
}

impl PackageList {
    /// The list of a setup.
    pub fn new(setup: &Setup) -> Self {
        let mut needed = host(setup);
        for guest in &setup.guests {
            needed.extend(guest_needs(setup, guest));
        }
        needed.extend(setup.distro.needs.manager.iter().cloned());
        let format = setup.distro.package.format;
        let first = |needed: &String| match alternatives(format, needed) {
            Ok(atoms) => atoms.first().map(|atom| atom.name.to_owned()),
            // Loading a distro file refuses what cannot be taken apart.
            Err(_) => Some(needed.clone()),
        };
        Self {
            names: unique(needed.iter().filter_map(first).collect()),
            package_use: package_use(format, &needed).unwrap_or_default(),
        }
    }
}

/// Keeps the first of each, in order.
fn unique(names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}
