//! Tools from PyPI, in an environment of their own below `target/`.

use std::fs;
use std::path::PathBuf;

use onegpu::diag::Result;
use xshell::Shell;

use crate::process::{failure, root};

/// What is installed, pinned. pkgcore's later releases read EAPI 9 and refuse
/// to start with a bash older than 5.3, which no Debian release has.
const REQUIREMENTS: &[&str] =
    &["portage==3.0.83", "pkgcheck==0.10.37", "pkgcore==0.12.30", "rpmlint==2.10.0"];

/// Debian's own interpreter: rpmlint needs the `rpm` module that belongs to it.
const INTERPRETER: &str = "/usr/bin/python3";

fn folder() -> PathBuf {
    root().join("target/test-tools/python")
}

/// Where the environment's programs are.
pub fn programs() -> PathBuf {
    folder().join("bin")
}

/// Makes the environment, once for each list of requirements.
pub fn provision(sh: &Shell) -> Result<()> {
    let folder = folder();
    // Written last, so an environment that was interrupted is made again. It is
    // built in its place: the programs have the path in their first line.
    let stamp = folder.join("requirements");
    let wanted = REQUIREMENTS.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) {
        return Ok(());
    }
    sh.remove_path(&folder).map_err(failure)?;
    sh.cmd(INTERPRETER).args(["-m", "venv"]).arg(&folder).run().map_err(failure)?;
    let pip = programs().join("pip");
    sh.cmd(pip)
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(REQUIREMENTS)
        .run()
        .map_err(failure)?;
    fs::write(stamp, wanted).map_err(failure)
}
