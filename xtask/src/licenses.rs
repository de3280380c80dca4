//! The licence texts of every crate that is compiled into the program, in one file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;

use cargo_metadata::Package;
use onegpu::diag::Result;

use crate::crates::Compiled;
use crate::process::{failure, root};

/// How licence files begin that authors put beside `Cargo.toml`.
const NAMES: [&str; 6] = ["licen", "copying", "unlicense", "copyright", "notice", "patents"];

/// A crate's text is hardly longer than this.
const LONGEST: u64 = 1 << 20;

const HEAD: &str = "The program onegpu is compiled from the crates below. Of each stands here what its\n\
    authors say of its licence, and the text as it lies in the crate. A text that several\n\
    crates share stands once.\n";

/// The file.
///
/// # Errors
/// When a crate names no licence at all, or its folder cannot be read.
pub fn third_party(compiled: &Compiled<'_>) -> Result<String> {
    let mut out = HEAD.to_owned();
    // Each text with the number it has in the second part.
    let mut texts: BTreeMap<String, usize> = BTreeMap::new();
    let mut order: Vec<String> = Vec::new();
    for package in &compiled.crates {
        let Some(license) = &package.license else {
            return Err(failure(format!("{} {} names no licence", package.name, package.version)));
        };
        let _ = write!(out, "\n{} {}\n  Licence: {license}\n", package.name, package.version);
        if !package.authors.is_empty() {
            let _ = writeln!(out, "  Authors: {}", package.authors.join(", "));
        }
        let own = own_texts(package)?;
        // Where a crate has no text of its own, the general one of its licence is ours too.
        let general = if own.is_empty() { general(license)? } else { Vec::new() };
        for (name, text) in own.into_iter().chain(general) {
            let number = *texts.entry(text.clone()).or_insert_with(|| {
                order.push(text);
                order.len()
            });
            let _ = writeln!(out, "  {name}: text {number}");
        }
    }
    for (at, text) in order.iter().enumerate() {
        let _ = write!(out, "\n{}\nText {}\n\n{text}\n", "-".repeat(78), at + 1);
    }
    Ok(out)
}

/// The licence files of a crate, by name; bytes that are no UTF-8 are replaced.
fn own_texts(package: &Package) -> Result<Vec<(String, String)>> {
    let Some(folder) = package.manifest_path.parent() else { return Ok(Vec::new()) };
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).map_err(failure)? {
        let entry = entry.map_err(failure)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let lower = name.to_lowercase();
        let metadata = fs::metadata(entry.path()).map_err(failure)?;
        if !metadata.is_file() || metadata.len() > LONGEST || lower.ends_with(".rs") {
            continue;
        }
        if NAMES.iter().any(|start| lower.starts_with(start)) {
            let bytes = fs::read(entry.path()).map_err(failure)?;
            let text = String::from_utf8_lossy(&bytes).replace('\r', "");
            out.push((name, text.trim_matches('\n').to_owned()));
        }
    }
    out.sort();
    Ok(out)
}

/// The texts of this very repo, for those of them that the expression names.
fn general(license: &str) -> Result<Vec<(String, String)>> {
    [("Apache-2.0", "LICENSE-APACHE"), ("MIT", "LICENSE-MIT")]
        .into_iter()
        .filter(|(id, _)| license.contains(id))
        .map(|(id, file)| {
            let text = fs::read_to_string(root().join(file)).map_err(failure)?;
            Ok((format!("{id}, without a text of its own"), text.trim_matches('\n').to_owned()))
        })
        .collect()
}

