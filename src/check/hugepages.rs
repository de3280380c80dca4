//! Huge pages that are reserved, and that no guest of onegpu's asks for.

use super::{Answer, Check, Context, Needs, ok, unknown, warn};
use crate::profile::Hugepages;

pub(super) const CHECK: Check = Check {
    id: "hugepages",
    title: "Is memory reserved as huge pages?",
    looks_at: "the pools in /sys/kernel/mm/hugepages, /proc/meminfo",
    why: "Reserved huge pages are lost to everything that does not ask for them. A guest of onegpu does where \
          the profile says `hugepages = \"reserve\"`, and sets them aside itself; any other uses ordinary memory, which such \
          a reserve leaves too little of.",
    failures: &["hugepages-unavailable"],
    more: &["https://docs.kernel.org/admin-guide/mm/hugetlbpage.html"],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let memory = &context.machine.memory;
    if memory.total_mib.is_none() && memory.hugepages.is_empty() {
        return unknown("memory cannot be read", "`grep Huge /proc/meminfo` on the PC");
    }
    let mib = memory
        .hugepages
        .iter()
        .map(|pool| pool.total.saturating_mul(pool.kib) / 1024)
        .fold(0, u64::saturating_add);
    let asks =
        |setup: &crate::setup::Setup| setup.guests.iter().any(|guest| guest.hugepages == Hugepages::Reserve);
    match mib {
        0 => ok("none is reserved"),
        mib if context.setup.is_some_and(asks) => {
            ok(format!("{mib} MiB, and the profile has a guest that uses them"))
        }
        mib => warn(
            format!("{mib} MiB are reserved as huge pages"),
            "take hugepages= out of the kernel's parameters and vm.nr_hugepages out of sysctl.d, unless another program uses them",
        ),
    }
}
