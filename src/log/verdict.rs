//! Whether it went well, in one sentence, and the likely cause when it did not.

use super::libvirt::Section;
use super::{Cause, End, Item, Outcome, Report, Run, Way, cause};
use crate::machine::plain::plain;
use crate::paths;

/// How many of libvirt's last messages are shown.
const MESSAGES: usize = 5;
/// Of a text from elsewhere, no more lines are looked at.
const MOST_LINES: usize = 20_000;

/// Puts the report together. `runs` has at least one.
pub(super) fn report(
    name: &str,
    path: String,
    runs: Vec<Run>,
    libvirt: &Section,
    extra: Option<(&str, &str)>,
    notes: Vec<String>,
) -> Report {
    let there = runs.iter().find(|run| run.way == Way::Handover);
    let back = runs.iter().rfind(|run| run.way != Way::Handover);
    let failed_guest = there.is_some_and(Run::is_well) && libvirt.is_failure();
    let well = there.is_none_or(Run::is_well) && back.is_none_or(Run::is_well) && !failed_guest;
    let verdict = sentence(there, back, libvirt, failed_guest);
    let mut causes: Vec<Cause> = Vec::new();
    if !well {
        let file = path.rsplit('/').next().unwrap_or(&path);
        // What happened first is more likely the cause of the rest than the other way round.
        let of = |run: &Run| match run.is_well() {
            true => Vec::new(),
            false => cause::find(lines(run).iter().map(String::as_str), file),
        };
        causes.extend(there.map(of).unwrap_or_default());
        if failed_guest {
            let from = format!("{}/{name}.log", paths::LIBVIRT_LOG_DIR);
            causes.extend(cause::find(libvirt.lines.iter().map(String::as_str), &from));
        }
        if let Some((from, text)) = extra {
            let tame: Vec<String> = text.lines().rev().take(MOST_LINES).map(plain).collect();
            causes.extend(cause::find(tame.iter().rev().map(String::as_str), from));
        }
        causes.extend(runs.iter().filter(|run| run.way != Way::Handover).flat_map(of));
    }
    let mut seen = std::collections::BTreeSet::new();
    causes.retain(|cause| seen.insert(cause.failure.id.clone()));
    let messages = if failed_guest { libvirt.messages(MESSAGES) } else { Vec::new() };
    let messages = messages.into_iter().map(str::to_owned).collect();
    Report { guest: name.to_owned(), path, runs, well, verdict, causes, messages, notes }
}

/// The lines of a run as they stand in the log, as far as a pattern may want them.
fn lines(run: &Run) -> Vec<String> {
    let line = |item: &Item| match item {
        Item::Note { text, .. } => text.clone(),
        Item::Step { took, outcome, what, .. } => {
            let took = took.as_secs_f64();
            match outcome {
                Outcome::Ok => format!("ok {took:.2}s {what}"),
                Outcome::Failed(status) => format!("FAILED({status}) {took:.2}s {what}"),
                Outcome::TimedOut => format!("TIMEOUT {took:.0}s {what}"),
            }
        }
    };
    run.items.iter().map(line).collect()
}

const CUT_OFF: &str = "has no end in the log: it still runs, or it was cut off (power, a reset, a kill)";

fn sentence(there: Option<&Run>, back: Option<&Run>, libvirt: &Section, failed_guest: bool) -> String {
    let steps = |run: &Run| match run.failures() {
        1 => "one step failed".to_owned(),
        n => format!("{n} steps failed"),
    };
    let there_end = there.map(|run| &run.end);
    match (there_end, back) {
        (None, None) => "Nothing is in the log.".into(),
        (None | Some(End::Done), Some(back)) => {
            let before = match (there_end, failed_guest, libvirt.ended.as_deref()) {
                (None, ..) => String::new(),
                (_, true, Some("crashed")) => "The handover went well, but the guest crashed. ".into(),
                (_, true, _) => "The handover went well, but the guest did not start. ".into(),
                _ => "The handover went well. ".into(),
            };
            match (&back.end, back.failures()) {
                (End::Done, 0) => format!("{before}The return went well."),
                (End::Done, _) => format!("{before}In the return {}.", steps(back)),
                _ => format!("{before}The return {CUT_OFF}."),
            }
        }
        (Some(End::Done), None) if failed_guest => {
            "The handover went well, but the guest failed, and there is no return in the log.".into()
        }
        (Some(End::Done), None) => {
            "The handover went well. No return yet: the guest has the card, or the host went down with it."
                .into()
        }
        (Some(End::GaveUp(_)), Some(back)) => match (&back.end, back.failures()) {
            (End::Done, 0) => "The handover failed, and everything was put back.".into(),
            (End::Done, _) => format!("The handover failed, and on the way back {}.", steps(back)),
            _ => format!("The handover failed, and the way back {CUT_OFF}."),
        },
        (Some(End::GaveUp(_)), None) => "The handover failed, and there is no way back in the log.".into(),
        (Some(End::Open), Some(back)) => match (&back.end, back.failures()) {
            (End::Done, 0) => "The handover was cut off; the return put back what it had done.".into(),
            (End::Done, _) => format!("The handover was cut off, and in the return {}.", steps(back)),
            _ => format!("The handover was cut off, and the return {CUT_OFF}."),
        },
        (Some(End::Open), None) => format!("The handover {CUT_OFF}."),
    }
}