/// Before SPDX expressions, a slash meant OR.
pub fn spdx(license: &str) -> String {
    license.replace('/', " OR ").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What has to hold at once in an expression, each the same however it is ordered.
fn parts(license: &str) -> Vec<String> {
    let bare = |part: &str| part.trim_matches(['(', ')', ' ']).to_owned();
    spdx(license)
        .split(" AND ")
        .map(|part| {
            let part = bare(part);
            let mut choice: Vec<&str> = part.split(" OR ").collect();
            choice.sort_unstable();
            choice.join(" OR ")
        })
        .collect()
}

/// The licence of the program with all that is compiled into it, as SPDX writes it.
pub fn expression(compiled: &Compiled<'_>) -> String {
    let packages = compiled.crates.iter().copied().chain([compiled.program]);
    let all: BTreeSet<String> =
        packages.filter_map(|package| package.license.as_deref()).flat_map(parts).collect();
    let whole = |one: &String| if one.contains(" OR ") { format!("({one})") } else { one.clone() };
    all.iter().map(whole).collect::<Vec<_>>().join(" AND ")
}

/// Every licence that is named, sorted, without its exception.
pub fn ids(compiled: &Compiled<'_>) -> Vec<String> {
    let packages = compiled.crates.iter().copied().chain([compiled.program]);
    let licenses = packages.filter_map(|package| package.license.as_deref());
    let words = licenses.flat_map(parts).flat_map(|part| {
        part.split(" OR ").filter_map(|word| word.split(' ').next().map(str::to_owned)).collect::<Vec<_>>()
    });
    words.collect::<BTreeSet<String>>().into_iter().collect()
}

/// Gentoo's names of licences; of several that may be chosen from, the first is.
const GENTOO: [(&str, &str); 11] = [
    ("MIT", "MIT"),
    ("Apache-2.0", "Apache-2.0"),
    ("Unlicense", "Unlicense"),
    ("0BSD", "0BSD"),
    ("BSD-3-Clause", "BSD"),
    ("BSD-2-Clause", "BSD-2"),
    ("Zlib", "ZLIB"),
    ("ISC", "ISC"),
    ("MPL-2.0", "MPL-2.0"),
    ("Unicode-3.0", "Unicode-3.0"),
    ("bzip2-1.0.6", "BZIP2"),
];

/// The licences of the crates in Gentoo's names.
///
/// # Errors
/// When a crate's licence has none here.
pub fn gentoo(compiled: &Compiled<'_>) -> Result<String> {
    let mut out = BTreeSet::new();
    for package in &compiled.crates {
        for part in parts(package.license.as_deref().unwrap_or_default()) {
            let may: Vec<&str> = part.split(" OR ").collect();
            match GENTOO.iter().find(|(id, _)| may.contains(id)) {
                Some((_, name)) => out.insert(*name),
                None => return Err(failure(format!("{}: Gentoo's name of {part}?", package.name))),
            };
        }
    }
    Ok(out.into_iter().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crates::{TARGETS, metadata};

    #[test]
    fn an_expression_has_its_parts() {
        assert_eq!(parts("MIT/Apache-2.0"), ["Apache-2.0 OR MIT"]);
        assert_eq!(parts("(MIT OR Apache-2.0) AND Unicode-3.0"), ["Apache-2.0 OR MIT", "Unicode-3.0"]);
    }

    #[test]
    fn every_crate_has_a_text() {
        let metadata = metadata(Some(TARGETS[0])).unwrap();
        let compiled = Compiled::of(&metadata).unwrap();
        let names: Vec<&str> = compiled.crates.iter().map(|package| package.name.as_str()).collect();
        assert!(names.contains(&"clap_builder") && names.contains(&"zstd-sys"), "{names:?}");
        // Only the tests and the chores use these.
        assert!(!names.contains(&"proptest") && !names.contains(&"xshell"), "{names:?}");
        let text = third_party(&compiled).unwrap();
        for package in &compiled.crates {
            let head = format!("\n{} {}\n  Licence: ", package.name, package.version);
            let entry = text.split_once(&head).unwrap().1.split("\n\n").next().unwrap();
            assert!(entry.contains(": text "), "{} has no text: {entry}", package.name);
        }
    }
}
