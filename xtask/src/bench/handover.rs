//! The time that the hook scripts add by themselves; benches/handover.rs measures.

use onegpu::diag::Result;

use super::ground::Ground;
use super::report::Report;
use crate::process::failure;

/// Where benches/handover.rs looks for others' scripts.
pub const PEERS: &str = "ONEGPU_BENCH_PEERS";

/// Its table, as it prints it.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    if ground.sh.var_os(PEERS).is_none() {
        report.missing("others' hook scripts: the repository has none; `--peers` names a folder of them");
    }
    // The scripts are measured, not what calls them: an optimised build of it would be for nothing.
    let bench = ["bench", "--quiet", "--profile", "dev", "--package", "onegpu", "--bench", "handover"];
    let done = ground.sh.cmd("cargo").args(bench).quiet().ignore_status().output().map_err(failure)?;
    let table = String::from_utf8_lossy(&done.stdout);
    if done.status.success() && !table.is_empty() {
        report.block(
            "What the hook scripts add to a handover by themselves; the aim is 50 ms for each of onegpu's that asks \
             for no options",
            table.trim_end(),
        );
    } else {
        let errors = String::from_utf8_lossy(&done.stderr);
        let why = errors.lines().find(|line| line.contains("panicked") || line.contains("error"));
        let why = why.unwrap_or("see `cargo bench --profile dev --bench handover`");
        report.missing(format!("the handover: its measurement failed: {why}"));
    }
    Ok(())
}
