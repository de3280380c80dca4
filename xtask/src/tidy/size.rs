//! Small files with one topic each.

use super::{Finding, Tree};

const CEILING: usize = 400;
const MEDIAN_BELOW: usize = 150;

/// No Rust file has more than 400 lines.
pub fn ceiling(tree: &Tree) -> Vec<Finding> {
    let rust = tree.iter().filter(|(path, _)| path.ends_with(".rs"));
    let long = rust.map(|(path, text)| (path, text.lines().count())).filter(|(_, lines)| *lines > CEILING);
    long.map(|(path, lines)| {
        Finding::new(path, 0, format!("{lines} lines, more than {CEILING}: give a topic a file of its own"))
    })
    .collect()
}

/// Half of the files in `src` have less than 150 lines.
pub fn median(tree: &Tree) -> Vec<Finding> {
    let median = median_of_src(tree);
    let what = format!("the median file has {median} lines, and should have less than {MEDIAN_BELOW}");
    if median < MEDIAN_BELOW { Vec::new() } else { vec![Finding::new("src", 0, what)] }
}

/// The median length of the files in `src`.
pub fn median_of_src(tree: &Tree) -> usize {
    let rust = tree.iter().filter(|(path, _)| path.starts_with("src/") && path.ends_with(".rs"));
    let mut lines: Vec<usize> = rust.map(|(_, text)| text.lines().count()).collect();
    lines.sort_unstable();
    lines.get(lines.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn a_long_file_is_caught() {
        let (full, over) = ("x\n".repeat(400), "x\n".repeat(401));
        assert_eq!(ceiling(&tree(&[("src/a.rs", &full), ("a.md", &over)])), []);
        assert_eq!(ceiling(&tree(&[("src/a.rs", &full), ("tests/b.rs", &over)]))[0].path, "tests/b.rs");
    }

    #[test]
    fn a_high_median_is_caught() {
        let (short, long) = ("x\n".repeat(149), "x\n".repeat(150));
        assert_eq!(median(&tree(&[("src/a.rs", &short), ("tests/b.rs", &long)])), []);
        assert_eq!(median(&tree(&[("src/a.rs", &short), ("src/b.rs", &long), ("src/c.rs", &long)])).len(), 1);
    }
}
