//! `detect --format toml`: a profile's `[host]` and `[gpu]`, each line with the
//! place it was read from. A value that a profile cannot say is a comment.

use toml::Value;

use crate::machine::Machine;
use crate::machine::gpu::Gpu;
use crate::machine::plain::plain;
use crate::paths::machine as at;
use crate::profile::Driver;

/// The host's part of a profile, with a newline at the end.
pub fn render(machine: &Machine) -> String {
    let mut lines = vec![
        "# What `onegpu detect` read of this machine: a profile's [host] and [gpu].".to_owned(),
        "# Add a [[guest]] below, or let `onegpu init` write the whole profile.".to_owned(),
        String::new(),
        "[host]".to_owned(),
    ];
    lines.extend(host(machine));
    lines.push(String::new());
    lines.extend(gpu(machine));
    lines.join("\n") + "\n"
}

/// A value as TOML writes it.
fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// `key = value  # why`, the comments of short lines in one column.
pub fn said(key: &str, value: &str, why: &str) -> String {
    format!("{:<34} # {}", format!("{key} = {value}"), plain(why))
}

/// A line for what is not known: the key as a comment, for the user to fill in.
pub fn unsaid(key: &str, example: &str, why: &str) -> String {
    format!("{:<34} # {}", format!("# {key} = {example}"), plain(why))
}

fn host(machine: &Machine) -> Vec<String> {
    let mut lines = Vec::new();
    let distro = &machine.distro;
    lines.push(match (&distro.known_as, &distro.id) {
        (Some(known), Some(id)) if known == id => said("distro", &quoted(known), "ID of os-release"),
        (Some(known), id) => {
            let id = id.as_deref().unwrap_or_default();
            said("distro", &quoted(known), &format!("os-release: ID is {id}, ID_LIKE names {known}"))
        }
        (None, Some(id)) => unsaid("distro", &quoted(id), "os-release; no distro file knows it"),
        (None, None) => unsaid("distro", "\"arch\"", "os-release could not be read"),
    });
    let init = &machine.init;
    let why = init.evidence.first().map(|e| format!("{} {}", e.from, e.says));
    lines.push(match init.init {
        Some(known) => said("init", &quoted(known.word()), &why.unwrap_or_default()),
        None => unsaid("init", "\"systemd\"", "no init that onegpu knows was found running"),
    });
    let boot = &machine.boot;
    let why = boot.evidence.iter().find(|e| Some(e.loader) == boot.loader);
    let why = why.map(|e| format!("{} {}", e.from, e.says)).unwrap_or_default();
    lines.push(match (boot.loader, boot.loader.and_then(|loader| loader.in_profile())) {
        (_, Some(known)) => said("bootloader", &quoted(known.word()), &why),
        (Some(other), None) => {
            let why =
                format!("{} booted this machine ({why}); onegpu cannot set parameters there", other.word());
            unsaid("bootloader", "\"grub\"", &why)
        }
        (None, None) => unsaid("bootloader", "\"grub\"", "no evidence tells which one booted"),
    });
    lines.push(match machine.cpu.vendor {
        Some(vendor) => said("cpu", &quoted(vendor.word()), at::CPUINFO),
        None => unsaid("cpu", "\"amd\"", &format!("{} does not tell", at::CPUINFO)),
    });
    lines.extend(people(machine));
    lines
}

fn people(machine: &Machine) -> Vec<String> {
    let user = |name: &str, uid: u32| format!("{{ name = {}, uid = {uid} }}", quoted(name));
    let mut lines = match machine.users.as_slice() {
        [] => vec![unsaid("user", "{ name = \"mika\", uid = 1000 }", "no account of a person was found")],
        [first, others @ ..] => {
            let mut lines = vec![said("user", &user(&first.name, first.uid), at::PASSWD)];
            lines.extend(
                others.iter().take(8).map(|u| unsaid("user", &user(&u.name, u.uid), "another account")),
            );
            lines
        }
    };
    let manager = &machine.display_manager;
    let why = manager.evidence.first().map(|e| format!("{} {}", e.from, e.says)).unwrap_or_default();
    lines.push(match (manager.in_profile(), &manager.name) {
        (Some(known), _) => said("display-manager", &quoted(known.word()), &why),
        (None, Some(name)) => unsaid("display-manager", &quoted(name), "onegpu does not know this one"),
        (None, None) => unsaid("display-manager", "\"none\"", "none was found"),
    });
    lines
}

fn gpu(machine: &Machine) -> Vec<String> {
    let Some(main) = machine.main_gpu() else {
        let why = match machine.gpus.len() {
            0 => "# No graphics card was found: fill this in by hand (lspci -D).",
            _ => "# There are several cards, and none says that the firmware uses it: choose one.",
        };
        let mut lines = vec![why.to_owned(), "# [gpu]".to_owned()];
        let addresses = machine.gpus.iter().map(|gpu| {
            unsaid("address", &quoted(&gpu.address.to_string()), gpu.name.as_deref().unwrap_or_default())
        });
        lines.extend(addresses);
        return lines;
    };
    let mut lines = vec!["[gpu]".to_owned()];
    lines.push(said("address", &quoted(&main.address.to_string()), main.name.as_deref().unwrap_or("sysfs")));
    lines.push(driver(main));
    let list: Vec<String> = main.passthrough.iter().map(|address| quoted(&address.to_string())).collect();
    let why = match main.group {
        Some(group) => format!("its slot, and IOMMU group {group}"),
        None => "its slot; without an IOMMU there are no groups to see".to_owned(),
    };
    lines.push(said("devices", &format!("[{}]", list.join(", ")), &why));
    for address in &main.shared {
        lines.push(format!("# The host would lose {}", crate::detect::text::function(machine, *address)));
    }
    for other in machine.gpus.iter().filter(|gpu| gpu.address != main.address) {
        let name = other.name.as_deref().unwrap_or("another card");
        lines.push(format!("# Another card: {} {}", other.address, plain(name)));
    }
    lines
}

/// The driver that is bound; while the card is away, none that shows a desktop is.
fn driver(gpu: &Gpu) -> String {
    let bound = gpu.driver.as_deref();
    let known = Driver::ALL.iter().find(|driver| Some(driver.word()) == bound);
    let usual = match gpu.vendor {
        Some("nvidia") => "\"nvidia\"",
        Some("intel") => "\"i915\"",
        _ => "\"amdgpu\"",
    };
    match (known, bound) {
        (Some(driver), _) => said("driver", &quoted(driver.word()), "bound now"),
        (None, Some(other)) => {
            unsaid("driver", usual, &format!("{} is bound now; say which driver shows the desktop", other))
        }
        (None, None) => unsaid("driver", usual, "no driver is bound now; say which shows the desktop"),
    }
}
