//! A profile before it is written: every line with what it says, what it is for
//! and why it is so here.

use super::answers::Answers;
use super::{Facts, guest, host};
use crate::detect::toml::Line;
use crate::diag::{Diagnostic, Result};
use crate::machine::plain::plain;
use crate::profile::{self, Profile, keys};
use crate::render::quote;
use crate::render::wrap::paragraphs;
use crate::setup::Setup;

/// A profile before it is written.
pub struct Draft {
    /// The tables, in order.
    pub tables: Vec<Table>,
    /// What no profile can be without, and nothing tells.
    pub missing: Vec<Missing>,
    /// What the user should know before the profile is used.
    pub warnings: Vec<String>,
}

/// One table of a profile.
pub struct Table {
    /// Its key in the texts: `host`.
    pub key: &'static str,
    /// Its head: `[host]`.
    pub head: &'static str,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// A value that has to be said, and by which flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The key: `host.cpu`.
    pub key: &'static str,
    /// Why nothing tells it.
    pub why: String,
    /// The flag with an example.
    pub flag: String,
}

/// The width of a comment, with its `# `.
const WIDTH: usize = 80;

impl Draft {
    /// What the machine and the answers give.
    ///
    /// # Errors
    /// When an answer names what this machine has not, or a distro file is broken.
    pub fn new(facts: &Facts<'_>, answers: &Answers) -> Result<Self> {
        let mut draft = Self { tables: Vec::new(), missing: Vec::new(), warnings: Vec::new() };
        let host = host::host(facts, answers, &mut draft)?;
        let gpu = host::gpu(facts, answers, &mut draft)?;
        let guest = guest::guest(facts, answers, &mut draft);
        draft.tables.push(Table { key: "host", head: "[host]", lines: host });
        draft.tables.push(Table { key: "gpu", head: "[gpu]", lines: gpu });
        draft.tables.push(Table { key: "guest", head: "[[guest]]", lines: guest });
        draft.tables.push(Table {
            key: "package",
            head: "[package]",
            lines: vec![
                Line::unsaid("apply", "\"manual\"", "installing the packages applies the setup"),
                Line::unsaid("revision", "2", "the first"),
            ],
        });
        Ok(draft)
    }

    /// The profile's text, with a newline at the end.
    pub fn text(&self, name: &str) -> String {
        let mut out = format!(
            "# A profile of onegpu: one graphics card, lent to a virtual machine.\n\
             # Written by `onegpu init` from what this PC tells; change what you like.\n\
             # `Here` says where each value comes from. What all of it makes, to read before\n\
             # anything is touched: onegpu render {} -o review\n",
            as_word(name)
        );
        for table in &self.tables {
            out.push('\n');
            comment(&mut out, &explanation(table.key));
            out.push_str(table.head);
            out.push('\n');
            for line in &table.lines {
                out.push('\n');
                comment(&mut out, &explanation(&format!("{}.{}", table.key, line.key)));
                comment(&mut out, &format!("Here: {}.", line.why.trim_end_matches('.')));
                for more in &line.more {
                    comment(&mut out, more);
                }
                match &line.value {
                    Some(value) => out.push_str(&format!("{} = {value}\n", line.key)),
                    None => out.push_str(&format!("# {} = {}\n", line.key, plain(&line.example))),
                }
            }
        }
        out
    }

    /// The text, read again as every other command will read it, and planned on
    /// its own distro when that is known.
    ///
    /// # Errors
    /// When something has to be said first, or what was said does not go together.
    pub fn check(&self, facts: &Facts<'_>, answers: &Answers, name: &str) -> Result<(String, Checked)> {
        if !self.missing.is_empty() {
            let help = |missing: &Missing| format!("{}: {}; give {}", missing.key, missing.why, missing.flag);
            let error = Diagnostic::input("a profile needs what this machine does not tell");
            return Err(self.missing.iter().fold(error, |error, missing| error.help(help(missing))));
        }
        let text = self.text(name);
        let profile = profile::parse(name, &text)?;
        let setup = facts.distro(answers)?.map(|distro| Setup::new(&profile, distro)).transpose()?;
        Ok((text, Checked { profile, setup }))
    }
}

/// A profile that was read again.
pub struct Checked {
    /// As every other command reads it.
    pub profile: Profile,
    /// On its own distro, when a file knows that.
    pub setup: Option<Setup>,
}

/// The profile's name as a word of the shell, in one line.
pub fn as_word(name: &str) -> String {
    plain(&quote::sh(name).unwrap_or_else(|_| "FILE".to_owned()))
}

/// What a key is for, from the one source of these texts.
fn explanation(key: &str) -> String {
    let Some(known) = keys::find(key) else { return key.to_owned() };
    let mut letters = known.line.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    format!("{first}{}. {}", letters.as_str(), known.text)
}

/// A comment in lines that fit a screen. A machine's words may have anything in
/// them: what a TOML comment cannot have is taken out.
fn comment(out: &mut String, text: &str) {
    for line in paragraphs(&plain(text), WIDTH - 2).concat() {
        out.push_str(&format!("# {line}\n"));
    }
}
