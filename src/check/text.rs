//! `check` for people: what is wrong first, each with reason and mend, then what
//! could not be told, then what is fine in a line each, and the count at the end.

use super::{Finding, Outcome};
use crate::render::wrap;

/// What a terminal shows.
const WIDTH: usize = 80;
/// Where texts start.
const COLUMN: usize = 9;

/// The findings as text, with a newline at the end.
pub fn render(findings: &[Finding], colour: bool) -> String {
    let mut page = Page { text: String::new(), colour };
    let mut explained = None;
    for finding in with(findings, Outcome::Fail).chain(with(findings, Outcome::Warn)) {
        page.finding(finding);
        // Several answers of one check share the reason.
        let first = explained != Some(finding.id);
        if first {
            page.block(&label("why"), finding.why);
        }
        page.fix(finding);
        if first {
            page.block(&label("more"), &finding.more.first().cloned().unwrap_or_default());
        }
        page.text.push('\n');
        explained = Some(finding.id);
    }
    for finding in with(findings, Outcome::Unknown) {
        page.finding(finding);
        page.fix(finding);
    }
    page.gap();
    for finding in with(findings, Outcome::Ok).filter(|finding| finding.applies) {
        page.finding(finding);
    }
    page.gap();
    let rest: Vec<&str> =
        findings.iter().filter(|finding| !finding.applies).map(|finding| finding.id).collect();
    if !rest.is_empty() {
        page.block("", &format!("Nothing to look at here: {}.", rest.join(", ")));
        page.gap();
    }
    page.text + &summary(findings) + "\n"
}

/// `2 fail, 1 warn, 3 unknown, 30 ok`.
pub fn summary(findings: &[Finding]) -> String {
    let count = |outcome: Outcome| format!("{} {}", with(findings, outcome).count(), outcome.word());
    Outcome::ALL.map(count).join(", ")
}

fn with(findings: &[Finding], outcome: Outcome) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(move |finding| finding.result == outcome)
}

struct Page {
    text: String,
    colour: bool,
}

impl Page {
    /// An empty line, unless there is one.
    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn finding(&mut self, finding: &Finding) {
        let word = finding.result.word();
        let space = " ".repeat(COLUMN.saturating_sub(word.len()));
        let head = match self.colour {
            true => format!("\x1b[{}m{word}\x1b[0m{space}", sgr(finding.result)),
            false => format!("{word}{space}"),
        };
        self.block(&head, &format!("{}: {}", finding.id, finding.what));
    }

    fn fix(&mut self, finding: &Finding) {
        self.block(&label("fix"), finding.fix.as_deref().unwrap_or_default());
    }

    /// A text behind its label, wrapped; nothing when it is empty.
    fn block(&mut self, head: &str, text: &str) {
        let indent = if head.is_empty() { 0 } else { COLUMN };
        for (at, line) in wrap::paragraphs(text, WIDTH - indent).concat().iter().enumerate() {
            let start = if at == 0 { head.to_owned() } else { " ".repeat(indent) };
            self.text.push_str(&format!("{start}{line}\n"));
        }
    }
}

/// The colours that terminals have for these.
const fn sgr(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Fail => "1;31",
        Outcome::Warn => "1;33",
        Outcome::Unknown => "1;36",
        Outcome::Ok => "32",
    }
}

fn label(word: &str) -> String {
    format!("  {word:<width$}", width = COLUMN - 2)
}
