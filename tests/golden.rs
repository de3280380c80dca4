//! Golden trees. A test is a folder: `golden/NAME/profile.toml` goes in, and
//! `golden/NAME/expected/` is what `onegpu render` must write, byte for byte.
//! `expected.modes` beside it lists what git does not keep: the package of each
//! file, its mode, whether the user may edit it, and where links lead.
//! A new case is a new folder and `cargo xtask golden --regenerate`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::plan::{Kind, Plan};
use onegpu::setup::Setup;
use onegpu::{profile, render, review};

/// A tree: relative path and content.
type Tree = BTreeMap<String, String>;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn every_golden_tree_is_rendered_as_recorded() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(golden()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "no golden tree");
    let mut report = String::new();
    for case in &cases {
        let name = case.file_name().unwrap().to_str().unwrap();
        let now = rendered(&case.join("profile.toml"));
        if let Some(folder) = support::regenerate() {
            write(&folder.join("golden").join(name), &now);
            continue;
        }
        let expected = read(case);
        for line in differences(&expected, &now).lines() {
            writeln!(report, "{name}: {line}").unwrap();
        }
    }
    assert!(
        report.is_empty(),
        "\n{report}\nif the change is meant: cargo xtask golden --regenerate, and read its diff"
    );
}

/// What `onegpu render` makes of a profile, in process and from the embedded data.
fn rendered(path: &Path) -> Tree {
    let data = DataDirs::embedded();
    let tree = || {
        let profile = profile::read(path)?;
        let id = profile.host.get_ref().distro.as_ref().map_or("", |id| id.get_ref());
        let plan = Plan::new(Setup::new(&profile, Distro::load(&data, id)?)?);
        let mut tree = Tree::new();
        let mut modes = String::new();
        for (package, files) in render::all(&data, &plan)? {
            for file in files {
                let text = String::from_utf8(file.bytes).expect("templates are text");
                let word = if file.kind.is_config() { "config" } else { "plain" };
                let (mode, path) = (file.kind.mode(), &file.path);
                if file.kind == Kind::Link {
                    writeln!(modes, "{package} {mode:04o} link {path} -> {text}").unwrap();
                } else {
                    writeln!(modes, "{package} {mode:04o} {word} {path}").unwrap();
                    tree.insert(format!("expected/root{path}"), text);
                }
            }
        }
        tree.insert("expected.modes".into(), modes);
        tree.insert("expected/README.md".into(), review::readme(&data, &plan)?);
        tree.insert("expected/packages.txt".into(), review::package_list(&data, &plan)?);
        Ok::<_, onegpu::diag::Diagnostic>(tree)
    };
    tree().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What is recorded of a case.
fn read(case: &Path) -> Tree {
    fn walk(folder: &Path, base: &Path, out: &mut Tree) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, base, out);
            } else {
                let name = path.strip_prefix(base).unwrap().to_str().unwrap().to_owned();
                out.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut out = Tree::new();
    walk(&case.join("expected"), case, &mut out);
    if let Ok(modes) = fs::read_to_string(case.join("expected.modes")) {
        out.insert("expected.modes".into(), modes);
    }
    out
}

fn write(case: &Path, tree: &Tree) {
    for (name, text) in tree {
        let path = case.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// A unified diff of two trees, empty when they are the same.
fn differences(expected: &Tree, now: &Tree) -> String {
    let empty = String::new();
    let names: std::collections::BTreeSet<&String> = expected.keys().chain(now.keys()).collect();
    let mut out = String::new();
    for name in names {
        let (before, after) = (expected.get(name), now.get(name));
        if before == after {
            continue;
        }
        let label = |side: Option<&String>, word: &str| match side {
            Some(_) => format!("{name} ({word})"),
            None => "/dev/null".to_owned(),
        };
        let (old, new) = (before.unwrap_or(&empty), after.unwrap_or(&empty));
        let diff = similar::TextDiff::from_lines(old.as_str(), new.as_str());
        let diff = diff
            .unified_diff()
            .context_radius(3)
            .header(&label(before, "expected"), &label(after, "rendered"))
            .to_string();
        if diff.is_empty() {
            // An empty file that came or went has no line to show.
            writeln!(out, "{} became {}", label(before, "expected"), label(after, "rendered")).unwrap();
        }
        out.push_str(&diff);
    }
    out
}

#[test]
fn the_comparison_shows_what_changed_came_and_went() {
    let tree = |files: &[(&str, &str)]| -> Tree {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    };
    let before = tree(&[("a", "one\ntwo\n"), ("gone", "x\n"), ("same", "y\n")]);
    let after = tree(&[("a", "one\n2\n"), ("empty", ""), ("same", "y\n")]);
    assert_eq!(
        differences(&before, &after),
        "--- a (expected)\n+++ a (rendered)\n@@ -1,2 +1,2 @@\n one\n-two\n+2\n\
         /dev/null became empty (rendered)\n\
         --- gone (expected)\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    );
    assert_eq!(differences(&before, &before), "");
}
