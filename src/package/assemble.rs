//! From a plan to the packages of its distro's format.

use super::{Built, Output, SetupPackage, deb, gpkg, overlay, pacman, rpm};
use crate::diag::{Diagnostic, Result};
use crate::distro::Format;
use crate::plan::{Plan, libexec};
use crate::profile::Apply;
use crate::render::{self, Engine};

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
    let setup = &plan.setup;
    plan.packages
        .iter()
        .map(|package| {
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
        })
        .collect()
}

/// Everything that the distro's format makes of a plan. One engine serves many plans:
/// it parses a template once.
///
/// # Errors
/// When a template is bad, or nobody has written the format yet.
pub fn build(engine: &mut Engine<'_>, plan: &Plan, epoch: u32) -> Result<Output> {
    engine.turn_to(&plan.setup);
    let packages = assemble(engine, plan, epoch)?;
    let distro = &plan.setup.distro;
    let one: fn(&mut Engine<'_>, &SetupPackage) -> Result<Built> = match distro.package.format {
        Format::Deb => deb::build,
        Format::Rpm => rpm::build,
        Format::Pacman => pacman::build,
        Format::Portage => gpkg::build,
        Format::Xbps => {
            let (name, format) = (&distro.name, distro.package.format.word());
            return Err(Diagnostic::input(format!("packages for {name} ({format}) cannot be built yet"))
                .help("`onegpu render` writes the same files for reading"));
        }
    };
    let built = packages
        .iter()
        .map(|package| {
            let mut built = one(engine, package)?;
            if distro.package.format == Format::Portage {
                // The folder is a PKGDIR: Portage takes binary packages from nowhere else.
                built.file_name = format!("{}/{}", gpkg::folder(package), built.file_name);
            }
            Ok(built)
        })
        .collect::<Result<_>>()?;
    let overlay = match distro.package.format {
        Format::Portage => overlay::files(engine, &packages)?,
        _ => Vec::new(),
    };
    Ok(Output { packages: built, overlay })
}
