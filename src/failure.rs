//! What goes wrong for people who lend their card: `texts/failures/ID.toml`, one a
//! file, for `log`, `explain`, `check`, the page and the documents alike.

use std::path::Path;
use std::sync::LazyLock;

use include_dir::{Dir, include_dir};
use regex::Regex;
use regex_syntax::hir::{Hir, HirKind};
use serde::Deserialize;

use crate::diag::{Diagnostic, Result};

static TEXTS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/texts/failures");

/// The embedded texts. A test sees to it that all parse; were one broken, there would be none.
static ALL: LazyLock<Vec<Failure>> = LazyLock::new(|| read_all().unwrap_or_default());

/// One thing that goes wrong, in words for the person it happens to.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The file's name without `.toml`.
    pub id: String,
    /// One line.
    pub title: String,
    /// What the person sees.
    pub symptom: String,
    /// Why it happens.
    pub cause: String,
    /// What to do.
    pub fix: String,
    /// What onegpu's files do so that it does not happen; nothing when they do nothing.
    pub done: Option<String>,
    /// What of it was tried, and with what. Nothing was tried on a real card.
    pub tried: Option<String>,
    /// A line of a log that one of these matches tells of it.
    pub patterns: Vec<Pattern>,
    /// For each pattern a line that it matches.
    pub examples: Vec<String>,
    /// Where people told of it: `owner/repo#number`, `owner/repo`, or an address.
    pub sources: Vec<String>,
}

/// A pattern for one line of a log.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// For matching; takes time in proportion to the line, whatever is in it.
    pub regex: Regex,
    /// How many characters of a match are given: the more, the more it tells.
    pub weight: usize,
}

/// The file, before its patterns are compiled.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    title: String,
    symptom: String,
    cause: String,
    fix: String,
    done: Option<String>,
    tried: Option<String>,
    #[serde(default)]
    patterns: Vec<String>,
    #[serde(default)]
    examples: Vec<String>,
    sources: Vec<String>,
}

/// All of them, by id.
pub fn all() -> &'static [Failure] {
    &ALL
}

/// The failure of this id.
pub fn find(id: &str) -> Option<&'static Failure> {
    all().iter().find(|failure| failure.id == id)
}

/// The id that a file stands for.
fn id_of(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_str()?;
    (path.extension()? == "toml").then(|| stem.to_owned())
}

fn read_all() -> Result<Vec<Failure>> {
    let mut all = Vec::new();
    for file in TEXTS.files() {
        let text = file.contents_utf8().unwrap_or_default();
        if let Some(id) = id_of(file.path()) {
            all.push(parse(&id, text)?);
        }
    }
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// Parses one file.
///
/// # Errors
/// On what is no TOML of this form, and on a pattern that does not compile.
fn parse(id: &str, text: &str) -> Result<Failure> {
    let name = format!("embedded:texts/failures/{id}.toml");
    let file: Text = toml::from_str(text).map_err(|error| {
        Diagnostic::input(error.message()).at(&name, text, error.span().unwrap_or(0..0), "here")
    })?;
    let patterns = file.patterns.iter().map(|pattern| Pattern::new(&name, pattern)).collect::<Result<_>>()?;
    Ok(Failure {
        id: id.to_owned(),
        title: file.title,
        symptom: file.symptom,
        cause: file.cause,
        fix: file.fix,
        done: file.done,
        tried: file.tried,
        patterns,
        examples: file.examples,
        sources: file.sources,
    })
}

impl Pattern {
    fn new(name: &str, pattern: &str) -> Result<Self> {
        let wrong = |error: &dyn std::fmt::Display| Diagnostic::input(format!("{name}: {error}"));
        let form = regex_syntax::parse(pattern).map_err(|error| wrong(&error))?;
        Ok(Self { regex: Regex::new(pattern).map_err(|error| wrong(&error))?, weight: given(&form) })
    }
}

/// The bytes that every match has literally, at least.
fn given(form: &Hir) -> usize {
    match form.kind() {
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Repetition(repetition) => repetition.min as usize * given(&repetition.sub),
        HirKind::Capture(capture) => given(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(given).sum(),
        HirKind::Alternation(ways) => ways.iter().map(given).min().unwrap_or(0),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_a_failure_of_its_own_name() {
        let read = read_all().unwrap();
        assert_eq!(read.len(), TEXTS.files().count());
        assert_eq!(read.len(), all().len());
        assert!(read.len() >= 33, "the rows of what people ran into");
        for failure in all() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(failure.id.chars().all(plain), "{}", failure.id);
            assert_eq!(find(&failure.id).unwrap().title, failure.title);
        }
        assert!(find("no-such-thing").is_none());
    }

    #[test]
    fn every_text_says_something_and_ends() {
        for Failure { id, title, symptom, cause, fix, done, tried, .. } in all() {
            assert!((10..=72).contains(&title.chars().count()) && !title.ends_with('.'), "{id}: {title}");
            for text in [Some(symptom), Some(cause), Some(fix), done.as_ref(), tried.as_ref()] {
                let Some(text) = text else { continue };
                assert!(text.len() > 15 && text.ends_with(['.', '!', '`']), "{id}: {text}");
                assert!(!text.contains('\n'), "{id}: {text}");
            }
        }
    }

    #[test]
    fn every_pattern_has_an_example_and_every_example_a_pattern() {
        for Failure { id, patterns, examples, .. } in all() {
            for pattern in patterns {
                let found = examples.iter().any(|example| pattern.regex.is_match(example));
                assert!(found, "{id}: no example for {}", pattern.regex);
                assert!(pattern.weight >= 8, "{id}: {} matches too much", pattern.regex);
            }
            for example in examples {
                let found = patterns.iter().any(|pattern| pattern.regex.is_match(example));
                assert!(found, "{id}: no pattern for {example}");
            }
        }
    }

    #[test]
    fn everything_has_a_source() {
        let source = Regex::new(r"^(https://\S+|[\w.-]+/[\w.-]+(#[0-9]+)?)$").unwrap();
        for failure in all() {
            assert!(!failure.sources.is_empty(), "{}", failure.id);
            for text in &failure.sources {
                assert!(source.is_match(text), "{}: {text}", failure.id);
            }
        }
    }

    #[test]
    fn unknown_keys_and_bad_patterns_are_errors() {
        let good = "title='a'\nsymptom='b'\ncause='c'\nfix='d'\nsources=['e/f#1']\n";
        assert!(parse("x", good).is_ok());
        let error = parse("x", &format!("{good}symptoms='g'\n")).unwrap_err().to_string();
        assert!(error.contains("unknown field `symptoms`") && error.contains("x.toml:6"), "{error}");
        let error = parse("x", &format!("{good}patterns=['(']\n")).unwrap_err().to_string();
        assert!(error.contains("unclosed group"), "{error}");
    }
}
