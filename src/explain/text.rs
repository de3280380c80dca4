//! Topics for people, in 80 columns.

use super::plan::last;
use super::{Kind, Topic};
use crate::render::wrap;

const WIDTH: usize = 80;
/// Where texts begin.
const COLUMN: usize = 14;
/// Where lines begin in the list.
const LIST_COLUMN: usize = 36;

/// One topic, with a newline at the end.
pub fn render(topic: &Topic) -> String {
    let mut out = format!("{} ({})\n", topic.name, topic.kind.word());
    for other in topic.aliases.iter().filter(|alias| alias.starts_with('/')) {
        out.push_str(&format!("{other}\n"));
    }
    out.push('\n');
    for (label, text) in &topic.texts {
        // What is to be copied is not wrapped: TOML, an address.
        if *label == "Example" || text.starts_with("https://") && !text.contains(' ') {
            out.push_str(&format!("{label}\n  {text}\n"));
            continue;
        }
        let indent = if label.is_empty() { 0 } else { COLUMN };
        for (at, line) in wrap::paragraphs(text, WIDTH - indent).iter().flatten().enumerate() {
            let label = if at == 0 { label } else { "" };
            out.push_str(&format!("{label:indent$}{line}\n"));
        }
        if label.is_empty() {
            out.push('\n');
        }
    }
    out
}

/// All topics by kind, a line each, with a newline at the end.
pub fn list(topics: &[Topic]) -> String {
    let mut out = String::new();
    for kind in Kind::ALL {
        out.push_str(&format!("{} (onegpu explain {}:…):\n", kind.heading(), kind.word()));
        for topic in topics.iter().filter(|topic| topic.kind == kind) {
            let name = if topic.kind == Kind::File { last(&topic.name) } else { &topic.name };
            let room = WIDTH - LIST_COLUMN.max(name.chars().count() + 4);
            out.push_str(&format!("  {name:w$}  {}\n", short(&topic.line, room), w = LIST_COLUMN - 4));
        }
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn short(text: &str, width: usize) -> String {
    match text.chars().count() > width {
        true => text.chars().take(width.saturating_sub(3)).collect::<String>().trim_end().to_owned() + "...",
        false => text.to_owned(),
    }
}
