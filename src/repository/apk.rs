//! apk's repository, format 2, which apk-tools 2 and 3 read: a folder for the architecture, and in it
//! `APKINDEX.tar.gz` with its signature in front (apk-repositories(5), and apk-tools' src/package.c). The
//! index vouches for each package's control segment by its SHA-1, and that for the data by SHA-256.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::bufread::GzDecoder;
use flate2::{Compression, GzBuilder};
use sha1::{Digest, Sha1};
use tera::Value;

use super::{About, Address, Index, Key, Meta, NAME, unpack, unreadable};
use crate::diag::{Diagnostic, Result};
use crate::package::archive::Tar;
use crate::render::{Engine, quote};

/// apk looks for index and packages in the folder of the machine's own architecture, those without machine code
/// too. Passthrough of a graphics card is a PC's affair.
pub(super) const FOLDER: &str = "x86_64/";
/// The two empty blocks that end an archive.
const END: usize = 1024;
/// No control segment is larger; what unpacks to more is no package.
const LARGEST: u64 = 16 << 20;

/// An entry's lines: the key of .PKGINFO, and the letter in the index. What the file itself tells
/// stands among them with no key.
const LINES: [(&str, char); 16] = [
    ("", 'C'),
    ("pkgname", 'P'),
    ("pkgver", 'V'),
    ("arch", 'A'),
    ("", 'S'),
    ("size", 'I'),
    ("pkgdesc", 'T'),
    ("url", 'U'),
    ("license", 'L'),
    ("origin", 'o'),
    ("maintainer", 'm'),
    ("builddate", 't'),
    ("provider_priority", 'k'),
    ("depend", 'D'),
    ("provides", 'p'),
    ("install_if", 'i'),
];

/// The entries of the packages: every version there is.
#[derive(Default)]
pub(super) struct Packages {
    entries: Vec<String>,
}

impl Index for Packages {
    fn add(&mut self, path: &str, bytes: &[u8], _: Option<&[u8]>) -> Result<()> {
        let (identity, info) = control(bytes).map_err(|error| unreadable(path, error))?;
        let one = |key: &str| info.get(key).and_then(|values| values.first()).map_or("", String::as_str);
        // apk makes the file's name of these two.
        if path != format!("{FOLDER}{}-{}.apk", one("pkgname"), one("pkgver")) {
            return Err(unreadable(path, "its name is not that of the package and version in it"));
        }
        let mut entry = String::new();
        for (key, letter) in LINES {
            let value = match letter {
                'C' => format!("Q1{}", BASE64.encode(identity)),
                'S' => bytes.len().to_string(),
                // apk looks in the folder of the architecture that stands here (apk-index(8), --rewrite-arch).
                'A' => FOLDER.trim_end_matches('/').to_owned(),
                _ => info.get(key).map(|values| values.join(" ")).unwrap_or_default(),
            };
            let value = quote::field(&value).map_err(|error| unreadable(path, error))?;
            if !value.is_empty() {
                let _ = writeln!(entry, "{letter}:{value}");
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    fn finish(&mut self, engine: &mut Engine<'_>, about: &About<'_>, key: Option<&Key>) -> Result<Vec<Meta>> {
        let rsa = key.map(Key::rsa).transpose()?;
        // apk finds a key by its file's name: one for each key, so that a new one comes beside the old.
        let key_name = rsa.map(|rsa| {
            let fingerprint = rsa.fingerprint();
            format!("{NAME}-{}.rsa.pub", fingerprint[fingerprint.len().saturating_sub(8)..].to_lowercase())
        });
        let values = [
            ("machine", Value::from_serializable(&about.machine)),
            ("distro", Value::from_serializable(&about.distro)),
            ("url", Value::from_serializable(&Address::plain(about.url)?)),
            ("key_name", Value::from_serializable(&key_name)),
        ];
        let mut tar = Tar::new(about.date);
        tar.file(
            "DESCRIPTION",
            0o644,
            engine.render("repository/apk/DESCRIPTION", &values)?.trim_end().as_bytes(),
        )?;
        let entries: String = self.entries.iter().flat_map(|entry| [entry.as_str(), "\n"]).collect();
        tar.file("APKINDEX", 0o644, entries.as_bytes())?;
        let index = gzip(&tar.bytes()?)?;
        let mut out =
            vec![Meta::plain(format!("{NAME}.list"), engine.render("repository/apk/list", &values)?)];
        let mut bytes = Vec::new();
        if let (Some(rsa), Some(name)) = (rsa, key_name) {
            let mut tar = Tar::new(about.date);
            tar.file(&format!(".SIGN.RSA256.{name}"), 0o644, &rsa.sign(&index)?)?;
            let mut signature = tar.bytes()?;
            // The index goes on in the same archive.
            signature.truncate(signature.len() - END);
            bytes.extend(gzip(&signature)?);
            out.push(Meta::plain(name, rsa.public()));
        }
        bytes.extend(index);
        out.push(Meta::plain(format!("{FOLDER}APKINDEX.tar.gz"), bytes));
        Ok(out)
    }
}

/// Every value of each key of .PKGINFO.
type Info = BTreeMap<String, Vec<String>>;

/// What apk knows a package by, the SHA-1 of its control segment, and what that says.
fn control(apk: &[u8]) -> io::Result<([u8; 20], Info)> {
    let mut rest = apk;
    loop {
        let mut segment = GzDecoder::new(rest);
        let mut bytes = Vec::new();
        segment.by_ref().take(LARGEST).read_to_end(&mut bytes)?;
        let next = segment.into_inner();
        let packed = &rest[..rest.len() - next.len()];
        rest = next;
        let (mut signature, mut info) = (false, None);
        unpack::members(bytes.as_slice(), |name, _, member| {
            match name {
                ".PKGINFO" => info = Some(unpack::text(member)?),
                _ => signature |= name.starts_with(".SIGN."),
            }
            Ok(info.is_none())
        })?;
        match info {
            Some(info) => return Ok((Sha1::digest(packed).into(), values(&info))),
            // Somebody's packages may have signatures before it.
            None if signature && !rest.is_empty() => {}
            None => return Err(io::Error::other("it has no .PKGINFO")),
        }
    }
}

fn values(info: &str) -> Info {
    let mut out = Info::new();
    for (key, value) in
        info.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('='))
    {
        out.entry(key.trim().to_owned()).or_default().push(value.trim().to_owned());
    }
    out
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>> {
    // No name and no time in it.
    let mut out = GzBuilder::new().write(Vec::new(), Compression::best());
    let done = out.write_all(bytes).and_then(|()| out.finish());
    done.map_err(|error| Diagnostic::machine(format!("APKINDEX: {error}")))
}
