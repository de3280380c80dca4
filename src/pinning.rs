//! Which CPUs of a machine a guest should run on: a proposal for a profile, from
//! the processor's cores and caches. The profile decides; this only saves reading `lscpu -e`.

use std::collections::BTreeSet;

use crate::machine::cpu::CpuFacts;
use crate::profile::CpuList;

/// Cores for a guest, and CPUs that the host keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// For each core of the guest the host's CPUs: all threads of one core.
    pub pin: Vec<Vec<u32>>,
    /// The CPUs of all other cores.
    pub host: Vec<u32>,
}

/// What a machine's cores suggest. The guest's cores have equally many threads and, where
/// the processor has several third-level caches, do not share one with the host:
///
/// * Cores for efficiency stay with the host, and the others go to the guest.
/// * Of several caches the host keeps the one with CPU 0, where the kernel
///   does what it can do nowhere else.
/// * Of one cache the host keeps the first core, of eight and more cores two.
///
/// None when the cores are not known, when there are fewer than three, or when there
/// are several sockets: then the one that the card is attached to should be taken.
pub fn proposal(cpu: &CpuFacts) -> Option<Proposal> {
    let cores = &cpu.core_threads;
    if cores.len() < 3 || cpu.sockets != Some(1) || cores.iter().any(Vec::is_empty) {
        return None;
    }
    let fast = fast_cores(cpu);
    let others = cores.len() - fast.len();
    let first = fast.iter().position(|core| core.contains(&0));
    let kept = |core: &[u32]| fast.iter().take(core_share(cores.len())).any(|kept| *kept == core);
    let guest: Vec<&[u32]> = match (cache_of(cpu, 0), first) {
        // Two cores for efficiency are enough for a host without a desktop.
        _ if others >= 2 => fast.clone(),
        (Some(cache), Some(_)) if fast.iter().any(|core| !cache.contains(&core[0])) => {
            fast.iter().copied().filter(|core| !cache.contains(&core[0])).collect()
        }
        _ => fast.iter().copied().filter(|core| !kept(core)).collect(),
    };
    // Some processors have a core that is faster than its siblings and has no second thread.
    let threads = guest.iter().map(|core| core.len()).max()?;
    let pin: Vec<Vec<u32>> =
        guest.into_iter().filter(|core| core.len() == threads).map(<[u32]>::to_vec).collect();
    let taken: BTreeSet<u32> = pin.iter().flatten().copied().collect();
    let host: Vec<u32> = cores.iter().flatten().copied().filter(|cpu| !taken.contains(cpu)).collect();
    (!pin.is_empty() && !host.is_empty()).then_some(Proposal { pin, host })
}

/// How many cores of one cache the host keeps.
fn core_share(cores: usize) -> usize {
    if cores < 8 { 1 } else { 2 }
}

/// The cores that are not for efficiency: as the kernel says, and where it says nothing,
/// those with as many threads as the best.
fn fast_cores(cpu: &CpuFacts) -> Vec<&[u32]> {
    let cores = cpu.core_threads.iter().map(Vec::as_slice);
    let said = cpu.performance.as_deref().and_then(list);
    let most = cpu.core_threads.iter().map(Vec::len).max().unwrap_or(0);
    let is_fast = |core: &&[u32]| match &said {
        Some(fast) => fast.contains(&core[0]),
        None => core.len() == most,
    };
    let fast: Vec<&[u32]> = cores.clone().filter(is_fast).collect();
    // In a machine whose list names no core that there is, all are alike.
    if fast.is_empty() { cores.collect() } else { fast }
}

/// The CPUs that share a third-level cache with this one.
fn cache_of(cpu: &CpuFacts, number: u32) -> Option<BTreeSet<u32>> {
    cpu.l3.iter().filter_map(|text| list(text)).find(|cache| cache.contains(&number))
}

fn list(text: &str) -> Option<BTreeSet<u32>> {
    let list: CpuList = text.parse().ok()?;
    Some(list.numbers().iter().copied().collect())
}

