//! PCI functions, as sysfs shows them.

use std::collections::BTreeSet;

use serde::Serialize;

use super::iommu::IommuFacts;
use super::plain::plain_word;
use super::root::Root;
use crate::paths::machine as at;
use crate::profile::PciAddress;

/// One PCI function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PciDevice {
    /// Where it sits.
    pub address: PciAddress,
    /// Vendor and device, `10de:1c03`.
    pub id: Option<PciId>,
    /// Class, subclass and interface, 24 bits.
    pub class: Option<u32>,
    /// The kernel driver bound to it.
    pub driver: Option<String>,
    /// Its IOMMU group.
    pub group: Option<u32>,
    /// The bridges above it, the root port first.
    pub parents: Vec<PciAddress>,
    /// Whether it is a bridge of any kind: those never go to a guest.
    pub bridge: bool,
    /// Whether it is a virtual function of another one (SR-IOV).
    pub virtual_function: bool,
}

/// Vendor and device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PciId {
    /// Vendor.
    pub vendor: u16,
    /// Device.
    pub device: u16,
}

impl std::fmt::Display for PciId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor, self.device)
    }
}

impl Serialize for PciId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads every function, sorted by address.
pub fn read(root: &Root, iommu: &IommuFacts) -> Vec<PciDevice> {
    let names = root.names(at::PCI_DEVICES).unwrap_or_default();
    let addresses = names.iter().filter_map(|name| name.parse().ok());
    let mut devices: Vec<PciDevice> = addresses.map(|address| function(root, iommu, address)).collect();
    devices.sort_unstable_by_key(|device| device.address);
    let above: BTreeSet<PciAddress> =
        devices.iter().flat_map(|device| device.parents.iter().copied()).collect();
    for device in &mut devices {
        device.bridge |= device.class.is_none() && above.contains(&device.address);
    }
    devices
}

fn function(root: &Root, iommu: &IommuFacts, address: PciAddress) -> PciDevice {
    let at = format!("{}/{address}", at::PCI_DEVICES);
    let hex = |name: &str| hex(&root.attribute(&format!("{at}/{name}"))?);
    let hex16 = |name: &str| u16::try_from(hex(name)?).ok();
    let class = hex("class").filter(|class| *class <= 0xff_ffff);
    let id = hex16("vendor").zip(hex16("device")).map(|(vendor, device)| PciId { vendor, device });
    let link = root.link(&format!("{at}/iommu_group"));
    PciDevice {
        address,
        id,
        class,
        driver: root.link_name(&format!("{at}/driver")).or_else(|| driver_of_event(root, &at)),
        group: link
            .and_then(|target| iommu.group_of_link(&target))
            .or_else(|| iommu.members.get(&address).copied()),
        parents: root.link(&at).map(|target| parents(&target, address)).unwrap_or_default(),
        bridge: class.is_some_and(|class| class >> 16 == 0x06),
        virtual_function: root.is_named(&format!("{at}/physfn")),
    }
}

/// The driver as the kernel tells it to udev.
fn driver_of_event(root: &Root, folder: &str) -> Option<String> {
    let event = root.attribute(&format!("{folder}/uevent"))?;
    let driver = event.lines().find_map(|line| line.strip_prefix("DRIVER="))?;
    plain_word(driver)
}

/// The functions that a device's path goes through:
/// `../../../devices/pci0000:00/0000:00:01.0/0000:01:00.0`.
pub fn parents(target: &str, address: PciAddress) -> Vec<PciAddress> {
    let all = target.split('/').filter_map(|part| part.parse().ok());
    all.filter(|parent| *parent != address).take(64).collect()
}

/// A number as sysfs writes it, `0x10de`.
pub fn hex(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    // `from_str_radix` would take a sign.
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_sysfs() {
        assert_eq!(hex("0x10de"), Some(0x10de));
        for bad in ["0xZZZZ", "", "0x", "+1", "0x1ffffffff"] {
            assert_eq!(hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_way_to_a_device() {
        let address = |text: &str| text.parse().unwrap();
        let way = "../../../devices/pci0000:00/0000:00:03.1/0000:09:00.0/0000:0a:00.0/0000:0b:00.0";
        assert_eq!(
            parents(way, address("0000:0b:00.0")),
            [address("0000:00:03.1"), address("0000:09:00.0"), address("0000:0a:00.0")]
        );
    }
}
