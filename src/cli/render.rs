//! `onegpu render`: every file as it would lie on the machine, for reading.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{machines, print};
use crate::check;
use crate::data::DataDirs;
use crate::diag::Result;
use crate::diff::Difference;
use crate::groups::Groups;
use crate::machine::Machine;
use crate::machine::pci_names::PciNames;
use crate::machine::root::Root;
use crate::output;
use crate::plan::Plan;
use crate::profile::Profile;
use crate::render::{self, File};
use crate::review::{self, Finding, Seen};

/// Write every file of the setup below DIR/root, and what each is for beside it
#[derive(Args)]
pub struct Render {
    /// The profile
    profile: PathBuf,
    /// Of a folder of profiles, or of a file with a table of machines, the machine NAME
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Render for this distro instead of the profile's own
    #[arg(long, value_name = "ID")]
    distro: Option<String>,
    /// The folder to write; it must not exist, or be one that render wrote
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Hold the review against the machine whose root is DIR: its IOMMU groups, what would change
    #[arg(long, value_name = "DIR")]
    pub(super) root: Option<PathBuf>,
}

impl Render {
    pub(super) fn run(self, data: &DataDirs) -> Result<ExitCode> {
        let profile = machines::one(&self.profile, self.host.as_deref())?;
        let plan = super::plan(data, &profile, self.distro.as_deref())?;
        let packages = render::all(data, &plan)?;
        let seen =
            self.root.as_deref().map(|root| seen(root, data, &profile, &plan, &packages)).transpose()?;
        let mut folder = output::Folder::new(&self.output)?;
        for (_, files) in &packages {
            for file in files {
                folder.add(&format!("root{}", file.path), file.kind, &file.bytes)?;
            }
        }
        folder.add_text("README.md", &review::readme(data, &plan)?)?;
        folder.add_text("review.html", &review::page(data, &plan, &packages, seen.as_ref())?)?;
        folder.add_text("packages.txt", &review::package_list(data, &plan)?)?;
        folder.finish()?;
        print::to(None, &format!("{}\n", self.output.display()))
    }
}

/// What the review tells of a machine.
fn seen(
    root: &Path,
    data: &DataDirs,
    profile: &Profile,
    plan: &Plan,
    packages: &[(String, Vec<File>)],
) -> Result<Seen> {
    let root = Root::open(root)?;
    let machine = Machine::read(&root, data)?;
    let groups = Groups::new(&machine, &PciNames::new(&root));
    let setup = &plan.setup;
    let context = check::Context {
        machine: &machine,
        root: &root,
        distro: Some(&setup.distro),
        profile: Some(profile),
        setup: Some(setup),
    };
    let findings = check::run(&context).into_iter().map(|finding| Finding {
        id: finding.id.to_owned(),
        result: finding.result.word(),
        what: finding.what,
        why: finding.why.to_owned(),
        fix: finding.fix,
    });
    let findings = findings.collect();
    Ok(Seen::new(setup, &groups, Difference::new(&root, plan, packages)?, findings))
}
