//! Portage's binary host: `Packages` beside the packages, whose signatures are in them
//! (GLEP 78). Portage has no signature for `Packages` itself: it believes no package whose own
//! signature fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use blake2::Blake2b512;
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha512};
use tera::Value;

use super::{About, Index, KEY_FILE, Key, Meta, NAME, unpack, unreadable};
use crate::diag::Result;
use crate::package::archive::{Tar, hex};
use crate::render::{Engine, quote};

/// The metadata that Portage wants in the index, and what it calls them there; the rest it
/// reads from the package (bintree.py, `_pkgindex_aux_keys`).
const KEYS: [(&str, &str); 17] = [
    ("BDEPEND", "BDEPEND"),
    ("BUILD_ID", "BUILD_ID"),
    ("BUILD_TIME", "BUILD_TIME"),
    ("DEFINED_PHASES", "DEFINED_PHASES"),
    ("DEPEND", "DEPEND"),
    ("DESCRIPTION", "DESC"),
    ("EAPI", "EAPI"),
    ("IDEPEND", "IDEPEND"),
    ("IUSE", "IUSE"),
    ("KEYWORDS", "KEYWORDS"),
    ("LICENSE", "LICENSE"),
    ("PDEPEND", "PDEPEND"),
    ("RDEPEND", "RDEPEND"),
    ("RESTRICT", "RESTRICT"),
    ("SLOT", "SLOT"),
    ("USE", "USE"),
    ("repository", "REPO"),
];

/// The entries of the packages.
#[derive(Default)]
pub(super) struct Packages {
    entries: Vec<String>,
}

impl Index for Packages {
    fn add(&mut self, path: &str, bytes: &[u8], _: Option<&[u8]>) -> Result<()> {
        let values = metadata(bytes).map_err(|error| unreadable(path, error))?;
        let (Some(category), Some(pf)) = (values.get("CATEGORY"), values.get("PF")) else {
            return Err(unreadable(path, "its metadata has no CATEGORY or PF"));
        };
        let mut fields: BTreeMap<&str, String> = KEYS
            .iter()
            .filter_map(|(key, name)| {
                Some((*name, values.get(*key).filter(|value| !value.is_empty())?.clone()))
            })
            .collect();
        fields.insert("MD5", hex(&Md5::digest(bytes)));
        fields.insert("SHA1", hex(&Sha1::digest(bytes)));
        // Portage gives what it fetches this time, and fetches again what has another.
        fields.insert("MTIME", date(bytes).map_err(|error| unreadable(path, error))?.to_string());
        fields.insert("PATH", path.to_owned());
        fields.insert("SIZE", bytes.len().to_string());
        let mut entry = format!("CPV: {category}/{pf}\n");
        for (name, value) in fields {
            let value = quote::field(&value).map_err(|error| unreadable(path, error))?;
            let _ = writeln!(entry, "{name}: {value}");
        }
        self.entries.push(entry);
        Ok(())
    }

    fn finish(&mut self, engine: &mut Engine<'_>, about: &About<'_>, key: Option<&Key>) -> Result<Vec<Meta>> {
        let values = [
            ("name", Value::from_serializable(&NAME)),
            ("machine", Value::from_serializable(&about.machine)),
            ("url", Value::from_serializable(&about.url)),
            ("key_url", Value::from_serializable(&about.key_url)),
            ("key_file", Value::from_serializable(&KEY_FILE)),
            ("fingerprint", Value::from_serializable(&key.map(Key::fingerprint))),
            ("count", Value::from_serializable(&self.entries.len().to_string())),
            ("date", Value::from_serializable(&about.date.to_string())),
        ];
        let mut index = engine.render("repository/gentoo/Packages", &values)?;
        self.entries.iter().for_each(|entry| index.extend(["\n", entry.as_str()]));
        index.push('\n');
        let client = engine.render("repository/gentoo/binrepos", &values)?;
        Ok(vec![Meta::plain("Packages", index), Meta::plain("binrepos.conf", client)])
    }
}

