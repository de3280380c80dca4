//! The guest's CPUs and memory on the host's: what templates see of them.

use serde::Serialize;

use super::{Guest, Host};
use crate::profile::{CpuList, GuestCpus, Hugepages, Init};

/// On which of the host's CPUs a guest runs.
#[derive(Debug, Clone, Serialize)]
pub struct Pinning {
    /// For each virtual CPU, in libvirt's order (all threads of a core one after
    /// the other), the CPU of the host that it runs on; empty
    /// where the host's scheduler decides.
    pub vcpus: Vec<u32>,
    /// The CPUs that the host keeps, for its own threads and QEMU's.
    pub host: Option<String>,
}

impl Pinning {
    pub(super) fn new(said: &GuestCpus) -> Option<Self> {
        let vcpus: Vec<u32> = said.pin.iter().flat_map(|core| core.get_ref().numbers().to_vec()).collect();
        let host = said.host.as_ref().map(|list| CpuList::to_string(list.get_ref()));
        (!vcpus.is_empty() || host.is_some()).then_some(Self { vcpus, host })
    }
}

/// What of these wishes the init system cannot fulfil.
pub(super) fn notes(guest: &Guest, host: &Host, notes: &mut Vec<String>) {
    let (name, init) = (&guest.name, host.init);
    // OpenRC has a group for each service: rc-cgroup.sh, openrc.NAME in cgroup v2's root (without the
    // prefix before 0.53); v2 is its default since 0.51. elogind makes one for each session.
    if init == Init::Runit && guest.pinning.as_ref().is_some_and(|pinning| pinning.host.is_some()) {
        notes.push(format!(
            "guest {name}: runit keeps all services in one control group: only elogind's sessions are kept off the \
             guest's CPUs"
        ));
    }
    if init != Init::Systemd && guest.hugepages == Hugepages::Reserve {
        notes.push(format!(
            "guest {name}: hugepages = \"reserve\" needs hugetlbfs mounted on /dev/hugepages before libvirt starts; {init} may not do it"
        ));
    }
}
