//! XBPS's repository, as xbps-rindex(1) makes it: `ARCHITECTURE-repodata` with the newest of each package, and
//! each package's RSA signature beside it. XBPS has no signature of the index: it has the public key, which a client is
//! asked to trust once, and no package is taken from elsewhere than this machine's disk whose own signature
//! fails. In a folder of its own disk a client believes the index' checksums.

use std::collections::BTreeMap;
use std::io::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rpm_version::Evr;
use sha2::{Digest, Sha256};
use tera::Value;

use super::plist::{self, Dict, Item};
use super::rsa::Rsa;
use super::{About, Address, Index, Key, Meta, NAME, unpack, unreadable};
use crate::diag::{Diagnostic, Result};
use crate::package::archive::{Tar, hex};
use crate::render::Engine;

/// The index of the architecture that machines with a graphics card in a slot have, and its other name where
/// the C library is musl.
const INDEX: [&str; 2] = ["x86_64-repodata", "x86_64-musl-repodata"];
/// What the package says of itself and the index does not (bin/xbps-rindex/index-add.c).
const OWN: [&str; 3] = ["pkgname", "version", "packaged-with"];
/// As xbps-rindex has it.
const LEVEL: i32 = 9;

/// The newest package of each name.
#[derive(Default)]
pub(super) struct Repodata {
    packages: BTreeMap<String, (String, Dict)>,
}

impl Index for Repodata {
    fn add(&mut self, path: &str, bytes: &[u8], _: Option<&[u8]>) -> Result<()> {
        let mut props = props(bytes).map_err(|error| unreadable(path, error))?;
        let text = |key: &str| match props.get(key) {
            Some(Item::Text("string", text)) => text.clone(),
            _ => String::new(),
        };
        let (pkgver, architecture) = (text("pkgver"), text("architecture"));
        // XBPS makes the file's name of these two.
        if path != format!("{pkgver}.{architecture}.xbps") {
            return Err(unreadable(path, "its name is not that of the package and version in it"));
        }
        let Some((name, version)) = pkgver.rsplit_once('-') else {
            return Err(unreadable(path, format!("{pkgver} has no version")));
        };
        OWN.iter().for_each(|key| drop(props.remove(*key)));
        props.insert("filename-sha256".into(), Item::Text("string", hex(&Sha256::digest(bytes))));
        props.insert("filename-size".into(), Item::Text("integer", bytes.len().to_string()));
        if self.packages.get(name).is_none_or(|(other, _)| newer(version, other)) {
            self.packages.insert(name.to_owned(), (version.to_owned(), props));
        }
        Ok(())
    }

    fn finish(&mut self, engine: &mut Engine<'_>, about: &About<'_>, key: Option<&Key>) -> Result<Vec<Meta>> {
        let rsa = key.map(Key::rsa).transpose()?;
        let trusted = rsa.map(|rsa| trusted(rsa, about.machine));
        let mut meta = trusted.clone().unwrap_or_default();
        if !meta.is_empty() {
            meta.insert("signature-type".into(), Item::Text("string", "rsa".into()));
        }
        let index = self.packages.iter().map(|(name, (_, props))| (name.clone(), Item::Dict(props.clone())));
        let mut tar = Tar::new(about.date);
        // Nothing is staged: all of a machine's packages come at once.
        for (name, dict) in
            [("index.plist", index.collect()), ("index-meta.plist", meta), ("stage.plist", Dict::new())]
        {
            let text = plist::write(&dict).map_err(|error| unreadable(name, error))?;
            tar.file(name, 0o644, text.as_bytes())?;
        }
        let key_file = rsa.map(|rsa| format!("{}.plist", rsa.ssh_fingerprint()));
        let values = [
            ("machine", Value::from_serializable(&about.machine)),
            ("url", Value::from_serializable(&Address::plain(about.url)?)),
            ("key_file", Value::from_serializable(&key_file)),
        ];
        let mut out = vec![
            Meta::plain(format!("{NAME}.conf"), engine.render("repository/xbps/conf", &values)?),
            Meta::plain(INDEX[0], zstd(&tar.bytes()?)?),
            Meta::link(INDEX[1], INDEX[0]),
        ];
        if let (Some(name), Some(dict)) = (key_file, trusted) {
            let text = plist::write(&dict).map_err(|error| unreadable(&name, error))?;
            out.push(Meta::plain(name, text));
        }
        Ok(out)
    }
}

/// What a client keeps of a key that it trusts (lib/repo.c, `xbps_repo_key_import`).
fn trusted(rsa: &Rsa, machine: &str) -> Dict {
    Dict::from([
        ("public-key".into(), Item::Text("data", BASE64.encode(rsa.public()))),
        ("public-key-size".into(), Item::Text("integer", rsa.bits().to_string())),
        ("signature-by".into(), Item::Text("string", format!("{NAME}, for {machine}"))),
    ])
}

/// What the package says of itself; it stands among the first of the archive.
fn props(xbps: &[u8]) -> io::Result<Dict> {
    let mut text = None;
    unpack::members(unpack::packed(xbps)?, |name, _, member| {
        if name == "props.plist" {
            text = Some(unpack::text(member)?);
        }
        Ok(text.is_none())
    })?;
    let text = text.ok_or_else(|| io::Error::other("it has no props.plist"))?;
    plist::read(&text).map_err(io::Error::other)
}

/// Whether a version is newer, `VERSION_REVISION`, as xbps-uhelper(1)'s cmpver has it: `rc` and its like come before the
/// version without, which rpm writes with a tilde.
fn newer(version: &str, other: &str) -> bool {
    let spelled = |version: &str| {
        let (version, revision) = version.rsplit_once('_').unwrap_or((version, "0"));
        let marked = ["alpha", "beta", "pre", "rc"]
            .iter()
            .fold(version.to_owned(), |text, word| text.replace(word, &format!("~{word}")));
        format!("{marked}-{revision}")
    };
    let (version, other) = (spelled(version), spelled(other));
    Evr::parse(&version) > Evr::parse(&other)
}

/// With a checksum, so that a damaged one is refused: it has no signature.
fn zstd(bytes: &[u8]) -> Result<Vec<u8>> {
    let write = || {
        let mut out = zstd::Encoder::new(Vec::new(), LEVEL)?;
        out.include_checksum(true)?;
        out.write_all(bytes)?;
        out.finish()
    };
    write().map_err(|error: io::Error| Diagnostic::machine(format!("repodata: {error}")))
}

#[cfg(test)]
mod tests {
    use super::newer;

    #[test]
    fn versions_are_in_xbps_order() {
        let order = ["0.1.0_1", "0.1.0_2", "0.1.0_10", "0.1.0.1_1", "0.2.0alpha_1", "0.2.0rc.1_3", "0.2.0_1"];
        for pair in order.windows(2) {
            assert!(newer(pair[1], pair[0]) && !newer(pair[0], pair[1]), "{pair:?}");
        }
        assert!(!newer("1_1", "1_1"));
    }
}
