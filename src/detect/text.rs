//! `detect` for people: one fact a line, and what each was told by.

use crate::machine::Machine;
use crate::machine::gpu::Gpu;
use crate::machine::pci_class;
use crate::machine::security::Selinux;
use crate::profile::PciAddress;

const UNREADABLE: &str = "not readable";
/// Where values start.
const COLUMN: usize = 18;

/// The machine as text, with a newline at the end.
pub fn render(machine: &Machine) -> String {
    let mut page = Page(String::new());
    system(&mut page, machine);
    hardware(&mut page, machine);
    cards(&mut page, machine);
    people(&mut page, machine);
    software(&mut page, machine);
    page.0
}

struct Page(String);

impl Page {
    fn line(&mut self, key: &str, value: impl AsRef<str>) {
        self.0.push_str(&format!("{key:<COLUMN$}{}\n", value.as_ref()));
    }

    /// Several values: the key stands before the first.
    fn lines(&mut self, key: &str, none: &str, values: &[String]) {
        match values {
            [] => self.line(key, none),
            [first, rest @ ..] => {
                self.line(key, first);
                rest.iter().for_each(|value| self.line("", value));
            }
        }
    }
}

fn or_unreadable(value: Option<impl ToString>) -> String {
    value.map_or_else(|| UNREADABLE.to_owned(), |value| value.to_string())
}

fn yes_no(value: Option<bool>, yes: &str, no: &str) -> String {
    or_unreadable(value.map(|value| if value { yes } else { no }))
}

/// `grub (LoaderInfo: GRUB 2.12)`.
fn because(name: Option<&str>, evidence: Option<(&str, &str)>) -> String {
    match (name, evidence) {
        (Some(name), Some((from, "exists"))) => format!("{name} ({from})"),
        (Some(name), Some((from, says))) => format!("{name} ({from}: {says})"),
        (name, _) => or_unreadable(name),
    }
}

fn system(page: &mut Page, machine: &Machine) {
    let distro = &machine.distro;
    let family = distro.family.as_deref().map_or("of no family known here".into(), |f| format!("family {f}"));
    page.line(
        "Distro",
        match (&distro.id, &distro.name) {
            (Some(id), Some(name)) => format!("{name} ({id}, {family})"),
            (Some(id), None) => format!("{id}, {family}"),
            (None, _) => UNREADABLE.to_owned(),
        },
    );
    page.line("Kernel", or_unreadable(machine.kernel.release.as_ref()));
    page.line("Kernel parameters", or_unreadable(machine.kernel.cmdline.as_ref()));
    let init = &machine.init;
    page.line(
        "Init",
        match (init.init, &init.other) {
            (None, Some(other)) => format!("none that onegpu knows: the first process is {other}"),
            (known, _) => {
                let why = init.evidence.first().map(|e| (e.from.as_str(), e.says.as_str()));
                because(known.map(|init| init.word()), why)
            }
        },
    );
    let boot = &machine.boot;
    let why = boot.evidence.iter().find(|e| Some(e.loader) == boot.loader);
    let why = why.map(|e| (e.from.as_str(), e.says.as_str()));
    let uki = if boot.uki == Some(true) { ", by a unified kernel image" } else { "" };
    page.line("Boot loader", because(boot.loader.map(|loader| loader.word()), why) + uki);
    for other in boot.disagreeing() {
        page.line("", format!("{} is here too ({})", other.loader.word(), other.from));
    }
    let firmware = &machine.firmware;
    let secure = yes_no(firmware.secure_boot, "Secure Boot on", "Secure Boot off");
    page.line(
        "Firmware",
        match firmware.uefi {
            Some(true) if firmware.secure_boot.is_none() => "UEFI, Secure Boot not readable".to_owned(),
            Some(true) => format!("UEFI, {secure}"),
            other => yes_no(other, "UEFI", "BIOS"),
        },
    );
    let security = &machine.security;
    let selinux = security.selinux.map(|state| match state {
        Selinux::Enforcing => "SELinux enforcing",
        Selinux::Permissive => "SELinux permissive",
        Selinux::Disabled => "SELinux off",
    });
    let apparmor = yes_no(security.apparmor, "AppArmor on", "AppArmor off");
    let apparmor = if security.apparmor.is_none() { "AppArmor not readable".into() } else { apparmor };
    page.line("Security", format!("{}, {apparmor}", selinux.unwrap_or("SELinux not readable")));
}

