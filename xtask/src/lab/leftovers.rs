//! The PC's files before the first install and after the purge, held against each other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use onegpu::diag::Result;

use super::store;
use crate::process::failure;

/// Each path with what is known of it: one line for its place, for a file one more for its bytes.
type Listing = BTreeMap<String, Vec<String>>;

/// Returns a line for each path that differs and may not; none is what is wanted.
pub fn compare(share: &Path) -> Result<Vec<String>> {
    let before = read(&share.join("before.listing"))?;
    let after = read(&share.join("after.listing"))?;
    let text = fs::read_to_string(store::data().join("leftovers")).map_err(failure)?;
    let allowed: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let paths: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = paths.into_iter().filter(|path| before.get(*path) != after.get(*path));
    let mut out: Vec<String> = differing
        .filter(|path| !allowed.iter().any(|rule| covers(rule, path)))
        .map(|path| match (before.get(path), after.get(path)) {
            (Some(was), Some(is)) => format!("changed: {path} {was:?} -> {is:?}"),
            (Some(_), None) => format!("gone: {path}"),
            _ => format!("new: {path}"),
        })
        .collect();
    // A listing of nothing would agree with anything.
    if before.len() < 5000 {
        out.push(format!("the listing before has {} paths only", before.len()));
    }
    Ok(out)
}

/// A rule that ends in `/` stands for the folder and everything in it, one that ends in `*` for
/// whatever begins like it.
fn covers(rule: &str, path: &str) -> bool {
    match (rule.strip_suffix('/'), rule.strip_suffix('*')) {
        (Some(folder), _) => path == folder || path.starts_with(rule),
        (None, Some(beginning)) => path.starts_with(beginning),
        (None, None) => path == rule,
    }
}

fn read(place: &Path) -> Result<Listing> {
    let mut listing = Listing::new();
    for line in String::from_utf8_lossy(&fs::read(place).map_err(failure)?).lines() {
        let (path, what) = line.split_once('\t').unwrap_or((line, ""));
        listing.entry(path.to_owned()).or_default().push(what.to_owned());
    }
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_a_new_and_a_missing_path_are_named() {
        let share = std::env::temp_dir().join(format!("onegpu-leftovers-{}", std::process::id()));
        fs::create_dir_all(&share).unwrap();
        let many: String = (0..6000).map(|at| format!("/usr/{at}\tf 644\n")).collect();
        fs::write(
            share.join("before.listing"),
            format!("/etc/a\tf 644\n/etc/b\tf 644\n/var/log/x\t1\n{many}"),
        )
        .unwrap();
        fs::write(
            share.join("after.listing"),
            format!("/etc/a\tf 600\n/etc/c\tf 644\n/var/log/x\t2\n{many}"),
        )
        .unwrap();
        let found = compare(&share).unwrap();
        fs::remove_dir_all(&share).unwrap();
        let found: Vec<&str> = found.iter().map(|line| line.split(' ').take(2).last().unwrap()).collect();
        assert_eq!(found, ["/etc/a", "/etc/b", "/etc/c"]);
    }

    #[test]
    fn a_rule_is_a_path_a_folder_or_a_beginning() {
        for (rule, path, does) in [
            ("/a/b", "/a/b", true),
            ("/a/b", "/a/b/c", false),
            ("/a/b/", "/a/b", true),
            ("/a/b/", "/a/b/c", true),
            ("/a/b/", "/a/bc", false),
            ("/a/b-*", "/a/b-5/c", true),
            ("/a/b-*", "/a/b", false),
        ] {
            assert_eq!(covers(rule, path), does, "{rule} {path}");
        }
    }
}
