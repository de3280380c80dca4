//! From a file to a [`Profile`], or to a diagnostic that says where and what instead.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

use super::cpus::Complaint;
use super::{Guest, Hugepages, Profile, Source, keys};
use crate::diag::{Diagnostic, Result};

/// No profile needs more; a larger file was named by mistake.
const LARGEST: u64 = 1 << 20;

/// Reads and checks the profile at `path`.
///
/// # Errors
/// When it cannot be read or is no profile: each with the page to read.
pub fn read(path: &Path) -> Result<Profile> {
    let name = path.display().to_string();
    text(path).and_then(|text| parse(&name, &text)).map_err(|error| error.more(WHOLE))
}

/// The topic about profiles as such.
const WHOLE: &str = "profile";

/// The text of the profile at `path`.
pub(super) fn text(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    let fail = |error: &dyn std::fmt::Display| Diagnostic::input(format!("{name}: {error}"));
    let meta = fs::metadata(path)
        .map_err(|error| fail(&error).help("write a profile first, `onegpu init` does it"))?;
    if !meta.is_file() {
        return Err(fail(&"is not a regular file").help("name the profile itself, a TOML file"));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(|error| fail(&error))?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(|error| fail(&error))?;
    if bytes.len() as u64 > LARGEST {
        return Err(fail(&format!("has more than {LARGEST} bytes, no profile is that large")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..good];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
        Diagnostic::input(format!("{name}:{line}:{column}: this byte is not UTF-8 text"))
            .help("a profile is a TOML file; was another file named?")
    })
}

/// Parses the text of a profile; `name` is what diagnostics call it.
pub fn parse(name: &str, text: &str) -> Result<Profile> {
    checked(name, text).map_err(|error| with_page(error, name))
}

fn checked(name: &str, text: &str) -> Result<Profile> {
    let mut profile: Profile = from_toml(name, text)?;
    if let Some(machines) = &profile.machines {
        return Err(Diagnostic::input("this file is many machines', and the profile of one is wanted")
            .at(name, text, first_line(text, machines.span()), "their table")
            .help(
                "`onegpu package` takes it; `render`, `diff` and `check` take one of them, with --host NAME",
            ));
    }
    check_guests(&profile).map_err(|(message, span, help)| {
        Diagnostic::input(message).at(name, text, span, "here").help(help)
    })?;
    profile.source = Source { name: name.to_owned(), text: text.to_owned() };
    Ok(profile)
}

/// An error of the profile `name` with what tells more: the text of the key that it is about.
fn with_page(error: Diagnostic, name: &str) -> Diagnostic {
    error.more_of_key(name, WHOLE, keys::nearest_to)
}

impl Profile {
    /// What is wrong with this profile, whoever found it, with what tells more.
    pub fn with_page(&self, error: Diagnostic) -> Diagnostic {
        with_page(error, &self.source.name)
    }
}

/// Deserializes TOML with errors that point at the place and name the nearest word.
pub fn from_toml<T: serde::de::DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        if text.trim().is_empty() {
            return Diagnostic::input(format!("{name}:1:1: the file is empty"))
                .help("a profile needs at least [gpu] with `address` and `driver`, and a [[guest]]");
        }
        toml_diagnostic(name, text, &error)
    })
}

/// An error of the TOML reader, whose span lies in `text`, as a diagnostic.
pub(crate) fn toml_diagnostic(name: &str, text: &str, error: &toml::de::Error) -> Diagnostic {
    let span = error.span().unwrap_or(0..0);
    let message = error.message().lines().next().unwrap_or_default();
    let (title, help) = explain(message);
    let key = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let label = if message.starts_with("missing field") { "in this table" } else { "here" };
    let diagnostic = Diagnostic::input(title).at(name, text, first_line(text, span), label);
    let diagnostic = match key {
        Some(key) => diagnostic.about(key),
        None => diagnostic,
    };
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// A caret under many lines helps nobody: keep the first line of a span.
fn first_line(text: &str, span: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let start = span.start.min(text.len());
    let end = span.end.clamp(start, text.len());
    let length = text[start..end].find('\n').unwrap_or(end - start);
    start..start + length
}

/// Turns serde's sentence into a title and what to write instead.
fn explain(message: &str) -> (String, Option<String>) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let unknown = [("unknown field", "key"), ("unknown variant", "value")];
    for (prefix, noun) in unknown {
        if let (true, [found, known @ ..]) = (message.starts_with(prefix), quoted.as_slice()) {
            let title = format!("unknown {noun} `{found}`");
            let list = known.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ");
            let help = match nearest(found, known) {
                Some(near) => format!("did you mean `{near}`? known here: {list}"),
                None => format!("known here: {list}"),
            };
            return (title, Some(help));
        }
    }
    if let (true, [field, ..]) = (message.starts_with("missing field"), quoted.as_slice()) {
        let help = (*field == "gpu").then(|| "add a table [gpu] with `address` and `driver`".to_owned());
        return (format!("`{field}` is missing"), help);
    }
    let help = match message.rsplit_once("expected ").map(|(_, wanted)| wanted) {
        Some("a string") => Some("write it in quotes"),
        Some("a boolean") => Some("`true` or `false`, without quotes"),
        Some("a sequence") => Some("a list is wanted: `[[guest]]` with two brackets, or `[\"…\", \"…\"]`"),
        Some("u32") => Some("a whole number from 0 to 4294967295, without quotes"),
        _ => None,
    };
    (message.to_owned(), help.map(str::to_owned))
}

/// The known word that is nearest to what was written, if any is near.
pub fn nearest<'a>(found: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|word| (strsim::jaro_winkler(found, word), *word))
        .filter(|(score, _)| *score > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// What no single value shows: names that meet each other.
fn check_guests(profile: &Profile) -> std::result::Result<(), Complaint> {
    // Package names are lower case in every format, so must differ without case.
    let mut seen = BTreeMap::new();
    for guest in &profile.guests {
        let name = guest.name.get_ref().as_str();
        let own = name.to_ascii_lowercase();
        if seen.contains_key(&own) {
            let message = format!("two guests are called `{name}`");
            return Err((message, guest.name.span(), "give one of them another name".into()));
        }
        let twin = own.strip_suffix("-setup").and_then(|base| seen.get(base));
        if let Some(other) = twin.or_else(|| seen.get(&format!("{own}-setup"))) {
            let message =
                format!("`{name}` and `{other}`: onegpu itself makes a domain NAME-setup of every guest");
            return Err((
                message,
                guest.name.span(),
                "choose a name that is not another's with -setup".into(),
            ));
        }
        seen.insert(own, name);
        if let Some(cpus) = &guest.cpus {
            cpus.get_ref().check(cpus.span())?;
        }
        check_hugepages(guest)?;
    }
    Ok(())
}

/// Memory that is set aside is set aside whole.
fn check_hugepages(guest: &Guest) -> std::result::Result<(), Complaint> {
    match &guest.hugepages {
        Some(said) if *said.get_ref() == Hugepages::Reserve && guest.memory.mib % 2 == 1 => {
            let message = format!("{} MiB of memory are no whole number of huge pages", guest.memory.mib);
            Err((message, said.span(), "a huge page has 2 MiB: make `memory` an even number of MiB".into()))
        }
        _ => Ok(()),
    }
}
