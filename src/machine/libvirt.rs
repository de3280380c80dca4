//! Libvirt and QEMU, when they are installed: version, daemons, hooks.

use serde::Serialize;

use super::root::{Kind, Root};
use crate::paths::{self, machine as at};

/// Libvirt's daemons that matter to QEMU guests, and the name of their socket.
const DAEMONS: [(&str, &str); 5] = [
    ("libvirtd", "libvirt-sock"),
    ("virtqemud", "virtqemud-sock"),
    ("virtnetworkd", "virtnetworkd-sock"),
    ("virtproxyd", "libvirt-sock"),
    ("virtlogd", "virtlogd-sock"),
];

/// Libvirt on a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct LibvirtFacts {
    /// The library's version, when it is installed.
    pub version: Option<String>,
    /// The daemons that are installed.
    pub daemons: Vec<Daemon>,
    /// Programs that run as hooks of QEMU guests and are not ours; `None` when
    /// only root may look.
    pub foreign_hooks: Option<Vec<Hook>>,
    /// Networks that start by themselves; `None` when only root may look.
    pub autostarted_networks: Option<Vec<String>>,
    /// QEMU's program for x86-64.
    pub qemu: Option<String>,
    /// swtpm's program.
    pub swtpm: Option<String>,
    /// Descriptions of UEFI images for guests.
    pub guest_firmware: Vec<String>,
}

/// One daemon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Daemon {
    /// Its name.
    pub name: &'static str,
    /// Units, runlevels or service folders that start it.
    pub enabled: Vec<String>,
    /// Whether its socket is there.
    pub listening: bool,
}

/// A program among libvirt's hooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hook {
    /// Where it lies.
    pub path: String,
    /// Whether libvirt runs it.
    pub executable: bool,
}

/// Reads what the packages and the daemons leave.
pub fn read(root: &Root) -> LibvirtFacts {
    LibvirtFacts {
        version: at::LIBRARY_DIRS
            .iter()
            .filter_map(|dir| root.link_name(&format!("{dir}/libvirt.so.0")))
            .find_map(|name| version(&name)),
        daemons: daemons(root),
        foreign_hooks: foreign_hooks(root),
        autostarted_networks: folder(root, at::NETWORK_AUTOSTART)
            .map(|names| names.iter().filter_map(|n| Some(n.strip_suffix(".xml")?.to_owned())).collect()),
        qemu: program(root, "qemu-system-x86_64")
            .or_else(|| root.is_file(at::QEMU_KVM).then(|| at::QEMU_KVM.to_owned())),
        swtpm: program(root, "swtpm"),
        guest_firmware: root.names(at::GUEST_FIRMWARE).unwrap_or_default(),
    }
}

/// `libvirt.so.0.11003.0` is 11.3.0 (libvirt's meson.build makes the name).
pub fn version(library: &str) -> Option<String> {
    let (number, release) = library.strip_prefix("libvirt.so.0.")?.split_once('.')?;
    let (number, release): (u32, u32) = (number.parse().ok()?, release.parse().ok()?);
    (number >= 1000).then(|| format!("{}.{}.{release}", number / 1000, number % 1000))
}

fn program(root: &Root, name: &str) -> Option<String> {
    at::PROGRAM_DIRS.iter().map(|dir| format!("{dir}/{name}")).find(|path| root.is_file(path))
}

fn daemons(root: &Root) -> Vec<Daemon> {
    let installed = DAEMONS.iter().filter(|(name, _)| program(root, name).is_some());
    let places = service_folders(root);
    installed
        .map(|(name, socket)| Daemon {
            name,
            enabled: places
                .iter()
                .flat_map(|folder| {
                    let units = [format!("{name}.service"), format!("{name}.socket"), (*name).to_owned()];
                    units.into_iter().map(move |unit| format!("{folder}/{unit}"))
                })
                .filter(|path| root.is_named(path))
                .collect(),
            listening: root.kind(&format!("{}/{socket}", at::LIBVIRT_RUN)) == Some(Kind::Special),
        })
        .collect()
}

/// Folders whose entries are started at boot, of every init.
fn service_folders(root: &Root) -> Vec<String> {
    let levels = root.names(at::RUNLEVELS).unwrap_or_default();
    let levels = levels.iter().take(16).map(|level| format!("{}/{level}", at::RUNLEVELS));
    let fixed = at::UNIT_WANTS.iter().chain(&at::RUNIT_SERVICES).map(|path| (*path).to_owned());
    fixed.filter(|path| root.is_folder(path)).chain(levels).collect()
}

/// The names in a folder; empty when there is none, `None` when it cannot be told.
fn folder(root: &Root, path: &str) -> Option<Vec<String>> {
    root.names(path).or_else(|| root.is_absent(path).then(Vec::new))
}

/// The main hook, and every file of the drop-in folder that libvirt would run (facts D.2).
fn foreign_hooks(root: &Root) -> Option<Vec<Hook>> {
    folder(root, at::HOOKS)?;
    let drop_ins = folder(root, paths::HOOK_DIR)?;
    let others = drop_ins.into_iter().filter(|name| name != paths::HOOK_LINK);
    let paths = others.map(|name| format!("{}/{name}", paths::HOOK_DIR));
    let all = std::iter::once(at::MAIN_HOOK.to_owned()).chain(paths);
    let hooks = all.filter_map(|path| match root.kind(&path)? {
        Kind::File { executable } => Some(Hook { path, executable }),
        Kind::Folder | Kind::Special => None,
    });
    Some(hooks.collect())
}
