//! The machines of a fleet: the profiles of a folder, or the tables of one file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::diag::{Diagnostic, Result};
use crate::output::failure;
use crate::profile::fleet::{self, Member};
use crate::profile::{self, Profile};

/// So many names are listed where one has to be chosen.
const SHOWN: usize = 8;

/// One machine.
pub enum Machine {
    /// A profile of its own.
    File(PathBuf),
    /// A table in a file.
    Member(Member),
}

impl Machine {
    /// What its folder is called: the profile's name without the ending, or the table's.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            Self::Member(member) => member.name.clone(),
        }
    }

    /// What messages call it.
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Member(member) => member.shown(),
        }
    }

    /// Reads it.
    ///
    /// # Errors
    /// On a bad profile.
    pub fn profile(&self) -> Result<Profile> {
        match self {
            Self::File(path) => profile::read(path),
            Self::Member(member) => member.profile(),
        }
    }
}

/// The machines at `path`; none when it is the profile of one.
///
/// # Errors
/// When a folder has no profile, or cannot be read.
pub fn machines(path: &Path) -> Result<Option<Vec<Machine>>> {
    if !path.is_dir() {
        let members = fleet::fleet(path)?;
        return Ok(members.map(|members| members.into_iter().map(Machine::Member).collect()));
    }
    let fail = |error: std::io::Error| failure(path, &error);
    let mut out = Vec::new();
    for entry in fs::read_dir(path).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        // What an editor or a person hid is none.
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && path.extension().is_some_and(|ending| ending == "toml") {
            out.push(path);
        }
    }
    out.sort();
    if out.is_empty() {
        return Err(Diagnostic::input(format!("{}: the folder has no profile", path.display()))
            .help("a profile is a file NAME.toml; `onegpu init -o FILE` writes one"));
    }
    Ok(Some(out.into_iter().map(Machine::File).collect()))
}

/// The profile at `path`, or that of the machine `host` where there are several.
///
/// # Errors
/// On a bad profile; when there are several machines and none is named, or none of that name.
pub fn one(path: &Path, host: Option<&str>) -> Result<Profile> {
    let Some(all) = machines(path).map_err(|error| error.more("profile"))? else {
        return match host {
            None => profile::read(path),
            Some(name) => {
                Err(Diagnostic::input(format!("{}: is one machine's, and not several", path.display()))
                    .help(format!("leave `--host {name}` out")))
            }
        };
    };
    let names: Vec<String> = all.iter().map(Machine::name).collect();
    let known = || {
        let more = if names.len() > SHOWN { ", …" } else { "" };
        format!("{}{more}", names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", "))
    };
    let Some(host) = host else {
        let count = match names.len() {
            1 => "a table of machines, with one".to_owned(),
            count => format!("{count} machines"),
        };
        return Err(Diagnostic::input(format!("{}: has {count}, and this is about one", path.display()))
            .help(format!("name it with --host: {}", known())));
    };
    match all.iter().find(|machine| machine.name() == host) {
        Some(machine) => machine.profile(),
        None => {
            let words: Vec<&str> = names.iter().map(String::as_str).collect();
            let near = profile::nearest(host, &words).map(|near| format!("did you mean `{near}`? "));
            Err(Diagnostic::input(format!("{}: no machine is called `{host}`", path.display()))
                .help(format!("{}there are: {}", near.unwrap_or_default(), known())))
        }
    }
}

/// A machine's name, which is part of paths, addresses and every client's configuration.
///
/// # Errors
/// When it is no plain word.
pub fn name(name: &str) -> Result<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
    match name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.len() <= 64 && name.chars().all(plain)
    {
        true => Ok(name),
        false => Err(Diagnostic::input(format!("a machine cannot be called {name:?}")).help(
            "its name is its profile's: letters, digits and . _ + -, a letter or digit first, at most 64",
        )),
    }
}
