//! Files are named with the field's own terms.

use super::{Finding, Tree};

const NO_TOPIC: &[&str] = &["utils", "util", "helpers", "helper", "misc", "common"];

/// No file or folder is called after having no topic.
pub fn catch_all(tree: &Tree) -> Vec<Finding> {
    let offends = |path: &&String| {
        path.split('/').any(|part| NO_TOPIC.contains(&part.split('.').next().unwrap_or_default()))
    };
    let what = "says nothing of what is in it: name it after its topic";
    tree.keys().filter(offends).map(|path| Finding::new(path, 0, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn a_name_without_a_topic_is_caught() {
        assert_eq!(catch_all(&tree(&[("src/utilities.rs", ""), ("src/quote.rs", "")])), []);
        assert_eq!(catch_all(&tree(&[("src/utils.rs", "")])).len(), 1);
        assert_eq!(catch_all(&tree(&[("tests/util/mod.rs", "")])).len(), 1);
    }
}
