//! What `review.html` shows, in the order in which it shows it. Here is what is
//! said; how it looks is in `templates/review/`.

use serde::Serialize;

use super::highlight::{self, Language, Span};
use super::map::Map;
use super::order::{self, Entry};
use super::timeline::{Holder, Moment, Timeline};
use crate::check::Outcome;
use crate::diff::{Difference, FileDiff, State, StepDiff, stat};
use crate::groups::Groups;
use crate::plan::{Kind, PackagePlan, Plan};
use crate::render::File;
use crate::setup::Setup;

/// What was seen of a machine.
pub struct Seen {
    map: Map,
    difference: Difference,
    findings: Vec<Finding>,
}

/// What `onegpu check` found, as the page shows it.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// The check's name.
    pub id: String,
    /// `fail`, `warn`, `unknown` or `ok`.
    pub result: &'static str,
    /// What was found.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// How to mend it.
    pub fix: Option<String>,
}

impl Seen {
    /// Takes from the machine what the review shows.
    pub fn new(
        setup: &Setup,
        groups: &Groups<'_>,
        difference: Difference,
        mut findings: Vec<Finding>,
    ) -> Self {
        // As in the terminal: what stands in the way comes first.
        let rank = |finding: &Finding| Outcome::ALL.iter().position(|of| of.word() == finding.result);
        findings.sort_by_key(rank);
        Self { map: Map::of_machine(setup, groups), difference, findings }
    }
}

/// The page.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Page {
    notes: Vec<String>,
    packages: Vec<PackagePlan>,
    files: usize,
    steps: usize,
    reboot: bool,
    config: Vec<String>,
    map: Map,
    timelines: Vec<Bands>,
    findings: Vec<Finding>,
    /// How many of the findings are ok, and not shown one by one.
    fine: usize,
    difference: Option<Changes>,
    phases: Vec<Part>,
    manual: bool,
}

/// A timeline in bands: the moments between two changes of hands.
#[derive(Debug, Clone, Serialize)]
struct Bands {
    guest: String,
    ways: [Way; 2],
}

#[derive(Debug, Clone, Serialize)]
struct Way {
    title: &'static str,
    bands: Vec<Band>,
}

#[derive(Debug, Clone, Serialize)]
struct Band {
    holder: Holder,
    label: &'static str,
    moments: Vec<Moment>,
}

/// The difference from a machine.
#[derive(Debug, Clone, Serialize)]
struct Changes {
    files: Vec<Changed>,
    same: usize,
    steps: Vec<StepDiff>,
    sum: String,
    empty: bool,
}

/// A file that would change, and where its text stands on the page.
#[derive(Debug, Clone, Serialize)]
struct Changed {
    file: FileDiff,
    entry: Option<usize>,
}

/// A phase, with the files' text.
#[derive(Debug, Clone, Serialize)]
struct Part {
    id: &'static str,
    title: &'static str,
    text: &'static str,
    entries: Vec<Shown>,
}

#[derive(Debug, Clone, Serialize)]
struct Shown {
    entry: Entry,
    target: Option<String>,
    lines: Vec<Vec<Span>>,
    open: bool,
}

impl Page {
    pub(super) fn new(plan: &Plan, packages: &[(String, Vec<File>)], seen: Option<&Seen>) -> Self {
        let setup = &plan.setup;
        let files = |path: &str| packages.iter().flat_map(|(_, files)| files).find(|file| file.path == path);
        let shown = |entry: Entry| {
            let file = files(&entry.path);
            let text = file.map(|file| String::from_utf8_lossy(&file.bytes).into_owned()).unwrap_or_default();
            let link = file.is_some_and(|file| file.kind == Kind::Link);
            Shown {
                lines: if link { Vec::new() } else { highlight::lines(&text, Language::of(&entry.path)) },
                target: link.then_some(text),
                // What is the machine's and the guests' own is read first; the library is the same everywhere.
                open: !entry.path.starts_with(&crate::plan::libexec(setup)),
                entry,
            }
        };
        let phases: Vec<Part> = order::phases(plan)
            .into_iter()
            .map(|phase| Part {
                id: phase.id,
                title: phase.title,
                text: phase.text,
                entries: phase.entries.into_iter().map(shown).collect(),
            })
            .collect();
        let artifacts = || plan.packages.iter().flat_map(|package| &package.artifacts);
        let steps = || plan.packages.iter().flat_map(|package| &package.steps);
        Self {
            notes: setup.notes.clone(),
            packages: plan.packages.clone(),
            files: artifacts().count(),
            steps: steps().count(),
            reboot: steps().any(|step| step.reboot),
            config: artifacts().filter(|file| file.kind.is_config()).map(|file| file.path.clone()).collect(),
            map: seen.map_or_else(|| Map::of_profile(setup), |seen| seen.map.clone()),
            timelines: setup.guests.iter().map(|guest| bands(Timeline::new(setup, guest))).collect(),
            findings: findings(seen).filter(|finding| finding.result != "ok").cloned().collect(),
            fine: findings(seen).filter(|finding| finding.result == "ok").count(),
            difference: seen.map(|seen| changes(&seen.difference, &phases)),
            phases,
            manual: setup.apply == crate::profile::Apply::Manual,
        }
    }
}

fn findings(seen: Option<&Seen>) -> impl Iterator<Item = &Finding> {
    seen.into_iter().flat_map(|seen| &seen.findings)
}

fn bands(timeline: Timeline) -> Bands {
    let way = |title, moments: Vec<Moment>| {
        let bands = moments.chunk_by(|a, b| a.holder == b.holder).map(|moments| Band {
            holder: moments[0].holder,
            label: match moments[0].holder {
                Holder::Desktop => "The host’s screen is on the card",
                Holder::Driver => "The driver has the card, nobody uses it",
                Holder::Nobody => "No driver has the card",
                Holder::Guest => "The guest has the card",
            },
            moments: moments.to_vec(),
        });
        Way { title, bands: bands.collect() }
    };
    Bands { guest: timeline.guest, ways: [way("Handover", timeline.handover), way("Return", timeline.back)] }
}

fn changes(difference: &Difference, phases: &[Part]) -> Changes {
    let (same, files): (Vec<&FileDiff>, Vec<&FileDiff>) =
        difference.files.iter().partition(|file| file.state == State::Same);
    let entries = || phases.iter().flat_map(|phase| &phase.entries).map(|shown| &shown.entry);
    let entry = |file: &FileDiff| entries().find(|entry| entry.path == file.path).map(|entry| entry.number);
    let files = files.into_iter().map(|file| Changed { entry: entry(file), file: file.clone() });
    let mut files: Vec<Changed> = files.collect();
    // What is somebody's comes before what nobody has yet.
    files.sort_by_key(|changed| changed.file.state == State::New);
    Changes {
        files,
        same: same.len(),
        steps: difference.steps.clone(),
        sum: stat(difference, false).lines().last().unwrap_or_default().trim().to_owned(),
        empty: difference.is_empty(),
    }
}
