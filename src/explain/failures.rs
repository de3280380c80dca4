//! What goes wrong for people, as topics.

use super::{Kind, Topic};
use crate::failure::{self, Failure};

pub(super) fn topics() -> impl Iterator<Item = Topic> {
    failure::all().iter().map(topic)
}

fn topic(failure: &Failure) -> Topic {
    let tried = failure
        .tried
        .as_deref()
        .unwrap_or("What to do is what people said helped them; nothing was tried on a real card.");
    let mut texts = vec![
        ("", format!("{}.", failure.title)),
        ("You see", failure.symptom.clone()),
        ("Why", failure.cause.clone()),
        ("What to do", failure.fix.clone()),
    ];
    texts.extend(failure.done.clone().map(|done| ("onegpu", done)));
    texts.push(("Tried", tried.to_owned()));
    texts.push(("Told in", failure.sources.join(", ")));
    Topic {
        kind: Kind::Failure,
        name: failure.id.clone(),
        aliases: Vec::new(),
        line: failure.title.clone(),
        texts,
    }
}
