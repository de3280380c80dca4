//! Reading distro files: inheritance by `like`, and errors that name the file.

use toml::{Table, Value};

use super::Distro;
use crate::data::{DataDirs, DataFile};
use crate::diag::{Diagnostic, Result};
use crate::profile::nearest;

/// A chain of `like` longer than this runs in a circle.
const DEEPEST: usize = 8;

impl Distro {
    /// The distro of this id.
    ///
    /// # Errors
    /// When there is no such file, or it or one it is like does not parse.
    pub fn load(data: &DataDirs, id: &str) -> Result<Self> {
        let Some(file) = data.distro(id)? else {
            let ids = data.distro_ids();
            let known: Vec<&str> = ids.iter().map(String::as_str).collect();
            let list = known.join(", ");
            let error = Diagnostic::input(format!("no distro is called `{id}`"));
            return Err(match nearest(id, &known) {
                Some(near) => error.help(format!("did you mean `{near}`? known: {list}")),
                None => error
                    .help(format!("known: {list}; or write distros/{id}.toml, a few lines with `like =`")),
            });
        };
        let mut chain = vec![(parse(&file)?, file)];
        while let Some(parent) =
            chain.last().and_then(|(table, _)| table.get("like")?.as_str().map(str::to_owned))
        {
            let origin = chain.last().map_or("", |(_, file)| file.origin.as_str());
            if chain.len() > DEEPEST {
                return Err(Diagnostic::input(format!("{origin}: `like` runs in a circle")));
            }
            let file = data.distro(&parent)?.ok_or_else(|| {
                Diagnostic::input(format!("{origin}: like = \"{parent}\", and there is no such distro file"))
            })?;
            chain.push((parse(&file)?, file));
        }
        let origin = chain.first().map_or(String::new(), |(_, file)| file.origin.clone());
        let text = chain.first().map_or(String::new(), |(_, file)| file.text.clone().into_owned());
        let merged = chain.into_iter().rev().fold(Table::new(), |base, (table, _)| merge(base, table));
        // The merged table has lost its places: the key is named, and looked up in the first file.
        let distro: Self = Value::Table(merged).try_into().map_err(|error: toml::de::Error| {
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            let key = message.split('`').nth(1).unwrap_or_default();
            let at = (!key.is_empty()).then(|| text.find(key)).flatten();
            let error = Diagnostic::input(format!("{origin}: {message}"));
            match at {
                Some(at) => error.at(&origin, &text, at..at + key.len(), "here"),
                None => error,
            }
            .help("distros/README.md explains every key")
        })?;
        if distro.id != id {
            return Err(Diagnostic::input(format!(
                "{origin}: id is `{}`, the file's name says `{id}`",
                distro.id
            )));
        }
        Ok(distro)
    }
}

fn parse(file: &DataFile) -> Result<Table> {
    file.text.parse::<Table>().map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        Diagnostic::input(error.message().to_owned()).at(&file.origin, &file.text, span, "here")
    })
}

/// What `over` says replaces what `base` says; tables are merged key by key.
fn merge(mut base: Table, over: Table) -> Table {
    for (key, value) in over {
        let merged = match (base.remove(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => Value::Table(merge(below, above)),
            (_, value) => value,
        };
        base.insert(key, merged);
    }
    base
}
