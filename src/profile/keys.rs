//! Every key of a profile in words: the one source of the README's table, of
//! `explain`, of the man page, and of the comments that `init` writes.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

const TEXT: &str = include_str!("../../texts/keys.toml");

/// One key of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// Its name with the tables it is in: `host.distro`, `guest.disk.size`.
    pub key: String,
    /// What it says, in one line.
    pub line: String,
    /// What it decides: a short paragraph, without line breaks.
    pub text: String,
    /// What may be written.
    pub form: String,
    /// The words, where only some may be written; else empty.
    #[serde(default)]
    pub values: Vec<String>,
    /// What holds when it is left out; empty where it has to be said.
    pub default: String,
    /// A value as TOML writes it; none of a table that stands on lines of its own.
    pub example: Option<String>,
}

impl Key {
    /// Whether a profile without it is refused (or, of a table's key, that table).
    pub fn is_required(&self) -> bool {
        self.default.is_empty()
    }
}

/// Every key, in the order of the README.
pub fn all() -> &'static [Key] {
    #[derive(Deserialize)]
    struct Texts {
        key: Vec<Key>,
    }
    // The file is part of the program, and a test reads it: it is never broken here.
    static KEYS: LazyLock<Vec<Key>> =
        LazyLock::new(|| toml::from_str::<Texts>(TEXT).map(|texts| texts.key).unwrap_or_default());
    &KEYS
}

/// The key of this name.
pub fn find(key: &str) -> Option<&'static Key> {
    all().iter().find(|known| known.key == key)
}

