//! The real tools that tests call by name in `#[ignore = "needs TOOL, TOOL"]`:
//! how each is found, and where `--provision` gets it.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use xshell::Shell;

use crate::{browser, python, roots};

/// One tool.
pub struct Tool {
    /// Its name in a test's `needs`.
    pub name: &'static str,
    /// How it is found.
    pub found: Found,
}

/// How a tool is found and where it comes from.
pub enum Found {
    /// A program on PATH, from this Debian package.
    Debian(&'static str),
    /// This program of a Python environment.
    Python(&'static str),
    /// A module of npm.
    Module,
    /// A Debian root to change into.
    Root,
    /// A program on PATH that no Debian package has: where its source is.
    Elsewhere(&'static str),
    /// Being root; nothing to install.
    Superuser,
}

/// Every tool that a test may need.
pub const TOOLS: &[Tool] = &[
    debian("apparmor_parser", "apparmor"),
    debian("apt-get", "apt"),
    debian("createrepo_c", "createrepo-c"),
    debian("dnf", "dnf"),
    debian("gpg", "gnupg"),
    debian("bash", "bash"),
    debian("bsdtar", "libarchive-tools"),
    debian("busybox", "busybox"),
    debian("chromium", "chromium"),
    debian("dpkg", "dpkg"),
    debian("dpkg-deb", "dpkg"),
    debian("dpkg-parsechangelog", "dpkg-dev"),
    debian("faketime", "faketime"),
    debian("fish", "fish"),
    debian("grub-mkconfig", "grub-common"),
    debian("lexgrog", "man-db"),
    debian("lintian", "lintian"),
    debian("makepkg", "makepkg"),
    debian("man", "man-db"),
    debian("mandoc", "mandoc"),
    debian("mkfs.ext4", "e2fsprogs"),
    debian("mmdebstrap", "mmdebstrap"),
    debian("node", "nodejs"),
    debian("npm", "npm"),
    debian("pacman", "pacman-package-manager"),
    debian("python3", "python3"),
    debian("rpm", "rpm"),
    debian("rpmlint", "rpmlint"),
    debian("runsvdir", "runit"),
    debian("semodule", "policycoreutils"),
    debian("sesearch", "setools"),
    debian("shellcheck", "shellcheck"),
    debian("systemctl", "systemd"),
    debian("unshare", "util-linux"),
    debian("xmllint", "libxml2-utils"),
    debian("xz", "xz-utils"),
    debian("zsh", "zsh"),
    debian("zstd", "zstd"),
    Tool { name: "apk", found: Found::Elsewhere("https://gitlab.alpinelinux.org/alpine/apk-tools") },
    Tool {
        name: "update-bootloader",
        found: Found::Elsewhere("https://github.com/openSUSE/perl-bootloader"),
    },
    Tool { name: "xbps-install", found: Found::Elsewhere("https://github.com/void-linux/xbps") },
    Tool { name: "axe-core", found: Found::Module },
    Tool { name: "puppeteer-core", found: Found::Module },
    Tool { name: "ansible", found: Found::Python("ansible-playbook") },
    Tool { name: "ansible-lint", found: Found::Python("ansible-lint") },
    Tool { name: "pkgcheck", found: Found::Python("pkgcheck") },
    Tool { name: "portage", found: Found::Python("emerge") },
    Tool { name: "bookworm", found: Found::Root },
    Tool { name: "loaders", found: Found::Root },
    Tool { name: "openrc", found: Found::Root },
    Tool { name: "trixie", found: Found::Root },
    Tool { name: "root", found: Found::Superuser },
];

/// Packages that no test names, but what is provisioned stands on them: Portage
/// unpacks with bzip2; keys for the roots; Python's environments; Ansible's module for apt.
pub const GROUND: &[&str] = &["bzip2", "debian-archive-keyring", "python3-apt", "python3-venv"];

const fn debian(name: &'static str, package: &'static str) -> Tool {
    Tool { name, found: Found::Debian(package) }
}

impl Tool {
    /// Where to get it by hand, when `--provision` cannot.
    pub fn elsewhere(&self) -> Option<&'static str> {
        match self.found {
            Found::Elsewhere(source) => Some(source),
            _ => None,
        }
    }

    /// Whether it is there.
    pub fn is_there(&self, sh: &Shell) -> bool {
        match self.found {
            Found::Module => browser::has(self.name),
            Found::Debian(_) | Found::Elsewhere(_) => on_path(sh, self.name).is_some(),
            Found::Python(program) => on_path(sh, program).is_some(),
            Found::Root => roots::is_there(self.name),
            Found::Superuser => is_superuser(sh),
        }
    }
}

/// Whether this process is root's.
pub fn is_superuser(sh: &Shell) -> bool {
    sh.cmd("id").arg("-u").quiet().read().is_ok_and(|id| id == "0")
}

/// Makes the tools visible for everything that `sh` runs. What is provisioned
/// comes last: nothing of the machine is shadowed.
pub fn equip(sh: &Shell) {
    let own = env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin".into(), "/sbin".into()];
    if let Ok(path) = env::join_paths(env::split_paths(&own).chain(more).chain(python::programs())) {
        sh.set_var("PATH", path);
    }
    sh.set_var("ONEGPU_TEST_ROOTS", roots::folder());
    sh.set_var("ONEGPU_TEST_PORTAGE", python::portage());
    sh.set_var("ONEGPU_TEST_ANSIBLE", python::ansible());
    sh.set_var("ONEGPU_TEST_BROWSER", browser::folder());
}

/// Where a program lies on `sh`'s PATH.
pub fn on_path(sh: &Shell, program: &str) -> Option<PathBuf> {
    let runs = |path: &PathBuf| {
        path.metadata().is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    };
    let path = sh.var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(program)).find(runs)
}

/// The tools of a reason, `needs rpm, trixie and root`; an error names the
/// word that is no tool.
pub fn needed(reason: &str) -> Result<Vec<&'static Tool>, String> {
    let Some(list) = reason.strip_prefix("needs ") else {
        return Err(format!("`{reason}` is not of the form `needs TOOL, TOOL`"));
    };
    list.split([',', ' '])
        .filter(|word| !word.is_empty() && *word != "and")
        .map(|word| {
            TOOLS
                .iter()
                .find(|tool| tool.name == word)
                .ok_or_else(|| format!("`{word}` is not in xtask/src/tools.rs"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_tools_of_the_table() {
        let names =
            |reason| needed(reason).map(|tools| tools.iter().map(|tool| tool.name).collect::<Vec<_>>());
        assert_eq!(names("needs rpm, trixie and root"), Ok(vec!["rpm", "trixie", "root"]));
        assert_eq!(names("needs a miracle"), Err("`a` is not in xtask/src/tools.rs".into()));
        assert!(names("slow").is_err());
        assert!(names("").is_err());
    }
}
