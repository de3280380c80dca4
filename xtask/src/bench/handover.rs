//! The time that the hook scripts add by themselves; tests/bench_handover.rs measures.

use std::path::Path;
use std::process::ExitCode;

use onegpu::diag::Result;
use xshell::Shell;

use crate::process::failure;

/// Prints the table; status 1 when our own take too long. The scripts of others
/// lie in `peers`: the repository has none of them.
///
/// # Errors
/// When there is no such folder.
pub fn run(sh: &Shell, peers: Option<&Path>) -> Result<ExitCode> {
    let words = ["--package", "onegpu", "--test", "bench_handover", "--", "--ignored", "--nocapture"];
    let mut test = sh.cmd("cargo").args(["test", "--quiet"]).args(words);
    if let Some(folder) = peers {
        test = test.env("ONEGPU_BENCH_PEERS", folder.canonicalize().map_err(failure)?);
    }
    Ok(ExitCode::from(u8::from(test.run().is_err())))
}
