//! The report for people, in 80 columns.

use std::time::Duration;

use super::{Cause, End, Item, Outcome, Report, Run, Way};
use crate::render::wrap;

const WIDTH: usize = 80;
/// The bar's cells, which stand for the run from its begin to its end.
const BAR: usize = 16;
/// Where the names of steps begin.
const COLUMN: usize = 46;
/// Of a run with more lines than this, the first and the last are shown.
const MOST_ROWS: usize = 60;
/// How many other causes are named.
const OTHERS: usize = 3;

impl Report {
    /// The report as text, with a newline at the end.
    pub fn text(&self) -> String {
        let mut out = String::new();
        paragraph(&mut out, 0, &format!("{}: {}", self.guest, self.verdict));
        for run in &self.runs {
            out.push('\n');
            timeline(&mut out, run);
        }
        self.write_causes(&mut out);
        if !self.messages.is_empty() {
            out.push_str("\nLibvirt's log of the guest ends with\n");
            self.messages.iter().for_each(|message| paragraph(&mut out, 2, message));
        }
        if !self.notes.is_empty() {
            out.push('\n');
            self.notes.iter().for_each(|note| paragraph(&mut out, 0, &format!("Note: {note}")));
        }
        out
    }

    fn write_causes(&self, out: &mut String) {
        match self.causes.as_slice() {
            [] if self.well => {}
            [] => {
                out.push('\n');
                let failed = self.runs.iter().flat_map(|run| &run.items).find_map(|item| match item {
                    Item::Step { outcome: Outcome::Failed(_) | Outcome::TimedOut, what, .. } => Some(what),
                    _ => None,
                });
                if let Some(what) = failed {
                    paragraph(out, 0, &format!("What failed first: {what}."));
                }
                paragraph(
                    out,
                    0,
                    &format!(
                        "No known cause shows in the log. To look for one in the machine's messages, too: \
                     journalctl -b | onegpu log {} --messages -",
                        self.guest
                    ),
                );
            }
            [likely, others @ ..] => {
                out.push('\n');
                cause(out, likely);
                for other in others.iter().take(OTHERS) {
                    paragraph(
                        out,
                        0,
                        &format!(
                            "Perhaps also: {} (onegpu explain {}).",
                            other.failure.title, other.failure.id
                        ),
                    );
                }
            }
        }
    }
}

fn cause(out: &mut String, cause: &Cause) {
    let failure = cause.failure;
    paragraph(out, 0, &format!("Likely cause: {}.", failure.title));
    paragraph(out, 2, &format!("Told by: {} ({})", cause.evidence, cause.from));
    paragraph(out, 2, &format!("Why: {}", failure.cause));
    paragraph(out, 2, &format!("What to do: {}", failure.fix));
    paragraph(out, 2, &format!("More: onegpu explain {}", failure.id));
}

fn timeline(out: &mut String, run: &Run) {
    let way = match run.way {
        Way::Handover => "Handover",
        Way::Return => "Return",
        Way::Rollback => "Roll-back",
    };
    let total = run.total();
    let end = match &run.end {
        End::Done => format!("{:.1} s", total.as_secs_f64()),
        End::GaveUp(why) => format!("gave up after {:.1} s: {why}", total.as_secs_f64()),
        End::Open => format!("no end; the last line is of {:.1} s", total.as_secs_f64()),
    };
    paragraph(out, 0, &format!("{way} of {}, {end}", date(run)));
    if run.items.is_empty() {
        return;
    }
    out.push_str(&format!("{:>8} {:>8}\n", "from", "took"));
    let rows = rows(run);
    let hidden = rows.len().saturating_sub(MOST_ROWS);
    for (at, row) in rows.iter().enumerate() {
        if hidden > 0 && at == MOST_ROWS / 2 {
            hang(out, "", &format!("({} more lines)", hidden + run.left_out));
        }
        if hidden == 0 || at < MOST_ROWS / 2 || at >= MOST_ROWS / 2 + hidden {
            write_row(out, row, total);
        }
    }
}

