//! pacman's database, as repo-add(8) writes it: `onegpu.db` with a folder for each package,
//! and `onegpu.files` that lists its files too (alpm-repo-db(7), alpm-repo-desc(5)).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rpm_version::Evr;
use sha2::{Digest, Sha256};
use tera::Value;

use super::{About, Index, Key, Meta, NAME, unpack, unreadable};
use crate::diag::Result;
use crate::package::archive::{Tar, hex};
use crate::render::{Engine, quote};

/// A description's blocks, in repo-add's order: the key of .PKGINFO, and the block's name. What the
/// archive itself tells stands among them with no key.
const BLOCKS: [(&str, &str); 22] = [
    ("", "FILENAME"),
    ("pkgname", "NAME"),
    ("pkgbase", "BASE"),
    ("pkgver", "VERSION"),
    ("pkgdesc", "DESC"),
    ("group", "GROUPS"),
    ("", "CSIZE"),
    ("size", "ISIZE"),
    ("", "SHA256SUM"),
    ("", "PGPSIG"),
    ("url", "URL"),
    ("license", "LICENSE"),
    ("arch", "ARCH"),
    ("builddate", "BUILDDATE"),
    ("packager", "PACKAGER"),
    ("replaces", "REPLACES"),
    ("conflict", "CONFLICTS"),
    ("provides", "PROVIDES"),
    ("depend", "DEPENDS"),
    ("optdepend", "OPTDEPENDS"),
    ("makedepend", "MAKEDEPENDS"),
    ("checkdepend", "CHECKDEPENDS"),
];

/// The newest package of each name: a database has one, whatever lies beside it.
#[derive(Default)]
pub(super) struct Database {
    packages: BTreeMap<String, Package>,
}

struct Package {
    version: String,
    desc: String,
    files: String,
}

impl Index for Database {
    fn add(&mut self, path: &str, bytes: &[u8], signature: Option<&[u8]>) -> Result<()> {
        let (info, files) = read(path, bytes).map_err(|error| unreadable(path, error))?;
        let one = |key: &str| info.get(key).and_then(|values| values.first()).cloned();
        let (Some(name), Some(version)) = (one("pkgname"), one("pkgver")) else {
            return Err(unreadable(path, ".PKGINFO names no package or version"));
        };
        let plain = |word: &str| !word.is_empty() && !word.starts_with('.') && !word.contains('/');
        if !plain(&name) || !plain(&version) {
            return Err(unreadable(path, "name and version are parts of a path in the database"));
        }
        let mut desc = String::new();
        for (key, block) in BLOCKS {
            let values = match block {
                "FILENAME" => vec![path.to_owned()],
                "CSIZE" => vec![bytes.len().to_string()],
                "SHA256SUM" => vec![hex(&Sha256::digest(bytes))],
                "PGPSIG" => signature.map(|bytes| BASE64.encode(bytes)).into_iter().collect(),
                _ => info.get(key).cloned().unwrap_or_default(),
            };
            if values.iter().all(String::is_empty) {
                continue;
            }
            let _ = writeln!(desc, "%{block}%");
            for value in values {
                // An empty line or one in percent signs would begin another block.
                let value = quote::field(&value).map_err(|error| unreadable(path, error))?;
                if value.is_empty() || (value.starts_with('%') && value.ends_with('%')) {
                    return Err(unreadable(
                        path,
                        format!("the value `{value}` of {key} has no place in a database"),
                    ));
                }
                let _ = writeln!(desc, "{value}");
            }
            desc.push('\n');
        }
        let mut package = Package { version, desc, files: String::from("%FILES%\n") };
        files.iter().for_each(|file| package.files.extend([file.as_str(), "\n"]));
        let newer = |other: &Package| Evr::parse(&other.version) < Evr::parse(&package.version);
        if self.packages.get(&name).is_none_or(newer) {
            self.packages.insert(name, package);
        }
        Ok(())
    }

    fn finish(&mut self, engine: &mut Engine<'_>, about: &About<'_>, key: Option<&Key>) -> Result<Vec<Meta>> {
        let values = [
            ("name", Value::from_serializable(&NAME)),
            ("machine", Value::from_serializable(&about.machine)),
            ("url", Value::from_serializable(&about.url)),
            ("key_url", Value::from_serializable(&about.key_url)),
            ("fingerprint", Value::from_serializable(&key.map(Key::fingerprint))),
        ];
        let mut out = vec![Meta::plain("pacman.conf", engine.render("repository/pacman/conf", &values)?)];
        for kind in ["db", "files"] {
            let mut tar = Tar::new(about.date);
            for (name, package) in &self.packages {
                let folder = format!("{name}-{}", package.version);
                tar.folder(&folder, 0o755)?;
                tar.file(&format!("{folder}/desc"), 0o644, package.desc.as_bytes())?;
                if kind == "files" {
                    tar.file(&format!("{folder}/files"), 0o644, package.files.as_bytes())?;
                }
            }
            let (archive, link) = (format!("{NAME}.{kind}.tar.zst"), format!("{NAME}.{kind}"));
            let bytes = tar.zstd()?;
            if let Some(key) = key {
                out.push(Meta::plain(format!("{archive}.sig"), key.detached(&bytes)?));
                out.push(Meta::link(format!("{link}.sig"), &format!("{archive}.sig")));
            }
            out.push(Meta::link(link, &archive));
            out.push(Meta::plain(archive, bytes));
        }
        Ok(out)
    }
}

/// Every value of each key of .PKGINFO.
type Info = BTreeMap<String, Vec<String>>;

/// What .PKGINFO says, by key, and the package's files and folders.
fn read(path: &str, bytes: &[u8]) -> io::Result<(Info, Vec<String>)> {
    let (mut info, mut files) = (None, Vec::new());
    unpack::members(unpack::reader(path, bytes)?, |name, folder, member| {
        match name {
            ".PKGINFO" => info = Some(unpack::text(member)?),
            // The others that start with a dot are the package manager's own.
            _ if name.starts_with('.') => {}
            _ if name.contains('\n') => return Err(io::Error::other("a file's name has a line break")),
            _ => files.push(format!("{}{}", name.trim_end_matches('/'), if folder { "/" } else { "" })),
        }
        Ok(true)
    })?;
    let info = info.ok_or_else(|| io::Error::other("it has no .PKGINFO"))?;
    let mut values = Info::new();
    for (key, value) in info.lines().filter(|line| !line.starts_with('#')).filter_map(|l| l.split_once('=')) {
        values.entry(key.trim().to_owned()).or_default().push(value.trim().to_owned());
    }
    files.sort();
    Ok((values, files))
}
