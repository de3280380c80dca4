//! Every template is used: one that no plan renders is dead text that nobody checks.

use std::collections::BTreeSet;

use onegpu::data::DataDirs;
use onegpu::diag::Result;
use onegpu::plan::Content;
use proc_macro2::{TokenStream, TokenTree};

use super::literals::for_each_token;
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
    for cell in cells::all(&DataDirs::embedded())? {
        for package in cell.plan()?.packages {
            out.extend(package.artifacts.into_iter().filter_map(|artifact| match artifact.content {
                Content::Template(name) | Content::Step(name) => Some(name.to_owned()),
                Content::Target(_) => None,
            }));
        }
    }
    Ok(out)
}

fn unused(tree: &Tree, planned: &BTreeSet<String>) -> Vec<Finding> {
    let mut named: BTreeSet<String> = planned.clone();
    for (path, text) in tree {
        if path.starts_with("src/") && path.ends_with(".rs") {
            for_each_token(text.parse::<TokenStream>().unwrap_or_default(), &mut |token| {
                if let TokenTree::Literal(literal) = token {
                    let text = literal.to_string().trim_matches('"').to_owned();
                    let name = text.strip_prefix("../templates/").unwrap_or(&text);
                    if !["guest/", "host/", "steps/"].iter().any(|kind| name.starts_with(kind)) {
                        named.insert(name.to_owned());
                    }
                }
            });
        } else if path.starts_with("templates/") {
            let includes = text.split("{%").skip(1).filter_map(|tag| {
                let (word, rest) = tag.trim_start_matches(['-', ' ']).split_once(' ')?;
                let name = rest.split(['"', '\'']).nth(1)?;
                ["include", "import", "extends"].contains(&word).then(|| name.to_owned())
            });
            named.extend(includes);
        }
    }
    let templates = tree.keys().filter(|path| !path.ends_with("/README.md") || path.contains("/review/"));
    templates
        .filter(|path| path.strip_prefix("templates/").is_some_and(|name| !named.contains(name)))
        .map(|path| Finding::new(path, 0, "no plan of any cell renders this template"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn a_template_that_nothing_renders_is_caught() {
        let planned = BTreeSet::from(["host/apply".to_owned()]);
        let good = [
            ("templates/host/apply", "{% include \"host/part\" %}"),
            ("templates/host/part", ""),
            ("templates/review/README.md", ""),
            ("templates/example.toml", ""),
            (
                "src/a.rs",
                "fn f() { g(\"review/README.md\", include_str!(\"../templates/example.toml\"), \"steps/x\"); }",
            ),
        ];
        assert_eq!(unused(&tree(&good), &planned), []);
        let mut spoiled = tree(&good);
        spoiled.insert("templates/steps/x".into(), String::new());
        let found = unused(&spoiled, &planned);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].path, "templates/steps/x", "being named in Rust is not enough for a step");
        assert_eq!(unused(&tree(&good), &BTreeSet::new()).len(), 1);
    }
}
