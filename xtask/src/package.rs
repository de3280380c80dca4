//! `cargo xtask package`: the setup packages, straight from a checkout.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use onegpu::cli::package::Choice;
use onegpu::data::{DataDirs, EXAMPLE_PROFILE};
use onegpu::diag::Result;
use onegpu::profile;

/// Build the setup packages of a profile; without one, of the embedded example;
/// without a distro, for all four families
#[derive(Args)]
pub struct Package {
    /// The profile, or a folder of profiles
    profile: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    /// Put DIR's distros/ and templates/ before the checkout's, file by file
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Package {
    pub fn run(self) -> Result<ExitCode> {
        let (choice, data) = (self.choice.or_all(), DataDirs::only(self.data_dir.as_deref()));
        match &self.profile {
            Some(path) => choice.run_at(&data, path),
            None => choice.run(&data, &profile::parse("templates/example.toml", EXAMPLE_PROFILE)?),
        }
    }
}