/// The key that is nearest to the way through a profile's tables, with the one below it that is `missing`:
/// as far as it is known, and from there on the one that was perhaps meant.
pub(super) fn nearest_to(way: &[String], missing: Option<&str>) -> Option<String> {
    let mut found: Option<&Key> = None;
    for name in way.iter().map(String::as_str).chain(missing) {
        let above = found.map(|key| format!("{}.", key.key)).unwrap_or_default();
        let below: Vec<&str> = all()
            .iter()
            .filter_map(|key| key.key.strip_prefix(&above))
            .filter(|rest| !rest.contains('.'))
            .collect();
        let near = below.iter().find(|known| **known == name).copied();
        match near.or_else(|| super::nearest(name, &below)) {
            Some(near) => found = find(&format!("{above}{near}")),
            None => break,
        }
    }
    found.map(|key| key.key.clone())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::profile::{
        Apply, Audio, Bootloader, CpuVendor, DisplayManager, Driver, Governor, GuestOs, Hugepages, Init,
        Profile, parse,
    };

    /// The keys that the reader takes in the table `path`; none where it is no table.
    fn taken(path: &[&str]) -> Vec<String> {
        let inner = path.iter().rev().fold("no-key-of-ours = 0".to_owned(), |inner, name| match *name {
            "guest" => format!("guest = [{{ {inner} }}]"),
            name => format!("{name} = {{ {inner} }}"),
        });
        let error = toml::from_str::<Profile>(&inner).unwrap_err();
        let message = error.message();
        if !message.starts_with("unknown field") {
            return Vec::new();
        }
        message.split('`').skip(1).step_by(2).skip(1).map(str::to_owned).collect()
    }

    fn collect(path: &[&str], into: &mut BTreeSet<String>) {
        for key in taken(path) {
            let full: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
            assert!(full.len() < 5, "{full:?} never ends");
            into.insert(full.join("."));
            collect(&full, into);
        }
    }

    #[test]
    fn the_texts_are_of_the_keys_that_are_read() {
        let mut read = BTreeSet::new();
        collect(&[], &mut read);
        assert!(read.len() > 25 && read.contains("guest.disk.size"), "{read:?}");
        let told: Vec<&str> = all().iter().map(|key| key.key.as_str()).collect();
        let set: BTreeSet<String> = told.iter().map(|key| (*key).to_owned()).collect();
        assert_eq!(told.len(), set.len(), "a key is there twice");
        assert_eq!(set, read);
    }

    #[test]
    fn the_words_are_those_that_are_read() {
        fn words<T: ToString>(all: &[T]) -> Vec<String> {
            all.iter().map(ToString::to_string).collect()
        }
        let known = [
            ("host.init", words(Init::ALL)),
            ("host.bootloader", words(Bootloader::ALL)),
            ("host.cpu", words(CpuVendor::ALL)),
            ("host.display-manager", words(DisplayManager::ALL)),
            ("gpu.driver", words(Driver::ALL)),
            ("guest.os", words(GuestOs::ALL)),
            ("guest.audio", words(Audio::ALL)),
            ("guest.hugepages", words(Hugepages::ALL)),
            ("guest.governor", words(Governor::ALL)),
            ("package.apply", words(Apply::ALL)),
        ];
        let told = all().iter().filter(|key| !key.values.is_empty());
        let told: Vec<(&str, Vec<String>)> = told.map(|key| (key.key.as_str(), key.values.clone())).collect();
        assert_eq!(told, known);
    }

    /// The profile of one key's value, with what else must be said.
    fn with(key: &Key, value: &str) -> String {
        let needed = [
            ("host.cpu", "\"amd\""),
            ("gpu.address", "\"0000:01:00.0\""),
            ("gpu.driver", "\"nvidia\""),
            ("guest.name", "\"win11\""),
            ("host.user.name", "\"mika\""),
            ("host.user.uid", "1000"),
            ("guest.cpus.cores", "4"),
            ("guest.disk.path", "\"/d\""),
        ];
        let sub = |known: &str| key.key == known || key.key.starts_with(&format!("{known}."));
        let wanted = needed.iter().filter(|(known, _)| match known.rsplit_once('.') {
            Some((table, _)) if table.contains('.') => key.key.starts_with(&format!("{table}.")),
            _ => true,
        });
        let lines = wanted.filter(|(known, _)| !sub(known)).map(|(known, value)| ((*known), *value));
        let mut tables: [Vec<String>; 4] = Default::default();
        for (known, value) in lines.chain([(key.key.as_str(), value)]) {
            let (table, rest) = known.split_once('.').unwrap();
            let at = ["host", "gpu", "guest", "package"].iter().position(|name| *name == table).unwrap();
            tables[at].push(format!("{rest} = {value}"));
        }
        let [host, gpu, guest, package] = tables.map(|lines| lines.join("\n"));
        format!("[host]\n{host}\n[gpu]\n{gpu}\n[[guest]]\n{guest}\n[package]\n{package}\n")
    }

    #[test]
    fn every_example_and_every_default_is_read() {
        let mut examples = 0;
        for key in all() {
            if let Some(example) = &key.example {
                let text = with(key, example);
                parse(&key.key, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
                examples += 1;
            }
            // A default that is a value, and no sentence.
            if key.default.starts_with(['"', '{']) {
                let text = with(key, &key.default);
                parse(&key.key, &text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            }
            assert_eq!(key.example.is_none(), !key.key.contains('.'), "{}", key.key);
        }
        assert!(examples > 20);
    }

    #[test]
    fn what_has_to_be_said_is_what_a_profile_cannot_be_without() {
        use crate::{data::DataDirs, distro::Distro, setup::Setup};
        let value = |text: &str| format!("v = {text}").parse::<toml::Table>().unwrap()["v"].clone();
        let plan = |table: &toml::Table| {
            let profile = parse("test", &table.to_string())?;
            Setup::new(&profile, Distro::load(&DataDirs::embedded(), "arch")?)
        };
        let mut whole = toml::Table::new();
        for key in all() {
            let Some(example) = &key.example else { continue };
            let path: Vec<&str> = key.key.split('.').collect();
            // Sound of a user's needs that user: the default is another.
            let example = match key.key.as_str() {
                "guest.audio" => "\"none\"",
                // Each of its keys can be left out but one.
                "guest.cpus" => "{ cores = 2, threads = 1, pin = [\"2\", \"3\"], host = \"0-1\" }",
                _ => example,
            };
            if let [table, name] = path.as_slice() {
                let table = whole.entry(*table).or_insert_with(|| toml::Table::new().into());
                table.as_table_mut().unwrap().insert((*name).to_owned(), value(example));
            }
        }
        let guest = whole.remove("guest").unwrap();
        whole.insert("guest".to_owned(), vec![guest].into());
        plan(&whole).unwrap();
        // A file of machines is no profile of one.
        for key in all().iter().filter(|key| key.key != "machines") {
            let mut without = whole.clone();
            let mut path: Vec<&str> = key.key.split('.').collect();
            let name = path.pop().unwrap();
            let mut table = &mut without;
            for part in path {
                let inner = table.get_mut(part).unwrap();
                let inner = if part == "guest" { &mut inner.as_array_mut().unwrap()[0] } else { inner };
                table = inner.as_table_mut().unwrap();
            }
            table.remove(name).unwrap();
            let refused = plan(&without).is_err();
            // The one thing of [host] that has to be said is a key of its own.
            assert_eq!(refused, key.is_required() || key.key == "host", "{}", key.key);
        }
    }

    #[test]
    fn every_text_is_whole() {
        for key in all() {
            let Key { line, text, form, .. } = key;
            assert!(!line.is_empty() && line.len() <= 100, "{}: {line}", key.key);
            assert!(!line.ends_with('.') && !line.contains('\n'), "{}: {line}", key.key);
            assert!(text.ends_with('.') && !text.contains('\n') && text.len() <= 400, "{}: {text}", key.key);
            assert!(!form.is_empty(), "{}", key.key);
            assert_eq!(form == "one of the words", !key.values.is_empty(), "{}", key.key);
        }
        assert!(find("guest.audio").is_some() && find("guest.sound").is_none());
    }
}
