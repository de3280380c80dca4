//! The files that people write beside a profile's keys, as topics: profiles, distro files, templates.

use std::sync::LazyLock;

use serde::Deserialize;

use super::{Kind, Topic};
use crate::distro::keys;

const TEXT: &str = include_str!("../../texts/forms.toml");

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    form: Vec<Form>,
    filter: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    name: String,
    line: String,
    text: String,
    #[serde(rename = "where")]
    place: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Filter {
    name: String,
    line: String,
}

fn texts() -> &'static Texts {
    // The file is part of the program, and a test reads it: it is never broken here.
    static TEXTS: LazyLock<Texts> = LazyLock::new(|| toml::from_str(TEXT).unwrap_or_default());
    &TEXTS
}

pub(super) fn topics() -> impl Iterator<Item = Topic> {
    let forms = texts().form.iter().map(form);
    let filters = texts().filter.iter().map(|filter| Topic {
        kind: Kind::Filter,
        name: filter.name.clone(),
        aliases: Vec::new(),
        line: filter.line.clone(),
        texts: vec![
            ("", filter.line.clone()),
            ("Example", format!("{{{{ guest.name | {} }}}}", filter.name)),
            ("More", "onegpu explain template".to_owned()),
        ],
    });
    forms.chain(keys::all().iter().map(key)).chain(filters)
}

fn form(form: &Form) -> Topic {
    let paragraphs = form.text.split("\n\n").map(|paragraph| ("", paragraph.to_owned()));
    let texts = [("", form.line.clone())].into_iter().chain(paragraphs);
    Topic {
        kind: Kind::Form,
        name: form.name.clone(),
        aliases: Vec::new(),
        line: form.line.clone(),
        texts: texts.chain([("Lies in", form.place.clone())]).collect(),
    }
}

fn key(key: &keys::Key) -> Topic {
    let text = key.text.replace('`', "");
    let shown = text.chars().next().map(|c| c.to_uppercase().chain(text.chars().skip(1)).collect::<String>());
    let shown = shown.unwrap_or_default();
    Topic {
        kind: Kind::Distro,
        name: format!("distro.{}", key.name),
        aliases: Vec::new(),
        line: text,
        texts: vec![
            ("", if shown.ends_with('.') { shown } else { format!("{shown}.") }),
            ("More", "onegpu explain distro-file".to_owned()),
        ],
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::render::quote::FILTERS;

    #[test]
    fn every_filter_is_explained_and_no_other() {
        let said: BTreeSet<&str> = texts().filter.iter().map(|filter| filter.name.as_str()).collect();
        assert_eq!(texts().form.len(), 3);
        assert_eq!(said, FILTERS.iter().map(|(name, _)| *name).collect());
    }
}
