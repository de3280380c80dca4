//! Graphics cards: what they are, what goes with them, and what the host would
//! lose with them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::pci::{PciDevice, PciId, hex};
use super::pci_names::PciNames;
use super::root::Root;
use crate::paths::machine as at;
use crate::profile::PciAddress;

/// More cards than any machine has; each may name every device of a group.
const MOST_CARDS: usize = 24;

/// One graphics card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gpu {
    /// Its display function.
    pub address: PciAddress,
    /// Who made it, as people say: `nvidia`, `amd`, `intel`; or whose virtual card it is.
    pub vendor: Option<&'static str>,
    /// Vendor and device.
    pub id: Option<PciId>,
    /// The database's name.
    pub name: Option<String>,
    /// The kernel driver bound to it.
    pub driver: Option<String>,
    /// Whether the firmware showed its screen on it.
    pub boot_vga: Option<bool>,
    /// Its IOMMU group.
    pub group: Option<u32>,
    /// All that must go to the guest together.
    pub passthrough: Vec<PciAddress>,
    /// Those of them that are not the card's own functions: the host loses them.
    pub shared: Vec<PciAddress>,
}

/// What `check` wants to know of a card besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GpuDetails {
    /// Its display function.
    pub address: PciAddress,
    /// Class, subclass and interface: `0x030200` is a card without a screen of its own.
    pub class: Option<u32>,
    /// The board's vendor and device.
    pub subsystem: Option<PciId>,
    /// The stepping.
    pub revision: Option<u32>,
    /// The bridges above it, the root port first.
    pub parents: Vec<PciAddress>,
    /// Ways the kernel can reset it, the preferred first (`flr`, `pm`, `bus`,
    /// `device_specific`); empty when it cannot.
    pub reset_methods: Option<Vec<String>>,
    /// Whether sysfs shows its ROM.
    pub rom: bool,
    /// Its nodes below `/dev/dri`: `card1`, `renderD128`.
    pub drm: Vec<String>,
    /// Its connectors.
    pub connectors: Vec<Connector>,
}

/// One connector of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Connector {
    /// `DP-1`, `HDMI-A-1`, `eDP-1`.
    pub name: String,
    /// Whether a screen is there.
    pub connected: Option<bool>,
}

/// Every card among the devices, by address.
pub fn read(root: &Root, devices: &[PciDevice], names: &PciNames<'_>) -> Vec<Gpu> {
    let cards = devices.iter().filter(|device| is_card(device, devices)).take(MOST_CARDS);
    cards.map(|device| card(root, devices, device, names)).collect()
}

/// A display function that is no part of another card: old Radeons have a
/// second one in their slot, and cards with SR-IOV have virtual ones.
fn is_card(device: &PciDevice, devices: &[PciDevice]) -> bool {
    let slot = PciAddress { function: 0, ..device.address };
    let from = devices.partition_point(|d| d.address < slot);
    let first = devices[from..].iter().take(8).find(|d| is_display(d));
    is_display(device) && !device.virtual_function && first.is_some_and(|d| d.address == device.address)
}

fn is_display(device: &PciDevice) -> bool {
    device.class.is_some_and(|class| class >> 16 == 0x03)
}

fn card(root: &Root, devices: &[PciDevice], device: &PciDevice, names: &PciNames<'_>) -> Gpu {
    let (passthrough, shared) = companions(devices, device.address);
    let boot_vga = root.attribute(&format!("{}/{}/boot_vga", at::PCI_DEVICES, device.address));
    Gpu {
        address: device.address,
        vendor: device.id.and_then(|id| vendor(id.vendor)),
        id: device.id,
        name: device.id.and_then(|id| names.device(id)),
        driver: device.driver.clone(),
        boot_vga: match boot_vga.as_deref() {
            Some("1") => Some(true),
            Some("0") => Some(false),
            _ => None,
        },
        group: device.group,
        passthrough,
        shared,
    }
}

/// What goes with a card, and what of that is not its own. Everything in a
/// group goes together, for VFIO owns a group whole (kernel documentation,
/// `driver-api/vfio.rst`); bridges stay, they need no driver of a guest.
pub fn companions(devices: &[PciDevice], card: PciAddress) -> (Vec<PciAddress>, Vec<PciAddress>) {
    let endpoints = || devices.iter().filter(|device| !device.bridge);
    let own = |device: &PciDevice| device.address.same_slot(&card);
    let groups: BTreeSet<u32> = endpoints().filter(|d| own(d)).filter_map(|d| d.group).collect();
    let with = |d: &&PciDevice| own(d) || d.group.is_some_and(|group| groups.contains(&group));
    let all = endpoints().filter(with);
    let shared = all.clone().filter(|d| !own(d)).map(|d| d.address);
    (all.map(|d| d.address).collect(), shared.collect())
}

/// Reads the rest about a card.
pub fn details(root: &Root, devices: &[PciDevice], gpu: &Gpu) -> GpuDetails {
    let folder = format!("{}/{}", at::PCI_DEVICES, gpu.address);
    let attribute = |name: &str| root.attribute(&format!("{folder}/{name}"));
    let number = |name: &str| hex(&attribute(name)?);
    let number16 = |name: &str| u16::try_from(number(name)?).ok();
    let device = devices.iter().find(|device| device.address == gpu.address);
    let drm = root.names(&format!("{folder}/drm")).unwrap_or_default();
    let methods = format!("{folder}/reset_method");
    GpuDetails {
        address: gpu.address,
        class: device.and_then(|device| device.class),
        subsystem: number16("subsystem_vendor")
            .zip(number16("subsystem_device"))
            .map(|(vendor, device)| PciId { vendor, device }),
        revision: number("revision"),
        parents: device.map(|device| device.parents.clone()).unwrap_or_default(),
        // An empty file says that there is no way.
        reset_methods: root.text(&methods).map(|text| text.split_whitespace().map(str::to_owned).collect()),
        rom: root.is_file(&format!("{folder}/rom")),
        connectors: drm.iter().take(16).flat_map(|node| connectors(root, &folder, node)).collect(),
        drm,
    }
}

fn connectors(root: &Root, folder: &str, node: &str) -> Vec<Connector> {
    let names = root.names(&format!("{folder}/drm/{node}")).unwrap_or_default();
    let own = names.iter().filter_map(|name| Some((name, name.strip_prefix(node)?.strip_prefix('-')?)));
    let status = |name: &str| root.attribute(&format!("{folder}/drm/{node}/{name}/status"));
    own.take(64)
        .map(|(full, name)| Connector {
            name: name.to_owned(),
            connected: match status(full).as_deref() {
                Some("connected") => Some(true),
                Some("disconnected") => Some(false),
                _ => None,
            },
        })
        .collect()
}

/// Makers of graphics cards, real and virtual; embedded because the database
/// may be absent.
fn vendor(id: u16) -> Option<&'static str> {
    Some(match id {
        0x10de => "nvidia",
        0x1002 | 0x1022 => "amd",
        0x8086 => "intel",
        0x102b => "matrox",
        0x1a03 => "aspeed",
        0x1234 => "qemu",
        0x1af4 | 0x1b36 => "redhat",
        0x15ad => "vmware",
        0x80ee => "virtualbox",
        0x1013 => "cirrus",
        0x1414 => "microsoft",
        _ => return None,
    })
}
