//! Every template is used: one that no plan renders is dead text that nobody checks.

use std::collections::BTreeSet;

use onegpu::data::DataDirs;
use onegpu::diag::Result;
use onegpu::plan::Content;
use proc_macro2::{TokenStream, TokenTree};

use super::literals::{Piece, for_each};
use super::{Finding, Tree};

/// The matrix of the tests: one list of cells, not two.
#[path = "../../../tests/support/cells.rs"]
mod cells;

/// Templates of the machine's files (`guest`, `host`, `steps`) are in the plan of
/// some cell; the others are named by Rust code; or another template includes them.
pub fn used(tree: &Tree) -> Vec<Finding> {
    match planned() {
        Ok(planned) => unused(tree, &planned),
        Err(error) => vec![Finding::new("distros", 0, error.to_string())],
    }
}

/// Templates in the plan of any cell of the matrix.
fn planned() -> Result<BTreeSet<String>> {
    let mut out = BTreeSet::new();
    let data = DataDirs::embedded();
    for cell in cells::all(&data)?.into_iter().chain(cells::of_own_files(&data)?) {
        for package in cell.plan()?.packages {
            out.extend(package.artifacts.into_iter().filter_map(|artifact| match artifact.content {
                Content::Template(name) | Content::Step(name) => Some(name.to_owned()),
                Content::Target(_) => None,
                Content::RunScript { .. } => Some("host/runit-run".to_owned()),
            }));
        }
    }
    Ok(out)
}

fn unused(tree: &Tree, planned: &BTreeSet<String>) -> Vec<Finding> {
    let (mut words, mut included) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in tree {
        if path.starts_with("src/") && path.ends_with(".rs") {
            for_each(text.parse::<TokenStream>().unwrap_or_default(), &mut |piece| {
                if let Piece::Token(TokenTree::Literal(literal)) = piece {
                    let text = literal.to_string().trim_matches('"').to_owned();
                    // A manual page is called after the program's path.
                    words.extend(text.rsplit_once('/').map(|(_, file)| file.to_owned()));
                    words.insert(text.strip_prefix("../templates/").map_or(text.clone(), str::to_owned));
                }
            });
        } else if path.starts_with("templates/") {
            included.extend(includes(text));
        }
    }
    let of_machine = |name: &str| ["guest/", "host/", "steps/"].iter().any(|kind| name.starts_with(kind));
    let is_used = |name: &str| {
        planned.contains(name) || included.contains(name) || !of_machine(name) && is_named(name, &words)
    };
    tree.keys()
        .filter(|path| path.strip_prefix("templates/").is_some_and(|name| !is_used(name)))
        .map(|path| Finding::new(path, 0, "nothing renders this template"))
        .collect()
}

/// Whether Rust names the template: by a string, or by one with a placeholder,
/// `package/deb/{name}`, and another that fills it.
fn is_named(name: &str, words: &BTreeSet<String>) -> bool {
    let fits = |word: &String| {
        let (before, hole) = word.split_once('{')?;
        let (_, after) = hole.split_once('}')?;
        // A placeholder alone would fit everything.
        let filling = name.strip_prefix(before)?.strip_suffix(after)?;
        (!before.is_empty()).then(|| words.contains(filling))
    };
    words.contains(name) || words.iter().any(|word| fits(word) == Some(true))
}

/// The names of templates that this one includes.
fn includes(text: &str) -> impl Iterator<Item = String> {
    text.split("{%").skip(1).filter_map(|tag| {
        let (word, rest) = tag.trim_start_matches(['-', ' ']).split_once(' ')?;
        let name = rest.split(['"', '\'']).nth(1)?;
        ["include", "import", "extends"].contains(&word).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn a_template_that_nothing_renders_is_caught() {
        let planned = BTreeSet::from(["host/apply".to_owned()]);
        let code = "fn f() { g(\"review/README.md\", include_str!(\"../templates/example.toml\"), \"steps/x\"); }\n\
                    fn h() { for name in [\"prerm\"] { g(&format!(\"package/deb/{name}\")); } }";
        let good = [
            ("templates/host/apply", "{%- include \"host/part\" %}"),
            ("templates/host/part", ""),
            ("templates/review/README.md", ""),
            ("templates/example.toml", ""),
            ("templates/package/deb/prerm", ""),
            ("src/a.rs", code),
        ];
        assert_eq!(unused(&tree(&good), &planned), []);
        // Being named in Rust is not enough for a step.
        for dead in ["steps/x", "package/deb/postinst", "review/other.md", "host/other"] {
            let mut spoiled = tree(&good);
            spoiled.insert(format!("templates/{dead}"), String::new());
            let found = unused(&spoiled, &planned);
            assert_eq!(found.len(), 1, "{dead}: {found:?}");
            assert_eq!(found[0].path, format!("templates/{dead}"));
        }
        assert_eq!(unused(&tree(&good), &BTreeSet::new()).len(), 1);
    }
}
