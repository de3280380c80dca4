//! The time that the hook scripts add by themselves; tests/bench_handover.rs measures.

use onegpu::diag::Result;

use super::ground::Ground;
use super::report::Report;
use crate::process::failure;

/// Where tests/bench_handover.rs looks for others' scripts.
pub const PEERS: &str = "ONEGPU_BENCH_PEERS";

/// Its table, as it prints it. It holds its own aim: ours must not take too long.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let test = ["test", "--quiet", "--package", "onegpu", "--test", "bench_handover", "--"];
    let test = ground.sh.cmd("cargo").args(test).args(["--ignored", "--nocapture"]);
    let done = test.quiet().ignore_status().output().map_err(failure)?;
    let said = String::from_utf8_lossy(&done.stdout);
    let figures =
        |line: &&str| line.starts_with("milliseconds") || line.ends_with(|c: char| c.is_ascii_digit());
    let table: Vec<&str> =
        said.lines().skip_while(|line| !line.starts_with("milliseconds")).take_while(figures).collect();
    if ground.sh.var_os(PEERS).is_none() {
        report.missing("others' hook scripts: the repository has none; `--peers` names a folder of them");
    }
    if table.len() < 2 || !done.status.success() {
        let errors = String::from_utf8_lossy(&done.stderr);
        let why = said
            .lines()
            .chain(errors.lines())
            .find(|line| line.contains("panicked") || line.contains(" ms: "));
        report.missing(format!(
            "the handover: its test failed: {}",
            why.unwrap_or("see `cargo test --test bench_handover`")
        ));
    }
    if table.len() > 1 {
        report.block("What the hook scripts add to a handover by themselves", &table.join("\n"));
    }
    Ok(())
}
