//! `cargo xtask install`: the program and all that belongs to it, below a prefix,
//! as the recipes of distros call it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use onegpu::data;
use onegpu::diag::{Diagnostic, Result};

use crate::crates::{self, Compiled, TARGETS};
use crate::process::{failure, root, shell};
use crate::release::Release;
use crate::{completions, licenses, pages};

/// Documents of the repo that users read.
const DOCUMENTS: [&str; 7] = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/architecture.md",
    "docs/packaging.md",
    "docs/plan.md",
    "docs/testing.md",
];

/// Build the program and install it with manual pages, completions, licences and documents
#[derive(Args)]
pub struct Install {
    /// Write below DIR instead of the machine's root
    #[arg(long, value_name = "DIR", default_value = "/")]
    destdir: PathBuf,
    /// Where the program will lie on the machine
    #[arg(long, value_name = "DIR", default_value = "/usr/local", value_parser = absolute)]
    prefix: PathBuf,
    /// The documents' folder, where the distro has its own way [default: PREFIX/share/doc/onegpu]
    #[arg(long, value_name = "DIR", value_parser = absolute)]
    docdir: Option<PathBuf>,
    /// The licences' folder, where the distro has its own way [default: PREFIX/share/licenses/onegpu]
    #[arg(long, value_name = "DIR", value_parser = absolute)]
    licensedir: Option<PathBuf>,
    /// Install FILE as the program instead of building it
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

fn absolute(text: &str) -> std::result::Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.is_absolute() && !path.components().any(|part| part.as_os_str() == "..") {
        true => Ok(path),
        false => Err("write a path that begins with / and has no .. in it".into()),
    }
}

/// A file to be: path below the root of the machine, bytes, and whether it runs.
struct File {
    path: PathBuf,
    bytes: Vec<u8>,
    runs: bool,
}

impl Install {
    pub fn run(self) -> Result<ExitCode> {
        // All of it is there before anything is written.
        let files = self.files()?;
        for file in &files {
            write(&self.destdir, file)?;
        }
        println!("{} files below {}", files.len(), below(&self.destdir, &self.prefix).display());
        Ok(ExitCode::SUCCESS)
    }

    fn files(&self) -> Result<Vec<File>> {
        let mut files = Vec::new();
        let mut add = |path: PathBuf, bytes: Vec<u8>| files.push(File { path, bytes, runs: false });
        let share = self.prefix.join("share");
        for page in pages::all(&Release::read()?)? {
            add(share.join("man").join(page.folder()).join(&page.name), page.text.into_bytes());
        }
        for (path, text) in completions::all() {
            add(self.prefix.join(path), text);
        }
        // Not in the folders that the program searches: a file of an older
        // version must never come before what a newer program has built in.
        let builtin = share.join("onegpu/builtin");
        for (name, text) in data::embedded() {
            add(builtin.join(name), text.as_bytes().to_vec());
        }
        let documents = self.docdir.clone().unwrap_or_else(|| share.join("doc/onegpu"));
        for name in DOCUMENTS {
            // With their folders: they link to each other.
            add(documents.join(name), read(&root().join(name))?);
        }
        let licenses = self.licensedir.clone().unwrap_or_else(|| share.join("licenses/onegpu"));
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            add(licenses.join(name), read(&root().join(name))?);
        }
        let metadata = crates::metadata(Some(TARGETS[0]))?;
        let third_party = licenses::third_party(&Compiled::of(&metadata)?)?;
        add(licenses.join("THIRD-PARTY"), third_party.into_bytes());
        let program = match &self.binary {
            Some(file) => file.clone(),
            None => build()?,
        };
        files.push(File { path: self.prefix.join("bin/onegpu"), bytes: read(&program)?, runs: true });
        Ok(files)
    }
}

/// Builds the program, from what is vendored alone where it is; says where it lies.
fn build() -> Result<PathBuf> {
    let sh = shell()?;
    let offline = crates::is_vendored().then_some("--offline");
    let cargo = sh.cmd("cargo").args(["build", "--release", "--locked", "--package", "onegpu"]);
    cargo.args(offline).run().map_err(failure)?;
    let metadata = crates::metadata(None)?;
    Ok(metadata.target_directory.join("release/onegpu").into_std_path_buf())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).map_err(|error| Diagnostic::input(format!("{}: {error}", path.display())))
}

/// The path of the machine below the folder that stands for its root.
fn below(destdir: &Path, path: &Path) -> PathBuf {
    destdir.join(path.strip_prefix("/").unwrap_or(path))
}

/// Writes a neighbour and renames it: a program that runs is not touched.
fn write(destdir: &Path, file: &File) -> Result<()> {
    let place = below(destdir, &file.path);
    let wrong = |error: std::io::Error| Diagnostic::machine(format!("{}: {error}", place.display()));
    let folder = place.parent().unwrap_or(destdir);
    fs::create_dir_all(folder).map_err(wrong)?;
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let neighbour = folder.join(format!(".{name}.new"));
    fs::write(&neighbour, &file.bytes).map_err(wrong)?;
    // Whatever the umask says.
    let mode = if file.runs { 0o755 } else { 0o644 };
    fs::set_permissions(&neighbour, fs::Permissions::from_mode(mode)).map_err(wrong)?;
    fs::rename(&neighbour, &place).map_err(wrong)
}
