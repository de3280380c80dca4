//! What kind of machine it is: a desktop, a laptop, a virtual machine, a container.

use serde::Serialize;

use super::plain::plain_word;
use super::root::Root;
use crate::paths::machine as at;

/// The machine's kind and make.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PlatformFacts {
    /// Who made it.
    pub maker: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// Who made the board.
    pub board_maker: Option<String>,
    /// The board.
    pub board: Option<String>,
    /// The firmware's version.
    pub firmware_version: Option<String>,
    /// Whether it is carried around: by its chassis, or a battery of its own.
    pub laptop: Option<bool>,
    /// The hypervisor, when the machine is virtual.
    pub hypervisor: Option<String>,
    /// The container manager, when it is no machine at all.
    pub container: Option<String>,
}

/// Reads DMI, batteries and the marks of containers.
pub fn read(root: &Root) -> PlatformFacts {
    let dmi = |name: &str| plain_word(&root.attribute(&format!("{}/{name}", at::DMI))?);
    let mut facts = PlatformFacts {
        maker: dmi("sys_vendor"),
        model: dmi("product_name"),
        board_maker: dmi("board_vendor"),
        board: dmi("board_name"),
        firmware_version: dmi("bios_version"),
        laptop: laptop(root, dmi("chassis_type").as_deref()),
        hypervisor: None,
        container: container(root),
    };
    facts.hypervisor = hypervisor(&facts);
    facts
}

/// SMBIOS 3.7, 7.4.1: the chassis' type.
fn laptop(root: &Root, chassis: Option<&str>) -> Option<bool> {
    let by_chassis = match chassis.and_then(|number| number.parse::<u32>().ok()) {
        // Portable, laptop, notebook, hand-held, sub-notebook, tablet, convertible, detachable.
        Some(8..=11 | 14 | 30..=32) => Some(true),
        // Other and unknown say nothing.
        Some(0..=2) | None => None,
        Some(_) => Some(false),
    };
    let supplies = root.names(at::POWER_SUPPLIES).unwrap_or_default();
    let own_battery = supplies.iter().take(64).any(|name| {
        let attribute = |what: &str| root.attribute(&format!("{}/{name}/{what}", at::POWER_SUPPLIES));
        // A mouse's battery has the scope Device.
        attribute("type").as_deref() == Some("Battery") && attribute("scope").as_deref() != Some("Device")
    });
    by_chassis.or(own_battery.then_some(true))
}

fn hypervisor(facts: &PlatformFacts) -> Option<String> {
    let texts = [&facts.maker, &facts.model, &facts.board_maker];
    let says = |word: &str| texts.iter().any(|text| text.as_deref().is_some_and(|text| text.contains(word)));
    let known = [
        ("QEMU", "qemu"),
        ("KVM", "kvm"),
        ("VMware", "vmware"),
        ("VirtualBox", "virtualbox"),
        ("innotek", "virtualbox"),
        ("Virtual Machine", "hyper-v"),
        ("Xen", "xen"),
        ("Bochs", "bochs"),
    ];
    known.iter().find(|(word, _)| says(word)).map(|(_, name)| (*name).to_owned())
}

fn container(root: &Root) -> Option<String> {
    let named = root.attribute(at::CONTAINER).and_then(|name| plain_word(&name));
    let marked = || at::CONTAINER_MARKS.iter().find(|(path, _)| root.is_file(path));
    named.or_else(|| marked().map(|(_, name)| (*name).to_owned()))
}
