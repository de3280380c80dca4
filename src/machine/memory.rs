//! Memory and huge pages.

use serde::Serialize;

use super::root::Root;
use crate::paths::machine as at;

/// A machine's memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MemoryFacts {
    /// All that the kernel may use, MiB.
    pub total_mib: Option<u64>,
    /// What could be had without swapping now, MiB.
    pub available_mib: Option<u64>,
    /// Huge pages reserved, by size.
    pub hugepages: Vec<Hugepages>,
}

/// Huge pages of one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Hugepages {
    /// KiB each.
    pub kib: u64,
    /// Reserved.
    pub total: u64,
    /// Not in use.
    pub free: u64,
}

/// Reads `/proc/meminfo` and the pools in sysfs.
pub fn read(root: &Root) -> MemoryFacts {
    let mut facts = root.text(at::MEMINFO).map(|text| parse(&text)).unwrap_or_default();
    let pools = root.names(at::HUGEPAGES).unwrap_or_default();
    let pools: Vec<Hugepages> = pools.iter().take(16).filter_map(|name| pool(root, name)).collect();
    if !pools.is_empty() {
        facts.hugepages = pools;
    }
    facts.hugepages.sort_unstable();
    facts
}

/// Reads the text of `/proc/meminfo`.
pub fn parse(text: &str) -> MemoryFacts {
    let value = |key: &str| -> Option<u64> {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let pool = || {
        let (kib, total, free) =
            (value("Hugepagesize")?, value("HugePages_Total")?, value("HugePages_Free")?);
        Some(Hugepages { kib, total, free })
    };
    MemoryFacts {
        total_mib: value("MemTotal").map(|kib| kib / 1024),
        available_mib: value("MemAvailable").map(|kib| kib / 1024),
        hugepages: pool().into_iter().collect(),
    }
}

fn pool(root: &Root, name: &str) -> Option<Hugepages> {
    let kib = name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()?;
    let read = |what: &str| root.attribute(&format!("{}/{name}/{what}", at::HUGEPAGES))?.parse().ok();
    Some(Hugepages { kib, total: read("nr_hugepages")?, free: read("free_hugepages")? })
}
