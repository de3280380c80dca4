//! What the lab needs of the machine it runs on.

use onegpu::diag::{Diagnostic, Result};
use xshell::Shell;

use crate::tools;

/// Programs, each with its Debian package.
const PROGRAMS: &[(&str, &str)] = &[
    ("bsdtar", "libarchive-tools"),
    ("dpkg-scanpackages", "dpkg-dev"),
    ("mcopy", "mtools"),
    ("mke2fs", "e2fsprogs"),
    ("mmdebstrap", "mmdebstrap"),
    ("setpriv", "util-linux"),
    ("sfdisk", "fdisk"),
    ("xz", "xz-utils"),
];

/// Says at once what is missing, before anything is built.
pub fn check(sh: &Shell) -> Result<()> {
    let missing: Vec<&str> = PROGRAMS
        .iter()
        .filter(|(name, _)| tools::on_path(sh, name).is_none())
        .map(|(_, package)| *package)
        .collect();
    if !missing.is_empty() {
        return Err(Diagnostic::input("the lab needs programs that are not here")
            .help(format!("apt-get install {}", missing.join(" "))));
    }
    if !tools::is_superuser(sh) {
        return Err(Diagnostic::input("the lab makes a Debian root with devices and owners: it needs root"));
    }
    Ok(())
}
