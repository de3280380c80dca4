//! The repo's own rules as code: `cargo xtask tidy`, and a part of `cargo xtask
//! test`. A rule looks at the tracked files as a [`Tree`] in memory and returns
//! what offends it, so that each is tested by spoiling a good tree.

mod ignored;
mod lints;
mod literals;
mod locks;
mod names;
mod places;
mod size;
mod templates;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use onegpu::diag::{Diagnostic, Result};

use crate::process::{failure, root, shell};

/// Tracked text files: path from the root, and content.
pub type Tree = BTreeMap<String, String>;

/// One offence.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub path: String,
    /// The line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong and what to do instead.
    pub what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

type Rule = fn(&Tree) -> Vec<Finding>;

/// All rules.
const RULES: &[Rule] = &[
    size::ceiling,
    size::median,
    literals::paths,
    lints::unwrap,
    locks::fuzz,
    names::catch_all,
    places::machine,
    templates::used,
    ignored::only_for_tools,
];

/// Checks every rule.
pub fn run() -> Result<()> {
    let tree = tracked()?;
    println!("median of src/*.rs: {} lines", size::median_of_src(&tree));
    let findings: Vec<Finding> = RULES.iter().flat_map(|rule| rule(&tree)).collect();
    findings.iter().for_each(|finding| println!("{finding}"));
    match findings.len() {
        0 => Ok(()),
        count => Err(Diagnostic::machine(format!("{count} offences against the repo's rules"))),
    }
}

/// What git tracks or would track, as far as it is text and still there.
fn tracked() -> Result<Tree> {
    let sh = shell()?;
    let list = sh.cmd("git").args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let list = list.quiet().read().map_err(failure)?;
    let paths = list.split('\0').filter(|path| !path.is_empty());
    Ok(paths
        .filter_map(|path| Some((path.to_owned(), fs::read_to_string(root().join(path)).ok()?)))
        .collect())
}

/// A tree of these files, for the rules' own tests.
#[cfg(test)]
fn tree(files: &[(&str, &str)]) -> Tree {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}
