//! A mistake in a template, as onegpu tells every other mistake: the file as the
//! user knows it, line, caret, and the nearest name. Only overrides of
//! `--data-dir` have any; the embedded ones are tried by the test suite.

use std::collections::BTreeMap;

use tera::{Context, ErrorKind, ReportError};

use super::quote::FILTERS;
use crate::data::DataFile;
use crate::diag::Diagnostic;
use crate::profile::nearest;

/// What every template of a setup sees; a test holds it against the context.
pub(super) const ROOTS: [&str; 9] =
    ["distro", "host", "gpu", "guests", "apply", "services", "kernel", "version", "paths"];

/// What a filter says of a value that is not there.
pub(super) const NOTHING: &str = "there is no such value here";

const EXPLAINED: &str =
    "templates see `distro`, `host`, `gpu`, `guests`, `paths`; a guest's also `guest`, a step's also `step`";

const OPEN_BLOCK: &str =
    "is a `{% if … %}` without its `{% endif %}`, or a `{% for … %}` without its `{% endfor %}`?";

const OPEN_TAG: &str = "a value is written `{{ guest.name | sh }}`, with both brackets on both sides";

/// The engine's error, about one of the templates that were loaded.
pub(super) fn diagnose(
    error: &tera::Error,
    loaded: &BTreeMap<String, DataFile>,
    context: &Context,
) -> Diagnostic {
    place(error, loaded, context).more("template")
}

fn place(error: &tera::Error, loaded: &BTreeMap<String, DataFile>, context: &Context) -> Diagnostic {
    match error.kind() {
        ErrorKind::SyntaxError(report) | ErrorKind::RenderingError(report) => {
            about(report, error, loaded, context)
        }
        _ => elsewhere(error, loaded),
    }
}

fn about(
    report: &ReportError,
    error: &tera::Error,
    loaded: &BTreeMap<String, DataFile>,
    context: &Context,
) -> Diagnostic {
    let Some(file) = loaded.get(report.filename()) else { return elsewhere(error, loaded) };
    let range = one_line(&file.text, report.span().range.clone());
    let said = expression(&file.text, range.start);
    let message = sentence(&chain(report.message(), error));
    let diagnostic = Diagnostic::input(message.clone()).at(&file.origin, &file.text, range, "here");
    match misspelled(said, context) {
        Some((part, near)) => diagnostic.help(format!("there is no `{part}`: did you mean `{near}`?")),
        None if message.contains(NOTHING) || message.contains("undefined") => diagnostic.help(EXPLAINED),
        None if message.contains("unexpected end of input") => diagnostic.help(OPEN_BLOCK),
        None if message.contains("expected }}") => diagnostic.help(OPEN_TAG),
        None => diagnostic,
    }
}

/// What runs over several lines is marked at its end.
fn one_line(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    match text.get(range.clone()) {
        Some(said) if said.contains('\n') => text.trim_end().len()..text.trim_end().len(),
        Some(_) => range,
        None => text.len()..text.len(),
    }
}

/// The tag's inside from its beginning, of the tag that `at` is in.
fn expression(text: &str, at: usize) -> &str {
    let before = text.get(..at).unwrap_or_default();
    let open = before.rfind("{{").max(before.rfind("{%")).filter(|open| !before[*open..].contains("}}"));
    open.map_or("", |open| text[open + 2..].lines().next().unwrap_or_default())
}

/// The engine's message, and what a filter said if it was one.
fn chain(first: &str, error: &tera::Error) -> String {
    let mut text = first.to_owned();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

/// Ours begin with a small letter.
fn sentence(message: &str) -> String {
    let mut chars = message.trim_start_matches("error: ").chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}

/// The first part of a dotted name in `said` that is not there, and the one that is nearest to it.
fn misspelled(said: &str, context: &Context) -> Option<(String, String)> {
    let name = said.trim_start_matches(['-', ' ']);
    let name = name.strip_prefix("if ").or(name.strip_prefix("elif ")).unwrap_or(name).trim_start();
    let name: &str = name.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.')).next()?;
    let mut parts = name.split('.');
    let root = parts.next().filter(|root| !root.is_empty())?;
    let Some(mut value) = context.get(root) else {
        return nearest(root, &ROOTS).map(|near| (root.to_owned(), near.to_owned()));
    };
    for part in parts {
        let map = value.as_map()?;
        let keys: Vec<String> = map.keys().map(ToString::to_string).collect();
        match value.get_from_path(part).filter(|found| !found.is_undefined()) {
            Some(found) => value = found,
            None => {
                let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
                return nearest(part, &keys).map(|near| (part.to_owned(), near.to_owned()));
            }
        }
    }
    None
}

/// What the engine tells no place of: a value without a filter. The places are looked for.
fn elsewhere(error: &tera::Error, loaded: &BTreeMap<String, DataFile>) -> Diagnostic {
    let diagnostic = Diagnostic::input(sentence(&chain(&error.to_string(), error)));
    if let Some(diagnostic) = unknown_filter(&error.to_string(), loaded) {
        return diagnostic;
    }
    let bare = loaded.values().filter(|file| !file.origin.starts_with("embedded:")).find_map(|file| {
        let at = bare_value(&file.text)?;
        Some((file, at))
    });
    match bare {
        Some((file, range)) => {
            let message = sentence(&error.to_string());
            let message = message
                .rsplit_once(": a template")
                .map_or(message.clone(), |(_, rest)| format!("a template{rest}"));
            let cause = std::error::Error::source(error).map_or(message, ToString::to_string);
            Diagnostic::input(cause)
                .at(&file.origin, &file.text, range, "this value, or one behind it")
                .help("every value ends in the quoting filter of its format: `{{ guest.name | sh }}`")
        }
        None => diagnostic,
    }
}

/// A filter that there is not; the engine tells its place only in the text of its report.
fn unknown_filter(report: &str, loaded: &BTreeMap<String, DataFile>) -> Option<Diagnostic> {
    let name = report.split_once("nknown filter `")?.1.split('`').next()?;
    let (file, start) = loaded.values().find_map(|file| {
        let mut places = file.text.match_indices(name).map(|(at, _)| at);
        let at = places.find(|at| file.text[..*at].trim_end().ends_with('|'))?;
        Some((file, at))
    })?;
    let known: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
    let near = nearest(name, &known);
    let more = near.map_or_else(|| "template".to_owned(), |near| format!("filter:{near}"));
    let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let diagnostic = Diagnostic::input(format!("unknown filter `{name}`"));
    let diagnostic = diagnostic.at(&file.origin, &file.text, start..start + name.len(), "here");
    Some(diagnostic.help(format!("{near}quoting filters: {}", known.join(", "))).more(more))
}

/// Where a template first prints something without a filter.
fn bare_value(text: &str) -> Option<std::ops::Range<usize>> {
    let mut from = 0;
    while let Some(open) = text[from..].find("{{").map(|at| from + at) {
        let close = open + text[open..].find("}}")? + 2;
        let filter =
            text[open..close].rsplit_once('|').map(|(_, filter)| filter.trim_matches(['}', '-', ' ']));
        if !filter.is_some_and(|filter| FILTERS.iter().any(|(name, _)| *name == filter)) {
            return Some(open..close);
        }
        from = close;
    }
    None
}
