//! A machine above the host's own root, and the playbook of its repository, which ansible-core runs in it.

#![allow(dead_code)] // Each test takes what it needs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::layer::Layer;
use crate::repository::{Repository, ran};

/// The folder of the test and the venv are at the same paths inside.
const MORE: &str =
    r#"for dir in "$2/shared" "$venv"; do mkdir -p "$root$dir"; mount --bind "$dir" "$root$dir"; done"#;

/// The machine, its repository, and where Ansible is.
pub struct Machine {
    pub layer: Layer,
    pub repository: Repository,
    venv: PathBuf,
}

impl Machine {
    pub fn new() -> Self {
        let venv =
            PathBuf::from(std::env::var_os("ONEGPU_TEST_ANSIBLE").expect("ONEGPU_TEST_ANSIBLE names a venv"));
        assert!(venv.join("bin/ansible-playbook").exists(), "{} has no ansible-playbook", venv.display());
        let quoted = onegpu::render::quote::sh(&venv.to_string_lossy()).unwrap();
        let prepare = |folder: &Path| fs::create_dir(folder.join("shared")).unwrap();
        let layer = Layer::new(Path::new("/"), prepare, &format!("venv={quoted}\n{MORE}"));
        fs::set_permissions(layer.folder(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let repository = Repository::new(&layer.folder().join("shared"));
        Self { layer, repository, venv }
    }

    pub fn ansible(&self) -> PathBuf {
        self.repository.root().with_file_name("ansible")
    }

    /// Writes repository, inventory and playbook.
    pub fn publish(&self, distro: &str) {
        let profile = self.repository.root().with_file_name("attic.toml");
        let mut command = self.repository.onegpu();
        command.arg("package").arg(profile).args(["--distro", distro, "--key", "test@example.org"]);
        let said =
            ran(command.arg("--repo").arg(self.repository.root()).arg("--ansible").arg(self.ansible()));
        assert!(said.contains("ansible-playbook -i "), "{said}");
    }

    pub fn play(&self, words: &[&str]) -> Command {
        let mut command = self.layer.command(&["sh", "-c", "cd \"$1\" && shift && exec \"$@\"", "sh"]);
        command.arg(self.ansible()).arg(self.venv.join("bin/ansible-playbook"));
        command.args([
            "-i",
            "inventory.json",
            "site.yml",
            "-e",
            "ansible_connection=local ansible_become=false",
        ]);
        command.env("ANSIBLE_COLLECTIONS_PATH", self.venv.join("collections"));
        // Not the venv's: apt's and dnf's modules are the system's.
        command.args(["-e", "ansible_python_interpreter=/usr/bin/python3"]).args(words);
        command
    }

    /// One number of ansible's last line about the machine.
    pub fn tally(said: &str, what: &str) -> u32 {
        let line = said.lines().rfind(|line| line.starts_with("attic")).unwrap_or_else(|| panic!("{said}"));
        line.split(&format!("{what}=")).nth(1).unwrap().split_whitespace().next().unwrap().parse().unwrap()
    }
}
