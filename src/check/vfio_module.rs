//! Whether this kernel has vfio-pci.

use super::{Answer, Check, Context, Needs, fail, ok, unknown};
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "vfio-module",
    title: "Has the kernel vfio-pci?",
    looks_at: "modules.dep and modules.builtin of the running kernel, /sys/module/vfio_pci",
    why: "vfio-pci is the driver that holds the card for the guest. A kernel of one's own may lack it; \
          and after an update, a kernel whose modules are gone cannot load it before the reboot.",
    failures: &["hardened-unit-hides-modules"],
    more: &["https://docs.kernel.org/driver-api/vfio.html"],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    if context.has_module("vfio_pci") {
        return ok("vfio-pci is there already");
    }
    let Some(release) = context.machine.kernel.release.as_ref().filter(|release| !release.contains('/'))
    else {
        return unknown("which kernel runs cannot be read", "on the PC, `modinfo vfio-pci`");
    };
    let folders = at::KERNEL_MODULES.map(|folder| format!("{folder}/{release}"));
    let Some(folder) = folders.iter().find(|folder| context.root.is_folder(folder)) else {
        let gone = folders.iter().all(|folder| context.root.is_absent(folder));
        let others = at::KERNEL_MODULES
            .iter()
            .any(|folder| context.root.names(folder).is_some_and(|names| !names.is_empty()));
        return match gone && others {
            true => fail(
                format!("the modules of the running kernel {release} are gone: an update has replaced them"),
                "reboot into the new kernel",
            ),
            false => unknown(
                format!("the modules of the kernel {release} cannot be read"),
                "on the PC, `modinfo vfio-pci`",
            ),
        };
    };
    let lists = ["modules.dep", "modules.builtin"].map(|name| context.root.text(&format!("{folder}/{name}")));
    let has = |list: &Option<String>| list.as_ref().is_some_and(|list| list.contains("/vfio-pci.ko"));
    match lists.iter().any(has) {
        true => ok(format!("the kernel {release} has vfio-pci")),
        false if lists.iter().any(Option::is_none) => unknown(
            format!("the lists of {release}'s modules cannot be read"),
            "on the PC, `modinfo vfio-pci`",
        ),
        false => fail(
            format!("the kernel {release} has no vfio-pci"),
            "boot your distro's own kernel, or build yours with CONFIG_VFIO_PCI=m",
        ),
    }
}
