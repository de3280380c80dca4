//! The difference as text: git's unified diff with the steps behind the files, and `--stat`.

use crate::paths::installed::NOTHING;

use super::{Difference, FileDiff, Line, Sign, Standing, State, StepDiff};

/// Where the terminal's own colours are switched, as git has them.
const HEAD: &str = "1";
const HUNK: &str = "36";
const OLD: &str = "31";
const NEW: &str = "32";
const WARN: &str = "33";

struct Page {
    colour: bool,
    text: String,
}

impl Page {
    fn line(&mut self, sgr: &str, line: &str) {
        match self.colour && !sgr.is_empty() {
            true => self.text.push_str(&format!("\x1b[{sgr}m{line}\x1b[m\n")),
            false => self.text.push_str(&format!("{line}\n")),
        }
    }

    fn lines(&mut self, lines: &[Line]) {
        for line in lines {
            let (sgr, sign) = match line.sign {
                Sign::Hunk => (HUNK, ""),
                Sign::Both => ("", " "),
                Sign::Old => (OLD, "-"),
                Sign::New => (NEW, "+"),
            };
            self.line(sgr, &format!("{sign}{}", line.text));
            if line.open {
                self.line("", "\\ No newline at end of file");
            }
        }
    }
}

/// The whole difference; empty when there is none.
pub fn unified(difference: &Difference, colour: bool) -> String {
    let mut page = Page { colour, text: String::new() };
    if difference.is_empty() {
        return page.text;
    }
    for file in difference.files.iter().filter(|file| file.state != State::Same) {
        head(&mut page, file);
        page.lines(&file.lines);
    }
    for step in &difference.steps {
        page.line(if step.standing == Standing::Applied { "" } else { HEAD }, &self::step(step));
        if !step.lines.is_empty() {
            page.line(HEAD, "--- libvirt's definition");
            page.line(HEAD, "+++ by meaning, as it would be defined");
            page.lines(&step.lines);
        }
    }
    page.text
}

fn head(page: &mut Page, file: &FileDiff) {
    let path = &file.path;
    // Before the head: behind it, git would not read on.
    let note = if file.note.is_empty() { String::new() } else { format!(": {}", file.note) };
    if !matches!(file.state, State::New | State::Removed) {
        page.line(WARN, &format!("{}{note}", file.state.word()));
    }
    page.line(HEAD, &format!("diff --git a{path} b{path}"));
    match (file.state, file.old_mode, file.new_mode) {
        (State::New, _, Some(mode)) => page.line(HEAD, &format!("new file mode {mode}")),
        (State::Removed, Some(mode), _) => page.line(HEAD, &format!("deleted file mode {mode}")),
        (_, Some(old), Some(new)) if old != new => {
            page.line(HEAD, &format!("old mode {old}"));
            page.line(HEAD, &format!("new mode {new}"));
        }
        _ => {}
    }
    if file.binary {
        page.line(HEAD, &format!("Binary files a{path} and b{path} differ"));
    } else if !file.lines.is_empty() {
        let old = if file.old_mode.is_none() { NOTHING.to_owned() } else { format!("a{path}") };
        let new = if file.new_mode.is_none() { NOTHING.to_owned() } else { format!("b{path}") };
        page.line(HEAD, &format!("--- {old}"));
        page.line(HEAD, &format!("+++ {new}"));
    }
}

/// `step ID: applied`, or what it would do; a guest's names the guest.
fn step(step: &StepDiff) -> String {
    let text = match (step.standing, step.text.is_empty()) {
        (Standing::Applied, true) => "applied".to_owned(),
        (Standing::Applied, false) => format!("applied, {}", step.text),
        (Standing::Drifted, _) => format!("drifted: {}", step.text),
        (Standing::Unknown, _) => format!("unknown: {}", step.text),
        (Standing::Would | Standing::Later, _) => step.text.clone(),
    };
    let guest = step.guest.as_ref().map(|guest| format!(" (guest {guest})")).unwrap_or_default();
    format!("step {}: {text}{guest}", step.id)
}

/// One line for each file and step that is not as it would be, and a sum.
pub fn stat(difference: &Difference, colour: bool) -> String {
    let mut page = Page { colour, text: String::new() };
    if difference.is_empty() {
        return page.text;
    }
    let mut counts = std::collections::BTreeMap::new();
    let (mut plus, mut minus) = (0, 0);
    for file in difference.files.iter().filter(|file| file.state != State::Same) {
        let (new, old) = file.count();
        (plus, minus) = (plus + new, minus + old);
        *counts.entry(file.state).or_insert(0) += 1;
        let sgr = if matches!(file.state, State::New | State::Changed | State::Removed) { "" } else { WARN };
        let changes = match (new, old) {
            (0, 0)
                if file.old_mode.is_some() && file.new_mode.is_some() && file.old_mode != file.new_mode =>
            {
                "mode".to_owned()
            }
            (0, 0) => String::new(),
            (new, 0) => format!("+{new}"),
            (0, old) => format!("-{old}"),
            (new, old) => format!("+{new} -{old}"),
        };
        page.line(sgr, format!(" {:<8} {:>9}  {}", file.state.word(), changes, file.path).trim_end());
    }
    for step in difference.steps.iter().filter(|step| step.standing != Standing::Applied) {
        page.line("", &format!(" {}", self::step(step)));
    }
    let files: usize = counts.values().sum();
    let words: Vec<String> =
        counts.iter().map(|(state, count)| format!("{count} {}", state.word())).collect();
    let taken = difference.steps.iter().filter(|step| step.standing == Standing::Applied).count();
    let states = if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) };
    page.line(
        "",
        &format!(
            " {}{states}, {}(+), {}(-); {taken} of {} applied",
            counted(files, "file"),
            counted(plus, "insertion"),
            counted(minus, "deletion"),
            counted(difference.steps.len(), "step"),
        ),
    );
    page.text
}

/// `1 file`, `2 files`.
fn counted(count: usize, word: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {word}{plural}")
}
