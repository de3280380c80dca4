//! The steps: what `apply` would do, as far as the machine's files tell.

mod files;
mod kernel;
mod service;

use super::record::Record;
use super::{Standing, StepDiff, domain};
use crate::diag::Result;
use crate::machine::root::Root;
use crate::plan::{PackagePlan, Plan, Step};
use crate::render::File;
use crate::setup::Setup;

/// What the machine's files say of what a step brings about.
pub enum Found {
    /// It is so.
    InForce,
    /// It is not; what `apply` would do, after "would".
    Not(String),
    /// It was done for another profile; what `apply` would do, after "would".
    Again(String),
    /// It cannot be done yet.
    Later(String),
    /// Something else is there, by this name.
    Other(String),
    /// Files do not tell; why.
    Unknown(String),
}

/// Every step of every package; and whether those on record are all by this very plan.
pub fn compare(root: &Root, plan: &Plan, packages: &[(String, Vec<File>)]) -> Result<(Vec<StepDiff>, bool)> {
    let mut out = Vec::new();
    let mut records = Vec::new();
    for package in &plan.packages {
        let files = packages.iter().find(|(name, _)| *name == package.name);
        let files = files.map_or(&[][..], |(_, files)| files.as_slice());
        for step in &package.steps {
            let ending = format!("0-{}", step.id);
            let file =
                files.iter().find(|file| file.path.ends_with(&ending) && file.path.contains("/steps/"));
            let guest = package.guest.as_ref().map(|guest| guest.name.as_str());
            let record = Record::read(root, guest, step.id, file.map(|file| file.bytes.as_slice()));
            out.push(one(root, &plan.setup, package, step, &record, files)?);
            if let Record::Taken(taken) = record {
                records.push(taken.same);
            }
        }
    }
    Ok((out, !records.is_empty() && records.into_iter().all(|same| same)))
}

fn one(
    root: &Root,
    setup: &Setup,
    package: &PackagePlan,
    step: &Step,
    record: &Record,
    files: &[File],
) -> Result<StepDiff> {
    let guest = package.guest.as_ref().map(|guest| guest.name.as_str());
    let taken = match record {
        Record::Taken(taken) => Some(taken),
        Record::None | Record::Unreadable(_) => None,
    };
    let mut shown = Vec::new();
    let found = match (step.id, &package.guest) {
        ("kernel-parameters", _) => kernel::found(root, setup),
        ("libvirt-service", _) => service::found(root, setup),
        ("libvirt-group", _) => files::group(root, setup),
        ("rom", _) => files::rom(root, setup),
        ("selinux-policy", _) => files::selinux(root),
        ("default-network", _) => files::network(root),
        ("libvirt-hooks", _) => match taken {
            Some(_) => Found::InForce,
            None => Found::Not("have a running libvirt look for hooks again".into()),
        },
        ("disk", Some(guest)) => files::disk(root, guest),
        ("linger", Some(_)) => files::linger(root, setup),
        ("domain", Some(guest)) => {
            let (found, lines) = domain::found(root, guest, files, taken)?;
            shown = lines;
            found
        }
        _ => Found::Unknown("the machine's files do not tell".into()),
    };
    let (standing, text) = standing(step, record, found);
    Ok(StepDiff { id: step.id, guest: guest.map(str::to_owned), standing, text, lines: shown })
}

fn standing(step: &Step, record: &Record, found: Found) -> (Standing, String) {
    let taken = match record {
        Record::Unreadable(path) => {
            return (Standing::Unknown, format!("{path} cannot be read: as root, one sees more"));
        }
        Record::Taken(taken) => Some(taken),
        Record::None => None,
    };
    let reboot = if step.reboot { "; in force after a reboot" } else { "" };
    match (taken, found) {
        (_, Found::Unknown(why)) if taken.is_none_or(|taken| !taken.same) => (Standing::Unknown, why),
        (Some(taken), _) if !taken.done => {
            (Standing::Would, "would take it again: it was interrupted".into())
        }
        (_, Found::Again(what)) => (Standing::Would, format!("would {what}{reboot}")),
        (Some(_), Found::Not(what)) => {
            (Standing::Drifted, format!("no longer in force: would {what}{reboot}"))
        }
        (Some(_), Found::Later(why)) => (Standing::Drifted, why),
        (Some(_), Found::Other(what)) => {
            (Standing::Drifted, format!("{what} was changed since, and stays as it is"))
        }
        (Some(taken), _) if !taken.same => {
            (Standing::Would, "would take it again: it was applied by another version or profile".into())
        }
        (Some(taken), _) => match &taken.later {
            Some(later) => (Standing::Later, format!("left for later: {later}")),
            None => (Standing::Applied, String::new()),
        },
        (None, Found::InForce) => (Standing::Applied, "without a record: it is so already".into()),
        (None, Found::Not(what)) => (Standing::Would, format!("would {what}{reboot}")),
        (None, Found::Later(why)) => (Standing::Later, format!("would be left for later: {why}")),
        (None, Found::Other(what)) => (
            Standing::Later,
            format!("would be left for later: libvirt has another {what}, which stays as it is"),
        ),
        (None, Found::Unknown(why)) => (Standing::Unknown, why),
    }
}
