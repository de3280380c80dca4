//! Settings of libvirt's unit that hide the kernel's modules from it.

use super::{Answer, Check, Context, Needs, does_not_apply, ok, unknown, warn};
use crate::paths::machine as at;
use crate::profile::Init;

pub(super) const CHECK: Check = Check {
    id: "hardened-daemon",
    title: "May libvirt's daemon see the kernel's modules?",
    looks_at: "drop-ins of libvirtd.service and virtqemud.service",
    why: "A unit with ProtectKernelModules= or InaccessiblePaths= on the modules cannot read modules.alias, and \
          libvirt 10 and later needs it to hand a PCI device over.",
    failures: &["hardened-unit-hides-modules"],
    more: &["https://man.archlinux.org/man/systemd.exec.5"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    match context.init() {
        Some(Init::Systemd) => {}
        Some(_) => return does_not_apply("the init is not systemd"),
        None => return unknown("the init is not known", "on the PC, `systemctl cat libvirtd virtqemud`"),
    }
    let (mut hiding, mut unread) = (Vec::new(), Vec::new());
    for folder in at::UNIT_SETTINGS {
        for unit in ["libvirtd.service", "virtqemud.service", "service"] {
            let folder = format!("{folder}/{unit}.d");
            let Some(names) = context.root.names(&folder) else {
                unread.extend((!context.root.is_absent(&folder)).then_some(folder));
                continue;
            };
            for name in names.iter().filter(|name| name.ends_with(".conf")).take(64) {
                let path = format!("{folder}/{name}");
                match context.root.text(&path) {
                    Some(text) if text.lines().any(hides) => hiding.push(path),
                    Some(_) => {}
                    None => unread.push(path),
                }
            }
        }
    }
    match hiding.as_slice() {
        [] if !unread.is_empty() => {
            unknown(format!("{} cannot be read", unread.join(", ")), "`systemctl cat libvirtd virtqemud`")
        }
        [] => ok("no drop-in hides them"),
        files => warn(
            format!("{} hides them", files.join(", ")),
            "take ProtectKernelModules= and the modules' folder in InaccessiblePaths= out of it, then \
             `sudo systemctl daemon-reload` and restart the daemon",
        ),
    }
}

fn hides(line: &str) -> bool {
    let Some((key, value)) = line.split_once('=') else { return false };
    match key.trim() {
        "ProtectKernelModules" => matches!(value.trim(), "yes" | "true" | "on" | "1"),
        "InaccessiblePaths" => value.contains("lib/modules"),
        _ => false,
    }
}
