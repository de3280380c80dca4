//! RPM packages, format 4, payload Zstandard. All that knows the crate `rpm` is here.

use std::io;

use rpm::{
    BuildConfig, CompressionWithLevel, Dependency, Error, FileOptions, Header, HeaderEntry, IndexData,
    IndexTag, PackageBuilder, Scriptlet, SignatureHeaderBuilder,
};

use sha2::{Digest, Sha256};

use super::archive::{ZSTD_LEVEL, hex, zstd};
use super::payload::Payload;
use super::{Built, HOMEPAGE, HOST, LICENSE, MAINTAINER, SetupPackage, manual, tree, unwritable};
use crate::diag::Result;
use crate::paths;
use crate::plan::Kind;
use crate::render::{Engine, File, quote, wrap};

/// From rpm's own list; Fedora ignores it, rpm's linter misses it.
const GROUP: &str = "Applications/Emulators";
/// `BUILDHOST`, so that no machine's name gets in.
const BUILD_HOST: &str = "onegpu";

/// Builds `NAME-VERSION-REVISION.noarch.rpm`.
///
/// # Errors
/// When a template fails, or a value does not fit the format.
pub fn build(engine: &mut Engine<'_>, package: &SetupPackage) -> Result<Built> {
    let scriptlets = [scriptlet(engine, package, "posttrans")?, scriptlet(engine, package, "preun")?];
    let manual = manual::pages(engine, package)?;
    // rpm would take a second line; whoever reads its output would be fooled.
    let field = |text: &String| quote::field(text).map_err(|error| unwritable(package, error));
    let summary = capital(field(&package.summary)?);
    let depends = package.depends.iter().map(field).collect::<Result<Vec<_>>>()?;
    let package = &SetupPackage { summary, depends, ..package.clone() };
    assemble(package, &manual, scriptlets).map_err(|error| unwritable(package, error))
}

fn scriptlet(engine: &mut Engine<'_>, package: &SetupPackage, name: &str) -> Result<Scriptlet> {
    let extra = [("package", tera::Value::from_serializable(package))];
    Ok(Scriptlet::new(engine.render(&format!("package/rpm/{name}"), &extra)?))
}

fn assemble(
    package: &SetupPackage,
    manual: &[File],
    [posttrans, preun]: [Scriptlet; 2],
) -> std::result::Result<Built, Error> {
    let release = package.revision.to_string();
    let mut builder =
        PackageBuilder::new(&package.name, &package.version, LICENSE, "noarch", &package.summary);
    // First: the crate takes the time of every file from it when the file is added.
    builder
        .using_config(
            BuildConfig::v4()
                .compression(CompressionWithLevel::None)
                .source_date(package.epoch)
                .reserved_space(None),
        )
        .release(&release)
        .description(description(&package.description))
        .group(GROUP)
        .packager(MAINTAINER)
        .build_host(BUILD_HOST)
        .add_changelog_entry(
            format!("{MAINTAINER} - {}-{release}", package.version),
            format!("- Setup package made by onegpu {} from a profile, revision {release}.", package.version),
            package.epoch,
        )
        .post_trans_script(posttrans)
        .pre_uninstall_script(preun);
    if !HOMEPAGE.is_empty() {
        builder.url(HOMEPAGE);
    }
    for depend in &package.depends {
        builder.requires(dependency(depend)?);
    }
    // What `finish` makes of the payload, and since when rpm reads that.
    builder.requires(Dependency::rpmlib("PayloadIsZstd", "5.4.18-1"));
    if package.lacks_host() {
        builder.requires(Dependency::eq(HOST, format!("{}-{release}", package.version)));
    }
    let payload = add_files(&mut builder, package, manual)?;
    finish(builder.build()?, payload, package.epoch)
}

/// The summary as rpm's linters want it: with a capital letter.
fn capital(mut summary: String) -> String {
    if let Some(first) = summary.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    summary
}

fn description(text: &str) -> String {
    let paragraphs = wrap::paragraphs(text, wrap::WIDTH);
    paragraphs.iter().map(|lines| lines.join("\n")).collect::<Vec<_>>().join("\n\n")
}

/// `NAME`, `NAME OPERATOR VERSION`, or a rich dependency in parentheses.
fn dependency(text: &str) -> std::result::Result<Dependency, Error> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.as_slice() {
        [name] => Ok(Dependency::any(*name)),
        [first, ..] if first.starts_with('(') => Ok(Dependency::any(text)),
        [name, "=", version] => Ok(Dependency::eq(*name, *version)),
        [name, ">=", version] => Ok(Dependency::greater_eq(*name, *version)),
        [name, ">", version] => Ok(Dependency::greater(*name, *version)),
        [name, "<=", version] => Ok(Dependency::less_eq(*name, *version)),
        [name, "<", version] => Ok(Dependency::less(*name, *version)),
        _ => Err(Error::InvalidCharacters {
            field: "dependency",
            value: text.to_owned(),
            reason: "must be a name, a name with = >= > <= < and a version, or in parentheses",
        }),
    }
}

