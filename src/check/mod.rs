//! `onegpu check`: what of a machine, and of a profile on it, stands in the way.
//!
//! A check is one small file with a [`Check`]: what it looks at, why it matters,
//! and a function from the [`Context`] to its answers. [`ALL`] lists them. What a
//! check cannot read is [`Outcome::Unknown`], never ok; what does not apply to a
//! machine is ok and says so.

mod all;
mod amd_reset;
mod apparmor;
mod boot_loader;
mod boot_loader_covered;
mod card_driver;
mod card_functions;
mod card_rom;
mod command_line_file;
mod context;
mod daemon;
mod desktop_sessions;
mod display_manager;
mod foreign_hooks;
mod framebuffer;
mod graphics_cards;
mod group;
mod guest_cpus;
mod guest_disk;
mod guest_evdev;
mod guest_firmware;
mod guest_media;
mod guest_memory;
mod guest_sound;
mod guest_tpm;
mod guest_usb;
mod hardened_daemon;
mod hugepages;
mod iommu;
pub mod json;
mod laptop;
mod libvirt_version;
mod network;
mod nvidia_services;
mod parameters;
mod platform;
mod profile_card;
mod profile_devices;
mod profile_host;
mod profile_rom;
mod profile_user;
mod reachable;
mod reset;
mod secure_boot;
mod selinux;
pub mod text;
mod useless_parameters;
mod vfio_module;
mod virtualization;

use serde::Serialize;

use crate::machine::plain::plain;

pub use all::ALL;
pub use context::Context;

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It will not work like this.
    Fail,
    /// It may not work, or not as wanted.
    Warn,
    /// It could not be told.
    Unknown,
    /// Nothing stands in the way, or the check does not apply.
    Ok,
}

impl Outcome {
    /// Every outcome, the worst first.
    pub const ALL: [Self; 4] = [Self::Fail, Self::Warn, Self::Unknown, Self::Ok];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Ok => "ok",
        }
    }
}

/// What a check must see: where that is hidden, what it finds to be wrong is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Files alone.
    Files,
    /// A machine, real or virtual: a container is none.
    Machine,
    /// The PC itself.
    Pc,
}

/// One check.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// Its name.
    pub id: &'static str,
    /// What it asks, as a heading.
    pub title: &'static str,
    /// The files and facts that it looks at.
    pub looks_at: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// The failures (`texts/failures/`) that it sees coming.
    pub failures: &'static [&'static str],
    /// Where to read more.
    pub more: &'static [&'static str],
    /// What it must see to say no.
    pub needs: Needs,
    /// Looks.
    pub run: fn(&Context<'_>) -> Vec<Answer>,
}

/// What a check says, without what is the same for all its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How it ended.
    pub result: Outcome,
    /// What was found.
    pub what: String,
    /// How to mend it; or, when it is not known, how to find out.
    pub fix: Option<String>,
    /// Whether there is anything here that the check is about.
    pub applies: bool,
}

/// A check's answer, whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The check.
    pub id: &'static str,
    /// How it ended.
    pub result: Outcome,
    /// What was found.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// How to mend it on this distro; or, when it is not known, how to find out.
    pub fix: Option<String>,
    /// Where to read more: commands and addresses.
    pub more: Vec<String>,
    /// Whether there is anything here that the check is about; what does not
    /// apply is ok, and `what` says why.
    #[serde(skip)]
    pub applies: bool,
}

fn answer(result: Outcome, what: String, fix: Option<String>) -> Vec<Answer> {
    vec![Answer { result, what, fix, applies: true }]
}

/// What to do where the hardware is hidden.
const ON_THE_PC: &str = "run onegpu on the PC itself";

/// Nothing stands in the way.
fn ok(what: impl Into<String>) -> Vec<Answer> {
    answer(Outcome::Ok, what.into(), None)
}

/// There is nothing here that the check is about.
fn does_not_apply(because: &str) -> Vec<Answer> {
    vec![Answer {
        result: Outcome::Ok,
        what: format!("does not apply: {because}"),
        fix: None,
        applies: false,
    }]
}

/// The check could not look.
fn unknown(what: impl Into<String>, how: impl Into<String>) -> Vec<Answer> {
    answer(Outcome::Unknown, what.into(), Some(how.into()))
}

/// It may not work.
fn warn(what: impl Into<String>, fix: impl Into<String>) -> Vec<Answer> {
    answer(Outcome::Warn, what.into(), Some(fix.into()))
}

/// It will not work.
fn fail(what: impl Into<String>, fix: impl Into<String>) -> Vec<Answer> {
    answer(Outcome::Fail, what.into(), Some(fix.into()))
}

/// There is no card that the check could be about.
fn no_card(context: &Context<'_>) -> Vec<Answer> {
    match (context.machine.gpus.len(), context.profile) {
        (0, _) => unknown("there is no card to look at", "see the check `graphics-cards`"),
        (_, Some(_)) => unknown("the profile's card is not there", "see the check `profile-card`"),
        (_, None) => unknown(
            "none of the cards is known to show the desktop",
            "name it in a profile, [gpu] address, and check that: `onegpu check PROFILE`",
        ),
    }
}

/// All answers of several questions; of none, that what was asked is `fine`.
fn all_of(answers: impl IntoIterator<Item = Vec<Answer>>, fine: &str) -> Vec<Answer> {
    let answers: Vec<Answer> = answers.into_iter().flatten().collect();
    if answers.is_empty() { ok(fine) } else { answers }
}

/// The check of this id.
pub fn find(id: &str) -> Option<&'static Check> {
    ALL.iter().find(|check| check.id == id)
}

/// Runs every check, in the order of [`ALL`].
pub fn run(context: &Context<'_>) -> Vec<Finding> {
    ALL.iter().flat_map(|check| check.findings(context)).collect()
}

/// The worst of the findings; ok when there are none.
pub fn worst(findings: &[Finding]) -> Outcome {
    findings.iter().map(|finding| finding.result).min().unwrap_or(Outcome::Ok)
}

impl Check {
    /// Runs this check.
    pub fn findings(&self, context: &Context<'_>) -> Vec<Finding> {
        let more = || {
            let ids = std::iter::once(self.id).chain(self.failures.iter().copied());
            let commands = ids.map(|id| format!("onegpu explain {id}"));
            commands.chain(self.more.iter().map(|address| (*address).to_owned())).collect()
        };
        let hidden = context.hides(self.needs);
        let told = |answer: Answer| match hidden && answer.result != Outcome::Ok {
            true => Answer { result: Outcome::Unknown, fix: Some(ON_THE_PC.to_owned()), ..answer },
            false => answer,
        };
        let finding = |answer: Answer| Finding {
            id: self.id,
            result: answer.result,
            // What a machine says may have anything in it.
            what: plain(&answer.what),
            why: self.why,
            fix: answer.fix.as_deref().map(plain),
            more: more(),
            applies: answer.applies,
        };
        (self.run)(context).into_iter().map(told).map(finding).collect()
    }
}
