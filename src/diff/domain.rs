//! The step `domain`: our two domains against libvirt's own copies.

use super::lines::{self, Line, Sign};
use super::record::Taken;
use super::xml;
use crate::diag::{Diagnostic, Result};
use crate::machine::root::Root;
use crate::paths::installed as at;
use crate::render::File;
use crate::setup::Guest;

use super::steps::Found;

/// A domain has some 10 kB; one with many devices ten times that.
const LARGEST: usize = 256 << 10;

/// Holds both domains of a guest against what libvirt has.
pub fn found(
    root: &Root,
    guest: &Guest,
    files: &[File],
    taken: Option<&Taken>,
) -> Result<(Found, Vec<Line>)> {
    let mut absent = Vec::new();
    let mut other = Vec::new();
    let mut again = Vec::new();
    let mut shown = Vec::new();
    for name in [guest.name.clone(), format!("{}-setup", guest.name)] {
        let ending = format!("/{name}.xml");
        let Some(file) = files.iter().find(|file| file.path.ends_with(&ending)) else { continue };
        let ours = std::str::from_utf8(&file.bytes).ok().and_then(xml::parse).ok_or_else(|| {
            Diagnostic::input(format!("{}: the domain is no XML", file.path))
                .help("is there an override of its template in --data-dir?")
        })?;
        let path = format!("{}/{name}.xml", at::DOMAINS);
        if root.is_absent(&path) {
            absent.push(name);
            continue;
        }
        let Some(bytes) = root.bytes(&path, LARGEST) else {
            return Ok((Found::Unknown(format!("{path} cannot be read: only root may")), Vec::new()));
        };
        let Some(theirs) = xml::parse(&String::from_utf8_lossy(&bytes)) else {
            return Ok((Found::Unknown(format!("{path} is no XML")), Vec::new()));
        };
        // The record has a copy of what was defined: the profile may say something else by now.
        let copy = taken.and_then(|taken| taken.value(root, &format!("{name}.xml")));
        if copy.as_deref().and_then(xml::parse).is_some_and(|copy| copy.lines() != ours.lines()) {
            shown.push(heading(&name));
            shown.extend(lines::between(&ours.seen_in(&theirs).lines(), &ours.lines()));
            again.push(name);
            continue;
        }
        // As libvirt showed it when it was defined: by this, every change of the user's is seen.
        let defined = taken.and_then(|taken| taken.value(root, &format!("{name}.defined")));
        let (old, new) = match defined.as_deref().and_then(xml::parse) {
            Some(defined) => (theirs.lines(), defined.lines()),
            None => (ours.seen_in(&theirs).lines(), ours.lines()),
        };
        if old != new {
            shown.push(heading(&name));
            other.push(name);
            shown.extend(lines::between(&old, &new));
        }
    }
    if !again.is_empty() && other.is_empty() {
        return Ok((Found::Again(format!("define {} anew", again.join(" and "))), shown));
    }
    let found = match (absent.is_empty(), other.is_empty()) {
        (true, true) => Found::InForce,
        (_, false) => Found::Other(other.join(" and ")),
        (false, true) => Found::Not(format!("define {} in libvirt", absent.join(" and "))),
    };
    Ok((found, shown))
}

/// Whose hunks follow.
fn heading(name: &str) -> Line {
    Line { sign: Sign::Hunk, text: format!("domain {name}"), open: false }
}
