//! Whether this is the PC itself.

use super::{Answer, Check, Context, Needs, ok, unknown};

pub(super) const CHECK: Check = Check {
    id: "platform",
    title: "Is this the PC itself?",
    looks_at: "DMI, the flag `hypervisor` of the CPU, the marks of containers",
    why: "In a container or a virtual machine, the real card and its IOMMU are not seen.",
    failures: &[],
    more: &[],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let platform = &context.machine.platform;
    let how = "run onegpu on the PC itself";
    if let Some(container) = &platform.container {
        return unknown(format!("this is a container of {container}: its host's hardware is hidden"), how);
    }
    if let Some(hypervisor) = &platform.hypervisor {
        return unknown(
            format!("this is a virtual machine of {hypervisor}: what follows is about its virtual hardware"),
            how,
        );
    }
    match context.machine.cpu.hypervisor {
        Some(true) => unknown("this is a virtual machine: what follows is about its virtual hardware", how),
        None if !context.runs() => {
            unknown("this is no running machine: its hardware cannot be told from its files", how)
        }
        _ => ok("a PC, neither a virtual machine nor a container"),
    }
}
