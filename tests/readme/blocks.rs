//! The README's blocks of code, and the marks that stand above them where a page does not show them.

#![allow(dead_code, reason = "each test takes what it needs")]

/// The mark above a block that no test runs; behind it stands why.
const NOT_RUN: &str = "<!-- not run: ";
/// The mark above a block that is run in a root in which packages may be installed.
const IN_A_ROOT: &str = "<!-- run in a root -->";

/// One block of code.
#[derive(Debug)]
pub struct Block {
    /// What stands behind the opening fence.
    pub language: String,
    /// Its lines, without the indentation of the list that it is in.
    pub lines: Vec<String>,
    /// The README's line with the opening fence, from 0.
    pub line: usize,
    /// The indentation that was taken off.
    pub indent: usize,
    /// Why nobody runs it, where nobody does.
    pub not_run: Option<String>,
    /// Whether it belongs into a root.
    pub in_a_root: bool,
}

/// A command and what the README prints below it.
pub struct Step {
    pub command: String,
    pub output: String,
}

/// Every block, in order.
pub fn blocks(readme: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    let mut open: Option<Block> = None;
    let mut mark = "";
    for (line, text) in readme.lines().enumerate() {
        let bare = text.trim_start();
        match (&mut open, bare.strip_prefix("```")) {
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some(block), None) => {
                block.lines.push(text.get(block.indent..).unwrap_or_default().to_owned());
            }
            (None, Some(language)) => {
                let why = mark.strip_prefix(NOT_RUN).and_then(|rest| rest.strip_suffix(" -->"));
                open = Some(Block {
                    language: language.to_owned(),
                    lines: Vec::new(),
                    line,
                    indent: text.len() - bare.len(),
                    not_run: why.map(str::to_owned),
                    in_a_root: mark == IN_A_ROOT,
                });
            }
            (None, None) => {}
        }
        if !bare.is_empty() {
            mark = bare;
        }
    }
    assert!(open.is_none(), "a block is not closed");
    out
}

impl Block {
    /// The commands of a `console` block with what each prints; of an `sh` block, a command a line.
    pub fn steps(&self) -> Vec<Step> {
        let mut out: Vec<Step> = Vec::new();
        for line in &self.lines {
            match (self.language.as_str(), line.strip_prefix("$ ")) {
                ("console", Some(command)) => {
                    out.push(Step { command: command.to_owned(), output: String::new() });
                }
                ("console", None) => {
                    let step = out.last_mut().unwrap_or_else(|| panic!("output before a command: {line}"));
                    step.output.push_str(line);
                    step.output.push('\n');
                }
                _ => out.push(Step { command: line.clone(), output: String::new() }),
            }
        }
        out
    }
}
