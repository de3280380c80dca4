//! How scenarios ended, kept below `target/lab`: the table of docs/lab.md may come of several
//! calls, and each row says of which commit it is.

use std::fs::{self, File};
use std::io::Write;
use std::path::PathBuf;

use onegpu::diag::Result;
use serde_json::{Value, json};
use xshell::Shell;

use super::scenario::Outcome;
use super::store;
use crate::process::failure;

/// What the setup and the lab are made of: a change elsewhere does not make a commit another one.
const PARTS: &[&str] = &["src", "templates", "distros", "texts", "Cargo.lock", "xtask/lab", "xtask/src/lab"];

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
    /// The commit; with a `+` when files of [`PARTS`] were changed since.
    pub commit: String,
}

fn place() -> PathBuf {
    store::folder().join("results.jsonl")
}

/// Adds one.
pub fn keep(sh: &Shell, outcome: &Outcome) -> Result<()> {
    let head = sh.cmd("git").args(["rev-parse", "--short", "HEAD"]).quiet().read().map_err(failure)?;
    let changed =
        sh.cmd("git").args(["status", "--porcelain", "--"]).args(PARTS).quiet().read().map_err(failure)?;
    let mark = if changed.trim().is_empty() { "" } else { "+" };
    let (init, iommu) = outcome.pc;
    let error = outcome.error.as_ref().map(|error| {
        let text = error.message();
        let said = text.lines().rfind(|line| line.starts_with("LAB: "));
        said.or(text.lines().next()).unwrap_or_default().to_owned()
    });
    let line = json!({
        "name": outcome.name, "init": init.word(), "iommu": iommu.word(), "error": error,
        "seconds": outcome.took.as_secs(), "commit": format!("{head}{mark}"),
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
            commit: word("commit"),
        };
        out.retain(|old| (&old.name, &old.init, &old.iommu) != (&entry.name, &entry.init, &entry.iommu));
        out.push(entry);
    }
    out
}
