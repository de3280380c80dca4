//! `cargo xtask recipes`: what each distro builds onegpu itself from, rendered from
//! `xtask/templates/recipes/` by the engine that renders setups.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::civil::Date;
use onegpu::data::DataDirs;
use onegpu::diag::{Diagnostic, Result};
use onegpu::render::{Engine, wrap};
use tera::Value;

use crate::crates::{self, Compiled, TARGETS};
use crate::dist::sha256;
use crate::process::{failure, root};
use crate::release::Release;
use crate::{builders, licenses};

const MAINTAINER: &str = "onegpu <setup@onegpu.invalid>";

const DESCRIPTION: &str = "You have one graphics card and want to lend it to a virtual machine, and get your desktop back \
     afterwards. From one short profile, onegpu renders every file that this takes on your distro, shows each with \
     its reason, and builds them into native packages that the package manager installs, and removes without a trace.";

/// A distro's way to build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Debian's source package
    Deb,
    /// Fedora's spec
    Rpm,
    /// Arch's PKGBUILD
    Arch,
    /// Gentoo's ebuild
    Gentoo,
    /// Void's template
    Void,
}

impl Format {
    /// Each file: its template, and its path below the format's folder.
    fn files(self, release: &Release) -> Vec<(&'static str, String)> {
        let same = |names: &[&'static str]| names.iter().map(|name| (*name, (*name).to_owned())).collect();
        match self {
            Self::Deb => same(&[
                "debian/changelog",
                "debian/control",
                "debian/copyright",
                "debian/onegpu.lintian-overrides",
                "debian/rules",
                "debian/source/format",
                "debian/source/lintian-overrides",
            ]),
            Self::Rpm => vec![
                ("fedora/onegpu.spec", "onegpu.spec".into()),
                ("fedora/rpmlint.toml", "rpmlint.toml".into()),
            ],
            Self::Arch => vec![("arch/PKGBUILD", "PKGBUILD".into()), ("arch/SRCINFO", ".SRCINFO".into())],
            Self::Gentoo => vec![
                ("gentoo/onegpu.ebuild", format!("app-emulation/onegpu/onegpu-{}.ebuild", release.version)),
                ("gentoo/metadata.xml", "app-emulation/onegpu/metadata.xml".into()),
            ],
            Self::Void => vec![("void/template", "srcpkgs/onegpu/template".into())],
        }
    }

    /// The folder of its files.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Arch => "arch",
            Self::Gentoo => "gentoo",
            Self::Void => "void",
        }
    }
}

/// Render the recipes that distros build onegpu itself from; with --build, run them
#[derive(Args)]
pub struct Recipes {
    /// Only these; all of them when none is named
    format: Vec<Format>,
    /// The folder that they are written into, one folder for each
    #[arg(short, long, value_name = "DIR", default_value = "target/recipes")]
    output: PathBuf,
    /// The tarball of `cargo xtask dist` [default: the one of this version in target/dist]
    #[arg(long, value_name = "FILE")]
    tarball: Option<PathBuf>,
    /// Build packages from the tarball with the distro's own builder, where it is here
    #[arg(long)]
    build: bool,
    /// With --build: leave the optimiser out. The package is a slow program's, but the recipe is tried
    #[arg(long, requires = "build")]
    quick: bool,
}

impl Recipes {
    pub fn run(self) -> Result<ExitCode> {
        let release = Release::read()?;
        let name = format!("onegpu-{}.tar.xz", release.version);
        let tarball = self.tarball.unwrap_or_else(|| root().join("target/dist").join(&name));
        let bytes = fs::read(&tarball).map_err(|error| {
            Diagnostic::input(format!("{}: {error}", tarball.display())).help("make it: cargo xtask dist")
        })?;
        let values = values(&release, &sha256(&bytes))?;
        let formats = match self.format.is_empty() {
            true => Format::value_variants().to_vec(),
            false => self.format,
        };
        let output = std::path::absolute(&self.output).map_err(failure)?;
        for format in &formats {
            let folder = output.join(format.folder());
            for (path, text) in render(*format, &release, &values)? {
                write(&folder.join(path), &text)?;
            }
            println!("{}", folder.display());
        }
        if self.build {
            for format in formats {
                builders::build(format, &release, &output.join(format.folder()), (&tarball, self.quick))?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The files of a format, rendered.
fn render(
    format: Format,
    release: &Release,
    values: &[(&'static str, Value)],
) -> Result<Vec<(String, String)>> {
    let own = root().join("xtask");
    let data = DataDirs::only(Some(&own));
    let mut engine = Engine::bare(&data)?;
    let files = format.files(release).into_iter();
    files.map(|(name, path)| Ok((path, engine.render(&format!("recipes/{name}"), values)?))).collect()
}

/// What the recipes say of this release.
fn values(release: &Release, sum: &str) -> Result<Vec<(&'static str, Value)>> {
    let metadata = crates::metadata(Some(TARGETS[0]))?;
    let compiled = Compiled::of(&metadata)?;
    let rust = compiled.program.rust_version.as_ref().map(ToString::to_string).unwrap_or_default();
    let date: Date = release.date.parse().map_err(failure)?;
    let paragraphs = |text: &str| wrap::paragraphs(text, wrap::WIDTH);
    let mit = fs::read_to_string(root().join("LICENSE-MIT")).map_err(failure)?;
    let all = crates::metadata(None)?;
    let mut names: Vec<String> = all
        .packages
        .iter()
        .filter(|package| package.source.is_some())
        .map(|package| format!("{}@{}", package.name, package.version))
        .collect();
    names.sort();
    Ok(vec![
        ("maintainer", MAINTAINER.into()),
        ("homepage", onegpu::package::HOMEPAGE.into()),
        ("description", DESCRIPTION.into()),
        ("lines", paragraphs(DESCRIPTION).concat().into()),
        ("rust", rust.trim_end_matches(".0").into()),
        ("rust_full", rust.into()),
        ("year", date.year().to_string().into()),
        ("date_rfc", date.strftime("%a, %d %b %Y 00:00:00 +0000").to_string().into()),
        ("date_rpm", date.strftime("%a %b %d %Y").to_string().into()),
        ("licenses", licenses::expression(&compiled).into()),
        ("license_ids", licenses::ids(&compiled).into()),
        ("gentoo_licenses", licenses::gentoo(&compiled)?.into()),
        ("mit", mit.into()),
        ("sha256", sum.into()),
        ("crates", names.into()),
    ])
}

fn write(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).and_then(|()| fs::write(path, text)).map_err(failure)?;
    // Only rules is run as it stands.
    let mode = if path.ends_with("debian/rules") { 0o755 } else { 0o644 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_renders_and_says_the_version_once_known() {
        let release = Release::read().unwrap();
        let values = values(&release, "5e4a").unwrap();
        for format in Format::value_variants() {
            let files = render(*format, &release, &values).unwrap();
            assert!(files.iter().any(|(_, text)| text.contains(&release.version)
                || files.iter().any(|(path, _)| path.contains(&release.version))));
            for (path, text) in &files {
                assert!(!text.contains("{{") && !text.contains("{%"), "{path}");
                assert!(text.ends_with('\n') && !text.contains("\n\n\n"), "{path}: {text}");
            }
        }
    }
}
