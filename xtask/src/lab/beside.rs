//! Handover and return in seconds beside somebody else's hook scripts, on the same PC, alternating.
//! Theirs are not part of the repo: `--peers` names a folder with them.

use std::fs;
use std::path::{Path, PathBuf};

use onegpu::diag::{Diagnostic, Result};
use xshell::Shell;

use super::bench::Bench;
use super::store;
use crate::process::failure;

/// How often each of both.
const ROUNDS: &str = "3";

/// A main hook, and what lies in its folders.
const SCRIPTS: &[&str] = &["qemu", "begin.sh", "end.sh"];

/// Says at once what of them is not there, before anything is built.
pub fn check(peers: &Path) -> Result<()> {
    match SCRIPTS.iter().find(|name| !peers.join(name).is_file()) {
        Some(name) => Err(Diagnostic::input(format!("--peers: no file {name} in {}", peers.display()))),
        None => Ok(()),
    }
}

/// Gives the PC the others' scripts.
pub fn lend(sh: &Shell, peers: &Path, bench: &Bench) -> Result<()> {
    let place = bench.share().join("peers");
    fs::create_dir_all(&place).map_err(failure)?;
    SCRIPTS
        .iter()
        .try_for_each(|name| sh.copy_file(peers.join(name), place.join(name)))
        .map_err(|error| Diagnostic::input(format!("--peers: {error}")))
}

/// Runs them, and keeps the lines that say how long each took.
pub fn compare(bench: &mut Bench) -> Result<()> {
    if !bench.share().join("peers").exists() {
        return Err(Diagnostic::input("`beside` needs --peers"));
    }
    let said = bench.step("ours and theirs, alternating", 180, "beside", &[ROUNDS])?;
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("BESIDE ")).collect();
    lines.iter().for_each(|line| println!("  {line}"));
    fs::write(place(), lines.join("\n") + "\n").map_err(failure)
}

fn place() -> PathBuf {
    store::folder().join("beside.txt")
}

/// The second table of docs/lab.md; nothing when they were never timed.
pub fn table() -> String {
    let text = fs::read_to_string(place()).unwrap_or_default();
    let rows: Vec<[&str; 3]> = text
        .lines()
        .filter_map(|line| {
            let words: Vec<&str> = line.split(' ').skip(1).collect();
            <[&str; 3]>::try_from(words).ok()
        })
        .filter(|[who, ..]| matches!(*who, "ours" | "theirs"))
        .collect();
    if rows.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "\nSeconds on the emulated PC, in the order in which they were taken (`--scenario beside`):\n\n\
         | scripts | handover: `virsh start` | return: `virsh destroy` to the desktop |\n| --- | --- | --- |\n",
    );
    for [who, handover, back] in &rows {
        out += &format!("| {who} | {handover} | {back} |\n");
    }
    for who in ["ours", "theirs"] {
        let middle = |at: usize| median(rows.iter().filter(|row| row[0] == who).map(|row| row[at]));
        out += &format!("| **{who}, median** | {} | {} |\n", middle(1), middle(2));
    }
    out
}

/// The middle one; of two, the lower.
fn median<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut seconds: Vec<f64> = words.filter_map(|word| word.parse().ok()).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len().saturating_sub(1) / 2).map_or_else(String::new, |middle| format!("{middle:.1}"))
}
