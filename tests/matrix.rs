//! One checksum for each cell of the matrix: a change shows exactly which cells
//! it moved. `cargo xtask golden --regenerate` writes `matrix.sums` anew.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;

use onegpu::render::File;
use sha2::{Digest, Sha256};

const SUMS: &str = include_str!("matrix.sums");

#[test]
fn every_cell_is_as_recorded() {
    let now: String = support::matrix()
        .iter()
        .map(|rendered| format!("{} {}\n", rendered.cell, checksum(&rendered.packages)))
        .collect();
    if let Some(folder) = support::regenerate() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("matrix.sums"), &now).unwrap();
        return;
    }
    let report = compare(SUMS, &now);
    assert!(
        report.is_empty(),
        "{report}if the change is meant: cargo xtask golden --regenerate, and read its diff"
    );
}

/// What moved between two lists, one line a cell; empty when nothing did.
fn compare(before: &str, now: &str) -> String {
    let (before, now) = (by_cell(before), by_cell(now));
    let mut report = String::new();
    for (cell, sum) in &now {
        match before.get(cell) {
            Some(old) if old == sum => {}
            Some(_) => writeln!(report, "moved: {cell}").unwrap(),
            None => writeln!(report, "new: {cell}").unwrap(),
        }
    }
    for cell in before.keys().filter(|cell| !now.contains_key(*cell)) {
        writeln!(report, "gone: {cell}").unwrap();
    }
    report
}

fn by_cell(list: &str) -> BTreeMap<&str, &str> {
    list.lines().filter_map(|line| line.rsplit_once(' ')).collect()
}

/// Over everything a package manager would see of the files: package, path,
/// kind, mode and bytes, each with its length so that no two trees meet.
fn checksum(packages: &[(String, Vec<File>)]) -> String {
    let mut hash = Sha256::new();
    let mut add = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    for (package, files) in packages {
        add(package.as_bytes());
        for file in files {
            add(file.path.as_bytes());
            add(format!("{:?} {:o}", file.kind, file.kind.mode()).as_bytes());
            add(&file.bytes);
        }
    }
    hash.finalize().iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

#[test]
fn an_engine_that_is_used_again_renders_as_a_new_one() {
    let data = onegpu::data::DataDirs::embedded();
    // One in eleven: distro, loader, CPU and driver all change from one to the next.
    for rendered in support::matrix().iter().rev().step_by(11) {
        let fresh = onegpu::render::all(&data, &rendered.cell.plan().unwrap()).unwrap();
        assert!(fresh == rendered.packages, "{}", rendered.cell);
    }
}

#[test]
fn the_comparison_names_the_cells_that_moved() {
    let before =
        "debian systemd grub amd xe 11\ndebian systemd grub intel xe 22\nvoid runit grub amd xe 33\n";
    let now = "arch systemd grub amd xe 11\ndebian systemd grub amd xe 11\ndebian systemd grub intel xe 23\n";
    let report = compare(before, now);
    assert_eq!(
        report,
        "new: arch systemd grub amd xe\nmoved: debian systemd grub intel xe\ngone: void runit grub amd xe\n"
    );
    assert_eq!(compare(before, before), "");
}

#[test]
fn the_checksum_sees_every_part_of_a_file() {
    use onegpu::plan::Kind;
    let tree = |path: &str, kind, bytes: &[u8]| {
        let file = File { path: path.into(), kind, bytes: bytes.to_vec() };
        checksum(&[("onegpu-host".into(), vec![file])])
    };
    let base = tree("/a", Kind::Plain, b"b");
    assert_ne!(base, tree("/b", Kind::Plain, b"b"), "path");
    assert_ne!(base, tree("/a", Kind::Executable, b"b"), "mode");
    assert_ne!(base, tree("/a", Kind::Config, b"b"), "whether the user may edit it");
    assert_ne!(base, tree("/a", Kind::Plain, b"c"), "bytes");
    assert_ne!(base, tree("/ab", Kind::Plain, b""), "where the path ends");
}
