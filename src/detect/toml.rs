//! `detect --format toml`: a profile's `[host]` and `[gpu]`, each line with the
//! place it was read from. A value that a profile cannot say is a comment.

use toml::Value;

use super::text;
use crate::machine::Machine;
use crate::machine::gpu::Gpu;
use crate::machine::plain::plain;
use crate::paths::machine as at;
use crate::profile::Bootloader;
use crate::profile::Driver;

/// One line of a profile that the machine answers for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The key, without its table.
    pub key: &'static str,
    /// The value as TOML writes it; none when the machine does not tell, or a
    /// profile cannot say it.
    pub value: Option<String>,
    /// What could stand there when there is no value.
    pub example: String,
    /// Where it was read, or why it was not.
    pub why: String,
    /// What else there is to know, each a line of comment.
    pub more: Vec<String>,
}

impl Line {
    /// A value, and where it is from.
    pub fn said(key: &'static str, value: String, why: impl Into<String>) -> Self {
        Self { key, value: Some(value), example: String::new(), why: why.into(), more: Vec::new() }
    }

    /// No value: what could stand there, and why nothing does.
    pub fn unsaid(key: &'static str, example: &str, why: impl Into<String>) -> Self {
        Self { key, value: None, example: example.to_owned(), why: why.into(), more: Vec::new() }
    }

    /// `key = value  # why`, the comments of short lines in one column; the key
    /// as a comment for the user to fill in when there is no value.
    fn text(&self) -> String {
        let line = match &self.value {
            Some(value) => format!("{} = {value}", self.key),
            None => format!("# {} = {}", self.key, self.example),
        };
        let more = self.more.iter().map(|more| format!("\n# {}", plain(more)));
        format!("{line:<34} # {}{}", plain(&self.why), more.collect::<String>())
    }
}

/// The host's part of a profile, with a newline at the end.
pub fn render(machine: &Machine) -> String {
    let mut lines = vec![
        "# What `onegpu detect` read of this machine: a profile's [host] and [gpu].".to_owned(),
        "# Add a [[guest]] below, or let `onegpu init` write the whole profile.".to_owned(),
        String::new(),
        "[host]".to_owned(),
    ];
    lines.extend(host(machine).iter().map(Line::text));
    lines.push(String::new());
    match machine.main_gpu() {
        Some(main) => {
            lines.push("[gpu]".to_owned());
            lines.extend(gpu(machine, main).iter().map(Line::text));
        }
        None => lines.extend(no_gpu(machine)),
    }
    lines.join("\n") + "\n"
}

/// A text as TOML writes it.
pub fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A user as TOML writes it.
pub fn user(name: &str, uid: u32) -> String {
    format!("{{ name = {}, uid = {uid} }}", quoted(name))
}

