//! Reading distro files: inheritance by `like`, and errors that point into the
//! file that is wrong.

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Distro, alternatives, keys};
use crate::data::{DataDirs, DataFile};
use crate::diag::{Diagnostic, Result};
use crate::profile::{nearest, toml_diagnostic};

impl Distro {
    /// The distro of this id.
    ///
    /// # Errors
    /// When there is no such file, or it or one it is like is wrong: with file,
    /// line, column, and the nearest key.
    pub fn load(data: &DataDirs, id: &str) -> Result<Self> {
        let files = chain(data, id)?;
        Self::of(&files)?.ok_or_else(|| unknown(data, id))
    }

    /// The distro of a chain of files.
    fn of(files: &[DataFile]) -> Result<Option<Self>> {
        // From the root of the kin down: what lies below is known to be right,
        // so whatever is wrong at a file stands in that file.
        let mut below = DeTable::new();
        let mut distro = None;
        for file in files.iter().rev() {
            let with_page = |error| with_page(error, file);
            let table = parse(file)?;
            let span = table.span();
            below = merge(below, table.into_inner());
            let reader = toml::Deserializer::from(Spanned::new(span, below.clone()));
            let found = Self::deserialize(reader)
                .map_err(|error| toml_diagnostic(&file.origin, &file.text, &error))
                .map_err(|error| match error.message().ends_with("is missing") {
                    true => with_page(error.help(SAY_LIKE)),
                    false => with_page(error),
                })?;
            check(&found, file).map_err(with_page)?;
            distro = Some(found);
        }
        Ok(distro)
    }

    /// The distro that a machine is: of `ID` and then each of `ID_LIKE` the
    /// first that a file knows; none when no file knows any.
    ///
    /// # Errors
    /// As [`Distro::load`], for the file that was found.
    pub fn resolve(data: &DataDirs, ids: &[&str]) -> Result<Option<Self>> {
        for id in ids {
            if is_id(id) && data.distro(id)?.is_some() {
                return Self::load(data, id).map(Some);
            }
        }
        Ok(None)
    }
}

const SAY_LIKE: &str = "`like = \"debian\"`, or another: then only what differs has to be said";

/// A mistake in a distro file with what tells more: the text of the key that it is about.
fn with_page(error: Diagnostic, file: &DataFile) -> Diagnostic {
    error.more_of_key(&file.origin, "distro-file", keys::nearest_to)
}

/// The file of a distro and those it inherits from, the root of its kin last.
///
/// # Errors
/// When one is missing, does not parse, or `like` runs in a circle.
pub fn chain(data: &DataDirs, id: &str) -> Result<Vec<DataFile>> {
    let mut files: Vec<DataFile> = Vec::new();
    let mut ids = Vec::new();
    let mut next = match is_id(id).then(|| data.distro(id)).transpose()?.flatten() {
        Some(file) => Some((id.to_owned(), file)),
        None => return Err(unknown(data, id)),
    };
    while let Some((id, file)) = next.take() {
        if let Some((parent, span)) = like(&file)? {
            let wrong = |message: String| {
                with_page(Diagnostic::input(message).at(&file.origin, &file.text, span, "here"), &file)
            };
            if parent == id || ids.contains(&parent) {
                return Err(wrong(format!("`like` runs in a circle: {} is like {parent}", file.origin))
                    .help("a chain of `like` ends in a file without it"));
            }
            let found = is_id(&parent).then(|| data.distro(&parent)).transpose()?.flatten();
            let found = found.ok_or_else(|| {
                let known = known(data);
                let error = wrong(format!("there is no distro file `{parent}`"));
                match nearest(&parent, &known.iter().map(String::as_str).collect::<Vec<_>>()) {
                    Some(near) => error.help(format!("did you mean `{near}`?")),
                    None => error.help(format!("known: {}", known.join(", "))),
                }
            })?;
            next = Some((parent, found));
        }
        ids.push(id);
        files.push(file);
    }
    Ok(files)
}

/// What a file's `like` says, and where.
fn like(file: &DataFile) -> Result<Option<(String, std::ops::Range<usize>)>> {
    let table = parse(file)?.into_inner();
    Ok(table.get("like").and_then(|value| Some((value.get_ref().as_str()?.to_owned(), value.span()))))
}

/// Whether os-release(5) allows the id; nothing else becomes a file's name.
fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
        && !id.starts_with('.')
}

fn known(data: &DataDirs) -> Vec<String> {
    data.distro_ids().into_iter().collect()
}

fn unknown(data: &DataDirs, id: &str) -> Diagnostic {
    let known = known(data);
    let list = known.join(", ");
    let error = Diagnostic::input(format!("no distro is called `{id}`"));
    match nearest(id, &known.iter().map(String::as_str).collect::<Vec<_>>()) {
        Some(near) => error.help(format!("did you mean `{near}`? known: {list}")),
        None => error.help(format!("known: {list}; or write distros/{id}.toml, a few lines with `like =`")),
    }
}

fn parse(file: &DataFile) -> Result<Spanned<DeTable<'_>>> {
    DeTable::parse(&file.text)
        .map_err(|error| with_page(toml_diagnostic(&file.origin, &file.text, &error), file))
}

/// What `over` says replaces what `base` says; tables are merged key by key.
fn merge<'i>(mut base: DeTable<'i>, over: DeTable<'i>) -> DeTable<'i> {
    for (key, value) in over {
        let span = value.span();
        let merged = match (base.remove(&key).map(Spanned::into_inner), value.into_inner()) {
            (Some(DeValue::Table(below)), DeValue::Table(above)) => DeValue::Table(merge(below, above)),
            (_, value) => value,
        };
        base.insert(key, Spanned::new(span, merged));
    }
    base
}

/// What the types do not show: the id is the file's name, and dependencies can
/// be spelled in the format.
fn check(distro: &Distro, file: &DataFile) -> Result<()> {
    let at = |message: String, word: &str| {
        let quoted = format!("\"{word}\"");
        let error = Diagnostic::input(message);
        match file.text.find(&quoted) {
            Some(start) => error.at(&file.origin, &file.text, start..start + quoted.len(), "here"),
            None => error,
        }
    };
    let name = std::path::Path::new(&file.origin).file_stem().unwrap_or_default();
    if name != distro.id.as_str() {
        let message = format!("`id` is `{}`, the file is {}", distro.id, file.origin);
        return Err(
            at(message, &distro.id).help("a distro's file is called ID.toml, ID as in its os-release")
        );
    }
    for variable in distro.bootloader.values().filter_map(|way| way.variable.as_ref()) {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !variable.chars().all(plain) || !variable.starts_with(|c: char| !c.is_ascii_digit()) {
            let message = format!("`{variable}` is no name of a shell variable");
            return Err(at(message, variable).help("letters, digits and `_`, without `$`"));
        }
    }
    for (need, dependencies) in distro.needs.all() {
        for dependency in dependencies {
            alternatives(distro.package.format, dependency).map_err(|why| {
                at(format!("needs.{need}: {why}"), dependency)
                    .help("one dependency an entry, in the format's own spelling, without a version")
            })?;
        }
    }
    Ok(())
}
