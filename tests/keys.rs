//! The README's table of a profile's keys is the one of `texts/keys.toml`;
//! `ONEGPU_REGENERATE=1` writes it anew.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::Path;

use onegpu::profile::keys;

const HEAD: &str = "| key | says | without it |\n| --- | --- | --- |\n";

fn table() -> String {
    let rows = keys::all().iter().filter(|key| key.key.contains('.')).map(|key| {
        let values: Vec<String> = key.values.iter().map(|word| format!("`{word}`")).collect();
        let words = if values.is_empty() { String::new() } else { format!(": {}", values.join(", ")) };
        let default = match key.default.as_str() {
            "" => "has to be said".to_owned(),
            value if value.starts_with(['"', '{']) => format!("`{value}`"),
            text => text.to_owned(),
        };
        assert!(!key.line.contains('|') && !default.contains('|'), "{}", key.key);
        format!("| `{}` | {}{words} | {default} |\n", key.key, key.line)
    });
    HEAD.to_owned() + &rows.collect::<String>()
}

#[test]
fn the_readme_has_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let start = readme.find("| key | says |").unwrap();
    let end = start + readme[start..].find("\n\n").unwrap() + 1;
    if std::env::var_os("ONEGPU_REGENERATE").is_some() {
        fs::write(&path, format!("{}{}{}", &readme[..start], table(), &readme[end..])).unwrap();
        return;
    }
    assert_eq!(&readme[start..end], table());
}
