//! `cargo xtask test --provision`: installs what the tests with real tools need.

use onegpu::diag::{Diagnostic, Result};
use xshell::Shell;

use crate::bench::peers;
use crate::process::failure;
use crate::tools::{self, Found, TOOLS};
use crate::{browser, python, roots};

/// Installs what is missing; afterwards every tool of the table is there that Debian, PyPI or npm has.
///
/// QEMU and libvirt are never installed on the machine itself, only into roots.
pub fn run(sh: &Shell) -> Result<()> {
    must_be_root(sh)?;
    // A program that is there by other means needs no package.
    let wanted = TOOLS.iter().filter(|tool| !tool.is_there(sh)).filter_map(|tool| match tool.found {
        Found::Debian(package) => Some(package),
        _ => None,
    });
    install(sh, tools::GROUND.iter().copied().chain(wanted))?;
    python::provision(sh)?;
    browser::provision(sh)?;
    roots::provision(sh)?;
    let absent = TOOLS.iter().filter(|tool| tool.elsewhere().is_none() && !tool.is_there(sh));
    let absent: Vec<&str> = absent.map(|tool| tool.name).collect();
    match absent.is_empty() {
        true => Ok(()),
        false => Err(Diagnostic::machine(format!("still missing after provisioning: {}", absent.join(", ")))),
    }
}

/// Installs what `cargo xtask bench` measures beside.
pub fn peers(sh: &Shell) -> Result<()> {
    must_be_root(sh)?;
    install(sh, tools::GROUND.iter().copied().chain(peers::debian_packages()))?;
    python::provision(sh)
}

fn must_be_root(sh: &Shell) -> Result<()> {
    match tools::is_superuser(sh) {
        true => Ok(()),
        false => {
            Err(Diagnostic::input("--provision installs packages and makes Debian roots: it needs root")
                .help("run it as root, or without --provision: what is missing is then skipped, by name"))
        }
    }
}

/// Installs those of these Debian packages that are not there.
fn install(sh: &Shell, names: impl IntoIterator<Item = &'static str>) -> Result<()> {
    let missing = missing_packages(sh, names)?;
    if !missing.is_empty() {
        let apt = || {
            sh.cmd("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args([
                "-q",
                "-o",
                "Acquire::Retries=3",
            ])
        };
        apt().arg("update").run().map_err(failure)?;
        apt().args(["install", "-y", "--no-install-recommends"]).args(missing).run().map_err(failure)?;
    }
    Ok(())
}

/// Those of these Debian packages that are not installed.
fn missing_packages(sh: &Shell, names: impl IntoIterator<Item = &'static str>) -> Result<Vec<&'static str>> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    // dpkg-query ends with 1 when a name is unknown to it, which is an answer.
    let query = sh.cmd("dpkg-query").args(["-W", "-f", "${Package} ${db:Status-Status}\n"]).args(&names);
    let installed = query.quiet().ignore_stderr().ignore_status().read().map_err(|_| {
        Diagnostic::input("--provision knows only the Debian family, and here is no dpkg")
            .help("install the tools by hand (xtask/src/tools.rs names them) and leave --provision out")
    })?;
    names.retain(|name| !installed.lines().any(|line| line == format!("{name} installed")));
    Ok(names)
}
