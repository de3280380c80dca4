//! The checks, as topics.

use super::{Kind, Topic};
use crate::check::{self, Check};

pub(super) fn topics() -> impl Iterator<Item = Topic> {
    check::ALL.iter().map(topic)
}

fn topic(check: &Check) -> Topic {
    let mut texts = vec![
        ("", check.title.to_owned()),
        ("Looks at", check.looks_at.to_owned()),
        ("Why", check.why.to_owned()),
        ("What to do", format!("`onegpu check` says it for this machine: look for `{}` there.", check.id)),
    ];
    if !check.failures.is_empty() {
        let names: Vec<String> = check.failures.iter().map(|id| format!("`onegpu explain {id}`")).collect();
        texts.push(("Sees coming", names.join(", ")));
    }
    if !check.more.is_empty() {
        texts.push(("Read more", check.more.join(", ")));
    }
    Topic {
        kind: Kind::Check,
        name: check.id.to_owned(),
        aliases: Vec::new(),
        line: check.title.to_owned(),
        texts,
    }
}