fn hardware(page: &mut Page, machine: &Machine) {
    let platform = &machine.platform;
    let parts = [&platform.maker, &platform.model].into_iter().flatten().map(String::as_str);
    let mut make = parts.collect::<Vec<_>>().join(" ");
    let kinds = [
        platform.hypervisor.as_ref().map(|name| format!("a virtual machine of {name}")),
        platform.container.as_ref().map(|name| format!("a container of {name}")),
        platform.laptop.map(|laptop| if laptop { "a laptop".to_owned() } else { "no laptop".to_owned() }),
    ];
    for kind in kinds.into_iter().flatten() {
        make.push_str(if make.is_empty() { "" } else { ", " });
        make.push_str(&kind);
    }
    page.line("Machine", if make.is_empty() { UNREADABLE } else { &make });
    let cpu = &machine.cpu;
    page.line("CPU", or_unreadable(cpu.model.as_deref().or(cpu.vendor.map(|vendor| vendor.word()))));
    if let (Some(cores), Some(threads)) = (cpu.cores, cpu.threads) {
        page.line("", format!("{cores} cores, {threads} threads"));
    }
    page.line("Virtualization", yes_no(cpu.virtualization, "yes", "no, or the firmware has it off"));
    page.line("Memory", or_unreadable(machine.memory.total_mib.map(|mib| format!("{mib} MiB"))));
    let pools = machine.memory.hugepages.iter().filter(|pool| pool.total > 0);
    for pool in pools {
        page.line("Huge pages", format!("{} of {} KiB, {} free", pool.total, pool.kib, pool.free));
    }
    page.line(
        "IOMMU",
        match (machine.iommu.enabled, machine.iommu.groups) {
            (Some(true), Some(groups)) => format!("on, {groups} groups (`onegpu groups` shows them)"),
            (enabled, _) => yes_no(enabled, "on", "off: the kernel has made no groups"),
        },
    );
}

fn cards(page: &mut Page, machine: &Machine) {
    if machine.gpus.is_empty() {
        page.line("Graphics card", "none found");
    }
    for gpu in &machine.gpus {
        card(page, machine, gpu);
    }
}

fn card(page: &mut Page, machine: &Machine, gpu: &Gpu) {
    let id = gpu.id.map(|id| format!(" [{id}]")).unwrap_or_default();
    let name = gpu.name.as_deref().unwrap_or("name not known");
    page.line(
        "Graphics card",
        format!("{} {} {name}{id}", gpu.address, gpu.vendor.unwrap_or("unknown maker")),
    );
    page.line("  driver", gpu.driver.as_deref().unwrap_or("none bound"));
    page.line("  boot display", yes_no(gpu.boot_vga, "yes", "no"));
    let group = gpu.group.map(|group| format!("IOMMU group {group}"));
    page.line("  group", group.as_deref().unwrap_or("none"));
    let named = |addresses: &[PciAddress]| -> Vec<String> {
        addresses.iter().map(|address| function(machine, *address)).collect()
    };
    page.lines("  goes to a guest", "nothing", &named(&gpu.passthrough));
    page.lines("  the host loses", "nothing else", &named(&gpu.shared));
}

/// `0000:01:00.1 Audio device, driver snd_hda_intel`.
pub fn function(machine: &Machine, address: PciAddress) -> String {
    let Some(device) = machine.function(address) else { return address.to_string() };
    let class = pci_class::name(device.class);
    match &device.driver {
        Some(driver) => format!("{address} {class}, driver {driver}"),
        None => format!("{address} {class}"),
    }
}

fn people(page: &mut Page, machine: &Machine) {
    let manager = &machine.display_manager;
    let why = manager.evidence.first().map(|e| (e.from.as_str(), e.says.as_str()));
    page.line(
        "Display manager",
        match manager.name {
            Some(_) => because(manager.name.as_deref(), why),
            None => "none found".to_owned(),
        },
    );
    let users: Vec<String> = machine.users.iter().map(|u| format!("{} ({})", u.name, u.uid)).collect();
    page.lines("Users", "none found", &users);
    let input = machine.usb_input.iter().map(|device| {
        let kinds: Vec<String> = device.kinds.iter().map(|k| format!("{k:?}").to_lowercase()).collect();
        format!("{} {} ({})", device.id, device.name.as_deref().unwrap_or("without a name"), kinds.join(", "))
    });
    page.lines("USB input", "none found", &input.collect::<Vec<_>>());
}

fn software(page: &mut Page, machine: &Machine) {
    let libvirt = &machine.libvirt;
    let daemons = libvirt.daemons.iter().map(|daemon| match (daemon.listening, daemon.enabled.is_empty()) {
        (true, _) => format!("{} (listening)", daemon.name),
        (false, false) => format!("{} (enabled)", daemon.name),
        (false, true) => format!("{} (not enabled)", daemon.name),
    });
    let daemons = daemons.collect::<Vec<_>>().join(", ");
    page.line(
        "Libvirt",
        match &libvirt.version {
            Some(version) if daemons.is_empty() => version.clone(),
            Some(version) => format!("{version}, {daemons}"),
            None => "not found".to_owned(),
        },
    );
    match &libvirt.foreign_hooks {
        None => page.line("Hooks of others", UNREADABLE),
        Some(hooks) if hooks.is_empty() => {}
        Some(hooks) => {
            let hooks: Vec<String> = hooks.iter().map(|hook| hook.path.clone()).collect();
            page.lines("Hooks of others", "", &hooks);
        }
    }
}
