//! A value for what was not said, each with its reason.

use super::Facts;
use super::answers::Answers;
use crate::machine::Machine;
use crate::machine::usb_input::UsbInput;
use crate::paths;
use crate::profile::{Cpus, DiskSize, GuestName, GuestOs, HostPath, Memory, UsbId, User};

/// A value and why it is proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed<T> {
    /// The value.
    pub value: T,
    /// The reason, a line without a full stop.
    pub why: String,
}

fn because<T>(value: T, why: impl Into<String>) -> Proposed<T> {
    Proposed { value, why: why.into() }
}

/// What the host keeps at least: a desktop's worth.
const HOST_KEEPS: u64 = 4 << 10;
/// More is seldom of use to a guest, and the host's file cache has use for it.
const GUEST_MOST: u64 = 32 << 10;

/// The host's user: the first person's account.
pub fn user(machine: &Machine) -> Option<User> {
    let first = machine.users.first()?;
    Some(User { name: first.name.parse().ok()?, uid: first.uid })
}

/// What runs in the guest: by its name where that tells, else what most lend their card to.
pub fn os(answers: &Answers) -> Proposed<GuestOs> {
    let name = answers.name.as_ref().map(|name| name.as_str().to_ascii_lowercase()).unwrap_or_default();
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    let told = match () {
        () if any(&["win10", "windows10", "windows-10"]) => Some(GuestOs::Windows10),
        () if name.starts_with("win") => Some(GuestOs::Windows11),
        () if any(&["linux", "ubuntu", "debian", "fedora", "arch", "steamos", "bazzite"]) => {
            Some(GuestOs::Linux)
        }
        () => None,
    };
    match told {
        Some(os) => because(os, "the guest's name sounds like it"),
        None => because(GuestOs::Windows11, "what most people lend their card to"),
    }
}

/// The guest's name.
pub fn name(os: GuestOs) -> Proposed<Option<GuestName>> {
    let name = match os {
        GuestOs::Windows11 => "win11",
        GuestOs::Windows10 => "win10",
        GuestOs::Linux => "linux",
        GuestOs::Other => "guest",
    };
    because(name.parse().ok(), "after what runs in it")
}

/// The guest's memory: half, as far as the host keeps enough.
pub fn memory(machine: &Machine) -> Proposed<Memory> {
    let Some(total) = machine.memory.total_mib else {
        return because(
            Memory::default(),
            "the PC's memory could not be read, this is what a guest can live with",
        );
    };
    // What the kernel may use is a little less than what is plugged in.
    let nominal = total.div_ceil(1024) * 1024;
    let spare = total.saturating_sub(HOST_KEEPS);
    let mib = (nominal / 2).min(spare).min(GUEST_MOST) / 1024 * 1024;
    if mib < 1024 {
        let mib = (total / 2 / 256 * 256).max(256);
        return because(
            Memory { mib },
            format!("half of {total} MiB: this PC is short of memory for a guest"),
        );
    }
    let gib = |mib: u64| format!("{:.1} GiB", mib as f64 / 1024.0);
    because(Memory { mib }, format!("this PC has {}, the host keeps {}", gib(total), gib(total - mib)))
}

/// Cores of the guest and threads of each: three quarters of the host's cores.
pub fn cpus(machine: &Machine) -> Proposed<Cpus> {
    let (cores, threads) = match (machine.cpu.cores, machine.cpu.threads) {
        (Some(cores), threads) if cores > 0 => (cores, threads.unwrap_or(cores)),
        (_, Some(threads)) if threads > 0 => (threads, threads),
        _ => return because(Cpus::default(), "the CPU's cores could not be read"),
    };
    // Where only some cores have two threads, none of the guest's has.
    let each = if threads == cores * 2 { 2 } else { 1 };
    let [most, _] = Cpus::LIMITS;
    let kept = cores.div_ceil(4);
    let given = (cores - kept).clamp(1, *most.end());
    let cpus = Cpus { cores: given, threads: each };
    if cores == 1 {
        return because(cpus, "this CPU has one core, which the host has to share");
    }
    let noun = if each == 1 { "1 thread" } else { "2 threads" };
    because(cpus, format!("this CPU has {cores} cores of {noun}, the host keeps {}", cores - given))
}

