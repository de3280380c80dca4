//! Security modules: what may stop a hook, a ROM or a disk.

use serde::Serialize;

use super::root::Root;
use crate::paths::machine as at;

/// SELinux, when the machine has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Selinux {
    /// It refuses.
    Enforcing,
    /// It only reports.
    Permissive,
    /// It is not in the kernel, or off.
    Disabled,
}

/// Security modules of the running kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SecurityFacts {
    /// All that are active.
    pub modules: Option<Vec<String>>,
    /// SELinux.
    pub selinux: Option<Selinux>,
    /// Whether AppArmor is on.
    pub apparmor: Option<bool>,
}

/// Reads what the kernel shows to every user.
pub fn read(root: &Root) -> SecurityFacts {
    let list = root.attribute(at::LSMS);
    let modules: Option<Vec<String>> =
        list.map(|list| list.split(',').map(|name| name.trim().to_owned()).collect());
    let active = |name: &str| modules.as_ref().map(|all| all.iter().any(|found| found == name));
    let selinux = match root.attribute(at::SELINUX_ENFORCE).as_deref() {
        Some("1") => Some(Selinux::Enforcing),
        Some("0") => Some(Selinux::Permissive),
        _ if active("selinux") == Some(false) => Some(Selinux::Disabled),
        // The kernel mounts nothing there when SELinux is off.
        _ if root.is_folder(at::FIRMWARE) && root.is_absent(at::SELINUX) => Some(Selinux::Disabled),
        _ => None,
    };
    let apparmor = match root.attribute(at::APPARMOR_ENABLED).as_deref() {
        Some("Y") => Some(true),
        Some("N") => Some(false),
        _ => active("apparmor"),
    };
    SecurityFacts { modules, selinux, apparmor }
}
