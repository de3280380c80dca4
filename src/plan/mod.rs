//! The plan: every file and every step of a setup, with the reason for each and
//! how it is undone. Made from a [`Setup`] alone; nothing is read or written.

mod cause;
mod dependencies;
mod guest;
mod host;
mod undo;

use serde::Serialize;

use crate::distro::Format;
use crate::paths;
use crate::setup::{Guest, Setup};

pub use cause::{Because, Fact, Key};
pub use dependencies::PackageList;

/// For what the classic guide does not know of.
const NOT_IN_THE_GUIDE: &str = "no page: it does not say";

/// All packages of a setup.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it was made from.
    pub setup: Setup,
    /// `onegpu-host` first, then one for each guest.
    pub packages: Vec<PackagePlan>,
}

/// The files and steps of one setup package.
#[derive(Debug, Clone, Serialize)]
pub struct PackagePlan {
    /// The package's name.
    pub name: String,
    /// The guest it is for; none for the host's part.
    pub guest: Option<Guest>,
    /// One line.
    pub summary: String,
    /// A paragraph.
    pub description: String,
    /// Dependencies, in the format's spelling.
    pub depends: Vec<String>,
    /// Files, in the order in which the review shows them.
    pub artifacts: Vec<Artifact>,
    /// Steps, in the order in which `apply` takes them.
    pub steps: Vec<Step>,
}

/// One file that a package installs.
#[derive(Debug, Clone, Serialize)]
pub struct Artifact {
    /// Where it lies, from `/`.
    pub path: String,
    /// What the package manager has to know about it.
    pub kind: Kind,
    /// Where its content comes from.
    pub content: Content,
    /// What it does and why it is there.
    pub reason: String,
    /// The facts of the profile that call for it.
    pub because: Because,
    /// Which page of the classic guide it stands for.
    pub guide: &'static str,
}

/// What the package manager has to know about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 0644, replaced on upgrade.
    Plain,
    /// 0644, the user may edit it.
    Config,
    /// 0755, replaced on upgrade.
    Executable,
    /// 0755, the user may edit it.
    ConfigExecutable,
    /// A symbolic link.
    Link,
}

impl Kind {
    /// Permission bits.
    pub const fn mode(self) -> u32 {
        match self {
            Self::Plain | Self::Config => 0o644,
            Self::Executable | Self::ConfigExecutable => 0o755,
            Self::Link => 0o777,
        }
    }

    /// Whether the user may edit it, so that upgrades keep the edit.
    pub const fn is_config(self) -> bool {
        matches!(self, Self::Config | Self::ConfigExecutable)
    }
}

/// Where a file's content comes from.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// A template, by name.
    Template(&'static str),
    /// A template that all steps share the frame of: the step's own name.
    Step(&'static str),
    /// The run script of a service of runit.
    RunScript {
        /// The service's name.
        service: String,
        /// What it runs.
        program: String,
    },
    /// A symbolic link's target.
    Target(String),
}

/// One thing that `apply` does and `revert` undoes.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// Its name: of its record, in `status`, in `explain`.
    pub id: &'static str,
    /// Its template.
    pub template: &'static str,
    /// What it does and why.
    pub reason: String,
    /// The facts of the profile that call for it.
    pub because: Because,
    /// How it is undone.
    pub undo: &'static str,
    /// Which page of the classic guide it stands for.
    pub guide: &'static str,
    /// Whether it is in force only after a reboot.
    pub reboot: bool,
}

impl Plan {
    /// The plan of a setup.
    pub fn new(setup: Setup) -> Self {
        let mut packages = vec![host::package(&setup)];
        packages.extend(setup.guests.iter().map(|guest| guest::package(&setup, guest)));
        for package in &mut packages {
            let folder = step_folder(&setup, package.guest.as_ref());
            let steps = package.steps.iter().enumerate().map(|(at, step)| Artifact {
                // Two digits: the order in which `apply` takes them, whatever the locale.
                path: format!("{folder}/{:02}-{}", (at + 1) * 10, step.id),
                kind: Kind::Plain,
                content: Content::Step(step.template),
                reason: format!("The step `{}`: {}", step.id, step.reason),
                because: step.because.clone(),
                guide: step.guide,
            });
            package.artifacts.extend(steps.collect::<Vec<_>>());
            match setup.distro.package.format {
                Format::Pacman => package.artifacts.push(removal_hook(&setup, &package.name)),
                Format::Apk if package.guest.is_none() => package.artifacts.push(commit_hook(&setup)),
                _ => {}
            }
        }
        Self { setup, packages }
    }
}

/// Pacman's way to refuse a removal: its scriptlets come too late and cannot.
fn removal_hook(setup: &Setup, package: &str) -> Artifact {
    Artifact {
        path: format!("{}/50-{package}.hook", paths::ALPM_HOOK_DIR),
        kind: Kind::Plain,
        content: Content::Template("package/pacman/removal.hook"),
        reason: "Refuses the package's removal while a guest has the card.".into(),
        because: Because::new(
            setup,
            None,
            &[Key::Distro],
            "pacman goes on with a removal whatever the package's own script returns",
        ),
        guide: "All of it, which is done by hand there",
    }
}

/// apk's way to refuse a removal: it asks before a transaction, not for a package.
fn commit_hook(setup: &Setup) -> Artifact {
    Artifact {
        path: paths::APK_COMMIT_HOOK.to_owned(),
        kind: Kind::Executable,
        content: Content::Template("package/apk/removal.hook"),
        reason: "Refuses `apk del` while a guest has the card.".into(),
        because: Because::new(
            setup,
            None,
            &[Key::Distro],
            "apk goes on with a removal whatever the package's own script returns",
        ),
        guide: "All of it, which is done by hand there",
    }
}

/// The folder of onegpu's own programs on the distro.
pub fn libexec(setup: &Setup) -> String {
    format!("{}/onegpu", setup.distro.dirs.libexec)
}

/// The folder of onegpu's data on the distro.
pub fn share(setup: &Setup) -> String {
    format!("{}/onegpu", setup.distro.dirs.data)
}

/// Where the steps of the host's part, or of a guest's, lie.
fn step_folder(setup: &Setup, guest: Option<&Guest>) -> String {
    match guest {
        None => format!("{}/steps/host", libexec(setup)),
        Some(guest) => format!("{}/steps/guests/{}", libexec(setup), guest.name),
    }
}
