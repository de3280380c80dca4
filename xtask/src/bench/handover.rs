//! The time that the hook scripts add by themselves; tests/bench_handover.rs measures.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use onegpu::diag::Result;

use crate::process::{failure, shell};

/// The time that start.sh and stop.sh add by themselves, by the clock
#[derive(Args)]
pub struct Handover {
    /// A folder with others' scripts, as NAME/start.sh and NAME/stop.sh (and kvm.conf, which some
    /// read): the repository has none of them
    #[arg(long, value_name = "DIR")]
    peers: Option<PathBuf>,
}

impl Handover {
    /// Prints the table; status 1 when our own take too long.
    pub fn run(self) -> Result<ExitCode> {
        let sh = shell()?;
        let words = [
            "test",
            "--quiet",
            "--package",
            "onegpu",
            "--test",
            "bench_handover",
            "--",
            "--ignored",
            "--nocapture",
        ];
        let mut test = sh.cmd("cargo").args(words);
        if let Some(folder) = self.peers {
            test = test.env("ONEGPU_BENCH_PEERS", folder.canonicalize().map_err(failure)?);
        }
        Ok(ExitCode::from(u8::from(test.run().is_err())))
    }
}
