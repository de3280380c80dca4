//! dnf's repository: `repodata/`, as createrepo_c writes it, and the signature in each
//! package's header.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};
use rpm::{
    Dependency, DependencyFlags, Error, FileFlags, FileType, Header, HeaderEntry, IndexData,
    IndexSignatureTag, Package, PackageMetadata,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tera::Value;

use super::{About, Index, KEY_FILE, Key, Meta, NAME, unreadable};
use crate::diag::{Diagnostic, Result};
use crate::package::archive::hex;
use crate::paths;
use crate::render::Engine;

/// What the metadata says of the packages.
#[derive(Default)]
pub(super) struct Repodata {
    packages: Vec<Described>,
}

/// A package, in the words of primary.xml; texts throughout, for templates quote texts.
#[derive(Serialize)]
struct Described {
    path: String,
    checksum: String,
    size: String,
    installed: String,
    name: String,
    epoch: String,
    version: String,
    release: String,
    arch: String,
    summary: String,
    description: String,
    packager: String,
    url: String,
    license: String,
    vendor: String,
    group: String,
    build_host: String,
    source: String,
    build_time: String,
    header_start: String,
    header_end: String,
    provides: Vec<Relation>,
    requires: Vec<Relation>,
    conflicts: Vec<Relation>,
    obsoletes: Vec<Relation>,
    suggests: Vec<Relation>,
    enhances: Vec<Relation>,
    recommends: Vec<Relation>,
    supplements: Vec<Relation>,
    files: Vec<Listed>,
    changes: Vec<Change>,
}

#[derive(PartialEq, Eq, Serialize)]
struct Relation {
    name: String,
    /// `EQ`, `LT` …; empty for any version.
    flags: &'static str,
    epoch: String,
    version: String,
    release: String,
    pre: bool,
}

#[derive(Serialize)]
struct Listed {
    path: String,
    kind: &'static str,
    /// Whether primary.xml lists it: dependencies on files look there.
    primary: bool,
}

#[derive(Serialize)]
struct Change {
    author: String,
    date: String,
    text: String,
}

/// A compressed file of the metadata, as repomd.xml lists it.
#[derive(Serialize)]
struct Data {
    kind: &'static str,
    path: String,
    checksum: String,
    open_checksum: String,
    size: String,
    open_size: String,
}

impl Index for Repodata {
    fn add(&mut self, path: &str, bytes: &[u8], _: Option<&[u8]>) -> Result<()> {
        self.packages.push(describe(path, bytes).map_err(|error| unreadable(path, error))?);
        Ok(())
    }

    fn finish(&mut self, engine: &mut Engine<'_>, about: &About<'_>, key: Option<&Key>) -> Result<Vec<Meta>> {
        let packages = Value::from_serializable(&self.packages);
        let count = Value::from_serializable(&self.packages.len().to_string());
        let (mut out, mut data) = (Vec::new(), Vec::new());
        for kind in ["primary", "filelists", "other"] {
            let values = [("packages", packages.clone()), ("count", count.clone())];
            let xml = engine.render(&format!("repository/rpm/{kind}.xml"), &values)?;
            let bytes = gzip(xml.as_bytes())?;
            let checksum = hex(&Sha256::digest(&bytes));
            let path = format!("repodata/{checksum}-{kind}.xml.gz");
            data.push(Data {
                kind,
                path: path.clone(),
                checksum,
                open_checksum: hex(&Sha256::digest(xml.as_bytes())),
                size: bytes.len().to_string(),
                open_size: xml.len().to_string(),
            });
            out.push(Meta::plain(path, bytes));
        }
        let values = [
            ("name", Value::from_serializable(&NAME)),
            ("machine", Value::from_serializable(&about.machine)),
            ("distro", Value::from_serializable(&about.distro)),
            ("url", Value::from_serializable(&about.url)),
            ("key_url", Value::from_serializable(&about.key_url)),
            ("key_file", Value::from_serializable(&KEY_FILE)),
            ("signed", Value::from_serializable(&key.is_some())),
            ("date", Value::from_serializable(&about.date.to_string())),
            ("data", Value::from_serializable(&data)),
        ];
        let index = engine.render("repository/rpm/repomd.xml", &values)?;
        out.push(Meta::plain("onegpu.repo", engine.render("repository/rpm/repo", &values)?));
        if let Some(key) = key {
            out.push(Meta::plain("repodata/repomd.xml.asc", key.armored(index.as_bytes())?));
        }
        out.push(Meta::plain("repodata/repomd.xml", index));
        Ok(out)
    }
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    // No name and no time in it.
    let mut out = GzBuilder::new().write(Vec::new(), Compression::best());
    let done = out.write_all(bytes).and_then(|()| out.finish());
    done.map_err(|error| Diagnostic::machine(format!("repodata: {error}")))
}

fn describe(path: &str, mut bytes: &[u8]) -> std::result::Result<Described, Error> {
    let (size, checksum) = (bytes.len(), hex(&Sha256::digest(bytes)));
    let package = PackageMetadata::parse(&mut bytes)?;
    let text = |value: std::result::Result<&str, Error>| value.unwrap_or_default().to_owned();
    let offsets = package.get_package_segment_offsets();
    let provides = relations(package.get_provides())?;
    let mut requires = relations(package.get_requires())?;
    // What the package itself provides, nobody has to look for (createrepo_c does the same).
    requires.retain(|entry| !provides.contains(entry));
    let files = package.get_file_entries()?.into_iter().map(|entry| {
        let path = entry.path().display().to_string();
        let kind = match (entry.file_type(), entry.flags().contains(FileFlags::GHOST)) {
            (FileType::Dir, _) => "dir",
            (_, true) => "ghost",
            _ => "file",
        };
        let [settings, programs, one] = paths::DEPENDED_ON;
        let primary = path.starts_with(settings) || path.contains(programs) || path == one;
        Listed { path, kind, primary }
    });
    let changes = package.get_changelog_entries().unwrap_or_default();
    Ok(Described {
        path: path.to_owned(),
        checksum,
        size: size.to_string(),
        installed: package.get_installed_size().unwrap_or_default().to_string(),
        name: package.get_name()?.to_owned(),
        epoch: package.get_epoch().unwrap_or_default().to_string(),
        version: package.get_version()?.to_owned(),
        release: package.get_release()?.to_owned(),
        arch: package.get_arch()?.to_owned(),
        summary: text(package.get_summary()),
        description: text(package.get_description()),
        packager: text(package.get_packager()),
        url: text(package.get_url()),
        license: text(package.get_license()),
        vendor: text(package.get_vendor()),
        group: text(package.get_group()),
        build_host: text(package.get_build_host()),
        source: text(package.get_source_rpm()),
        build_time: package.get_build_time().unwrap_or_default().to_string(),
        header_start: offsets.header.to_string(),
        header_end: offsets.payload.to_string(),
        provides,
        requires,
        conflicts: relations(package.get_conflicts())?,
        obsoletes: relations(package.get_obsoletes())?,
        suggests: relations(package.get_suggests())?,
        enhances: relations(package.get_enhances())?,
        recommends: relations(package.get_recommends())?,
        supplements: relations(package.get_supplements())?,
        files: files.collect(),
        changes: changes
            .into_iter()
            .map(|change| Change {
                author: change.name,
                date: change.timestamp.to_string(),
                text: change.description,
            })
            .collect(),
    })
}

/// Relations of one kind; the interpreter of several scriptlets is wanted once.
fn relations(
    found: std::result::Result<Vec<Dependency>, Error>,
) -> std::result::Result<Vec<Relation>, Error> {
    let mut entries: Vec<Relation> = found?.iter().filter_map(relation).collect();
    entries.dedup();
    Ok(entries)
}

/// A relation as dnf reads it; rpm's own features are rpm's affair.
fn relation(dependency: &Dependency) -> Option<Relation> {
    if dependency.name.starts_with("rpmlib(") {
        return None;
    }
    let has = |flag| dependency.flags.contains(flag);
    let (less, greater, equal) =
        (has(DependencyFlags::LESS), has(DependencyFlags::GREATER), has(DependencyFlags::EQUAL));
    let flags = match (less, greater, equal) {
        (true, _, true) => "LE",
        (true, _, false) => "LT",
        (_, true, true) => "GE",
        (_, true, false) => "GT",
        (_, _, true) => "EQ",
        _ => "",
    };
    let (epoch, rest) = dependency.version.split_once(':').unwrap_or(("0", &dependency.version));
    let (version, release) = rest.split_once('-').unwrap_or((rest, ""));
    let pre = DependencyFlags::PREREQ | DependencyFlags::SCRIPT_PRE | DependencyFlags::SCRIPT_POST;
    Some(Relation {
        name: dependency.name.clone(),
        flags,
        epoch: epoch.to_owned(),
        version: version.to_owned(),
        release: release.to_owned(),
        pre: dependency.flags.intersects(pre),
    })
}

/// Whether header and payload are the same.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    let content = |mut bytes: &[u8]| -> std::result::Result<_, Error> {
        let package = Package::parse(&mut bytes)?;
        Ok((package.header_bytes()?, package.payload))
    };
    matches!((content(a), content(b)), (Ok(a), Ok(b)) if a == b)
}

