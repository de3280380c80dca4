//! Which of the distro's packages a setup needs: as dependencies, and as one list.

use crate::distro::AccessMethod;
use crate::profile::{Audio, GuestOs};
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
    names.extend(needs.init.get(&setup.host.init).into_iter().flatten().cloned());
    unique(names)
}

/// What one guest needs beyond the host's part.
pub(super) fn guest(setup: &Setup, guest: &Guest) -> Vec<String> {
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
    unique(names)
}

/// All packages of the setup by name, with the manager for installing guests:
/// the guide's package list.
pub fn package_names(setup: &Setup) -> Vec<String> {
    let mut names = host(setup);
    for guest in &setup.guests {
        names.extend(self::guest(setup, guest));
    }
    names.extend(setup.distro.needs.manager.iter().cloned());
    unique(names)
}

/// Keeps the first of each, in order.
fn unique(names: Vec<String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}
