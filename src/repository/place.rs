//! One machine's repository on one distro, `DIR/MACHINE/DISTRO`: what is there stays, what is
//! new comes in, and the metadata is made anew; the folder changes in one rename.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use sha2::{Digest, Sha256};

use super::record::{self, Record};
use super::{About, Address, Family, KEY_FILE, Key, family};
use crate::diag::{Diagnostic, Result};
use crate::distro::Format;
use crate::output::{Folder, MARK, failure};
use crate::package::Built;
use crate::package::archive::hex;
use crate::plan::Kind;
use crate::render::Engine;

/// Where a machine's repository lies.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder of all machines.
    pub root: &'a Path,
    /// The machine's name, a plain word.
    pub machine: &'a str,
    /// The distro's id.
    pub distro: &'a str,
    /// Its format of packages.
    pub format: Format,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Added {
    /// How many packages there are now.
    pub packages: usize,
    /// Packages that were there with the same version and other content: a machine that has
    /// one of them installed sees nothing new.
    pub replaced: Vec<String>,
    /// Whether all was as it should be, and nothing was written.
    pub unchanged: bool,
}

impl Place<'_> {
    /// The folder.
    pub fn folder(&self) -> PathBuf {
        self.root.join(self.machine).join(self.distro)
    }

    /// How many packages are there, if the repository is what these inputs make and as it was left.
    pub fn current(&self, inputs: &str) -> Option<usize> {
        let record = self.record();
        let current =
            record.inputs == inputs && files(&self.folder()).is_ok_and(|files| files == record.files);
        current.then_some(record.packages.len())
    }

    /// Puts packages in, beside those that are there.
    ///
    /// # Errors
    /// When the folder is not a repository, was signed and no key is given, holds a package that
    /// cannot be read, or cannot be written; it is as it was then.
    pub fn add(
        &self,
        engine: &mut Engine<'_>,
        packages: &[Built],
        (inputs, epoch): (&str, u32),
        address: &Address,
        key: Option<&Key>,
    ) -> Result<Added> {
        let family = family(self.format);
        let _lock = self.lock()?;
        if let Some(packages) = self.current(inputs) {
            return Ok(Added { packages, replaced: Vec::new(), unchanged: true });
        }
        let before = self.record();
        if before.key.is_some() && key.is_none() {
            return Err(signed_before(&self.folder(), before.key.as_deref()));
        }
        let mut work =
            Work { place: self, family: &family, key, before, folder: Folder::new(&self.folder())? };
        let mut record = Record { key: key.map(|key| key.fingerprint().to_owned()), ..Record::default() };
        let mut added = Added::default();
        let mut index = (family.index)();
        for (path, new) in work.paths(packages)? {
            let (bytes, replaced) = work.package(&path, new)?;
            let signature = work.signature(&path, &bytes)?;
            index.add(&path, &bytes, signature.as_deref())?;
            record.packages.push((path.clone(), hex(&Sha256::digest(&bytes))));
            added.replaced.extend(replaced.then_some(path));
        }
        added.packages = record.packages.len();
        let same = work.before.packages == record.packages && work.before.key == record.key;
        record.date = match (same, work.before.date) {
            (_, 0) => epoch,
            (true, date) => date,
            (false, date) => epoch.max(date.saturating_add(1)),
        };
        record.inputs = inputs.to_owned();
        let (url, key_url) =
            (address.below(&format!("{}/{}", self.machine, self.distro)), address.below(KEY_FILE));
        let about = About {
            machine: self.machine,
            distro: self.distro,
            url: &url,
            key_url: &key_url,
            date: record.date,
        };
        for meta in index.finish(engine, &about, key)? {
            work.folder.add(&meta.path, meta.kind, &meta.bytes)?;
        }
        record.files = files(work.folder.staging())?;
        let text =
            serde_json::to_string_pretty(&record).map_err(|error| Diagnostic::machine(error.to_string()))?;
        work.folder.add_text(record::FILE, &format!("{text}\n"))?;
        work.folder.finish()?;
        Ok(added)
    }

    fn record(&self) -> Record {
        let text = fs::read_to_string(self.folder().join(record::FILE)).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Nobody else changes the machine's folder meanwhile; what a killed run left is cleared away.
    fn lock(&self) -> Result<File> {
        let folder = self.root.join(self.machine);
        let fail = |error: std::io::Error| failure(&folder, &error);
        fs::create_dir_all(&folder).map_err(fail)?;
        let lock = File::open(&folder).map_err(fail)?;
        flock(&lock, FlockOperation::LockExclusive).map_err(|error| fail(error.into()))?;
        for entry in fs::read_dir(&folder).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let staged = name.starts_with(&format!(".{}.", self.distro)) && path.join(MARK).exists();
            if staged && (name.ends_with(".new") || name.ends_with(".old")) {
                fs::remove_dir_all(&path).map_err(fail)?;
            }
        }
        Ok(lock)
    }
}

