//! From lines of logs to the failures that they tell of.

use std::sync::LazyLock;

use regex::RegexSet;
use serde::Serialize;

use crate::failure::{self, Failure};

/// A failure, and the line that says so.
#[derive(Debug, Clone, Serialize)]
pub struct Cause {
    /// The failure's id.
    #[serde(rename = "failure", serialize_with = "id")]
    pub failure: &'static Failure,
    /// The line, as it is shown.
    pub evidence: String,
    /// The file that has the line.
    pub from: String,
}

fn id<S: serde::Serializer>(failure: &&'static Failure, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&failure.id)
}

/// All patterns at once, each with its failure and weight. They compile one by one, so they
/// compile together; were they too many for the crate, no cause would be named.
static PATTERNS: LazyLock<(RegexSet, Vec<(&'static Failure, usize)>)> = LazyLock::new(|| {
    let all = || failure::all().iter().flat_map(|one| one.patterns.iter().map(move |pattern| (one, pattern)));
    let set =
        RegexSet::new(all().map(|(_, pattern)| pattern.regex.as_str())).unwrap_or_else(|_| RegexSet::empty());
    (set, all().map(|(one, pattern)| (one, pattern.weight)).collect())
});

/// The failures that these lines tell of, what tells most first; each once.
pub fn find<'a>(lines: impl Iterator<Item = &'a str>, from: &str) -> Vec<Cause> {
    let (set, meaning) = &*PATTERNS;
    let mut best: Vec<(usize, Cause)> = Vec::new();
    for line in lines {
        for (failure, weight) in set.matches(line).iter().filter_map(|at| meaning.get(at)) {
            let cause = || Cause { failure, evidence: line.to_owned(), from: from.to_owned() };
            match best.iter_mut().find(|(_, known)| known.failure.id == failure.id) {
                Some(known) if known.0 < *weight => *known = (*weight, cause()),
                Some(_) => {}
                None => best.push((*weight, cause())),
            }
        }
    }
    // Stable: of two that tell the same, the one that came first.
    best.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    best.into_iter().map(|(_, cause)| cause).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(lines: &[&str]) -> Vec<&'static str> {
        find(lines.iter().copied(), "x").iter().map(|cause| cause.failure.id.as_str()).collect()
    }

    #[test]
    fn every_example_leads_to_its_own_failure_first() {
        for failure in failure::all() {
            for example in &failure.examples {
                assert_eq!(ids(&[example]).first(), Some(&failure.id.as_str()), "{example}");
            }
        }
    }

    #[test]
    fn what_tells_most_comes_first() {
        let lines = [
            "held by nvidia-persiste (812): SIGTERM",
            "held by nvidia-persiste (812): SIGKILL",
            "giving up: somebody holds it",
        ];
        assert_eq!(ids(&lines), ["persistence-daemon", "session-outlives-display-manager"]);
        assert_eq!(
            ids(&["held by qemu-system-x86 (3)", "giving up: somebody holds it"])[0],
            "another-guest-has-the-card"
        );
        assert!(ids(&["nothing of interest", ""]).is_empty());
    }
}
