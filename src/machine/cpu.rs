//! The CPU: maker, topology, and whether it can run virtual machines.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::plain::plain_word;
use super::root::Root;
use crate::paths::machine as at;
use crate::profile::CpuVendor;

/// More threads than any machine has: topology is not read beyond.
const MOST_THREADS: usize = 4096;

/// The CPUs of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CpuFacts {
    /// Who made it.
    pub vendor: Option<CpuVendor>,
    /// `model name`.
    pub model: Option<String>,
    /// Cores of all sockets.
    pub cores: Option<u32>,
    /// Threads of all cores.
    pub threads: Option<u32>,
    /// Sockets.
    pub sockets: Option<u32>,
    /// Whether it has VT-x or AMD-V: the flag `vmx` or `svm`. The kernel hides
    /// it when the firmware has locked it away.
    pub virtualization: Option<bool>,
    /// Whether it is a virtual machine's.
    pub hypervisor: Option<bool>,
    /// The thread numbers of each core, for pinning; empty when not all are known.
    pub core_threads: Vec<Vec<u32>>,
    /// The thread lists that share an L3 cache each, like `0-7,16-23`.
    pub l3: Vec<String>,
    /// The CPUs that are not for efficiency, where a processor has both; like `0-15`.
    pub performance: Option<String>,
}

/// Reads `/proc/cpuinfo`, and the caches from sysfs.
pub fn read(root: &Root) -> CpuFacts {
    let mut facts = root.text(at::CPUINFO).map(|text| parse(&text)).unwrap_or_default();
    facts.l3 = caches(root);
    // Intel's two kinds of cores count events apart (tools/perf/Documentation/intel-hybrid.txt).
    facts.performance = root.attribute(at::PERFORMANCE_CPUS).filter(|list| is_list(list));
    facts
}

/// Reads the text of `/proc/cpuinfo`.
pub fn parse(text: &str) -> CpuFacts {
    let mut facts = CpuFacts::default();
    let mut threads: BTreeSet<u32> = BTreeSet::new();
    let mut cores: BTreeMap<(u32, u32), Vec<u32>> = BTreeMap::new();
    let mut sockets: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
    for block in text.split("\n\n") {
        let fields = fields(block);
        let number = |key: &str| fields.get(key)?.parse::<u32>().ok();
        let Some(thread) = number("processor") else { continue };
        threads.insert(thread);
        if facts.vendor.is_none() {
            facts.vendor = fields.get("vendor_id").and_then(|id| vendor(id));
            facts.model = fields.get("model name").and_then(|name| plain_word(name));
        }
        if let (None, Some(flags)) = (facts.virtualization, fields.get("flags")) {
            let has = |flag| flags.split_whitespace().any(|found| found == flag);
            facts.virtualization = Some(has("vmx") || has("svm"));
            facts.hypervisor = Some(has("hypervisor"));
        }
        // Without a number of its own, what says how many cores it has is a socket.
        let socket = number("physical id").or_else(|| number("cpu cores").map(|_| 0));
        if let Some(socket) = socket {
            let counts = (number("cpu cores").unwrap_or(0), number("siblings").unwrap_or(0));
            sockets.entry(socket).or_insert(counts);
            if let Some(core) = number("core id") {
                cores.entry((socket, core)).or_default().push(thread);
            }
        }
    }
    let count = |n: usize| u32::try_from(n).ok().filter(|n| *n > 0);
    let sum = |pick: fn(&(u32, u32)) -> u32| sockets.values().map(pick).fold(0_u32, u32::saturating_add);
    let (said_cores, said_threads) = (sum(|counts| counts.0), sum(|counts| counts.1));
    // Each block counts once; where blocks are missing, what one says of its socket does.
    facts.threads = count(threads.len()).max(Some(said_threads).filter(|n| *n > 0 && *n < 0xffff));
    facts.cores = count(cores.len()).max(Some(said_cores).filter(|n| *n > 0 && *n < 0xffff));
    facts.sockets = count(sockets.len());
    let complete = facts.threads == count(cores.values().map(Vec::len).sum());
    facts.core_threads = if complete { cores.into_values().collect() } else { Vec::new() };
    facts
}

/// `key : value` lines.
fn fields(block: &str) -> BTreeMap<&str, &str> {
    block
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(key, value)| (key.trim(), value.trim()))
        .collect()
}

fn vendor(id: &str) -> Option<CpuVendor> {
    match id {
        "GenuineIntel" => Some(CpuVendor::Intel),
        "AuthenticAMD" => Some(CpuVendor::Amd),
        _ => None,
    }
}

/// Which threads share an L3 cache.
fn caches(root: &Root) -> Vec<String> {
    let names = root.names(at::CPUS).unwrap_or_default();
    let is_cpu = |name: &&String| {
        name.strip_prefix("cpu").is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
    };
    let lists = names
        .iter()
        .filter(is_cpu)
        .take(MOST_THREADS)
        .filter_map(|name| root.attribute(&format!("{}/{name}/cache/index3/shared_cpu_list", at::CPUS)));
    let mut lists: Vec<String> = lists.filter(|list| is_list(list)).collect();
    lists.sort_by_key(|list| list.split([',', '-']).next().and_then(|n| n.parse::<u32>().ok()));
    lists.dedup();
    lists
}

/// Whether it looks like the kernel's list of CPUs.
fn is_list(list: &str) -> bool {
    !list.is_empty() && list.bytes().all(|b| b.is_ascii_digit() || b == b',' || b == b'-')
}
