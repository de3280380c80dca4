//! Modules from npm that drive a browser, in a folder of their own below `target/`.

use std::fs;
use std::path::PathBuf;

use onegpu::diag::Result;
use xshell::Shell;

use crate::process::{failure, root};

/// What is installed, pinned. Without a browser of its own: Debian's is driven.
const MODULES: &[(&str, &str)] = &[("axe-core", "4.14.1"), ("puppeteer-core", "24.43.1")];

/// The folder with `node_modules`, for tests that look at pages.
pub fn folder() -> PathBuf {
    root().join("target/test-tools/browser")
}

/// Whether a module is there.
pub fn has(module: &str) -> bool {
    folder().join("node_modules").join(module).join("package.json").is_file()
}

/// Installs the modules that are not there as they are wanted.
pub fn provision(sh: &Shell) -> Result<()> {
    let folder = folder();
    let wanted: Vec<String> = MODULES.iter().map(|(name, version)| format!("{name}@{version}")).collect();
    // Written last, so that an installation that was interrupted is made again.
    let stamp = folder.join("modules");
    if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted.join("\n")) {
        return Ok(());
    }
    sh.remove_path(&folder).map_err(failure)?;
    sh.create_dir(&folder).map_err(failure)?;
    let npm = sh.cmd("npm").args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]);
    npm.arg(&folder).args(&wanted).run().map_err(failure)?;
    fs::write(stamp, wanted.join("\n")).map_err(failure)
}