/// A repository that was signed does not become one that is not: its clients would refuse it.
pub(super) fn signed_before(folder: &Path, fingerprint: Option<&str>) -> Diagnostic {
    let key = fingerprint.unwrap_or("ID");
    Diagnostic::input(format!("{}: the repository is signed, and no key is given", folder.display()))
        .help(format!("--key {key}; or name another folder with --repo"))
}

/// A folder under construction.
struct Work<'a> {
    place: &'a Place<'a>,
    family: &'a Family,
    key: Option<&'a Key>,
    before: Record,
    folder: Folder,
}

impl Work<'_> {
    /// The packages there are and those that come in, by path.
    fn paths<'b>(&self, packages: &'b [Built]) -> Result<BTreeMap<String, Option<&'b [u8]>>> {
        let mut out = BTreeMap::new();
        for (path, _) in files(&self.place.folder())? {
            // What a link leads to is not the repository's to publish.
            let file = self.place.folder().join(&path).symlink_metadata().is_ok_and(|meta| meta.is_file());
            if file && self.family.endings.iter().any(|ending| path.ends_with(ending)) {
                out.insert(path, None);
            }
        }
        let place = |built: &Built| format!("{}{}", self.family.folder, built.file_name);
        out.extend(packages.iter().map(|built| (place(built), Some(built.bytes.as_slice()))));
        Ok(out)
    }

    /// Brings a package into the new folder; its bytes, and whether another of this version was there.
    fn package(&mut self, path: &str, new: Option<&[u8]>) -> Result<(Vec<u8>, bool)> {
        let at = self.place.folder().join(path);
        let old = match fs::read(&at) {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failure(&at, &error)),
        };
        let (bytes, replaced) = match (old, new) {
            (Some(old), None) => (old, false),
            (Some(old), Some(new)) if (self.family.same)(&old, new) => (old, false),
            (old, Some(new)) => (new.to_vec(), old.is_some()),
            // It was in the list a moment ago.
            (None, None) => return Err(failure(&at, &ErrorKind::NotFound.into())),
        };
        let known = self.is_known(path, &bytes);
        let bytes = match (self.family.sign, self.key) {
            (Some(sign), Some(key)) if !known => sign(path, &bytes, key)?,
            _ => bytes,
        };
        match known {
            true => self.folder.keep(path, &at)?,
            false => self.folder.add(path, Kind::Plain, &bytes)?,
        }
        Ok((bytes, replaced))
    }

    /// Whether these bytes were put there by us, with this key.
    fn is_known(&self, path: &str, bytes: &[u8]) -> bool {
        self.before.key.as_deref() == self.key.map(Key::fingerprint)
            && self
                .before
                .packages
                .iter()
                .any(|(name, sum)| name == path && *sum == hex(&Sha256::digest(bytes)))
    }

    /// The signature that lies beside a package, where the family wants one.
    fn signature(&mut self, path: &str, bytes: &[u8]) -> Result<Option<Vec<u8>>> {
        let (Some(key), Some((ending, sign))) = (self.key, self.family.beside) else { return Ok(None) };
        let name = format!("{path}{ending}");
        let old = fs::read(self.place.folder().join(&name)).ok().filter(|_| self.is_known(path, bytes));
        let signature = old.map_or_else(|| sign(key, bytes), Ok)?;
        self.folder.add(&name, Kind::Plain, &signature)?;
        Ok(Some(signature))
    }
}

/// All files of a folder with their sizes, without our own two; a link has none. No folder has no files.
fn files(root: &Path) -> Result<Vec<(String, u64)>> {
    let mut out = BTreeSet::new();
    let mut folders = vec![String::new()];
    while let Some(below) = folders.pop() {
        let folder = root.join(&below);
        let fail = |error: std::io::Error| failure(&folder, &error);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(error) => return Err(fail(error)),
        };
        for entry in entries {
            let entry = entry.map_err(fail)?;
            let (name, meta) = (entry.file_name(), entry.metadata().map_err(fail)?);
            let Some(name) = name.to_str() else {
                return Err(Diagnostic::input(format!(
                    "{}: has a name that is no text",
                    entry.path().display()
                )));
            };
            let path = if below.is_empty() { name.to_owned() } else { format!("{below}/{name}") };
            if meta.is_dir() {
                folders.push(path);
            } else if meta.is_symlink() {
                out.insert((path, 0));
            } else if meta.is_file() && ![MARK, record::FILE].contains(&path.as_str()) {
                out.insert((path, meta.len()));
            }
        }
    }
    Ok(out.into_iter().collect())
}
