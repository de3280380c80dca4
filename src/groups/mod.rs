//! What `onegpu groups` shows: the IOMMU groups, and what of them goes with the card.

pub mod json;
pub mod svg;
pub mod tree;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::machine::Machine;
use crate::machine::gpu::Gpu;
use crate::machine::iommu::IommuFacts;
use crate::machine::pci::{PciDevice, PciId};
use crate::machine::pci_class;
use crate::machine::pci_names::PciNames;
use crate::profile::PciAddress;

/// All groups of a machine.
#[derive(Debug, Clone, Serialize)]
pub struct Groups<'a> {
    /// Whether there are any.
    pub iommu: &'a IommuFacts,
    /// The graphics cards.
    pub gpus: &'a [Gpu],
    /// The card that shows the desktop.
    pub main: Option<PciAddress>,
    /// The groups by number.
    pub groups: Vec<Group>,
    /// Functions that are in none.
    pub ungrouped: Vec<Member>,
}

/// One group.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// Its number.
    pub group: u32,
    /// Whether a function of a graphics card is in it.
    pub gpu: bool,
    /// What is in it, by address.
    pub devices: Vec<Member>,
}

/// One PCI function.
#[derive(Debug, Clone, Serialize)]
pub struct Member {
    /// Where it sits.
    pub address: PciAddress,
    /// What it is.
    pub class: String,
    /// Vendor and device.
    pub id: Option<PciId>,
    /// The database's name.
    pub name: Option<String>,
    /// The kernel driver bound to it.
    pub driver: Option<String>,
    /// What the handover means to it.
    pub role: Role,
}

/// What the handover of the card means to a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// It is a function of a card.
    Gpu,
    /// It must go with the card, and the host loses it.
    Lost,
    /// It is a bridge: it stays, whatever its group.
    Bridge,
    /// It stays.
    Host,
}

impl<'a> Groups<'a> {
    /// Sorts the machine's functions into their groups.
    pub fn new(machine: &'a Machine, names: &PciNames<'_>) -> Self {
        let mut groups: BTreeMap<u32, Vec<Member>> =
            machine.iommu.numbers.iter().map(|number| (*number, Vec::new())).collect();
        let mut ungrouped = Vec::new();
        let roles = roles(machine);
        for device in &machine.pci {
            let role = roles.get(&device.address).copied();
            let role = role.unwrap_or(if device.bridge { Role::Bridge } else { Role::Host });
            let member = member(device, role, names);
            match device.group {
                Some(number) => groups.entry(number).or_default().push(member),
                None => ungrouped.push(member),
            }
        }
        let group = |(group, devices): (u32, Vec<Member>)| Group {
            group,
            gpu: devices.iter().any(|device| device.role == Role::Gpu),
            devices,
        };
        let groups = groups.into_iter().map(group).collect();
        let main = machine.main_gpu().map(|gpu| gpu.address);
        Self { iommu: &machine.iommu, gpus: &machine.gpus, main, groups, ungrouped }
    }

    /// What the picture shows in one line.
    pub fn summary(&self) -> String {
        match (self.iommu.enabled, self.iommu.groups) {
            (Some(true), Some(1)) => "The IOMMU is on: 1 group".to_owned(),
            (Some(true), Some(groups)) => format!("The IOMMU is on: {groups} groups"),
            (Some(false), _) => "The IOMMU is off: the kernel has made no groups".to_owned(),
            _ => "The IOMMU's groups are not readable".to_owned(),
        }
    }

    /// What a group is called beside its number: whose card is in it.
    pub fn mark(&self, group: &Group) -> Option<&'static str> {
        let is_main = |main: PciAddress| group.devices.iter().any(|device| device.address.same_slot(&main));
        match (group.gpu, self.main.map(is_main)) {
            (false, _) => None,
            (true, Some(true)) if self.gpus.len() == 1 => Some("the graphics card"),
            (true, Some(true)) => Some("the graphics card that shows the desktop"),
            (true, Some(false)) => Some("another graphics card"),
            (true, None) => Some("a graphics card"),
        }
    }

    /// Whether some device is lost with a card.
    pub fn loses(&self) -> bool {
        self.groups.iter().flat_map(|group| &group.devices).any(|device| device.role == Role::Lost)
    }
}

fn member(device: &PciDevice, role: Role, names: &PciNames<'_>) -> Member {
    Member {
        address: device.address,
        class: pci_class::name(device.class),
        id: device.id,
        name: device.id.and_then(|id| names.device(id)),
        driver: device.driver.clone(),
        role,
    }
}

/// What the handover means to the functions that it touches. With several
/// cards, what the main one drags along counts first.
fn roles(machine: &Machine) -> BTreeMap<PciAddress, Role> {
    let mut roles = BTreeMap::new();
    for gpu in &machine.gpus {
        roles.extend(gpu.shared.iter().map(|address| (*address, Role::Lost)));
    }
    for gpu in &machine.gpus {
        let own = gpu.passthrough.iter().filter(|address| address.same_slot(&gpu.address));
        roles.extend(own.map(|address| (*address, Role::Gpu)));
    }
    let main = machine.main_gpu().map(|main| main.shared.as_slice()).unwrap_or_default();
    roles.extend(main.iter().map(|address| (*address, Role::Lost)));
    roles
}

impl Member {
    /// `VGA compatible controller: GP106 [GeForce GTX 1060 6GB] [10de:1c03]`.
    pub fn title(&self) -> String {
        let name = self.name.as_ref().map(|name| format!(": {name}")).unwrap_or_default();
        let id = self.id.map(|id| format!(" [{id}]")).unwrap_or_default();
        format!("{}{name}{id}", self.class)
    }
}
