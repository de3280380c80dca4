//! The time that the hook scripts add by themselves; benches/handover.rs measures.

use onegpu::diag::Result;

use super::figure::Figure;
use super::ground::Ground;
use super::report::{Aim, Report, Row};
use crate::process::failure;

/// Where benches/handover.rs looks for others' scripts.
pub const PEERS: &str = "ONEGPU_BENCH_PEERS";

/// What is put beside others' scripts, which are for systemd and NVIDIA.
const PLAIN: &str = "onegpu, systemd and nvidia";

/// Rows for each pair of scripts of onegpu's, and for the plain one beside each of others'.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    // The scripts are measured, not what calls them: an optimised build of it would be for nothing.
    let bench = ["bench", "--quiet", "--profile", "dev", "--package", "onegpu", "--bench", "handover"];
    let done = ground.sh.cmd("cargo").args(bench).quiet().ignore_status().output().map_err(failure)?;
    let said = String::from_utf8_lossy(&done.stdout);
    for line in said.lines() {
        if let Some(repository) = line.strip_prefix("missing\t") {
            report.missing(format!(
                "the hook scripts of {repository}: `--peers DIR` names a folder with a checkout of it"
            ));
        }
    }
    let scripts: Vec<Script<'_>> = said.lines().filter_map(Script::read).collect();
    if !done.status.success() || scripts.is_empty() {
        let errors = String::from_utf8_lossy(&done.stderr);
        let why = errors.lines().find(|line| line.contains("panicked") || line.contains("error"));
        let why = why.unwrap_or("see `cargo bench --profile dev --bench handover`");
        report.missing(format!("the handover: its measurement failed: {why}"));
        return Ok(());
    }
    for ours in scripts.iter().filter(|script| script.whose.starts_with("onegpu")) {
        let of_others = |script: &&Script<'_>| {
            ours.whose == PLAIN && !script.whose.starts_with("onegpu") && script.way == ours.way
        };
        let others: Vec<_> = scripts.iter().filter(of_others).collect();
        match others.is_empty() {
            true => report.row(ours.row()),
            false => others.iter().for_each(|other| report.row(ours.beside(other))),
        }
    }
    Ok(())
}

/// One line of what the bench says.
struct Script<'a> {
    whose: &'a str,
    /// `start` or `stop`.
    way: &'a str,
    processes: &'a str,
    /// Those of them that are outside programs, whose time is not in `rounds`.
    outside: &'a str,
    /// Milliseconds of the processor, a number a round.
    rounds: Vec<f64>,
}

impl<'a> Script<'a> {
    fn read(line: &'a str) -> Option<Self> {
        let [whose, way, processes, outside, rounds] =
            line.split('\t').collect::<Vec<_>>().try_into().ok()?;
        let rounds: Vec<f64> = rounds.split(' ').map(|ms| ms.parse().ok()).collect::<Option<_>>()?;
        (!rounds.is_empty()).then_some(Self { whose, way, processes, outside, rounds })
    }

    fn says(&self) -> String {
        let figure = Figure::of(self.rounds.iter().copied()).map(|figure| figure.to_string());
        let (figure, Self { processes, outside, .. }) = (figure.unwrap_or_default(), self);
        format!("{figure} ms, {processes} processes, {outside} of them outside programs")
    }

    fn row(&self) -> Row {
        let median = Figure::of(self.rounds.iter().copied()).map_or(f64::NAN, |figure| figure.median);
        Row {
            work: format!(
                "{}: {}.sh by itself, CPU time without the outside programs'",
                self.whose, self.way
            ),
            ours: self.says(),
            aim: Some(Aim::at_most(50.0, median, " ms")),
            runs: self.rounds.len(),
            ..Row::default()
        }
    }

    fn beside(&self, other: &Self) -> Row {
        let ratios = self.rounds.iter().zip(&other.rounds).map(|(ours, other)| ours / other);
        Row { beside: other.whose.to_owned(), other: other.says(), cpu: Figure::of(ratios), ..self.row() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_becomes_a_row() {
        let ours = Script::read("onegpu, systemd and nvidia\tstart\t49\t24\t40.00 60.00 44.00").unwrap();
        let other = Script::read("a/b\tstart\t9\t9\t20.00 20.00 22.00").unwrap();
        assert!(Script::read("missing\ta/b").is_none());
        assert!(Script::read("onegpu\tstart\t49\t24\t").is_none());
        let row = ours.beside(&other);
        assert_eq!(row.ours, "44.0 (42.0–52.0) ms, 49 processes, 24 of them outside programs");
        assert_eq!(row.other, "20.0 (20.0–21.0) ms, 9 processes, 9 of them outside programs");
        assert_eq!(row.cpu.map(|ratio| ratio.median), Some(2.0));
        assert_eq!((row.aim, row.runs), (Some(Aim { says: "≤ 50 ms".into(), met: true }), 3));
    }
}
