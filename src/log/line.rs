//! One line of a guest's log, as `templates/host/handover.sh` writes it. Commands
//! write there, too, and power may go in the middle of a line: whatever has
//! not the form of ours is output.

use std::time::Duration;

use jiff::Timestamp;

use super::{Outcome, Way};
use crate::machine::plain::plain;

/// A longer line is cut: nobody reads it, and no pattern needs it.
const LONGEST: usize = 500;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A script began.
    Begin {
        /// Which one.
        way: Way,
        /// The date as it is written.
        date: String,
        /// The same as a time, where it is one.
        time: Option<Timestamp>,
    },
    /// A step ended.
    Step {
        /// How.
        outcome: Outcome,
        /// How long it took.
        took: Duration,
        /// Its name.
        what: String,
    },
    /// The script said something else.
    Said(String),
    /// A command wrote something.
    Output(String),
}

/// The line and, where it has one, its time since the script began. What would
/// drive a terminal is taken out.
pub fn parse(line: &str) -> (Option<Duration>, Line) {
    let line = plain(cut(line, LONGEST));
    let Some((at, rest)) = time_of(&line) else { return (None, Line::Output(line)) };
    (Some(at), begin(rest).or_else(|| step(rest)).unwrap_or_else(|| Line::Said(rest.to_owned())))
}

/// At most `most` bytes, and no half of a character.
fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// `+12.3s REST`.
fn time_of(line: &str) -> Option<(Duration, &str)> {
    let (word, rest) = line.strip_prefix('+')?.split_once(' ')?;
    Some((seconds(word)?, rest))
}

/// `12.3s`, `1.23s`, `30s`.
fn seconds(word: &str) -> Option<Duration> {
    let word = word.strip_suffix('s')?;
    let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 2 || whole.len() > 9 {
        return None;
    }
    let tens = if part.len() == 1 { 100 } else { 10 };
    Some(Duration::from_secs(whole.parse().ok()?) + Duration::from_millis(part.parse::<u64>().ok()? * tens))
}

/// `== start 2026-11-22T10:00:00+0000`.
fn begin(rest: &str) -> Option<Line> {
    let (word, date) = rest.strip_prefix("== ")?.split_once(' ').unwrap_or((&rest[3..], ""));
    let way = match word {
        "start" => Way::Handover,
        "stop" => Way::Return,
        "rollback" => Way::Rollback,
        _ => return None,
    };
    let time = Timestamp::strptime("%Y-%m-%dT%H:%M:%S%z", date).ok();
    Some(Line::Begin { way, date: date.to_owned(), time })
}

/// `ok 0.12s WHAT`, `FAILED(1) 0.12s WHAT`, `TIMEOUT 30s WHAT`.
fn step(rest: &str) -> Option<Line> {
    let (word, rest) = rest.split_once(' ')?;
    let outcome = match word {
        "ok" => Outcome::Ok,
        "TIMEOUT" => Outcome::TimedOut,
        _ => Outcome::Failed(word.strip_prefix("FAILED(")?.strip_suffix(')')?.parse().ok()?),
    };
    let (took, what) = rest.split_once(' ')?;
    Some(Line::Step { outcome, took: seconds(took)?, what: what.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_lines_are_known() {
        let (at, line) = parse("+0.0s == start 2026-11-22T10:00:00+0100");
        assert_eq!(at, Some(Duration::ZERO));
        let Line::Begin { way: Way::Handover, time: Some(time), .. } = line else { panic!("{line:?}") };
        assert_eq!(time.to_string(), "2026-11-22T09:00:00Z");
        let step = |outcome, millis, what: &str| Line::Step {
            outcome,
            took: Duration::from_millis(millis),
            what: what.to_owned(),
        };
        assert_eq!(
            parse("+12.3s ok 1.05s stop sddm\r"),
            (Some(Duration::from_millis(12_300)), step(Outcome::Ok, 1050, "stop sddm"))
        );
        assert_eq!(parse("+9.0s FAILED(1) 0.20s unload a b").1, step(Outcome::Failed(1), 200, "unload a b"));
        assert_eq!(parse("+30.5s TIMEOUT 30s stop x").1, step(Outcome::TimedOut, 30_000, "stop x"));
        assert_eq!(parse("+1.0s the card is free").1, Line::Said("the card is free".into()));
    }

    #[test]
    fn everything_else_is_output_and_tame() {
        for text in ["", "+", "+1.0s", "modprobe: FATAL", "+-1.-2s ok", "+1.234s x", "+99999999999.0s x"] {
            assert_eq!(parse(text), (None, Line::Output(text.to_owned())), "{text}");
        }
        assert_eq!(parse("\x1b[2Jowned\x07\0").1, Line::Output("[2Jowned".into()));
        let (_, Line::Output(long)) = parse(&"ä".repeat(5000)) else { panic!("output") };
        assert_eq!(long.len(), LONGEST);
        // Power went in the middle of a line.
        assert_eq!(parse("+1.0s ok 0.").1, Line::Said("ok 0.".into()));
        assert_eq!(parse("+1.0s == sta").1, Line::Said("== sta".into()));
    }
}