/// A list of texts as TOML writes it.
pub fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(|item| quoted(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}

/// The lines of `[host]`.
pub fn host(machine: &Machine) -> Vec<Line> {
    let mut lines = Vec::new();
    let distro = &machine.distro;
    lines.push(match (&distro.known_as, &distro.id) {
        (Some(known), Some(id)) if known == id => Line::said("distro", quoted(known), "ID of os-release"),
        (Some(known), id) => {
            let id = id.as_deref().unwrap_or_default();
            Line::said("distro", quoted(known), format!("os-release: ID is {id}, ID_LIKE names {known}"))
        }
        (None, Some(id)) => Line::unsaid("distro", &quoted(id), "os-release; no distro file knows it"),
        (None, None) => Line::unsaid("distro", "\"arch\"", "os-release could not be read"),
    });
    let init = &machine.init;
    let why = init.evidence.first().map(|e| format!("{} {}", e.from, e.says));
    lines.push(match init.init {
        Some(known) => Line::said("init", quoted(known.word()), why.unwrap_or_default()),
        None => Line::unsaid("init", "\"systemd\"", "no init that onegpu knows was found running"),
    });
    let boot = &machine.boot;
    let why = boot.evidence.iter().find(|e| Some(e.loader) == boot.loader);
    let why = why.map(|e| format!("{} {}", e.from, e.says)).unwrap_or_default();
    lines.push(match (boot.loader, boot.in_profile(&machine.distro)) {
        (_, Some(Bootloader::Uki)) => {
            let why = "StubInfo: the kernel is a unified image, and its parameters go there";
            Line::said("bootloader", quoted(Bootloader::Uki.word()), why)
        }
        (_, Some(known)) => Line::said("bootloader", quoted(known.word()), why),
        (Some(other), None) => {
            let why =
                format!("{} booted this machine ({why}); onegpu cannot set parameters there", other.word());
            Line::unsaid("bootloader", "\"grub\"", why)
        }
        (None, None) => Line::unsaid("bootloader", "\"grub\"", "no evidence tells which one booted"),
    });
    lines.push(match machine.cpu.vendor {
        Some(vendor) => Line::said("cpu", quoted(vendor.word()), at::CPUINFO),
        None => Line::unsaid("cpu", "\"amd\"", format!("{} does not tell", at::CPUINFO)),
    });
    lines.extend(people(machine));
    lines
}

fn people(machine: &Machine) -> [Line; 2] {
    let person = match machine.users.as_slice() {
        [] => Line::unsaid("user", &user("mika", 1000), "no account of a person was found"),
        [first, others @ ..] => {
            let mut line = Line::said("user", user(&first.name, first.uid), at::PASSWD);
            let others = others.iter().take(8);
            line.more =
                others.map(|u| format!("user = {} # another account", user(&u.name, u.uid))).collect();
            line
        }
    };
    let manager = &machine.display_manager;
    let why = manager.evidence.first().map(|e| format!("{} {}", e.from, e.says)).unwrap_or_default();
    let manager = match (manager.in_profile(), &manager.name) {
        (Some(known), _) => Line::said("display-manager", quoted(known.word()), why),
        (None, Some(name)) => Line::unsaid("display-manager", &quoted(name), "onegpu does not know this one"),
        (None, None) => Line::unsaid("display-manager", "\"none\"", "none was found"),
    };
    [person, manager]
}

/// What stands in the place of `[gpu]` when no card is the one.
fn no_gpu(machine: &Machine) -> Vec<String> {
    let why = match machine.gpus.len() {
        0 => "# No graphics card was found: fill this in by hand (lspci -D).",
        _ => "# There are several cards, and none says that the firmware uses it: choose one.",
    };
    let addresses = machine.gpus.iter().map(|gpu| {
        let name = gpu.name.as_deref().unwrap_or_default();
        Line::unsaid("address", &quoted(&gpu.address.to_string()), name).text()
    });
    [why.to_owned(), "# [gpu]".to_owned()].into_iter().chain(addresses).collect()
}

/// The lines of `[gpu]` for this card of the machine.
pub fn gpu(machine: &Machine, card: &Gpu) -> [Line; 3] {
    let name = card.name.as_deref().unwrap_or("sysfs");
    let why = match card.group {
        Some(group) => format!("its slot, and IOMMU group {group}"),
        None => "its slot; without an IOMMU there are no groups to see".to_owned(),
    };
    let mut devices = Line::said("devices", list(&card.passthrough), why);
    let lost = card.shared.iter().map(|a| format!("The host would lose {}", text::function(machine, *a)));
    let others = machine.gpus.iter().filter(|other| other.address != card.address).map(|other| {
        format!("Another card: {} {}", other.address, other.name.as_deref().unwrap_or("another card"))
    });
    devices.more = lost.chain(others).collect();
    [Line::said("address", quoted(&card.address.to_string()), name), driver(card), devices]
}

/// What shows a desktop on most cards of this maker.
pub fn usual_driver(gpu: &Gpu) -> Driver {
    match gpu.vendor {
        Some("nvidia") => Driver::Nvidia,
        Some("intel") => Driver::I915,
        _ => Driver::Amdgpu,
    }
}

/// The driver that is bound; while the card is away, none that shows a desktop is.
fn driver(gpu: &Gpu) -> Line {
    let bound = gpu.driver.as_deref();
    let known = Driver::ALL.iter().find(|driver| Some(driver.word()) == bound);
    let usual = &quoted(usual_driver(gpu).word());
    match (known, bound) {
        (Some(driver), _) => Line::said("driver", quoted(driver.word()), "bound now"),
        (None, Some(other)) => {
            Line::unsaid("driver", usual, format!("{other} is bound now; say which driver shows the desktop"))
        }
        (None, None) => Line::unsaid("driver", usual, "no driver is bound now; say which shows the desktop"),
    }
}
