//! How scenarios ended, kept below `target/lab`: the table of docs/lab.md may come of several
//! calls, and each row says what the files came from that were tested.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use onegpu::diag::Result;
use serde_json::{Value, json};
use xshell::Shell;

use super::scenario::Outcome;
use super::{Init, Iommu, store};
use crate::process::failure;

/// One end, as the file has it.
pub struct Entry {
    /// The scenario.
    pub name: String,
    /// The PC's init system.
    pub init: String,
    /// The PC's IOMMU.
    pub iommu: String,
    /// The first line of what went wrong.
    pub error: Option<String>,
    /// How long it took.
    pub seconds: u64,
    /// How often the emulator failed before.
    pub faults: u64,
    /// The [`templates`] of that time.
    pub templates: String,
}

impl Entry {
    /// Whether it is this scenario on this PC.
    pub fn is(&self, name: &str, (init, iommu): (Init, Iommu)) -> bool {
        (&*self.name, &*self.init, &*self.iommu) == (name, init.word(), iommu.word())
    }

    /// Whether nothing is to be learned by running it again with `templates`. Those with changes that
    /// are not committed may be others each time.
    pub fn holds_for(&self, templates: &str) -> bool {
        self.error.is_none() && self.templates == templates && !templates.ends_with('+')
    }
}

fn place() -> PathBuf {
    store::folder().join("results.jsonl")
}

/// What the generated files come from: git's name for the folder `templates`, which a rebase does
/// not change; with a `+` when it has changes that are not committed.
pub fn templates(sh: &Shell) -> Result<String> {
    let git = |words: &[&str]| sh.cmd("git").args(words).quiet().read().map_err(failure);
    let tree = git(&["rev-parse", "--short", "HEAD:templates"])?;
    let changed = git(&["status", "--porcelain", "--", "templates"])?;
    Ok(tree + if changed.is_empty() { "" } else { "+" })
}

/// Adds one.
pub fn keep(outcome: &Outcome) -> Result<()> {
    let (init, iommu) = outcome.pc;
    let error = outcome.error.as_ref().map(|error| {
        let text = error.message();
        let said = text.lines().rfind(|line| line.starts_with("LAB: "));
        said.or(text.lines().next()).unwrap_or_default().to_owned()
    });
    let line = json!({
        "name": outcome.name, "init": init.word(), "iommu": iommu.word(), "error": error,
        "seconds": outcome.took.as_secs(), "faults": outcome.faults, "templates": outcome.templates,
    });
    let mut file = File::options().create(true).append(true).open(place()).map_err(failure)?;
    writeln!(file, "{line}").map_err(failure)
}

/// The last of each scenario on each PC.
pub fn last() -> Vec<Entry> {
    let text = fs::read_to_string(place()).unwrap_or_default();
    let mut out: Vec<Entry> = Vec::new();
    for line in text.lines() {
        let Ok(value) = serde_json::from_str::<Value>(line) else { continue };
        let word = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let entry = Entry {
            name: word("name"),
            init: word("init"),
            iommu: word("iommu"),
            error: value["error"].as_str().map(str::to_owned),
            seconds: value["seconds"].as_u64().unwrap_or_default(),
            faults: value["faults"].as_u64().unwrap_or_default(),
            templates: word("templates"),
        };
        out.retain(|old| (&old.name, &old.init, &old.iommu) != (&entry.name, &entry.init, &entry.iommu));
        out.push(entry);
    }
    out
}