/// `2026-11-22 10:00:00 +0000`, or what stands there instead.
fn date(run: &Run) -> String {
    match (run.time, run.date.split_once('T')) {
        (Some(_), Some((day, time))) if time.len() > 8 => format!("{day} {} {}", &time[..8], &time[8..]),
        _ if run.date.is_empty() => "an unknown date".into(),
        _ => run.date.clone(),
    }
}

/// A line of the timeline; how often the same was written.
struct Row<'a> {
    item: &'a Item,
    during: bool,
    times: usize,
}

/// A step is logged when it ends, after what was said meanwhile; here it comes before that.
fn rows(run: &Run) -> Vec<Row<'_>> {
    let mut out: Vec<Row<'_>> = Vec::new();
    let mut meanwhile: Vec<Row<'_>> = Vec::new();
    for item in &run.items {
        match item {
            Item::Note { .. } => match meanwhile.last_mut() {
                Some(last) if last.item == item => last.times += 1,
                _ => meanwhile.push(Row { item, during: false, times: 1 }),
            },
            Item::Step { at, took, .. } => {
                let from = at.saturating_sub(*took);
                let before =
                    |row: &Row<'_>| matches!(row.item, Item::Note { at: Some(at), .. } if *at < from);
                let during = meanwhile.iter().position(|row| !before(row)).unwrap_or(meanwhile.len());
                let during = meanwhile.split_off(during);
                out.append(&mut meanwhile);
                out.push(Row { item, during: false, times: 1 });
                out.extend(during.into_iter().map(|row| Row { during: true, ..row }));
            }
        }
    }
    out.append(&mut meanwhile);
    out
}

fn write_row(out: &mut String, row: &Row<'_>, total: Duration) {
    let times = if row.times > 1 { format!(" ({} times)", row.times) } else { String::new() };
    match row.item {
        Item::Note { at, text } => {
            let dash = if row.during { "- " } else { "" };
            let head =
                at.map(|at| format!("{:>7.1}s {:17} |{}|", at.as_secs_f64(), "", bar(at, at, total, '.')));
            hang(out, &head.unwrap_or_default(), &format!("{dash}{text}{times}"));
        }
        Item::Step { at, took, outcome, what } => {
            let from = at.saturating_sub(*took);
            let word = match outcome {
                Outcome::Ok => "ok",
                Outcome::Failed(_) => "FAILED",
                Outcome::TimedOut => "TIMEOUT",
            };
            let (begin, length) = (from.as_secs_f64(), took.as_secs_f64());
            let head = format!("{begin:>7.1}s {length:>7.2}s  {word:7} |{}|", bar(from, *at, total, '#'));
            hang(out, &head, what);
        }
    }
}

/// Where in the whole the part lies; it has at least one cell.
fn bar(from: Duration, to: Duration, total: Duration, mark: char) -> String {
    let total = total.as_secs_f64().max(0.01);
    let cell = |time: Duration| time.as_secs_f64() / total * BAR as f64;
    let first = (cell(from).floor().max(0.0) as usize).min(BAR - 1);
    let last = (cell(to).ceil().max(0.0) as usize).clamp(first + 1, BAR);
    (0..BAR).map(|at| if (first..last).contains(&at) { mark } else { ' ' }).collect()
}

/// `text` beside `head`, and below itself where it needs more than one line.
fn hang(out: &mut String, head: &str, text: &str) {
    let lines = wrap::paragraphs(text, WIDTH - COLUMN);
    for (at, line) in lines.iter().flatten().enumerate() {
        let head = if at == 0 { head } else { "" };
        // A word of a log may be longer than any line.
        out.push_str(format!("{head:COLUMN$}{}", short(line, WIDTH - COLUMN)).trim_end());
        out.push('\n');
    }
}

fn paragraph(out: &mut String, indent: usize, text: &str) {
    for line in wrap::paragraphs(text, WIDTH - indent).iter().flatten() {
        out.push_str(&format!("{:indent$}{line}\n", ""));
    }
}

fn short(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => text.chars().take(width - 3).collect::<String>() + "...",
        false => text.to_owned(),
    }
}
