//! Nothing in the repo speaks of the machine it was written on.

use std::env;

use super::{Finding, Tree};
use crate::process::root;

/// Where checkouts, notes and tools lay when this was written. Spelled in two
/// parts: this file is looked at as well.
const USUAL: &[&str] = &[
    concat!("/wo", "rk/wt"),
    concat!("/wo", "rk/main"),
    concat!("/wo", "rk/shared"),
    concat!("/tmp/", "prov"),
];

/// No tracked file has the path of this checkout or of this person's home, or
/// one of the places where checkouts usually lie.
pub fn machine(tree: &Tree) -> Vec<Finding> {
    let mut places = vec![format!("{}/", root().display())];
    places.extend(USUAL.iter().map(|place| (*place).to_owned()));
    // Root's home is no one's: `/root/` may well be a guest's or a test's.
    places.extend(env::var("HOME").ok().filter(|home| home.starts_with("/home/")).map(|home| home + "/"));
    find(tree, &places)
}

fn find(tree: &Tree, places: &[String]) -> Vec<Finding> {
    let mut out = Vec::new();
    for (path, text) in tree {
        for (at, line) in text.lines().enumerate() {
            let has = |place: &&String| {
                line.match_indices(place.as_str()).any(|(at, _)| {
                    // `net/work/` is not below the root.
                    !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "._-}".contains(c))
                })
            };
            if let Some(place) = places.iter().find(has) {
                out.push(Finding::new(path, at + 1, format!("`{place}` is a place on somebody's machine")));
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
    fn a_place_of_this_machine_is_caught() {
        let here = format!("see\n{}/src", root().display());
        let found = machine(&tree(&[("a.md", &here), ("b.md", "chroot . sh /work/ask.sh; net/work/main")]));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].path.as_str(), found[0].line), ("a.md", 2));
        assert_eq!(machine(&tree(&[("a", concat!("cp /wo", "rk/main/x ."))])).len(), 1);
        assert_eq!(machine(&tree(&[("a", concat!("(/tmp/", "prov/roots)"))])).len(), 1);
    }
}
