//! The packages' files against those of the machine.

use std::collections::BTreeSet;

use super::lines::{self, Line, Sign};
use super::owner::{Owner, Whose};
use super::{FileDiff, State};
use crate::machine::root::{Kind as Found, Root};
use crate::plan::Kind;
use crate::render::File;
use crate::render::visible::visible;

/// None of ours is near; what is larger is named and not shown.
const LARGEST: usize = 1 << 20;

/// What lies on the machine where a file of ours goes.
enum There {
    Nothing,
    File { bytes: Vec<u8>, mode: &'static str },
    Link(String),
    Other(&'static str),
    Unreadable,
}

/// Every file of every package, and what of the installed ones is no longer in any.
pub fn compare(root: &Root, packages: &[(String, Vec<File>)], owner: &Owner) -> Vec<FileDiff> {
    let ours = packages.iter().flat_map(|(_, files)| files);
    let mut out: Vec<FileDiff> = ours.clone().map(|file| one(root, file, owner)).collect();
    let planned: BTreeSet<&str> = ours.map(|file| file.path.as_str()).collect();
    let gone = owner.installed().filter(|path| !planned.contains(path));
    out.extend(gone.filter_map(|path| removed(path, look(root, path))));
    out.sort_by(|a, b| a.path.cmp(&b.path));
    out
}

fn look(root: &Root, path: &str) -> There {
    if let Some(target) = root.link(path) {
        return There::Link(target);
    }
    match root.kind(path) {
        Some(Found::File { executable }) => match root.bytes(path, LARGEST) {
            Some(bytes) => There::File { bytes, mode: if executable { "100755" } else { "100644" } },
            None => There::Unreadable,
        },
        Some(Found::Folder) => There::Other("a folder"),
        Some(Found::Special) => There::Other("a device, a FIFO or a socket"),
        None if root.is_absent(path) => There::Nothing,
        None => There::Unreadable,
    }
}

/// The mode in git's spelling.
const fn mode(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain | Kind::Config => "100644",
        Kind::Executable | Kind::ConfigExecutable => "100755",
        Kind::Link => "120000",
    }
}

fn one(root: &Root, file: &File, owner: &Owner) -> FileDiff {
    let mut diff = FileDiff {
        path: file.path.clone(),
        state: State::Same,
        note: String::new(),
        old_mode: None,
        new_mode: Some(mode(file.kind)),
        binary: false,
        lines: Vec::new(),
    };
    let (old, old_mode) = match look(root, &file.path) {
        There::Nothing => {
            diff.state = State::New;
            show(&mut diff, b"", &file.bytes);
            return diff;
        }
        There::Unreadable => {
            diff.state = State::Unknown;
            diff.note = "it cannot be read here, or is too large: as root, one sees more".to_owned();
            return diff;
        }
        There::Other(what) => {
            diff.state = State::Foreign;
            diff.note = format!("{what} lies there");
            return diff;
        }
        There::Link(target) => (target.into_bytes(), "120000"),
        There::File { bytes, mode } => (bytes, mode),
    };
    diff.old_mode = Some(old_mode);
    if old == file.bytes && old_mode == mode(file.kind) {
        return diff;
    }
    let whose = owner.whose(&file.path, &old);
    if old == file.bytes && whose != Whose::Foreign {
        diff.state = State::Drifted;
        diff.note = "ours, and its mode was changed".to_owned();
        return diff;
    }
    (diff.state, diff.note) = match whose {
        Whose::Ours => (State::Changed, String::new()),
        Whose::Edited => (State::Drifted, "ours, and changed since it was installed".to_owned()),
        Whose::Perhaps => {
            (State::Changed, "ours by what it says; what was installed is not on record".to_owned())
        }
        Whose::PerhapsEdited => {
            (State::Drifted, "ours by what it says, and changed since this profile was applied".to_owned())
        }
        Whose::Foreign => (State::Foreign, "not from a package of onegpu's".to_owned()),
    };
    show(&mut diff, &old, &file.bytes);
    diff
}

fn removed(path: &str, there: There) -> Option<FileDiff> {
    let (old, mode) = match there {
        There::File { bytes, mode } => (bytes, mode),
        There::Link(target) => (target.into_bytes(), "120000"),
        There::Nothing | There::Other(_) | There::Unreadable => return None,
    };
    let mut diff = FileDiff {
        path: visible(path),
        state: State::Removed,
        note: String::new(),
        old_mode: Some(mode),
        new_mode: None,
        binary: false,
        lines: Vec::new(),
    };
    show(&mut diff, &old, b"");
    Some(diff)
}

fn show(diff: &mut FileDiff, old: &[u8], new: &[u8]) {
    match (std::str::from_utf8(old), std::str::from_utf8(new)) {
        (Ok(old), Ok(new)) => diff.lines = lines::between(old, new),
        _ => diff.binary = true,
    }
}

impl FileDiff {
    /// How many lines come and go.
    pub fn count(&self) -> (usize, usize) {
        count(&self.lines)
    }
}

/// How many lines come and go.
fn count(lines: &[Line]) -> (usize, usize) {
    let of = |sign| lines.iter().filter(|line| line.sign == sign).count();
    (of(Sign::New), of(Sign::Old))
}