/// The tags of signatures, of every kind and age.
const SIGNATURES: [IndexSignatureTag; 6] = [
    IndexSignatureTag::RPMSIGTAG_DSA,
    IndexSignatureTag::RPMSIGTAG_RSA,
    IndexSignatureTag::RPMSIGTAG_OPENPGP,
    IndexSignatureTag::RPMSIGTAG_PGP,
    IndexSignatureTag::RPMSIGTAG_GPG,
    IndexSignatureTag::HEADER_SIGNATURES,
];

/// Puts the signature of the header into the package: the header has the payload's checksum. The
/// crate's own way would bring a whole OpenPGP with it.
pub(super) fn sign(path: &str, mut bytes: &[u8], key: &Key) -> Result<Vec<u8>> {
    let fail = |error: Error| unreadable(path, error);
    let mut package = Package::parse(&mut bytes).map_err(fail)?;
    let signature = key.detached(&package.header_bytes().map_err(fail)?)?;
    let tag =
        tag(&signature).ok_or_else(|| unreadable(path, "gpg's signature is of no kind that rpm knows"))?;
    let entries = package.metadata.signature.get_all_entries().map_err(fail)?;
    // The last of them is the region's own, which the constructor makes again.
    let mut entries: Vec<HeaderEntry> = entries
        .into_iter()
        .filter(|(tag, _)| !SIGNATURES.iter().any(|known| *known as u32 == *tag))
        .map(|(tag, data)| HeaderEntry::new(tag, data))
        .collect();
    entries.push(HeaderEntry::new(tag as u32, IndexData::Bin(signature)));
    package.metadata.signature = Header::from_entries(entries, IndexSignatureTag::HEADER_SIGNATURES);
    let mut out = Vec::new();
    package.write(&mut out).map_err(fail)?;
    Ok(out)
}

/// Where rpm looks for a signature of this kind: one tag is RSA's, the other that of all newer
/// algorithms (RFC 4880, 4.2 and 5.2.3).
fn tag(signature: &[u8]) -> Option<IndexSignatureTag> {
    let body = match signature.first()? {
        // An old header's lowest bits tell how many bytes the length has; a new one's is like UTF-8.
        head @ 0x88..=0x8b => 1 + (1 << (head & 3)),
        0xc2 => 1 + if *signature.get(1)? < 192 { 1 } else { 2 },
        _ => return None,
    };
    match signature.get(body..body + 3)? {
        [4, _, 1..=3] => Some(IndexSignatureTag::RPMSIGTAG_RSA),
        [4, _, 17 | 19 | 22 | 27 | 28] => Some(IndexSignatureTag::RPMSIGTAG_DSA),
        _ => None,
    }
}
