//! Only integration tests with real tools may be ignored, and they say which tools.

use super::{Finding, Tree};
use crate::tools::needed;

/// `#[ignore]` stands only in `tests/*.rs`, of the program or of the chores, and its reason names known tools.
pub fn only_for_tools(tree: &Tree) -> Vec<Finding> {
    let mut out = Vec::new();
    // Spelled in two parts: this file is looked at as well.
    let mark = concat!("#[ig", "nore");
    for (path, text) in tree.iter().filter(|(path, _)| path.ends_with(".rs")) {
        for (at, line) in text.lines().enumerate() {
            let Some(rest) = line.trim_start().strip_prefix(mark) else { continue };
            let reason = rest.split('"').nth(1).unwrap_or_default();
            if !["tests/", "xtask/tests/"].iter().any(|folder| path.starts_with(folder)) {
                out.push(Finding::new(path, at + 1, "only a test in tests/ may need a tool"));
            } else if let Err(mistake) = needed(reason) {
                out.push(Finding::new(path, at + 1, mistake));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn a_test_ignored_without_a_tool_is_caught() {
        let line = |reason: &str| format!("{}{reason}]\n#[test]\nfn f() {{}}\n", concat!("#[ig", "nore"));
        let good = line(" = \"needs rpm\"");
        assert_eq!(only_for_tools(&tree(&[("tests/real_a.rs", &good)])), []);
        assert_eq!(only_for_tools(&tree(&[("xtask/tests/real_a.rs", &good)])), []);
        assert_eq!(only_for_tools(&tree(&[("src/a.rs", &good)])).len(), 1);
        for bad in ["", " = \"slow\"", " = \"needs luck\""] {
            assert_eq!(only_for_tools(&tree(&[("tests/real_a.rs", &line(bad))])).len(), 1, "{bad}");
        }
    }
}
