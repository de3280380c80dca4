//! What happens on the way only where a profile asks for it.

use super::{Holder, Moment, moment};
use crate::profile::{Governor, Hugepages, Init};
use crate::setup::{Guest, Setup};

/// While the desktop is still there.
pub(super) fn first(guest: &Guest) -> Vec<Moment> {
    let mut out = Vec::new();
    if guest.own_hooks.is_some() {
        out.push(moment(
            "Your own program runs",
            "before-handover, if it is there. That it fails is only logged.",
            &["run before-handover"],
            Holder::Desktop,
        ));
    }
    if guest.inhibit_sleep {
        out.push(moment(
            "The host stays awake",
            "The login manager is told not to let it sleep until the record is gone.",
            &["keep the host awake"],
            Holder::Desktop,
        ));
    }
    match guest.hugepages {
        Hugepages::None => {}
        Hugepages::Transparent => out.push(moment(
            "Memory is compacted",
            "So that the kernel finds huge pages for the guest.",
            &["compact memory"],
            Holder::Desktop,
        )),
        Hugepages::Reserve => out.push(moment(
            "Huge pages are set aside",
            "As many as there are now; how many there were before is put down.",
            &["set huge pages aside"],
            Holder::Desktop,
        )),
    }
    out
}

/// When the desktop has left its memory.
pub(super) fn memory_again(guest: &Guest) -> Option<Moment> {
    (guest.hugepages == Hugepages::Reserve).then(|| {
        moment(
            "The rest of the huge pages",
            "Those that could not be had before. Should there still be too few, the handover gives up.",
            &["compact memory", "set huge pages aside, again"],
            Holder::Driver,
        )
    })
}

/// When the card is free.
pub(super) fn last(setup: &Setup, guest: &Guest, holder: Holder) -> Vec<Moment> {
    let mut out = Vec::new();
    if guest.governor == Governor::Performance {
        out.push(moment(
            "The clock stays up",
            "Of all CPUs; what decided before is put down.",
            &["keep the clock up"],
            holder,
        ));
    }
    if host_cpus(guest) {
        let steps: &[_] = match setup.host.init {
            Init::Systemd => &["keep $1 on CPUs $keeps"],
            Init::Openrc | Init::Runit => &["keep the host on CPUs $keeps"],
        };
        out.push(moment(
            "The host keeps to its CPUs",
            "Its services and sessions stay off those that the guest is pinned to.",
            steps,
            holder,
        ));
    }
    if guest.inhibit_sleep {
        out.push(moment(
            "Somebody keeps the host awake",
            "It is looked whether the login manager has heard; if not, that is logged.",
            &["see that the host is kept awake"],
            holder,
        ));
    }
    out
}

/// When the guest has ended.
pub(super) fn undone(setup: &Setup, guest: &Guest, holder: Holder) -> Vec<Moment> {
    let mut out = Vec::new();
    if host_cpus(guest) {
        let steps: &[_] = match setup.host.init {
            Init::Systemd => &["let $slice have its CPUs"],
            Init::Openrc | Init::Runit => &["let the host have its CPUs"],
        };
        out.push(moment("The host has all its CPUs", "Or those that it had before.", steps, holder));
    }
    if guest.governor == Governor::Performance {
        out.push(moment(
            "The clock is let go",
            "What decided before decides again.",
            &["let the clock go"],
            holder,
        ));
    }
    if guest.hugepages == Hugepages::Reserve {
        out.push(moment(
            "The huge pages are given back",
            "There are as many again as before.",
            &["give the huge pages back"],
            holder,
        ));
    }
    out
}

/// With the desktop back.
pub(super) fn own_after(guest: &Guest, holder: Holder) -> Option<Moment> {
    guest.own_hooks.as_ref().map(|_| {
        moment(
            "Your own program runs",
            "after-return, if it is there. That it fails is only logged.",
            &["run after-return"],
            holder,
        )
    })
}

/// Whether the host's own programs are kept on some of its CPUs.
fn host_cpus(guest: &Guest) -> bool {
    guest.pinning.as_ref().is_some_and(|pinning| pinning.host.is_some())
}
