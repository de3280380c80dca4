//! `cargo xtask dist`: what a distro builds from without a network: the tracked
//! files and all crates in one tarball, with checksums and a bill of materials.

mod sbom;
mod tarball;
mod vendor;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use onegpu::diag::{Diagnostic, Result};
use sha2::{Digest, Sha256};
use xshell::Shell;

use crate::crates::{self, Compiled, TARGETS};
use crate::process::{failure, root, shell};
use crate::release::Release;
use tarball::{Content, Entry};

/// Make the vendored tarball of this version, its SBOM and the checksums of both
#[derive(Args)]
pub struct Dist {
    /// The folder that they are written into
    #[arg(short, long, value_name = "DIR", default_value = "target/dist")]
    output: PathBuf,
    /// Take the files as they are, though git has not recorded them so
    #[arg(long)]
    allow_dirty: bool,
}

impl Dist {
    pub fn run(self) -> Result<ExitCode> {
        let sh = shell()?;
        if crates::is_vendored() {
            return Err(Diagnostic::input("this is the tarball of a release already")
                .help("make one from a checkout, where there is no vendor/"));
        }
        if !self.allow_dirty {
            refuse_dirty(&sh)?;
        }
        let release = Release::read()?;
        let name = format!("onegpu-{}", release.version);
        let mut entries = tracked(&sh, self.allow_dirty)?;
        entries.extend(vendor::crates(&sh)?);
        let metadata = crates::metadata(Some(TARGETS[0]))?;
        let sbom = sbom::write(&release, &Compiled::of(&metadata)?)?;
        fs::create_dir_all(&self.output).map_err(failure)?;
        let files = [
            (format!("{name}.tar.xz"), tarball::write(&name, release.epoch(), entries)?),
            (format!("{name}.cdx.json"), sbom.into_bytes()),
        ];
        let mut sums = String::new();
        for (name, bytes) in &files {
            put(&self.output.join(name), bytes)?;
            sums.push_str(&format!("{}  {name}\n", sha256(bytes)));
        }
        put(&self.output.join("SHA256SUMS"), sums.as_bytes())?;
        print!("{sums}");
        Ok(ExitCode::SUCCESS)
    }
}

/// The sum as sha256sum(1) writes it.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whole or not at all.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let neighbour = path.with_extension("new");
    let written = fs::write(&neighbour, bytes).and_then(|()| fs::rename(&neighbour, path));
    written.map_err(|error| Diagnostic::machine(format!("{}: {error}", path.display())))
}

fn git(sh: &Shell, words: &[&str]) -> Result<String> {
    sh.cmd("git").args(words).quiet().read().map_err(failure)
}

fn refuse_dirty(sh: &Shell) -> Result<()> {
    let status = git(sh, &["status", "--porcelain"])?;
    let Some(first) = status.lines().next() else { return Ok(()) };
    Err(Diagnostic::input(format!("git has not recorded every file: {}", first.trim()))
        .help("commit first, or give --allow-dirty for a trial"))
}

/// The files that git tracks (or, for a trial, would), and cargo told to take
/// crates from `vendor/`.
fn tracked(sh: &Shell, trial: bool) -> Result<Vec<Entry>> {
    let new = trial.then_some("--others").into_iter();
    let words: Vec<&str> =
        ["ls-files", "-z", "--cached", "--exclude-standard"].into_iter().chain(new).collect();
    let list = git(sh, &words)?;
    let mut out = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        let mut entry = Entry::read(root(), path)?;
        if let (".cargo/config.toml", Content::File { bytes, .. }) = (path, &mut entry.content) {
            bytes.extend(vendor::CONFIG.as_bytes());
        }
        out.push(entry);
    }
    Ok(out)
}
