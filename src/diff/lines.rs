//! The lines of a unified diff, as data: printed for the terminal, and shown in the review.

use serde::Serialize;
use similar::ChangeTag;
use similar::algorithms::{Capture, Compact, Replace, myers};
use similar::udiff::UnifiedHunkHeader;

use crate::render::visible::visible;

/// With more lines on one side the texts are not compared line by line: it would
/// take minutes, and no file of ours is near.
const MOST_LINES: usize = 5000;

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// The head of a hunk, `@@ … @@`.
    Hunk,
    /// On both sides.
    Both,
    /// On the machine only.
    Old,
    /// In the package only.
    New,
}

/// One line, without its newline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What it is.
    pub sign: Sign,
    /// Its text; control characters are spelled out, for terminals act on them.
    pub text: String,
    /// Whether the file ends behind it without a newline.
    pub open: bool,
}

/// The hunks between two texts, with three lines around each change, as git has them.
pub fn between(old: &str, new: &str) -> Vec<Line> {
    if old.lines().count().max(new.lines().count()) > MOST_LINES {
        return replaced(old, new);
    }
    let lines = |text| str::split_inclusive(text, '\n').collect::<Vec<&str>>();
    let (old, new) = (&lines(old)[..], &lines(new)[..]);
    // Myers' algorithm by name: the crate's `TextDiff` brings all it has, 300 kB of the program.
    let mut found = Compact::new(Replace::new(Capture::new()), old, new);
    let Ok(()) = myers::diff(&mut found, old, 0..old.len(), new, 0..new.len());
    let mut out = Vec::new();
    for hunk in found.into_inner().into_inner().into_grouped_ops(3) {
        let head = UnifiedHunkHeader::new(&hunk).to_string();
        out.push(Line { sign: Sign::Hunk, text: head, open: false });
        for change in hunk.iter().flat_map(|op| op.iter_changes(old, new)) {
            let sign = match change.tag() {
                ChangeTag::Equal => Sign::Both,
                ChangeTag::Delete => Sign::Old,
                ChangeTag::Insert => Sign::New,
            };
            out.push(line(sign, change.value()));
        }
    }
    out
}

/// Every line of the one side goes, every line of the other comes.
fn replaced(old: &str, new: &str) -> Vec<Line> {
    let range = |text: &str| match text.lines().count() {
        0 => "0,0".to_owned(),
        count => format!("1,{count}"),
    };
    let head = format!("@@ -{} +{} @@", range(old), range(new));
    let mut out = vec![Line { sign: Sign::Hunk, text: head, open: false }];
    out.extend(old.split_inclusive('\n').map(|text| line(Sign::Old, text)));
    out.extend(new.split_inclusive('\n').map(|text| line(Sign::New, text)));
    out
}

fn line(sign: Sign, value: &str) -> Line {
    let text = value.strip_suffix('\n');
    Line { sign, open: text.is_none(), text: visible(text.unwrap_or(value)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[Line]) -> String {
        lines
            .iter()
            .map(|line| format!("{:?} {}{}\n", line.sign, line.text, if line.open { "$" } else { "" }))
            .collect()
    }

    #[test]
    fn hunks_are_gits() {
        assert_eq!(
            text(&between("a\nb\nc\nd\ne\nf\n", "a\nb\nc\nd\nE\nf")),
            "Hunk @@ -2,5 +2,5 @@\nBoth b\nBoth c\nBoth d\nOld e\nOld f\nNew E\nNew f$\n"
        );
        assert_eq!(text(&between("", "x\n")), "Hunk @@ -0,0 +1 @@\nNew x\n");
        assert!(between("same\n", "same\n").is_empty());
    }

    #[test]
    fn a_terminal_is_never_written_to_by_a_file() {
        assert_eq!(text(&between("", "\u{1b}[2J\r\n")), "Hunk @@ -0,0 +1 @@\nNew \\u{1b}[2J\\r\n");
    }

    #[test]
    fn huge_texts_are_replaced_and_do_not_take_forever() {
        let (old, new) = ("x\n".repeat(200_000), "y\nx\n".repeat(50_000));
        assert_eq!(between(&old, &new).len(), 1 + 200_000 + 100_000);
    }
}
