//! The keys of a profile, as topics.

use super::{Kind, Topic};
use crate::profile::keys::{self, Key};

pub(super) fn topics() -> impl Iterator<Item = Topic> {
    keys::all().iter().map(topic)
}

fn topic(key: &Key) -> Topic {
    let form = match key.values.as_slice() {
        [] => key.form.clone(),
        words => format!("{}: {}", key.form, words.join(", ")),
    };
    let default = if key.is_required() { "it has to be said" } else { &key.default };
    let mut texts = vec![
        ("", format!("Says {}.", key.line)),
        ("", key.text.trim().to_owned()),
        ("Form", form),
        ("Without it", default.to_owned()),
    ];
    let last = key.key.rsplit('.').next().unwrap_or(&key.key);
    texts.extend(key.example.as_ref().map(|example| ("Example", format!("{last} = {example}"))));
    Topic {
        kind: Kind::Key,
        name: key.key.clone(),
        // `guest` is written [[guest]], a table in brackets.
        aliases: vec![last.to_owned(), format!("[{}]", key.key), format!("[[{}]]", key.key)],
        line: key.line.clone(),
        texts,
    }
}
