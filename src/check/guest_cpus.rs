//! The guests' processors beside the host's.

use super::{Answer, Check, Context, Needs, all_of, does_not_apply, fail, unknown, warn};

pub(super) const CHECK: Check = Check {
    id: "guest-cpus",
    title: "Has the host the processors that the guests want?",
    looks_at: "the host's processors in /proc/cpuinfo; each guest's cores and threads",
    why: "A guest with more processors than the host has threads is slower than one with fewer; \
          and the host needs some for the guest's disk, network and input.",
    failures: &[],
    more: &[],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(setup) = context.setup else { return does_not_apply("no profile was given") };
    let cpu = &context.machine.cpu;
    let Some(threads) = cpu.threads else {
        return unknown("the machine's processors cannot be read", "`nproc` on the PC");
    };
    let smt = cpu.cores.map_or(1, |cores| (threads / cores.max(1)).max(1));
    let answers = setup.guests.iter().map(|guest| {
        let wants = guest.cpus.cores.saturating_mul(guest.cpus.threads);
        let name = &guest.name;
        let cores = (threads / smt).saturating_sub(1).max(1);
        let fix = format!("write cpus = {{ cores = {cores}, threads = {smt} }} or less for it");
        if wants > threads {
            fail(format!("{name} wants {wants} processors, and the host has {threads}"), fix)
        } else if wants == threads {
            warn(format!("{name} takes all {threads} processors: none is left for its disk and input"), fix)
        } else if guest.cpus.threads > smt {
            warn(
                format!("{name} has {} threads a core, and the host {smt}", guest.cpus.threads),
                format!("write threads = {smt} for it: the guest schedules by what it believes to be cores"),
            )
        } else {
            Vec::new()
        }
    });
    all_of(answers, &format!("of {threads} threads, each guest leaves some"))
}
