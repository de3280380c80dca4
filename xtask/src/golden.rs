//! `cargo xtask golden`: the golden trees and the matrix of checksums.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use onegpu::diag::Result;

use crate::process::{failure, root, shell};

/// Compare the golden trees and the matrix with what is rendered now
#[derive(Args)]
pub struct Golden {
    /// Write them anew and print what moved
    #[arg(long)]
    regenerate: bool,
}

impl Golden {
    /// Writes them anew.
    pub fn anew() -> Result<ExitCode> {
        Self { regenerate: true }.run()
    }

    /// Compares, or regenerates.
    pub fn run(self) -> Result<ExitCode> {
        let sh = shell()?;
        let tests = ["--package", "onegpu", "--test", "golden", "--test", "matrix"];
        let test = sh.cmd("cargo").args(["test", "--quiet"]).args(tests);
        if !self.regenerate {
            let done = test.env_remove("ONEGPU_GOLDEN_OUT").run();
            return Ok(ExitCode::from(u8::from(done.is_err())));
        }
        let fresh = root().join("target/golden-new");
        sh.remove_path(&fresh).map_err(failure)?;
        // The tests render; what they render is moved in only when all of it is there.
        test.env("ONEGPU_GOLDEN_OUT", &fresh).run().map_err(failure)?;
        let tests = root().join("tests");
        let mut moved = replace_trees(&tests.join("golden"), &fresh.join("golden"))?;
        moved.extend(replace_sums(&tests.join("matrix.sums"), &fresh.join("matrix.sums"))?);
        moved.iter().for_each(|line| println!("{line}"));
        println!("{} moved", moved.len());
        Ok(ExitCode::SUCCESS)
    }
}

/// Puts each new tree in the place of the old one.
fn replace_trees(old: &Path, fresh: &Path) -> Result<Vec<String>> {
    let mut moved = Vec::new();
    for case in fs::read_dir(fresh).map_err(failure)? {
        let case = case.map_err(failure)?.path();
        let place = old.join(case.file_name().unwrap_or_default());
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (before, mut after) = (texts(&place)?, texts(&case)?);
        after.extend(before.get_key_value("profile.toml").map(|(name, text)| (name.clone(), text.clone())));
        moved.extend(changes(&before, &after).into_iter().map(|change| format!("{name}: {change}")));
        fs_extra::dir::remove(place.join("expected")).map_err(failure)?;
        let options = fs_extra::dir::CopyOptions::new().content_only(true).overwrite(true);
        fs_extra::dir::copy(&case, &place, &options).map_err(failure)?;
    }
    moved.sort();
    Ok(moved)
}

fn replace_sums(old: &Path, fresh: &Path) -> Result<Vec<String>> {
    let before = fs::read_to_string(old).unwrap_or_default();
    let after = fs::read_to_string(fresh).map_err(failure)?;
    fs::write(old, &after).map_err(failure)?;
    let cells = |list: &str| -> BTreeMap<String, Vec<u8>> {
        let lines = list.lines().filter_map(|line| line.rsplit_once(' '));
        lines.map(|(cell, sum)| (cell.to_owned(), sum.into())).collect()
    };
    Ok(changes(&cells(&before), &cells(&after))
        .into_iter()
        .map(|change| format!("matrix: {change}"))
        .collect())
}

/// Every file below a folder by its relative path.
fn texts(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let content = fs_extra::dir::get_dir_content(folder).map_err(failure)?;
    let mut out = BTreeMap::new();
    for file in content.files {
        let name = Path::new(&file).strip_prefix(folder).map_err(failure)?.display().to_string();
        out.insert(name, fs::read(&file).map_err(failure)?);
    }
    Ok(out)
}

/// One line for each that came, went or changed.
fn changes(before: &BTreeMap<String, Vec<u8>>, after: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let word = |name: &String| match (before.get(name), after.get(name)) {
        (None, _) => "new",
        (_, None) => "gone",
        (old, new) if old != new => "changed",
        _ => "",
    };
    names
        .into_iter()
        .map(|name| (word(name), name))
        .filter(|(word, _)| !word.is_empty())
        .map(|(word, name)| format!("{word} {name}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_named() {
        let map = |list: &[(&str, &str)]| -> BTreeMap<String, Vec<u8>> {
            list.iter().map(|(name, text)| ((*name).to_owned(), (*text).into())).collect()
        };
        let found =
            changes(&map(&[("a", "1"), ("b", "1"), ("c", "1")]), &map(&[("b", "2"), ("c", "1"), ("d", "")]));
        assert_eq!(found, ["gone a", "changed b", "new d"]);
    }
}