impl Proposal {
    /// The value of `cpus` in a profile.
    pub fn toml(&self) -> String {
        let word = |cpus: &[u32]| format!("\"{}\"", CpuList::from(cpus.to_vec()));
        let pin: Vec<String> = self.pin.iter().map(|core| word(core)).collect();
        format!(
            "{{ cores = {}, threads = {}, pin = [{}], host = {} }}",
            self.pin.len(),
            self.pin.first().map_or(1, Vec::len),
            pin.join(", "),
            word(&self.host)
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use super::*;

    /// `cores` of two threads, numbered as AMD's and Intel's firmware does: all first threads first.
    fn smt(cores: u32) -> Vec<Vec<u32>> {
        (0..cores).map(|core| vec![core, core + cores]).collect()
    }

    fn facts(core_threads: Vec<Vec<u32>>, l3: &[&str]) -> CpuFacts {
        let l3 = l3.iter().map(|list| (*list).to_owned()).collect();
        CpuFacts { core_threads, l3, sockets: Some(1), ..CpuFacts::default() }
    }

    fn proposed(facts: &CpuFacts) -> String {
        let proposal = proposal(facts).map(|proposal| proposal.toml());
        proposal.unwrap_or_default().replace(['{', '}', '"', '[', ']', '='], "").replace("  ", " ")
    }

    #[test]
    fn of_one_cache_the_host_keeps_the_first_cores() {
        assert_eq!(
            proposed(&facts(smt(8), &["0-15"])).trim(),
            "cores 6, threads 2, pin 2,10, 3,11, 4,12, 5,13, 6,14, 7,15, host 0-1,8-9"
        );
        assert_eq!(
            proposed(&facts(smt(4), &["0-7"])).trim(),
            "cores 3, threads 2, pin 1,5, 2,6, 3,7, host 0,4"
        );
        // Without caches, as in many virtual machines.
        let plain = (0..6).map(|core| vec![core]).collect();
        assert_eq!(proposed(&facts(plain, &[])).trim(), "cores 5, threads 1, pin 1, 2, 3, 4, 5, host 0");
    }

    #[test]
    fn of_several_caches_the_host_keeps_the_first() {
        // Two halves of four cores (Zen 2), and of eight (a 5950X).
        assert_eq!(
            proposed(&facts(smt(8), &["0-3,8-11", "4-7,12-15"])).trim(),
            "cores 4, threads 2, pin 4,12, 5,13, 6,14, 7,15, host 0-3,8-11"
        );
        let two = proposal(&facts(smt(16), &["0-7,16-23", "8-15,24-31"])).unwrap();
        assert_eq!((two.pin.len(), two.pin[0].as_slice()), (8, &[8, 24][..]));
        // Four of three cores (a 3900X): three of them go.
        let four = proposal(&facts(smt(12), &["0-2,12-14", "3-5,15-17", "6-8,18-20", "9-11,21-23"])).unwrap();
        assert_eq!((four.pin.len(), CpuList::from(four.host).to_string()), (9, "0-2,12-14".to_owned()));
    }

    #[test]
    fn cores_for_efficiency_stay_with_the_host() {
        // A 12700K: eight fast cores with two threads, four others; one cache.
        let mut cores: Vec<Vec<u32>> = (0..8).map(|core| vec![2 * core, 2 * core + 1]).collect();
        cores.extend((16..20).map(|cpu| vec![cpu]));
        let mut cpu = facts(cores, &["0-19"]);
        let expected = "cores 8, threads 2, pin 0-1, 2-3, 4-5, 6-7, 8-9, 10-11, 12-13, 14-15, host 16-19";
        assert_eq!(proposed(&cpu).trim(), expected);
        cpu.performance = Some("0-15".into());
        assert_eq!(proposed(&cpu).trim(), expected);
        // A 245K: no core has a second thread, so only the kernel knows.
        let mut cpu = facts((0..14).map(|cpu| vec![cpu]).collect(), &["0-13"]);
        cpu.performance = Some("0-5".into());
        assert_eq!(proposed(&cpu).trim(), "cores 6, threads 1, pin 0, 1, 2, 3, 4, 5, host 6-13");
    }

    #[test]
    fn nothing_is_proposed_without_knowledge() {
        assert_eq!(proposal(&CpuFacts::default()), None);
        assert_eq!(proposal(&facts(smt(2), &["0-3"])), None, "too few");
        assert_eq!(proposal(&CpuFacts { sockets: Some(2), ..facts(smt(8), &["0-15"]) }), None);
        // Odd facts are no reason to panic, and the host always keeps something.
        let odd = CpuFacts { performance: Some("99".into()), ..facts(smt(3), &["x", "7-3"]) };
        let odd = proposal(&odd).unwrap();
        assert_eq!((odd.pin.len(), odd.host), (2, vec![0, 3]));
        assert_eq!(proposal(&facts(vec![vec![], vec![1], vec![2]], &[])), None);
    }

    #[test]
    fn a_proposal_is_a_profiles_own_spelling() {
        let text = proposal(&facts(smt(8), &["0-3,8-11", "4-7,12-15"])).unwrap().toml();
        let profile = format!(
            "[gpu]\naddress = \"0000:01:00.0\"\ndriver = \"amdgpu\"\n[[guest]]\nname = \"a\"\ncpus = {text}\n"
        );
        crate::profile::parse("p", &profile).unwrap();
    }
}
