//! apt's flat repository: `Packages`, and `Release` with its signatures (deb-src-control(5),
//! sources.list(5), <https://wiki.debian.org/DebianRepository/Format>).

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, UNIX_EPOCH};

use liblzma::write::XzEncoder;
use sha2::{Digest, Sha256};
use tera::Value;

use super::{About, Index, KEY_FILE, Key, Meta, NAME, unpack, unreadable};
use crate::diag::{Diagnostic, Result};
use crate::package::archive::hex;
use crate::render::{Engine, quote};

/// `Packages` in xz: the preset that needs least memory, 3 MiB and not 32, for there are few packages and
/// each core compresses its own.
const PRESET: u32 = 0;

/// The stanzas of the packages.
#[derive(Default)]
pub(super) struct Packages {
    stanzas: Vec<String>,
}

/// A file that `Release` vouches for.
#[derive(serde::Serialize)]
struct Listed {
    sha256: String,
    size: String,
    name: &'static str,
}

impl Index for Packages {
    fn add(&mut self, path: &str, bytes: &[u8], _: Option<&[u8]>) -> Result<()> {
        let control = control(bytes).map_err(|error| unreadable(path, error))?;
        let mut stanza = String::with_capacity(control.len() + 256);
        stanza.push_str(&control);
        let name = quote::field(path).map_err(|error| unreadable(path, error))?;
        let _ = writeln!(stanza, "Filename: ./{name}");
        let _ = writeln!(stanza, "Size: {}", bytes.len());
        let _ = writeln!(stanza, "SHA256: {}", hex(&Sha256::digest(bytes)));
        self.stanzas.push(stanza);
        Ok(())
    }

    fn finish(&mut self, engine: &mut Engine<'_>, about: &About<'_>, key: Option<&Key>) -> Result<Vec<Meta>> {
        let packages = self.stanzas.join("\n").into_bytes();
        let xz = xz(&packages).map_err(|error| Diagnostic::machine(format!("Packages.xz: {error}")))?;
        let listed = [("Packages", &packages), ("Packages.xz", &xz)].map(|(name, bytes)| Listed {
            sha256: hex(&Sha256::digest(bytes)),
            size: bytes.len().to_string(),
            name,
        });
        // HTTP's date is the one that apt wants.
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(about.date.into()));
        let values = [
            ("name", Value::from_serializable(&NAME)),
            ("machine", Value::from_serializable(&about.machine)),
            ("distro", Value::from_serializable(&about.distro)),
            ("url", Value::from_serializable(&about.url)),
            ("date", Value::from_serializable(&date.replace("GMT", "UTC"))),
            ("files", Value::from_serializable(&listed)),
            ("key_file", Value::from_serializable(&KEY_FILE)),
            // A blank line would end the paragraph: a dot stands for it (deb822(5)).
            (
                "key",
                Value::from_serializable(&key.map(|key| {
                    key.public()
                        .lines()
                        .map(|line| if line.is_empty() { "." } else { line })
                        .collect::<Vec<_>>()
                })),
            ),
        ];
        let release = engine.render("repository/deb/Release", &values)?;
        let sources = engine.render("repository/deb/sources", &values)?;
        let mut out = vec![
            Meta::plain("Packages", packages),
            Meta::plain("Packages.xz", xz),
            Meta::plain("onegpu.sources", sources),
        ];
        if let Some(key) = key {
            out.push(Meta::plain("InRelease", key.clear(release.as_bytes())?));
            out.push(Meta::plain("Release.gpg", key.armored(release.as_bytes())?));
        }
        out.push(Meta::plain("Release", release));
        Ok(out)
    }
}

/// The first paragraph of a package's control file, which has but one.
fn control(deb: &[u8]) -> io::Result<String> {
    let mut archive = ar::Archive::new(deb);
    while let Some(entry) = archive.next_entry() {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(entry.header().identifier()).into_owned();
        if !name.starts_with("control.tar") {
            continue;
        }
        let bytes = unpack::bytes(&mut entry)?;
        let mut control = None;
        unpack::members(unpack::reader(&name, &bytes)?, |name, _, member| {
            if name == "control" {
                control = Some(unpack::text(member)?);
            }
            Ok(control.is_none())
        })?;
        let control = control.ok_or_else(|| io::Error::other("it has no control file"))?;
        let lines = control.trim_matches('\n').lines().map(str::trim_end);
        let text: String =
            lines.take_while(|line| !line.is_empty()).map(|line| format!("{line}\n")).collect();
        return match text.starts_with("Package: ") || text.contains("\nPackage: ") {
            true => Ok(text),
            false => Err(io::Error::other("its control file names no package")),
        };
    }
    Err(io::Error::other("it has no control.tar"))
}

fn xz(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut out = XzEncoder::new(Vec::new(), PRESET);
    out.write_all(bytes)?;
    out.finish()
}
