//! Debian roots that tests copy and change into, made by mmdebstrap, once.

use std::env;
use std::fs;
use std::path::PathBuf;

use onegpu::diag::Result;
use xshell::Shell;

use crate::process::{failure, root};

/// One root.
struct Root {
    name: &'static str,
    suite: &'static str,
    variant: &'static str,
    packages: &'static [&'static str],
}

/// A virtualization host of the current release; one with its boot loaders' tools; the bare one
/// before it, and with another init.
const ROOTS: &[Root] = &[
    Root {
        name: "trixie",
        suite: "trixie",
        variant: "apt",
        packages: &[
            "acl",
            "ca-certificates",
            "libvirt-clients",
            "libvirt-daemon-system",
            "libxml2-utils",
            "ovmf",
            "qemu-system-x86",
            "qemu-utils",
            "swtpm",
            "swtpm-tools",
        ],
    },
    Root {
        name: "loaders",
        suite: "trixie",
        variant: "apt",
        packages: &[
            "ca-certificates",
            "grub-common",
            "grub2-common",
            "libvirt-daemon-system",
            "polkitd",
            "qemu-utils",
            "systemd-boot",
        ],
    },
    Root { name: "bookworm", suite: "bookworm", variant: "minbase", packages: &[] },
    Root { name: "openrc", suite: "bookworm", variant: "minbase", packages: &["openrc"] },
];

/// Where the roots lie: `ONEGPU_TEST_ROOTS`, when roots are at hand already.
pub fn folder() -> PathBuf {
    env::var_os("ONEGPU_TEST_ROOTS").map_or_else(|| root().join("target/test-roots"), PathBuf::from)
}

/// Whether the root of this name is there and as it is wanted now.
pub fn is_there(name: &str) -> bool {
    if env::var_os("ONEGPU_TEST_ROOTS").is_some() {
        return folder().join(name).join("etc/os-release").exists();
    }
    ROOTS.iter().any(|root| root.name == name && root.is_current())
}

/// Makes the roots that are not there.
pub fn provision(sh: &Shell) -> Result<()> {
    for root in ROOTS.iter().filter(|root| !is_there(root.name)) {
        root.make(sh)?;
    }
    Ok(())
}

impl Root {
    /// Says what the root was made of: another list makes another root.
    fn recipe(&self) -> String {
        format!("{} {} {}\n", self.suite, self.variant, self.packages.join(","))
    }

    fn stamp(&self) -> PathBuf {
        folder().join(format!("{}.recipe", self.name))
    }

    fn is_current(&self) -> bool {
        folder().join(self.name).is_dir()
            && fs::read_to_string(self.stamp()).is_ok_and(|text| text == self.recipe())
    }

    /// Builds in a neighbour and renames: a root is whole or not there.
    fn make(&self, sh: &Shell) -> Result<()> {
        let place = folder().join(self.name);
        let staging = folder().join(format!(".{}.new", self.name));
        fs::create_dir_all(folder()).map_err(failure)?;
        sh.remove_path(self.stamp()).map_err(failure)?;
        for old in [&place, &staging] {
            // A test that was killed may have left something mounted in there.
            sh.cmd("rm").args(["-rf", "--one-file-system"]).arg(old).run().map_err(failure)?;
        }
        let include = (!self.packages.is_empty()).then(|| format!("--include={}", self.packages.join(",")));
        sh.cmd("mmdebstrap")
            .arg("--quiet")
            .arg(format!("--variant={}", self.variant))
            .args(include)
            .arg(self.suite)
            .arg(&staging)
            .args(mirror(sh))
            .run()
            .map_err(failure)?;
        fs::rename(&staging, &place).map_err(failure)?;
        fs::write(self.stamp(), self.recipe()).map_err(failure)
    }
}

/// The Debian mirror that this machine's apt uses; none on a relative of
/// Debian, where mmdebstrap's own default is right.
fn mirror(sh: &Shell) -> Option<String> {
    let format = "$(LABEL) $(REPO_URI)";
    let targets = sh.cmd("apt-get").args(["indextargets", "--format", format, "Created-By: Packages"]);
    let targets = targets.quiet().read().ok()?;
    targets.lines().find_map(|line| line.strip_prefix("Debian ").map(str::to_owned))
}
