//! The guest's virtual CPUs, and the processor's on which they run.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::{Range, RangeInclusive};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use super::values::found;

/// Linux' own limit on x86 (`CONFIG_NR_CPUS` of distros) is 8192.
const MOST: u32 = 8192;

/// How many virtual CPUs a guest has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cpus {
    /// Cores of the one socket.
    pub cores: u32,
    /// Threads of each core.
    pub threads: u32,
}

impl Cpus {
    /// How many cores and threads there may be.
    pub const LIMITS: [RangeInclusive<u32>; 2] = [1..=256, 1..=8];
    /// The same as a sentence.
    pub const RULE: &str = "a guest has 1 to 256 cores of 1 to 8 threads";

    /// Whether both are within the limits.
    pub fn is_possible(self) -> bool {
        let [cores, threads] = Self::LIMITS;
        cores.contains(&self.cores) && threads.contains(&self.threads)
    }
}

impl Default for Cpus {
    fn default() -> Self {
        Self { cores: 4, threads: 1 }
    }
}

/// `guest.cpus`: how many there are, and where they run.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GuestCpus {
    /// Cores of the one socket.
    pub cores: u32,
    /// Threads of each core.
    #[serde(default = "one")]
    pub threads: u32,
    /// For each core of the guest the CPUs of the host that its threads run on;
    /// empty when the host's scheduler decides.
    #[serde(default)]
    pub pin: Vec<Spanned<CpuList>>,
    /// The CPUs that the host keeps for itself and for QEMU's own work.
    pub host: Option<Spanned<CpuList>>,
}

fn one() -> u32 {
    1
}

/// What is wrong, where, and what to write instead.
pub(super) type Complaint = (String, Range<usize>, String);

impl GuestCpus {
    /// How many there are.
    pub fn count(&self) -> Cpus {
        Cpus { cores: self.cores, threads: self.threads }
    }

    /// What no single value shows: numbers out of range, pins that do not fit the
    /// cores, a CPU that two want. `whole` is where all of it stands.
    pub(super) fn check(&self, whole: Range<usize>) -> Result<(), Complaint> {
        let Self { cores, threads, pin, host } = self;
        if !self.count().is_possible() {
            let message = Cpus::RULE.to_owned();
            return Err((message, whole, "write for example `{ cores = 6, threads = 2 }`".into()));
        }
        if !pin.is_empty() && pin.len() != *cores as usize {
            let message = format!("{} pins for {cores} cores", pin.len());
            let help = "one word for each core of the guest, with a CPU of the host for each of its threads";
            return Err((message, whole, help.into()));
        }
        let mut taken = BTreeSet::new();
        for word in pin {
            let cpus = word.get_ref().numbers();
            if cpus.len() != *threads as usize {
                let message = format!("`{}` is {} CPUs for {threads} threads", word.get_ref(), cpus.len());
                let help = "as many CPUs of the host as a core of the guest has threads (see lscpu -e)";
                return Err((message, word.span(), help.into()));
            }
            if let Some(twice) = cpus.iter().find(|cpu| !taken.insert(**cpu)) {
                let help = "each thread of the guest has a CPU of its own";
                return Err((format!("CPU {twice} is pinned twice"), word.span(), help.into()));
            }
        }
        if let Some(host) = host
            && let Some(both) = host.get_ref().numbers().iter().find(|cpu| taken.contains(cpu))
        {
            let message = format!("CPU {both} is the guest's and the host's");
            return Err((
                message,
                host.span(),
                "leave to the host what no core of the guest is pinned to".into(),
            ));
        }
        Ok(())
    }
}

/// Some of the host's CPUs, as the kernel writes them: `0-3,8`. In the order written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CpuList(Vec<u32>);

impl CpuList {
    /// The CPUs' numbers, in the order written.
    pub fn numbers(&self) -> &[u32] {
        &self.0
    }
}

impl From<Vec<u32>> for CpuList {
    fn from(numbers: Vec<u32>) -> Self {
        Self(numbers)
    }
}

impl FromStr for CpuList {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let number =
            |word: &str| word.parse::<u32>().ok().filter(|cpu| *cpu < MOST && !word.starts_with('+'));
        let range = |word: &str| {
            let (first, last) = word.split_once('-').unwrap_or((word, word));
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(first..=last)
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        let numbers: Vec<u32> = ranges.into_iter().flatten().flatten().collect();
        let distinct: BTreeSet<&u32> = numbers.iter().collect();
        if numbers.is_empty() || distinct.len() != numbers.len() {
            return Err(
                "CPUs of the host are numbers and ranges, each once, like `2,10` or `0-1,8-9` (see lscpu -e)"
                    .into(),
            );
        }
        Ok(Self(numbers))
    }
}

impl TryFrom<String> for CpuList {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|rule: String| found(&text, &rule))
    }
}

/// Sorted, with ranges: `0-1,8-9`.
impl fmt::Display for CpuList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        for (at, run) in sorted.chunk_by(|a, b| *b == a + 1).enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match run {
                [first, .., last] => write!(f, "{comma}{first}-{last}")?,
                one => one.iter().try_for_each(|cpu| write!(f, "{comma}{cpu}"))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use super::*;

    #[test]
    fn lists_are_read_as_the_kernel_writes_them() {
        for (text, numbers, shown) in [
            ("0", vec![0], "0"),
            ("2,10", vec![2, 10], "2,10"),
            ("8-9,0-1", vec![8, 9, 0, 1], "0-1,8-9"),
            ("3,1,2", vec![3, 1, 2], "1-3"),
        ] {
            let list: CpuList = text.parse().unwrap();
            assert_eq!((list.numbers(), list.to_string().as_str()), (numbers.as_slice(), shown));
        }
        for bad in [
            "",
            ",",
            "1,",
            "a",
            "1-",
            "3-1",
            "1,1",
            "0-2,2",
            "+1",
            " 1",
            "8192",
            "0-99999999999",
            "-1",
            "1;2",
        ] {
            assert!(bad.parse::<CpuList>().is_err(), "{bad}");
        }
    }
}