/// Tells the crate all of each file but its content, which is the payload's.
fn add_files(
    builder: &mut PackageBuilder,
    package: &SetupPackage,
    manual: &[File],
) -> std::result::Result<Payload, Error> {
    let licenses = format!("{}/{}", paths::LICENSE_DIR, package.name);
    let own = |name: &str, text: &str| File {
        path: format!("{licenses}/{name}"),
        kind: Kind::Plain,
        bytes: text.into(),
    };
    let mut files = package.files.clone();
    files.extend_from_slice(manual);
    // A guest's package depends on the host's, which has the texts (Fedora's
    // Licensing Guidelines, "Subpackage Licensing").
    if package.guest.is_none() {
        files.push(own("LICENSE-APACHE", include_str!("../../LICENSE-APACHE")));
        files.push(own("LICENSE-MIT", include_str!("../../LICENSE-MIT")));
    }
    let mut payload = Payload::default();
    for entry in tree::entries(&files).into_iter().filter(|entry| !entry.is_shared()) {
        payload.add(&entry, package.epoch)?;
        // The crate takes the file's type from the constructor; every mode fits 12 bits.
        let mode = entry.mode() as u16;
        if let Some(target) = entry.target() {
            builder.with_symlink(FileOptions::symlink(entry.path, String::from_utf8_lossy(target)))?;
        } else if entry.content().is_some() {
            let mut options = FileOptions::new(entry.path).permissions(mode);
            if entry.file.is_some_and(|file| file.kind.is_config()) {
                options = options.config().noreplace();
            } else if entry.path.starts_with(&licenses) {
                options = options.license();
            } else if entry.path.starts_with(paths::MAN_DIR) {
                options = options.doc();
            }
            builder.with_file_contents("", options)?;
        } else {
            builder.with_dir_entry(FileOptions::dir(entry.path).permissions(mode))?;
        }
    }
    Ok(payload)
}

/// The bytes, with a header written anew for what the payload is, and because the crate clamps
/// `BUILDTIME` to the clock, so that a clock that is behind would change the package.
fn finish(mut built: rpm::Package, mut payload: Payload, epoch: u32) -> std::result::Result<Built, Error> {
    let archive = payload.finish()?;
    // The crate compresses without knowing how little there is to compress: at once, it is 7 % smaller
    // in a third of the time.
    built.payload = zstd(archive).map_err(|error| Error::Io(io::Error::other(error.message())))?;
    let sum = |bytes: &[u8]| IndexData::StringArray(vec![hex(&Sha256::digest(bytes))]);
    let own = [
        (IndexTag::RPMTAG_BUILDTIME, IndexData::Int32(vec![epoch])),
        (IndexTag::RPMTAG_PAYLOADCOMPRESSOR, IndexData::StringTag("zstd".into())),
        (IndexTag::RPMTAG_PAYLOADFLAGS, IndexData::StringTag(ZSTD_LEVEL.to_string())),
        (IndexTag::RPMTAG_PAYLOADSHA256ALT, sum(archive)),
        (IndexTag::RPMTAG_PAYLOADSHA256, sum(&built.payload)),
        (IndexTag::RPMTAG_SIZE, IndexData::Int32(vec![payload.sizes.iter().sum()])),
        (IndexTag::RPMTAG_FILESIZES, IndexData::Int32(payload.sizes)),
        (IndexTag::RPMTAG_FILEDIGESTS, IndexData::StringArray(payload.digests)),
    ]
    .map(|(tag, data)| (tag as u32, data));
    let metadata = &mut built.metadata;
    // The constructor makes the region's own tag again.
    let is_new =
        |tag: u32| tag == IndexTag::RPMTAG_HEADERIMMUTABLE as u32 || own.iter().any(|(own, _)| *own == tag);
    let mut entries = metadata.header.get_all_entries()?;
    entries.retain(|(tag, _)| !is_new(*tag));
    entries.extend(own);
    entries.sort_by_key(|(tag, _)| *tag);
    let entries = entries.into_iter().map(|(tag, data)| HeaderEntry::new(tag, data));
    metadata.header = Header::from_entries(entries, IndexTag::RPMTAG_HEADERIMMUTABLE);
    let header = metadata.header_bytes()?;
    metadata.signature = SignatureHeaderBuilder::from_existing(&metadata.signature)?
        .calculate_digests(&header)
        .set_content_length((header.len() + built.payload.len()) as u64)
        .build()?;
    let mut bytes = Vec::with_capacity(header.len() + built.payload.len() + 1024);
    built.write(&mut bytes)?;
    Ok(Built { file_name: built.canonical_filename()?, bytes })
}
