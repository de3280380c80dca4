//! From a plan to the packages of its distro's format.

use super::parallel::parallel;
use super::{Built, Output, SetupPackage, apk, deb, gpkg, overlay, pacman, rpm, xbps};
use crate::data::DataDirs;
use crate::diag::{Diagnostic, Result};
use crate::distro::{Distro, Format};
use crate::plan::{PackagePlan, Plan, libexec};
use crate::profile::Apply;
use crate::render::{self, Engine, File};

/// The date of this version: 2026-11-22. Stands for "now" in packages, so that
/// the same profile gives the same bytes on any day.
const RELEASED: u32 = 1_795_305_600;

/// The variable of reproducible-builds.org.
const SOURCE_DATE_EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The time stamp of packages: `SOURCE_DATE_EPOCH`, or the release's own date.
///
/// # Errors
/// When the variable holds anything but seconds since 1970.
pub fn epoch() -> Result<u32> {
    match std::env::var(SOURCE_DATE_EPOCH) {
        Ok(text) => text.parse().map_err(|_| {
            Diagnostic::input(format!("{SOURCE_DATE_EPOCH} is `{text}`"))
                .help(format!("seconds since 1970, up to {}, like {RELEASED}; or leave it unset", u32::MAX))
        }),
        Err(std::env::VarError::NotPresent) => Ok(RELEASED),
        Err(error) => Err(Diagnostic::input(format!("{SOURCE_DATE_EPOCH}: {error}"))),
    }
}

/// Renders every package of the plan.
///
/// # Errors
/// When a template is bad.
pub fn assemble(engine: &mut Engine<'_>, plan: &Plan, epoch: u32) -> Result<Vec<SetupPackage>> {
    plan.packages.iter().map(|package| rendered(engine, plan, package, epoch)).collect()
}

fn rendered(engine: &mut Engine<'_>, plan: &Plan, package: &PackagePlan, epoch: u32) -> Result<SetupPackage> {
    let setup = &plan.setup;
    Ok(SetupPackage {
        name: package.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        revision: setup.revision,
        summary: package.summary.clone(),
        description: package.description.clone(),
        depends: package.depends.clone(),
        guest: package.guest.as_ref().map(|guest| guest.name.clone()),
        files: render::files(engine, package)?,
        libexec: libexec(setup),
        auto_apply: setup.apply == Apply::Auto,
        epoch,
    })
}

/// Builds one package file.
type Writer = fn(&mut Engine<'_>, &SetupPackage) -> Result<Built>;

fn writer(distro: &Distro) -> Writer {
    match distro.package.format {
        Format::Deb => deb::build,
        Format::Rpm => rpm::build,
        Format::Pacman => pacman::build,
        Format::Portage => |engine, package| {
            // The folder is a PKGDIR: Portage takes binary packages from nowhere else.
            let built = gpkg::build(engine, package)?;
            Ok(Built { file_name: format!("{}/{}", gpkg::folder(package), built.file_name), ..built })
        },
        Format::Apk => apk::build,
        Format::Xbps => xbps::build,
    }
}

/// A piece of work that needs nothing of another.
enum Job<'a> {
    /// One package file.
    Package(&'a Plan, &'a PackagePlan, Writer),
    /// Gentoo's overlay, of all packages of a plan.
    Overlay(&'a Plan),
}

/// What came of it.
enum Made {
    Package(Built),
    Overlay(Vec<File>),
}

impl Job<'_> {
    fn run(&self, engine: &mut Engine<'_>, epoch: u32) -> Result<Made> {
        match self {
            Job::Package(plan, package, writer) => {
                let package = rendered(engine, plan, package, epoch)?;
                writer(engine, &package).map(Made::Package)
            }
            Job::Overlay(plan) => {
                let packages = assemble(engine, plan, epoch)?;
                overlay::files(engine, &packages).map(Made::Overlay)
            }
        }
    }
}

/// All work on the plans, each piece with its plan's number.
fn jobs(plans: &[Plan]) -> Vec<(usize, Job<'_>)> {
    let mut jobs = Vec::new();
    for (at, plan) in plans.iter().enumerate() {
        let distro = &plan.setup.distro;
        let writer = writer(distro);
        jobs.extend(plan.packages.iter().map(|package| (at, Job::Package(plan, package, writer))));
        if distro.package.format == Format::Portage {
            jobs.push((at, Job::Overlay(plan)));
        }
    }
    jobs
}

/// What was made, by plan.
fn outputs(plans: &[Plan], jobs: &[(usize, Job<'_>)], made: Vec<Made>) -> Vec<Output> {
    let mut out: Vec<Output> =
        plans.iter().map(|_| Output { packages: Vec::new(), overlay: Vec::new() }).collect();
    for ((at, _), made) in jobs.iter().zip(made) {
        match made {
            Made::Package(built) => out[*at].packages.push(built),
            Made::Overlay(files) => out[*at].overlay = files,
        }
    }
    out
}

/// Everything that the distros' formats make of the plans, in their order. All CPUs
/// take part: most of the work is compression.
///
/// # Errors
/// When a template is bad; the first in order.
pub fn build(data: &DataDirs, plans: &[Plan], epoch: u32) -> Result<Vec<Output>> {
    let jobs = jobs(plans);
    let begin = || Ok((Engine::bare(data)?, None));
    let made = parallel(jobs.len(), begin, |(engine, plan), at| {
        let (of, job) = &jobs[at];
        // A setup of many guests is read once, not once for each of its packages.
        if plan.replace(*of) != Some(*of) {
            engine.turn_to(&plans[*of].setup);
        }
        job.run(engine, epoch)
    })?;
    Ok(outputs(plans, &jobs, made))
}

/// As [`build`], by one thread, with an engine that has parsed the templates before: for
/// many plans in a row.
///
/// # Errors
/// As [`build`].
pub fn build_with(engine: &mut Engine<'_>, plans: &[Plan], epoch: u32) -> Result<Vec<Output>> {
    let jobs = jobs(plans);
    let mut turned = None;
    let made = jobs.iter().map(|(of, job)| {
        if turned.replace(*of) != Some(*of) {
            engine.turn_to(&plans[*of].setup);
        }
        job.run(engine, epoch)
    });
    let made = made.collect::<Result<Vec<Made>>>()?;
    Ok(outputs(plans, &jobs, made))
}
