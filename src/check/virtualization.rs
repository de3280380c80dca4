//! Whether the CPU can run virtual machines, and the kernel uses that.

use super::{Answer, Check, Context, Needs, fail, ok, unknown, warn};
use crate::profile::CpuVendor;

pub(super) const CHECK: Check = Check {
    id: "virtualization",
    title: "Can the CPU run virtual machines?",
    looks_at: "the flags `vmx` and `svm` in /proc/cpuinfo, the modules kvm_intel and kvm_amd",
    why: "Without VT-x or AMD-V there is no KVM, and a guest would be many times too slow to use.",
    failures: &[],
    more: &["https://docs.kernel.org/virt/kvm/x86/index.html"],
    needs: Needs::Pc,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let (name, option, module) = match context.cpu() {
        Some(CpuVendor::Intel) => ("VT-x", "`Intel Virtualization Technology` (VMX)", "kvm_intel"),
        Some(CpuVendor::Amd) => ("AMD-V", "`SVM Mode`", "kvm_amd"),
        None => ("VT-x or AMD-V", "`Intel Virtualization Technology` or `SVM Mode`", "kvm"),
    };
    match context.machine.cpu.virtualization {
        None => unknown("the CPU's flags cannot be read", "`grep -E 'vmx|svm' /proc/cpuinfo` on the PC"),
        Some(false) => fail(
            format!("the CPU has no {name}, or the firmware has locked it"),
            format!("enter the firmware's setup and switch on {option}"),
        ),
        // A module without a folder there may be built in: that is told by kvm's own.
        Some(true) if context.root.is_absent(crate::paths::machine::MODULES) => {
            ok(format!("the CPU has {name}; whether KVM is loaded cannot be read"))
        }
        Some(true) if !context.has_module(module) && !context.has_module("kvm") => warn(
            format!("the CPU has {name}, and the kernel has not loaded {module}"),
            format!("sudo modprobe {module}"),
        ),
        Some(true) => ok(format!("the CPU has {name}, and KVM uses it")),
    }
}
