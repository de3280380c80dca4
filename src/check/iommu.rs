//! Whether the IOMMU is on; and if not, who has it off.

use super::{Answer, Check, Context, Needs, fail, ok, unknown};
use crate::paths::machine as at;
use crate::profile::CpuVendor;

pub(super) const CHECK: Check = Check {
    id: "iommu",
    title: "Is the IOMMU on?",
    looks_at: "the groups in /sys/kernel/iommu_groups, the ACPI tables DMAR (Intel) and IVRS (AMD), /proc/cmdline",
    why: "The IOMMU keeps a guest's card inside the guest's memory. Without it VFIO hands no device over.",
    failures: &["iommu-off-in-firmware"],
    more: &["https://docs.kernel.org/driver-api/vfio.html"],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let iommu = &context.machine.iommu;
    match (iommu.enabled, iommu.groups) {
        (None, _) => unknown(
            "the IOMMU's groups cannot be read",
            format!("on the PC, `ls {}` shows a folder for each group", at::IOMMU_GROUPS),
        ),
        (Some(true), Some(1)) => ok("on, with 1 group"),
        (Some(true), groups) => ok(format!("on, with {} groups", groups.unwrap_or_default())),
        (Some(false), _) => off(context),
    }
}

/// Whether the firmware describes an IOMMU to the kernel; `None` when that may not be seen.
fn described(context: &Context<'_>, table: &str) -> Option<bool> {
    let tables = context.root.names(at::ACPI_TABLES).filter(|tables| !tables.is_empty())?;
    Some(tables.iter().any(|name| name == table))
}

fn off(context: &Context<'_>) -> Vec<Answer> {
    let words = context.machine.kernel.parameters();
    let refused = ["intel_iommu=off", "amd_iommu=off", "iommu=off"];
    if let Some(word) = words.iter().find(|word| refused.contains(&word.as_str())) {
        return fail(
            format!("off: the kernel was booted with `{word}`"),
            format!("take `{word}` out of the kernel's parameters, and reboot"),
        );
    }
    let (table, option) = match context.cpu() {
        Some(CpuVendor::Intel) => ("DMAR", "`VT-d` (Intel Virtualization Technology for Directed I/O)"),
        Some(CpuVendor::Amd) => {
            ("IVRS", "`IOMMU` (AMD-Vi; often below AMD CBS > NBIO; choose Enabled, for Auto may be off)")
        }
        None => ("", "`VT-d` (Intel) or `IOMMU` (AMD)"),
    };
    let board = [&context.machine.platform.board_maker, &context.machine.platform.board];
    let board: Vec<&str> = board.into_iter().flatten().map(String::as_str).collect();
    let board = if board.is_empty() { String::new() } else { format!(" of the {}", board.join(" ")) };
    let firmware = format!("enter the firmware's setup{board} and switch on {option}");
    let intel = context.cpu() == Some(CpuVendor::Intel);
    let asked = words.iter().any(|word| word.starts_with("intel_iommu=on"));
    let parameter = context.set_parameters(&["intel_iommu=on".to_owned()]);
    match described(context, table) {
        Some(true) if intel && !asked => fail(
            "off in the kernel: the firmware has the table DMAR, and `intel_iommu=on` was not booted",
            parameter,
        ),
        Some(true) => fail(
            format!("off, though the firmware has the table {table}: this kernel makes no groups"),
            "boot a kernel of your distro's own, built with its IOMMU drivers; `sudo dmesg | grep -i iommu` says more",
        ),
        Some(false) => fail(format!("off in the firmware: there is no table {table}"), firmware),
        None if intel && !asked => {
            fail("off: the kernel has made no groups", format!("{firmware}; and {parameter}"))
        }
        None => fail("off: the kernel has made no groups", firmware),
    }
}
