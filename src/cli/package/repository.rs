//! `--repo`: the packages go into a repository, each machine's into a folder of its own.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::machines::name;
use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::distro::Distro;
use crate::output::failure;
use crate::package::Output;
use crate::plan::Plan;
use crate::render::Engine;
use crate::repository::{self, Address, Input, Key, Place, guide};

/// Whether packages go into a repository, and what is said of it.
#[derive(Args, Clone)]
pub struct RepoOptions {
    /// Make DIR a repository that apt, dnf, pacman, Portage, apk and XBPS install from, or add to it
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// Write an inventory and a playbook for Ansible to DIR, which install from the repository; without
    /// --repo, that is DIR/repository
    #[arg(long, value_name = "DIR")]
    ansible: Option<PathBuf>,
    /// Sign the repository with this key, which gpg holds: fingerprint, key id or mail address; for apk and XBPS, an
    /// RSA key
    #[arg(long, value_name = "ID")]
    key: Option<String>,
    /// Where machines find the repository, when it is not the folder itself
    #[arg(long, value_name = "URL")]
    url: Option<String>,
}

impl RepoOptions {
    /// Whether there is one.
    pub fn wanted(&self) -> bool {
        self.root().is_some()
    }

    /// The folder of the inventory and the playbook.
    pub fn ansible(&self) -> Option<&Path> {
        self.ansible.as_deref()
    }

    fn root(&self) -> Option<PathBuf> {
        self.repo.clone().or_else(|| Some(self.ansible.as_ref()?.join("repository")))
    }

    /// Finds the key; nothing is written yet.
    ///
    /// # Errors
    /// On a key or URL that cannot be, or when the repository was signed and there is no key.
    pub fn open(&self, data: &DataDirs, epoch: u32) -> Result<Option<Repository>> {
        let Some(root) = self.root() else {
            return match self.key.is_some() || self.url.is_some() {
                true => Err(Diagnostic::input("--key and --url are a repository's, and there is none")
                    .help("name its folder with --repo DIR")),
                false => Ok(None),
            };
        };
        let address = Address::new(self.url.as_deref(), &root)?;
        let key = self.key.as_deref().map(Key::find).transpose()?;
        if key.is_none() {
            repository::must_not_be_signed(&root)?;
        }
        let input = Input::new(data, epoch, &address, key.as_ref())?;
        Ok(Some(Repository { root, address, key, input, epoch }))
    }
}

/// The repository of a run.
pub struct Repository {
    root: PathBuf,
    address: Address,
    key: Option<Key>,
    input: Input,
    epoch: u32,
}

impl Repository {
    /// The folder of all machines.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Whether machines find it in a folder of their own disk.
    pub fn is_local(&self) -> bool {
        self.address.as_str().starts_with("file:")
    }

    /// The key's fingerprint, when there is a key.
    pub fn fingerprint(&self) -> Option<&str> {
        self.key.as_ref().map(Key::fingerprint)
    }

    /// What is printed of a machine for which nothing is to be done, if that is so.
    ///
    /// # Errors
    /// When the machine's name is none for a folder.
    pub fn current(&self, machine: &str, plans: &[Plan], profile: &str) -> Result<Option<String>> {
        let machine = name(machine)?;
        let mut text = String::new();
        for plan in plans {
            let place = self.place(machine, plan);
            match place.current(&self.input.of(machine, place.distro, profile)) {
                Some(packages) => text.push_str(&line(&place.folder(), packages, true)),
                None => return Ok(None),
            }
        }
        Ok(Some(text))
    }

    /// Puts a machine's packages in; what is printed, and what there is to say besides.
    ///
    /// # Errors
    /// As [`Place::add`].
    pub fn put(
        &self,
        engine: &mut Engine<'_>,
        machine: &str,
        plans: &[Plan],
        outputs: &[Output],
        profile: &str,
    ) -> Result<(String, Vec<String>)> {
        let machine = name(machine)?;
        let (mut text, mut notes) = (String::new(), Vec::new());
        for (plan, output) in plans.iter().zip(outputs) {
            let place = self.place(machine, plan);
            let inputs = self.input.of(machine, place.distro, profile);
            let with = (inputs.as_str(), self.epoch);
            let added = place.add(engine, &output.packages, with, &self.address, self.key.as_ref());
            let added = added.inspect_err(|_| self.clear(machine))?;
            text.push_str(&line(&place.folder(), added.packages, added.unchanged));
            notes.extend(added.replaced.iter().map(|path| {
                format!(
                    "{path}: was there with other content; a machine that has it takes it for the same: \
                         raise `revision` under [package]"
                )
            }));
        }
        Ok((text, notes))
    }

    /// Makes the metadata of every machine anew from what is there.
    ///
    /// # Errors
    /// When the folder cannot be read, or as [`Place::add`].
    pub fn refresh(&self, data: &DataDirs) -> Result<String> {
        let mut engine = Engine::bare(data)?;
        let mut text = String::new();
        for machine in folders(&self.root)? {
            for distro in folders(&self.root.join(&machine))? {
                let format = Distro::load(data, &distro)?.package.format;
                let place = Place { root: &self.root, machine: name(&machine)?, distro: &distro, format };
                // No inputs: the next run with a profile builds.
                let added =
                    place.add(&mut engine, &[], ("", self.epoch), &self.address, self.key.as_ref())?;
                text.push_str(&line(&place.folder(), added.packages, added.unchanged));
            }
        }
        match text.is_empty() {
            true => {
                Err(Diagnostic::input(format!("{}: the repository has no packages", self.root.display()))
                    .help("name the profile, or a folder of profiles, whose packages shall go in"))
            }
            false => Ok(text),
        }
    }

    /// Writes what lies above the machines' folders; what is said at the end.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn ending(&self, data: &DataDirs) -> Result<String> {
        guide(&mut Engine::bare(data)?, &self.root, &self.address, self.key.as_ref())?;
        let signed = match &self.key {
            Some(key) => format!("Signed by {}.", key.fingerprint()),
            None => "NOT SIGNED: package managers refuse it until it is, with --key ID.".to_owned(),
        };
        let readme = self.root.join("README.md");
        Ok(format!("\n{signed}\nHow machines are pointed at it: {}\n", readme.display()))
    }

    /// Folders that were made for nothing.
    fn clear(&self, machine: &str) {
        // Only when they are empty.
        let _ = std::fs::remove_dir(self.root.join(machine)).and_then(|()| std::fs::remove_dir(&self.root));
    }

    fn place<'a>(&'a self, machine: &'a str, plan: &'a Plan) -> Place<'a> {
        let distro = &plan.setup.distro;
        Place { root: &self.root, machine, distro: &distro.id, format: distro.package.format }
    }
}

fn line(folder: &Path, packages: usize, unchanged: bool) -> String {
    let noun = if packages == 1 { "package" } else { "packages" };
    format!("{}: {packages} {noun}{}\n", folder.display(), if unchanged { ", unchanged" } else { "" })
}

/// The folders in a folder, by name; hidden ones are somebody's work.
fn folders(root: &Path) -> Result<Vec<String>> {
    let fail = |error: std::io::Error| failure(root, &error);
    let mut out = Vec::new();
    for entry in std::fs::read_dir(root).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_dir() && !name.starts_with('.') {
            out.push(name);
        }
    }
    out.sort();
    Ok(out)
}
