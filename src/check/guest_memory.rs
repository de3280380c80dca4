//! Memory that is left for the host.

use super::{Answer, Check, Context, Needs, all_of, fail, ok, unknown, warn};
use crate::profile::Hugepages;

pub(super) const CHECK: Check = Check {
    id: "guest-memory",
    title: "Is memory left for the host?",
    looks_at: "MemTotal in /proc/meminfo, less huge pages; each guest's memory",
    why: "A guest with a card has all of its memory from its start on, pinned, for the card writes into it. \
          A host that has too little left kills the guest, or itself.",
    failures: &["hugepages-unavailable"],
    more: &[],
    needs: Needs::Machine,
    run,
};

/// What a host without a desktop, QEMU's own memory and the card's tables need, MiB.
const LEAST: u64 = 1024;
/// What leaves room for caches and a surprise, MiB.
const COMFORTABLE: u64 = 2048;

fn run(context: &Context<'_>) -> Vec<Answer> {
    let memory = &context.machine.memory;
    let Some(total) = memory.total_mib else {
        return unknown("the machine's memory cannot be read", "`free -m` on the PC");
    };
    let reserved = memory
        .hugepages
        .iter()
        .map(|pool| pool.total.saturating_mul(pool.kib) / 1024)
        .fold(0, u64::saturating_add);
    let usable = total.saturating_sub(reserved);
    let Some(setup) = context.setup else {
        return match usable {
            0..4096 => warn(
                format!("the machine has {usable} MiB"),
                "more memory: Windows 11 wants 4096 MiB for itself, and the host needs 2048 beside it",
            ),
            _ => ok(format!("{usable} MiB: a guest may have {}", usable.saturating_sub(COMFORTABLE))),
        };
    };
    let answers = setup.guests.iter().map(|guest| {
        let (name, wants) = (&guest.name, guest.memory_mib);
        // What is set aside already is its own then.
        let usable = if guest.hugepages == Hugepages::Reserve { total } else { usable };
        let left = usable.saturating_sub(wants);
        let fix = format!(
            "write memory = \"{} MiB\" or less for it",
            usable.saturating_sub(COMFORTABLE).max(256) / 256 * 256
        );
        match (wants + LEAST > usable, wants + COMFORTABLE > usable) {
            (true, _) => {
                fail(format!("{name} wants {wants} MiB of {usable}: {left} are left for the host"), fix)
            }
            (_, true) => {
                warn(format!("{name} wants {wants} MiB of {usable}: only {left} are left for the host"), fix)
            }
            _ => Vec::new(),
        }
    });
    all_of(answers, &format!("each guest leaves the host {COMFORTABLE} MiB or more, of {usable}"))
}
