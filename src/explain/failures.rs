//! What goes wrong for people, as topics.

use super::{Kind, Topic};
use crate::check;
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
    let checks = check::ALL.iter().filter(|check| check.failures.contains(&failure.id.as_str()));
    let checks: Vec<&str> = checks.map(|check| check.id).collect();
    if !checks.is_empty() {
        texts.push(("Seen by", format!("onegpu check: {}", checks.join(", "))));
    }
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
