//! The fuzz targets are a workspace of their own, so that no build of ours sees when their lock file lags.

use toml::{Table, Value};

use super::{Finding, Tree};

/// Every crate that onegpu depends on stands in `fuzz/Cargo.lock`.
pub fn fuzz(tree: &Tree) -> Vec<Finding> {
    const LOCK: &str = "fuzz/Cargo.lock";
    let table = |path: &str| tree.get(path).and_then(|text| text.parse::<Table>().ok());
    let (Some(manifest), Some(lock)) = (table("Cargo.toml"), table(LOCK)) else { return Vec::new() };
    let packages = lock.get("package").and_then(Value::as_array).into_iter().flatten();
    let locked: Vec<&str> = packages.filter_map(|package| package.get("name")?.as_str()).collect();
    let wanted = manifest.get("dependencies").and_then(Value::as_table).into_iter().flatten();
    let lacking = wanted.filter(|(name, _)| !locked.contains(&name.as_str()));
    lacking.map(|(name, _)| Finding::new(LOCK, 0, format!("lacks {name}: `cargo check` in fuzz/"))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn a_crate_that_the_fuzz_targets_do_not_know_is_caught() {
        let lock = "[[package]]\nname = \"tera\"\n\n[[package]]\nname = \"cpio\"\n";
        let with = |lock: &str| {
            fuzz(&tree(&[
                ("Cargo.toml", "[dependencies]\ntera = \"2\"\ncpio = \"0\"\n"),
                ("fuzz/Cargo.lock", lock),
            ]))
        };
        assert_eq!(with(lock), []);
        let found = with(&lock.replace("cpio", "cpiofs"));
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("cpio"));
    }
}
