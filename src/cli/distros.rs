//! `onegpu distros`: what is known, one a line.

use std::process::ExitCode;

use clap::Args;

use super::print;
use crate::data::DataDirs;
use crate::diag::Result;
use crate::distro::Distro;

/// List the distros known: id, family, package format, init systems, how well tested
#[derive(Args)]
pub struct Distros {}

impl Distros {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        let mut text = String::new();
        for id in data.distro_ids() {
            let distro = Distro::load(data, &id)?;
            let inits = distro.inits.iter().map(|init| init.word()).collect::<Vec<_>>().join(",");
            text.push_str(&format!(
                "{id:<20} {:<7} {:<8} {inits:<22} {}\n",
                distro.family,
                distro.package.format.word(),
                distro.tested.word()
            ));
        }
        print::to(None, &text)
    }
}
