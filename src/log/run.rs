//! The lines of a log, told apart into runs: a handover, a roll-back, a return.

use std::time::Duration;

use jiff::Timestamp;

use super::line::{self, Line};
use super::{End, Item, Outcome, Run, Way};

/// A real run has some dozens of lines; of a longer one the first are kept.
const MOST_ITEMS: usize = 2000;

/// What `start.sh` says last when all went well.
const FREE: &str = "the card is free";
/// What `start.sh` says before it takes everything back.
const GIVING_UP: &str = "giving up: ";
/// The last step of `stop.sh`.
const FORGET: &str = "forget";

/// The runs of a log, in its order. What stands before the first is left out.
pub fn parse(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for text in text.lines() {
        let (at, line) = line::parse(text);
        match (runs.last_mut(), line) {
            (_, Line::Begin { way, date, time }) => runs.push(Run::new(way, date, time)),
            (Some(run), line) => run.add(at, line),
            (None, _) => {}
        }
    }
    runs
}

impl Run {
    fn new(way: Way, date: String, time: Option<Timestamp>) -> Self {
        Self { way, date, time, items: Vec::new(), left_out: 0, mixed: false, end: End::Open }
    }

    fn add(&mut self, at: Option<Duration>, line: Line) {
        self.mixed |= at.is_some_and(|at| at < self.total());
        let item = match line {
            Line::Step { outcome, took, what } => {
                if self.way != Way::Handover && what == FORGET {
                    self.end = End::Done;
                }
                Item::Step { at: at.unwrap_or_default(), took, outcome, what }
            }
            Line::Said(text) => {
                if self.way == Way::Handover && text == FREE {
                    self.end = End::Done;
                } else if let Some(why) = text.strip_prefix(GIVING_UP) {
                    self.end = End::GaveUp(why.to_owned());
                }
                Item::Note { at, text }
            }
            Line::Output(text) if text.is_empty() => return,
            Line::Output(text) | Line::Begin { date: text, .. } => Item::Note { at, text },
        };
        if self.items.len() < MOST_ITEMS {
            self.items.push(item);
        } else {
            self.left_out += 1;
        }
    }

    /// The time of the last line that has one.
    pub fn total(&self) -> Duration {
        let at = |item: &Item| match item {
            Item::Step { at, .. } => Some(*at),
            Item::Note { at, .. } => *at,
        };
        self.items.iter().rev().find_map(at).unwrap_or_default()
    }

    /// The steps that did not succeed.
    pub fn failures(&self) -> usize {
        let failed = |item: &&Item| matches!(item, Item::Step { outcome, .. } if *outcome != Outcome::Ok);
        self.items.iter().filter(failed).count()
    }

    /// Whether it did what it was for. A handover may go on without a step that failed,
    /// and says at its end that the card is free; for a return every step counts.
    pub fn is_well(&self) -> bool {
        self.end == End::Done && (self.way == Way::Handover || self.failures() == 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACK: &str = "+0.0s == rollback 2026-11-22T10:00:16+0000\n+0.1s ok 0.10s start sddm\n";

    #[test]
    fn a_handover_that_gave_up_and_its_way_back() {
        let text = format!(
            "left from before\n+0.0s == start 2026-11-22T10:00:00+0000\n+0.5s ok 0.50s stop sddm\n\
             modprobe: FATAL: Module nvidia is in use.\n+2.0s FAILED(1) 1.20s unload nvidia\n\
             +2.0s giving up: unload nvidia\n{BACK}+0.2s ok 0.00s forget\n"
        );
        let runs = parse(&text);
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0].end, End::GaveUp("unload nvidia".into()));
        assert_eq!((runs[0].items.len(), runs[0].failures(), runs[0].is_well()), (4, 1, false));
        assert_eq!(runs[0].total(), Duration::from_secs(2));
        assert_eq!((runs[1].way, &runs[1].end, runs[1].is_well()), (Way::Rollback, &End::Done, true));
    }

    #[test]
    fn what_was_cut_off_is_open() {
        for text in [BACK, "+0.0s == stop x\n", "+0.0s == start\n+1.0s the card is f"] {
            assert_eq!(parse(text)[0].end, End::Open, "{text}");
        }
        assert_eq!(
            parse("+0.0s == start\n+1.0s the card is free")[0].end,
            End::Done,
            "no newline at the end"
        );
    }

    #[test]
    fn lines_of_two_runs_in_one_are_noticed() {
        let text = "+0.0s == start x\n+5.0s ok 1.00s a\n+0.1s ok 0.00s b\n+6.0s the card is free\n";
        assert!(parse(text)[0].mixed);
        assert!(!parse(BACK)[0].mixed);
    }

    #[test]
    fn a_log_without_end_is_kept_in_bounds() {
        let runs = parse(&format!("+0.0s == start x\n{}", "y\n".repeat(5000)));
        assert_eq!((runs[0].items.len(), runs[0].left_out), (MOST_ITEMS, 5000 - MOST_ITEMS));
    }
}
