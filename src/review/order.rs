//! Every file and step in the order in which they act: what the README and the page list.

use serde::Serialize;

use crate::plan::{Artifact, Because, Content, Kind, PackagePlan, Plan, Step};

/// When a file or step acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum When {
    /// The package manager has laid the files down, and `apply` runs.
    Install,
    /// The twin with the virtual screen is started.
    Setup,
    /// A guest with the card is started.
    Start,
    /// It has ended.
    End,
    /// Somebody asks how things stand.
    Asked,
    /// The packages are removed.
    Removal,
}

/// One part of the list.
#[derive(Debug, Clone, Serialize)]
pub struct Phase {
    /// For links.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// What happens then.
    pub text: &'static str,
    /// What acts, in order.
    pub entries: Vec<Entry>,
}

/// One file or step.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// Counted through all phases, from 1.
    pub number: usize,
    /// A step's name; none of a mere file.
    pub step: Option<&'static str>,
    /// Its file.
    pub path: String,
    /// The package that brings it.
    pub package: String,
    /// What it does.
    pub reason: String,
    /// Why this machine needs it.
    pub because: Because,
    /// Which page of the guide it stands for.
    pub guide: &'static str,
    /// How it is undone.
    pub undo: String,
    /// Whether it is in force only after a reboot.
    pub reboot: bool,
    /// Permission bits in octal, `link` for a link.
    pub mode: &'static str,
    /// Whether it is a program.
    pub executable: bool,
    /// Whether it is the user's to edit.
    pub config: bool,
}

const PHASES: [(When, &str, &str, &str); 6] = [
    (
        When::Install,
        "install",
        "When the packages are installed",
        "The package manager lays all files down, and `apply` takes the steps, one after the other. \
         If one fails, those before it are taken back.",
    ),
    (
        When::Setup,
        "setup",
        "While you install the guest",
        "The twin has a virtual screen; the card stays with the host.",
    ),
    (
        When::Start,
        "start",
        "When the guest starts",
        "Libvirt calls the hook, which frees the card; then libvirt hands it over.",
    ),
    (When::End, "end", "When the guest has ended", "Libvirt gives the card back and calls the hook again."),
    (When::Asked, "asked", "Whenever you ask", "Nothing is changed by it."),
    (
        When::Removal,
        "removal",
        "When the packages are removed",
        "The steps are undone by their records, the last one first; then the files go.",
    ),
];

/// The plan as a list of phases; one without entries is left out.
pub fn phases(plan: &Plan) -> Vec<Phase> {
    let mut all: Vec<(When, usize, Entry)> = Vec::new();
    for package in &plan.packages {
        for artifact in &package.artifacts {
            let (when, place) = when(artifact);
            all.push((when, place, entry(plan, package, artifact)));
        }
    }
    // Stable: steps stay in their order, the host's before the guests'.
    all.sort_by_key(|(when, place, _)| (*when, *place));
    let mut number = 0;
    let mut out = Vec::new();
    for (phase, id, title, text) in PHASES {
        let mut entries: Vec<Entry> =
            all.iter().filter(|(when, ..)| *when == phase).map(|(.., entry)| entry.clone()).collect();
        for entry in &mut entries {
            number += 1;
            entry.number = number;
        }
        if !entries.is_empty() {
            out.push(Phase { id, title, text, entries });
        }
    }
    out
}

/// When an artifact acts, and its place among those that act then.
fn when(artifact: &Artifact) -> (When, usize) {
    let name = match &artifact.content {
        Content::Step(_) => return (When::Install, 4),
        Content::Target(_) => return (When::Start, 1),
        Content::RunScript { .. } => return (When::Install, 2),
        Content::Template(name) => *name,
    };
    match name {
        "host/apply" => (When::Install, 0),
        "host/polkit.rules" => (When::Install, 2),
        "host/grub.cfg" => (When::Install, 3),
        "host/onegpu-hook.cil" | "guest/apparmor" => (When::Install, 3),
        "guest/domain-setup.xml" => (When::Setup, 0),
        "guest/domain.xml" => (When::Start, 0),
        "host/onegpu-hook" => (When::Start, 2),
        "guest/start.sh" => (When::Start, 3),
        "host/handover.sh" => (When::Start, 4),
        "guest/stop.sh" => (When::End, 0),
        "host/status" => (When::Asked, 0),
        "host/revert" => (When::Removal, 1),
        "package/pacman/removal.hook" | "package/apk/removal.hook" => (When::Removal, 0),
        // The library of apply, and what is not listed here: it is there from the beginning.
        _ => (When::Install, 1),
    }
}

fn entry(plan: &Plan, package: &PackagePlan, artifact: &Artifact) -> Entry {
    let step: Option<&Step> = match artifact.content {
        Content::Step(template) => package.steps.iter().find(|step| step.template == template),
        Content::Template(_) | Content::Target(_) | Content::RunScript { .. } => None,
    };
    let format = plan.setup.distro.package.format;
    Entry {
        number: 0,
        step: step.map(|step| step.id),
        path: artifact.path.clone(),
        package: package.name.clone(),
        reason: step.map_or_else(|| artifact.reason.clone(), |step| step.reason.clone()),
        because: artifact.because.clone(),
        guide: artifact.guide,
        undo: step.map_or_else(|| artifact.undo(format).to_owned(), |step| step.undo.to_owned()),
        reboot: step.is_some_and(|step| step.reboot),
        mode: match artifact.kind {
            Kind::Link => "link",
            Kind::Plain | Kind::Config => "0644",
            Kind::Executable | Kind::ConfigExecutable => "0755",
        },
        executable: matches!(artifact.kind, Kind::Executable | Kind::ConfigExecutable),
        config: artifact.kind.is_config(),
    }
}
