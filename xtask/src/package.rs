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
    /// The profile
    profile: Option<PathBuf>,
    #[command(flatten)]
    choice: Choice,
    /// Put DIR's distros/ and templates/ before the checkout's, file by file
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

impl Package {
    pub fn run(self) -> Result<ExitCode> {
        let profile = match &self.profile {
            Some(path) => profile::read(path)?,
            None => profile::parse("templates/example.toml", EXAMPLE_PROFILE)?,
        };
        self.choice.or_all().run(&DataDirs::only(self.data_dir.as_deref()), &profile)
    }
}