/// Members of a container: each one's name and content.
type Members = Vec<(String, Vec<u8>)>;

/// The package's folder in the container, and what is in it.
fn container(gpkg: &[u8]) -> io::Result<(String, Members)> {
    let (mut folder, mut out) = (String::new(), Vec::new());
    unpack::members(gpkg, |name, _, member| {
        let (base, file) =
            name.split_once('/').ok_or_else(|| io::Error::other("it is no GLEP 78 package"))?;
        folder = base.to_owned();
        out.push((file.to_owned(), unpack::bytes(member)?));
        Ok(true)
    })?;
    match out.iter().any(|(name, _)| name == "gpkg-1") {
        true => Ok((folder, out)),
        false => Err(io::Error::other("it has no member gpkg-1")),
    }
}

/// What Portage kept of the build, by name.
fn metadata(gpkg: &[u8]) -> io::Result<BTreeMap<String, String>> {
    let (_, members) = container(gpkg)?;
    let archive = |name: &str| name.starts_with("metadata.tar") && !name.ends_with(".sig");
    let (name, bytes) = members
        .iter()
        .find(|(name, _)| archive(name))
        .ok_or_else(|| io::Error::other("it has no metadata"))?;
    let mut out = BTreeMap::new();
    unpack::members(unpack::reader(name, bytes)?, |path, folder, member| {
        let key = path.trim_start_matches("metadata/");
        let wanted = KEYS.iter().any(|(known, _)| *known == key) || ["CATEGORY", "PF"].contains(&key);
        if !folder && wanted {
            // Dependencies may stand in several lines.
            let value = unpack::text(member)?.split_whitespace().collect::<Vec<_>>().join(" ");
            out.insert(key.to_owned(), value);
        }
        Ok(true)
    })?;
    Ok(out)
}

/// Whether both hold the same metadata and image.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    let content = |gpkg| -> io::Result<Members> {
        let (_, mut members) = container(gpkg)?;
        members.retain(|(name, _)| name != "Manifest" && !name.ends_with(".sig"));
        Ok(members)
    };
    matches!((content(a), content(b)), (Ok(a), Ok(b)) if a == b)
}

/// A signature beside metadata and image, and the Manifest signed, as GLEP 78 has it.
pub(super) fn sign(path: &str, gpkg: &[u8], key: &Key) -> Result<Vec<u8>> {
    let fail = |error: io::Error| unreadable(path, error);
    let (folder, members) = container(gpkg).map_err(fail)?;
    let date = date(gpkg).map_err(fail)?;
    let mut out = Tar::new(date);
    let mut manifest = String::new();
    for (name, bytes) in members.iter().filter(|(name, _)| name != "Manifest" && !name.ends_with(".sig")) {
        let mut add = |name: &str, bytes: &[u8]| {
            let (blake, sha) = (hex(&Blake2b512::digest(bytes)), hex(&Sha512::digest(bytes)));
            let _ = writeln!(manifest, "DATA {name} {} BLAKE2B {blake} SHA512 {sha}", bytes.len());
            out.file(&format!("{folder}/{name}"), 0o644, bytes)
        };
        add(name, bytes)?;
        if name != "gpkg-1" {
            add(&format!("{name}.sig"), &key.armored(bytes)?)?;
        }
    }
    out.file(&format!("{folder}/Manifest"), 0o644, &key.clear(manifest.as_bytes())?)?;
    out.bytes()
}

/// The time of the container's first member.
fn date(gpkg: &[u8]) -> io::Result<u32> {
    let mut archive = tar::Archive::new(gpkg);
    let first = archive.entries()?.next().ok_or_else(|| io::Error::other("it is empty"))??;
    Ok(u32::try_from(first.header().mtime()?).unwrap_or(u32::MAX))
}
