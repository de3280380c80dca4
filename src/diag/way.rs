//! Which key of a TOML file a place in it belongs to.

use toml::de::{DeTable, DeValue};

/// The keys from the outermost table to the one that `at` is in; what stands behind a key's
/// name belongs to it, even where the file is broken from there on. Items of lists have no name.
pub(super) fn to(text: &str, at: usize) -> Vec<String> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut nearest = Nearest { at, start: 0, way: Vec::new() };
    nearest.look(&[], table.get_ref());
    nearest.way
}

/// The key with the last beginning that is not behind the place.
struct Nearest {
    at: usize,
    start: usize,
    way: Vec<String>,
}

impl Nearest {
    fn look(&mut self, above: &[String], table: &DeTable<'_>) {
        for (key, value) in table {
            let way = [above, &[key.get_ref().to_string()]].concat();
            // A table's span begins with the bracket of its head.
            let start = match value.get_ref() {
                DeValue::Table(_) => value.span().start.min(key.span().start),
                _ => key.span().start,
            };
            self.hold(start, &way);
            self.enter(&way, value.get_ref());
        }
    }

    fn enter(&mut self, way: &[String], value: &DeValue<'_>) {
        match value {
            DeValue::Table(table) => self.look(way, table),
            DeValue::Array(values) => {
                for value in values.iter() {
                    // Each [[guest]] has a head of its own; its key is the first one's.
                    if matches!(value.get_ref(), DeValue::Table(_)) {
                        self.hold(value.span().start, way);
                    }
                    self.enter(way, value.get_ref());
                }
            }
            _ => {}
        }
    }

    fn hold(&mut self, start: usize, way: &[String]) {
        if start <= self.at && (self.way.is_empty() || start >= self.start) {
            self.start = start;
            self.way = way.to_vec();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[host]\ncpu = \"amd\"\nuser = { name = \"x\", uid = 1 }\n[gpu]\ndevices = [\"a\", \"b\"]\n[[guest]]\nname = \"a\"\n[guest.disk]\nsize = \"1\"\n[[guest]]\nname = \"b\"\n";

    fn at(what: &str) -> String {
        to(TEXT, TEXT.find(what).unwrap_or_default()).join(".")
    }

    #[test]
    fn a_place_belongs_to_the_key_before_it() {
        for (what, key) in [
            ("[host]", "host"),
            ("amd", "host.cpu"),
            ("x\"", "host.user.name"),
            ("1 }", "host.user.uid"),
            ("b\"]", "gpu.devices"),
            ("[[guest]]", "guest"),
            ("[guest.disk]", "guest.disk"),
            ("size", "guest.disk.size"),
            ("[[guest]]\nname = \"b", "guest"),
            ("b\"\n", "guest.name"),
        ] {
            assert_eq!(at(what), key, "{what}");
        }
    }

    #[test]
    fn a_broken_file_has_its_keys_up_to_there() {
        let text = "[host]\ncpu = \"amd\n";
        assert_eq!(to(text, text.len() - 1), ["host", "cpu"]);
        assert!(to("", 0).is_empty() && to("\u{0}[[[", 2).is_empty());
    }
}
