//! Files and steps, from the reasons that a plan has for each.

use std::collections::BTreeSet;

use super::{Kind, Topic};
use crate::data::{DataDirs, EXAMPLE_PROFILE};
use crate::diag::Result;
use crate::distro::Distro;
use crate::paths;
use crate::plan::{Artifact, Content, Plan, Step};
use crate::profile::{self, Bootloader, Init};
use crate::setup::Setup;

/// Stands for a guest's name in what is said of every guest.
pub(super) const ANY_GUEST: &str = "NAME";

/// Stands for the two digits before the name of a step's file.
pub(super) const ANY_NUMBER: &str = "NN-";

/// A topic while plans add to it.
struct Draft {
    topic: Topic,
    /// What makes two plans' files or steps the same.
    same: String,
    /// Ids of the distros whose plans have it.
    distros: BTreeSet<String>,
}

/// The files and steps of one plan.
pub(super) fn of_one(plan: &Plan) -> Vec<Topic> {
    let mut drafts = Vec::new();
    add(&mut drafts, plan, false);
    drafts.into_iter().map(|draft| draft.topic).collect()
}

/// The files and steps that any plan of the example has, on whatever distro, init system and boot loader.
///
/// # Errors
/// When a distro file is broken.
pub(super) fn of_all(data: &DataDirs) -> Result<Vec<Topic>> {
    let mut drafts = Vec::new();
    let ids = data.distro_ids();
    for id in &ids {
        let distro = Distro::load(data, id)?;
        for &init in &distro.inits {
            for &bootloader in distro.bootloader.keys() {
                add(&mut drafts, &plan(&distro, init, bootloader)?, true);
            }
        }
    }
    for Draft { topic, distros, .. } in &mut drafts {
        if distros.len() < ids.len() {
            topic.texts.push(("On", distros.iter().map(String::as_str).collect::<Vec<_>>().join(", ")));
        }
    }
    Ok(drafts.into_iter().map(|draft| draft.topic).collect())
}

/// The example with everything that makes a file or a step of its own.
fn plan(distro: &Distro, init: Init, bootloader: Bootloader) -> Result<Plan> {
    let rom = format!("{}/card.rom", paths::IMAGE_DIR);
    let text = EXAMPLE_PROFILE
        .replace("win11", ANY_GUEST)
        .replace("display-manager = \"sddm\"", "display-manager = \"none\"")
        .replace("[host]\n", &format!("[host]\ninit = \"{init}\"\nbootloader = \"{bootloader}\"\n"))
        .replace("[gpu]\n", &format!("[gpu]\nrom = \"{rom}\"\n"));
    Ok(Plan::new(Setup::new(&profile::parse("the embedded example", &text)?, distro.clone())?))
}

fn add(drafts: &mut Vec<Draft>, plan: &Plan, for_example: bool) {
    let distro = &plan.setup.distro;
    let example = if for_example { format!(" (the example, on {})", distro.name) } else { String::new() };
    for package in &plan.packages {
        for artifact in &package.artifacts {
            let path = artifact.path.replace("onegpu-guest-name", "onegpu-guest-NAME");
            match &artifact.content {
                // A step's file is an alias of the step.
                Content::Step(_) => {}
                Content::Template(template) => {
                    let same = format!("{template} {}", last(&path));
                    let topic = file(artifact, &path, &package.name, (distro, &example));
                    merge(drafts, same, topic, &distro.id);
                }
                Content::RunScript { .. } => {
                    let topic = file(artifact, &path, &package.name, (distro, &example));
                    merge(drafts, format!("run script {path}"), topic, &distro.id);
                }
                Content::Target(target) => {
                    let topic = file(artifact, &path, &package.name, (distro, &example));
                    merge(drafts, format!("{target} {path}"), topic, &distro.id);
                }
            }
        }
        for taken in &package.steps {
            let own = |file: &&Artifact| last(&file.path).get(3..) == Some(taken.id);
            let files = package.artifacts.iter().filter(|file| matches!(file.content, Content::Step(_)));
            let numbered = |path: &String| match path.strip_suffix(last(path)) {
                // Its number depends on which other steps a plan has.
                Some(folder) if for_example => format!("{folder}{ANY_NUMBER}{}", taken.id),
                _ => path.clone(),
            };
            let files = files.filter(own).map(|file| numbered(&file.path)).collect();
            merge(drafts, format!("step {}", taken.id), step(taken, files, &example), &distro.id);
        }
    }
}

/// The same thing of another plan adds its names; the first plan's reasons stand as the example.
fn merge(drafts: &mut Vec<Draft>, same: String, topic: Topic, distro: &str) {
    let at = drafts.iter().position(|draft| draft.same == same);
    let draft = match at {
        Some(at) => &mut drafts[at],
        None => {
            drafts.push(Draft { topic: topic.clone(), same, distros: BTreeSet::new() });
            let at = drafts.len() - 1;
            &mut drafts[at]
        }
    };
    draft.distros.insert(distro.to_owned());
    let known = &mut draft.topic;
    for name in topic.aliases.into_iter().chain([topic.name]) {
        if known.name != name && !known.aliases.contains(&name) {
            known.aliases.push(name);
        }
    }
}

fn file(artifact: &Artifact, path: &str, package: &str, (distro, example): (&Distro, &str)) -> Topic {
    let package = if package.starts_with("onegpu-guest-") && !example.is_empty() {
        format!("onegpu-guest-{ANY_GUEST}")
    } else {
        package.to_owned()
    };
    let mut texts =
        vec![("", artifact.reason.clone()), ("Because", format!("{}{example}.", artifact.because))];
    if let Content::Target(target) = &artifact.content {
        texts.push(("A link to", target.clone()));
    }
    texts.push(("Package", format!("{package}, mode {:04o}", artifact.kind.mode())));
    // What every package manager does alike needs no example.
    let alike = !artifact.kind.is_config();
    let undone = artifact.undo(distro.package.format);
    texts.push(("Undone", if alike { undone.to_owned() } else { format!("{undone}{example}") }));
    texts.push(("In the guide", artifact.guide.to_owned()));
    Topic {
        kind: Kind::File,
        name: path.to_owned(),
        aliases: Vec::new(),
        line: artifact.reason.clone(),
        texts,
    }
}

fn step(step: &Step, files: Vec<String>, example: &str) -> Topic {
    let mut texts = vec![
        ("", step.reason.clone()),
        ("Because", format!("{}{example}.", step.because)),
        ("Undone", step.undo.to_owned()),
    ];
    if step.reboot {
        texts.push(("Reboot", "In force after a reboot.".to_owned()));
    }
    texts.push(("In the guide", step.guide.to_owned()));
    Topic { kind: Kind::Step, name: step.id.to_owned(), aliases: files, line: step.reason.clone(), texts }
}

/// The last part of a path.
pub(super) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
