//! Templates and distro files: embedded in the program, and overridden file by
//! file from `--data-dir`, then the machine's own folder, then the vendor's.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};

use crate::diag::{Diagnostic, Result};
use crate::paths;

static DISTROS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/distros");
static TEMPLATES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// A data file larger than this is a mistake, not a template.
const LARGEST: u64 = 1 << 20;

/// The profile that `cargo xtask package` builds when none is named.
pub const EXAMPLE_PROFILE: &str = include_str!("../templates/example.toml");

/// One data file and where it came from.
pub struct DataFile {
    /// Shown in diagnostics: a path, or `embedded:` and the name.
    pub origin: String,
    /// The file's text.
    pub text: Cow<'static, str>,
}

/// The folders that are searched, first match wins, then the embedded files.
#[derive(Debug, Clone, Default)]
pub struct DataDirs(Vec<PathBuf>);

impl DataDirs {
    /// Only what is embedded: for tests and for reproducible renderings.
    pub fn embedded() -> Self {
        Self(Vec::new())
    }

    /// Only this folder before what is embedded: for a checkout, whose own files
    /// an installed onegpu must not replace.
    pub fn only(data_dir: Option<&Path>) -> Self {
        Self(data_dir.into_iter().map(Path::to_path_buf).collect())
    }

    /// `--data-dir`, when given, before the machine's and the vendor's folders.
    pub fn standard(data_dir: Option<&Path>) -> Self {
        let own = data_dir.map(Path::to_path_buf);
        let common = paths::DATA_DIRS.iter().map(PathBuf::from);
        // Asked once, and not again for each of fifty files.
        let common = common.filter(|dir| dir.try_exists().unwrap_or(true));
        Self(own.into_iter().chain(common).collect())
    }

    /// The distro file of this id, if any folder or the program has one.
    pub fn distro(&self, id: &str) -> Result<Option<DataFile>> {
        self.read("distros", &DISTROS, &format!("{id}.toml"))
    }

    /// The template of this name. Names mirror the installed tree.
    pub fn template(&self, name: &str) -> Result<DataFile> {
        self.read("templates", &TEMPLATES, name)?
            .ok_or_else(|| Diagnostic::input(format!("there is no template `{name}`")))
    }

    /// The ids of all distros known, sorted.
    pub fn distro_ids(&self) -> BTreeSet<String> {
        let embedded = DISTROS.files().map(|file| file.path().to_path_buf());
        let own = self.0.iter().flat_map(|dir| fs::read_dir(dir.join("distros")).into_iter().flatten());
        embedded
            .chain(own.flatten().map(|entry| entry.path()))
            .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
            .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
            .collect()
    }

    /// Every file that may take an embedded one's place, and what is in it.
    ///
    /// # Errors
    /// When a folder that is there cannot be read, or one of its files.
    pub fn overrides(&self) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut out = Vec::new();
        let mut folders: Vec<PathBuf> =
            self.0.iter().flat_map(|dir| ["distros", "templates"].map(|kind| dir.join(kind))).collect();
        while let Some(folder) = folders.pop() {
            let fail = |error: std::io::Error| Diagnostic::input(format!("{}: {error}", folder.display()));
            let entries = match fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(fail(error)),
            };
            for entry in entries {
                let path = entry.map_err(fail)?.path();
                match path.is_dir() {
                    true => folders.push(path),
                    // What cannot be read as a text says so when it is wanted.
                    false => out.push((path.clone(), read_text(&path).unwrap_or_default().into_bytes())),
                }
            }
        }
        out.sort();
        Ok(out)
    }

    fn read(&self, kind: &str, embedded: &'static Dir<'static>, name: &str) -> Result<Option<DataFile>> {
        for dir in &self.0 {
            let path = dir.join(kind).join(name);
            match read_text(&path) {
                Ok(text) => {
                    let origin = path.display().to_string();
                    return Ok(Some(DataFile { origin, text: text.into() }));
                }
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => {
                    let topic = if kind == "distros" { "distro-file" } else { "template" };
                    return Err(Diagnostic::input(format!("{}: {error}", path.display())).more(topic));
                }
            }
        }
        Ok(embedded
            .get_file(name)
            .and_then(|file| file.contents_utf8())
            .map(|text| DataFile { origin: format!("embedded:{kind}/{name}"), text: text.into() }))
    }
}

/// Names of all embedded templates, for the tests that look at every one.
pub fn embedded_templates() -> Vec<(String, &'static str)> {
    texts(&TEMPLATES)
}

/// All that is embedded, as it would lie below a `--data-dir`.
pub fn embedded() -> Vec<(String, &'static str)> {
    let below = |kind, dir| texts(dir).into_iter().map(move |(name, text)| (format!("{kind}/{name}"), text));
    below("distros", &DISTROS).chain(below("templates", &TEMPLATES)).collect()
}

fn texts(dir: &'static Dir<'static>) -> Vec<(String, &'static str)> {
    fn walk(dir: &'static Dir<'static>, out: &mut Vec<(String, &'static str)>) {
        for file in dir.files() {
            if let Some(text) = file.contents_utf8() {
                out.push((file.path().display().to_string(), text));
            }
        }
        for sub in dir.dirs() {
            walk(sub, out);
        }
    }
    let mut out = Vec::new();
    walk(dir, &mut out);
    out.sort();
    out
}

/// Reads a text file of a sane size. Anything but a regular file is refused
/// before it is opened: a FIFO would never answer.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Err(std::io::Error::other("is not a regular file"));
    }
    if meta.len() > LARGEST {
        let size = meta.len();
        return Err(std::io::Error::other(format!(
            "has {size} bytes; a text of more than {LARGEST} bytes is not read"
        )));
    }
    fs::read_to_string(path)
}
