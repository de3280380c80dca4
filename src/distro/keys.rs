//! Every key of a distro file in words: those of `distros/README.md`, which has a table of keys under a
//! heading for each table of the file. `cargo xtask check-distros` sees that none is missing there.

use std::sync::LazyLock;

use crate::profile::nearest;

const TEXT: &str = include_str!("../../distros/README.md");

/// One key of a distro file, or one of its tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its table and its name, `needs.qemu`; one of the file itself has no table.
    pub name: String,
    /// What may be written, and what it decides.
    pub text: String,
}

/// Every key, each behind the table that it is in.
pub fn all() -> &'static [Key] {
    static KEYS: LazyLock<Vec<Key>> = LazyLock::new(|| read(TEXT));
    &KEYS
}

fn read(text: &str) -> Vec<Key> {
    let keys = text.split_once("\n## Keys\n").map_or("", |(_, keys)| keys);
    let mut out = Vec::new();
    for part in keys.split("\n### ").skip(1) {
        let (heading, body) = part.split_once('\n').unwrap_or((part, ""));
        let table = quoted(heading).next();
        if let Some(table) = table {
            let said = heading.split_once(", ").map_or("", |(_, said)| said);
            let prose = body.lines().take_while(|line| !line.starts_with('|')).collect::<Vec<_>>().join(" ");
            let text = [said, prose.trim()].into_iter().find(|text| !text.is_empty()).unwrap_or("a table");
            out.push(Key { name: table.to_owned(), text: text.to_owned() });
        }
        // The first table lists the keys; one that follows, words of theirs.
        let rows = body.lines().skip_while(|line| !line.starts_with('|'));
        for row in rows.take_while(|line| line.starts_with('|')).skip(2) {
            let mut cells = row.trim_matches('|').splitn(2, " | ");
            let (Some(names), Some(text)) = (cells.next(), cells.next()) else { continue };
            out.extend(quoted(names).map(|name| Key {
                name: table.map_or_else(|| name.to_owned(), |table| format!("{table}.{name}")),
                text: text.trim().to_owned(),
            }));
        }
    }
    out
}

fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The topic of the key that is nearest to the way through a file's tables. Tables for each init system or
/// boot loader have their keys in common.
pub(super) fn nearest_to(way: &[String], missing: Option<&str>) -> Option<String> {
    let find = |name: &str| all().iter().find(|key| key.name == name);
    let mut way = way.iter().map(String::as_str).chain(missing);
    let first = way.next()?;
    let outer: Vec<&str> =
        all().iter().map(|key| key.name.as_str()).filter(|name| !name.contains('.')).collect();
    let first = find(first).map_or_else(|| nearest(first, &outer), |key| Some(key.name.as_str()))?;
    let above = format!("{first}.");
    let below: Vec<&str> = all().iter().filter_map(|key| key.name.strip_prefix(&above)).collect();
    let mut inner = way.filter_map(|name| match below.contains(&name) {
        true => Some(name),
        false => nearest(name, &below),
    });
    let inner = inner.next_back().map(|name| format!("distro.{first}.{name}"));
    Some(inner.unwrap_or_else(|| format!("distro.{first}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_page_are_all_read() {
        let names: Vec<&str> = all().iter().map(|key| key.name.as_str()).collect();
        for name in [
            "id",
            "default-bootloader",
            "package",
            "package.install-files",
            "needs.libvirt",
            "libvirt.enable",
            "libvirt.enabled",
            "bootloader.variable",
            "display-manager.own",
        ] {
            assert!(names.contains(&name), "{name}: {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("grubby")), "{names:?}");
        assert!(all().iter().all(|key| key.text.len() > 3 && !key.text.ends_with('|')), "{:?}", all());
        let needs = all().iter().find(|key| key.name == "needs").map(|key| key.text.as_str());
        assert!(needs.is_some_and(|text| text.starts_with("Each is a list")), "{needs:?}");
    }

    #[test]
    fn the_nearest_key_is_a_topic() {
        let of = |way: &[&str], missing| {
            let way: Vec<String> = way.iter().map(|name| (*name).to_owned()).collect();
            nearest_to(&way, missing)
        };
        assert_eq!(of(&["lik"], None).as_deref(), Some("distro.like"));
        assert_eq!(of(&["libvirt", "systemd", "enabel"], None).as_deref(), Some("distro.libvirt.enable"));
        assert_eq!(of(&["libvirt", "s6"], None).as_deref(), Some("distro.libvirt"));
        assert_eq!(of(&["package"], Some("format")).as_deref(), Some("distro.package.format"));
        assert_eq!(of(&[], Some("id")).as_deref(), Some("distro.id"));
        assert_eq!(of(&["qqqq"], None), None);
    }
}
