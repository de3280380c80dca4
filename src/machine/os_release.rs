//! Which distro: os-release(5), then a file in `distros/` for its family.

use os_release::OsRelease;
use serde::Serialize;

use super::plain::plain_word;
use super::root::Root;
use crate::data::DataDirs;
use crate::diag::Result;
use crate::distro::Distro;
use crate::paths::machine as at;
use crate::profile::Bootloader;

/// The distro of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DistroFacts {
    /// `ID`.
    pub id: Option<String>,
    /// `ID_LIKE`, in order.
    pub like: Vec<String>,
    /// `PRETTY_NAME`, or `NAME`.
    pub name: Option<String>,
    /// `VERSION_ID`; rolling distros have none.
    pub version: Option<String>,
    /// The file in `distros/` that knows it, by `ID` and then `ID_LIKE`.
    pub known_as: Option<String>,
    /// The family that file names.
    pub family: Option<String>,
    /// Whether it says how unified kernel images get their parameters.
    #[serde(skip)]
    pub knows_images: bool,
}

/// Reads `etc/os-release`, then `usr/lib/os-release`: the first that names an id.
///
/// # Errors
/// When a file in `distros/` that should know it is broken.
pub fn read(root: &Root, data: &DataDirs) -> Result<DistroFacts> {
    let texts = at::OS_RELEASE.iter().filter_map(|path| root.text(path));
    let mut facts = texts.map(|text| parse(&text)).find(|facts| facts.id.is_some()).unwrap_or_default();
    let ids: Vec<String> = facts.id.iter().chain(&facts.like).map(|id| id.to_ascii_lowercase()).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    if let Some(distro) = Distro::resolve(data, &ids)? {
        facts.knows_images = distro.bootloader.contains_key(&Bootloader::Uki);
        facts.known_as = Some(distro.id);
        facts.family = Some(distro.family);
    }
    Ok(facts)
}

/// Reads the text of an os-release file. Lines that the shell would not read
/// are left out first: the crate panics on a lone quote.
pub fn parse(text: &str) -> DistroFacts {
    let read: OsRelease = text.lines().filter_map(assignment).collect();
    let is_id = |id: &&str| id.len() <= 64 && id.bytes().all(is_id_byte) && !id.starts_with('.');
    let id = Some(read.id.as_str()).filter(|id| !id.is_empty()).filter(is_id).map(str::to_owned);
    DistroFacts {
        id,
        like: read.id_like.split_whitespace().filter(is_id).map(str::to_owned).collect(),
        name: plain_word(&read.pretty_name).or_else(|| plain_word(&read.name)),
        version: plain_word(&read.version_id),
        known_as: None,
        family: None,
        knows_images: false,
    }
}

/// What os-release(5) allows in an id, and capitals, which some write.
fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

/// `KEY=value` of a line, the value without the shell's quoting.
fn assignment(line: &str) -> Option<String> {
    let (key, value) = line.trim().split_once('=')?;
    if key.is_empty() || !key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let value = unquote(value)?;
    // A quote that is left would be taken for quoting once more.
    let sane = !value.chars().any(char::is_control) && !value.starts_with(['"', '\'']);
    sane.then(|| format!("{key}={value}"))
}

/// A word of shell: bare, or in one pair of quotes.
fn unquote(text: &str) -> Option<String> {
    let mut chars = text.chars();
    let quote = match chars.clone().next() {
        Some(quote @ ('"' | '\'')) => quote,
        _ => return Some(text.split_whitespace().next().unwrap_or_default().to_owned()),
    };
    chars.next();
    let mut value = String::new();
    while let Some(c) = chars.next() {
        match c {
            c if c == quote => return Some(value),
            '\\' if quote == '"' => value.push(chars.next()?),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_comments_and_derivatives() {
        let facts = parse(
            "# a comment\nNAME='Pop!_OS'\nID=\"pop\" # why not\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"24.04\"\n",
        );
        assert_eq!(facts.id.as_deref(), Some("pop"));
        assert_eq!(facts.like, ["ubuntu", "debian"]);
        assert_eq!(facts.version.as_deref(), Some("24.04"));
        assert_eq!(facts.name.as_deref(), Some("Pop!_OS"));
    }

    #[test]
    fn what_is_no_id_is_none() {
        for text in
            ["", "ID=", "ID=\"", "ID='", "ID=\"debian", "ID=../../etc/x", "ID=a\0b", "ID=\"a b\"", "ID", "=x"]
        {
            assert_eq!(parse(text).id, None, "{text:?}");
        }
        assert_eq!(parse("ID=\"\nID=arch").id.as_deref(), Some("arch"));
    }
}
