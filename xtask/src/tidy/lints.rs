//! `unwrap` and `expect` are refused by clippy; this sees that clippy is asked.

use proc_macro2::TokenStream;
use toml::Table;

use super::literals::{Piece, for_each};
use super::{Finding, Tree};

const LINTS: [&str; 2] = ["unwrap_used", "expect_used"];

/// Both lints are on in the workspace, every crate takes the workspace's lints,
/// and no code outside tests switches them off.
pub fn unwrap(tree: &Tree) -> Vec<Finding> {
    let mut out = Vec::new();
    for (path, text) in tree.iter().filter(|(path, _)| path.ends_with("Cargo.toml")) {
        let manifest: Table = text.parse().unwrap_or_default();
        let at = |keys: &[&str]| {
            keys.iter().try_fold(manifest.get(keys[0])?, |value, key| {
                if *key == keys[0] { Some(value) } else { value.get(key) }
            })
        };
        // A workspace of its own below ours (fuzzing) is no part of what is shipped.
        if path != "Cargo.toml" && manifest.contains_key("workspace") {
            continue;
        }
        if at(&["lints", "workspace"]).and_then(toml::Value::as_bool) != Some(true) {
            out.push(Finding::new(path, 0, "has no `[lints] workspace = true`"));
        }
        if path == "Cargo.toml" {
            for lint in LINTS {
                let level = at(&["workspace", "lints", "clippy", lint]).and_then(toml::Value::as_str);
                if !matches!(level, Some("warn" | "deny" | "forbid")) {
                    out.push(Finding::new(path, 0, format!("clippy's `{lint}` is off")));
                }
            }
        }
    }
    let code =
        tree.iter().filter(|(path, _)| path.ends_with(".rs") && path.split('/').any(|part| part == "src"));
    for (path, text) in code {
        for_each(text.parse::<TokenStream>().unwrap_or_default(), &mut |piece| {
            let Piece::Attribute(attribute) = piece else { return };
            let text = attribute.to_string();
            let excuses = ["allow", "expect ", "expect("].iter().any(|word| text.contains(word));
            if excuses && LINTS.iter().any(|lint| text.contains(lint)) {
                let what = "switches the lint against unwrap off: handle the error";
                out.push(Finding::new(path, attribute.span().start().line, what));
            }
        });
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    const GOOD: &str = "[lints]\nworkspace = true\n[workspace.lints.clippy]\nunwrap_used = \"warn\"\nexpect_used = \"deny\"\n";

    #[test]
    fn a_missing_lint_is_caught() {
        assert_eq!(unwrap(&tree(&[("Cargo.toml", GOOD)])), []);
        let spoiled = [
            GOOD.replace("unwrap_used = \"warn\"", ""),
            GOOD.replace("deny", "allow"),
            GOOD.replace("true", "false"),
        ];
        for spoiled in spoiled {
            assert_eq!(unwrap(&tree(&[("Cargo.toml", &spoiled)])).len(), 1, "{spoiled}");
        }
        assert_eq!(unwrap(&tree(&[("Cargo.toml", GOOD), ("xtask/Cargo.toml", "[package]\n")])).len(), 1);
        assert_eq!(unwrap(&tree(&[("Cargo.toml", GOOD), ("fuzz/Cargo.toml", "[workspace]\n")])), []);
    }

    #[test]
    fn switching_it_off_is_caught() {
        let code = "fn f() {\n    #[allow(clippy::unwrap_used)]\n    g().unwrap();\n}";
        let found = unwrap(&tree(&[("src/a.rs", code)]));
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [2]);
        assert_eq!(unwrap(&tree(&[("xtask/src/a.rs", "#![expect(clippy::expect_used)]")])).len(), 1);
        let of_tests = "#[cfg(test)]\nmod tests {\n    #![allow(clippy::unwrap_used)]\n}";
        assert_eq!(unwrap(&tree(&[("src/a.rs", of_tests)])), []);
        assert_eq!(unwrap(&tree(&[("src/a.rs", "#[allow(dead_code)] fn f() { x.expect_used(); }")])), []);
    }
}
