//! The IOMMU: on or off, and who is in which group.

use std::collections::BTreeMap;

use serde::Serialize;

use super::root::Root;
use crate::paths::machine as at;
use crate::profile::PciAddress;

/// The IOMMU as the kernel uses it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct IommuFacts {
    /// Whether the kernel has made groups; nothing else counts.
    pub enabled: Option<bool>,
    /// How many.
    pub groups: Option<u32>,
    /// The hardware units it found, `dmar0`, `ivhd0`.
    pub units: Vec<String>,
    /// The group of each PCI function, as the groups' own folders say it.
    #[serde(skip)]
    pub members: BTreeMap<PciAddress, u32>,
    /// The numbers of all groups.
    #[serde(skip)]
    pub numbers: Vec<u32>,
}

/// Reads the groups' folders.
pub fn read(root: &Root) -> IommuFacts {
    let mut facts =
        IommuFacts { units: root.names(at::IOMMU_UNITS).unwrap_or_default(), ..Default::default() };
    let names = match root.names(at::IOMMU_GROUPS) {
        Some(names) => names,
        // A sysfs without the folder is a kernel without an IOMMU; no sysfs tells nothing.
        None if root.is_absent(at::IOMMU_GROUPS) && has_sysfs(root) => Vec::new(),
        None => return facts,
    };
    facts.numbers = names.iter().filter_map(|name| name.parse().ok()).collect();
    facts.numbers.sort_unstable();
    for number in &facts.numbers {
        let devices = root.names(&format!("{}/{number}/devices", at::IOMMU_GROUPS)).unwrap_or_default();
        facts.members.extend(devices.iter().filter_map(|name| Some((name.parse().ok()?, *number))));
    }
    facts.enabled = Some(!facts.numbers.is_empty());
    facts.groups = u32::try_from(facts.numbers.len()).ok();
    facts
}

fn has_sysfs(root: &Root) -> bool {
    at::SYSFS.iter().any(|path| root.is_folder(path))
}

impl IommuFacts {
    /// The group that the link `iommu_group` of a device names. A group that
    /// the kernel does not have is none.
    pub fn group_of_link(&self, target: &str) -> Option<u32> {
        let (folder, number) = target.trim_end_matches('/').rsplit_once('/')?;
        let number = number.parse().ok()?;
        let named = folder.rsplit('/').next() == at::IOMMU_GROUPS.rsplit('/').next();
        (named && self.numbers.binary_search(&number).is_ok()).then_some(number)
    }
}