/// The guest's disk.
pub fn disk(name: &GuestName) -> Proposed<Option<HostPath>> {
    let path = format!("{}/{name}.qcow2", paths::IMAGE_DIR);
    because(path.parse().ok(), "where libvirt keeps disks, and SELinux and AppArmor let QEMU at them")
}

/// How large a disk is made; none where there is something already.
pub fn disk_size(facts: &Facts<'_>, disk: &HostPath, os: GuestOs) -> Proposed<Option<DiskSize>> {
    if disk.as_str().starts_with(paths::DEVICE_DIR) {
        return because(None, "a block device has the size it has");
    }
    if facts.root.is_file(disk.as_str()) {
        return because(None, "the file is there already, and is kept as it is");
    }
    let (gib, why) = match os.is_windows() {
        true => (120, "Windows, its updates and a few games; it grows as it is filled"),
        false => (60, "a desktop and a few programs; it grows as it is filled"),
    };
    because(Some(DiskSize { mib: gib << 10 }), why)
}

/// The installer's image: the one among libvirt's images that sounds like it.
pub fn install_media(facts: &Facts<'_>, os: GuestOs) -> Proposed<Option<HostPath>> {
    let is_windows = |name: &str| name.contains("win") && !name.contains("virtio");
    media(facts, |name| match os {
        GuestOs::Windows11 => is_windows(name) && name.contains("11"),
        GuestOs::Windows10 => is_windows(name) && name.contains("10"),
        GuestOs::Linux | GuestOs::Other => !name.contains("win"),
    })
}

/// The VirtIO drivers' image, for Windows.
pub fn virtio_media(facts: &Facts<'_>, os: GuestOs) -> Proposed<Option<HostPath>> {
    match os.is_windows() {
        true => media(facts, |name| name.contains("virtio")),
        false => because(None, "Linux brings these drivers along"),
    }
}

/// The one image whose name, in lower case, is right; of several, none.
fn media(facts: &Facts<'_>, is_right: impl Fn(&str) -> bool) -> Proposed<Option<HostPath>> {
    let Some(names) = facts.root.names(paths::IMAGE_DIR) else {
        return because(
            None,
            format!("{} cannot be read, or is not there yet; the path can be given later", paths::IMAGE_DIR),
        );
    };
    let right = |name: &&String| {
        let name = name.to_ascii_lowercase();
        name.ends_with(".iso") && is_right(&name)
    };
    let found: Vec<&String> = names.iter().filter(right).collect();
    match found.as_slice() {
        [one] => because(format!("{}/{one}", paths::IMAGE_DIR).parse().ok(), "the one that lies there"),
        [] => because(None, format!("none was found in {}", paths::IMAGE_DIR)),
        _ => because(None, format!("several are in {}", paths::IMAGE_DIR)),
    }
}

/// More than anybody types on.
pub const MOST_INPUTS: usize = 12;

/// The USB keyboards and mice that a guest can be given.
pub fn inputs(machine: &Machine) -> impl Iterator<Item = &UsbInput> {
    machine.usb_input.iter().filter(|input| input.id.parse::<UsbId>().is_ok()).take(MOST_INPUTS)
}

/// The links by which a keyboard or mouse is shared.
pub fn shareable(machine: &Machine) -> Vec<(HostPath, &UsbInput)> {
    let links = |input| -> Vec<(HostPath, &UsbInput)> {
        let input: &UsbInput = input;
        input.evdev.iter().filter_map(|path| Some((path.parse().ok()?, input))).collect()
    };
    inputs(machine).flat_map(links).take(2 * MOST_INPUTS).collect()
}

/// The USB devices that go to the guest: all keyboards and mice, unless they are shared.
pub fn usb(machine: &Machine, answers: &Answers) -> Proposed<Vec<UsbId>> {
    if answers.evdev.as_ref().is_some_and(|shared| !shared.is_empty()) {
        return because(Vec::new(), "keyboard and mouse are shared by evdev");
    }
    let ids: Vec<UsbId> = inputs(machine).filter_map(|input| input.id.parse().ok()).collect();
    match ids.len() {
        0 => because(ids, "no USB keyboard or mouse was found (lsusb lists all devices)"),
        _ => because(ids, "the keyboards and mice that are plugged in"),
    }
}
