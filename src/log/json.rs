//! The report for programs.

use serde::Serialize;

use super::{Cause, End, Item, Report, Run, Way};

#[derive(Serialize)]
struct Document<'a> {
    guest: &'a str,
    well: bool,
    verdict: &'a str,
    runs: Vec<RunDocument<'a>>,
    causes: &'a [Cause],
    messages: &'a [String],
    notes: &'a [String],
}

#[derive(Serialize)]
struct RunDocument<'a> {
    way: Way,
    date: &'a str,
    /// `done`, `gave-up`, or `open`.
    end: &'static str,
    gave_up: Option<&'a str>,
    seconds: f64,
    lines: Vec<LineDocument<'a>>,
}

#[derive(Serialize)]
struct LineDocument<'a> {
    /// When the step ended or the line was written, in seconds since the run began.
    at: Option<f64>,
    took: Option<f64>,
    /// `ok`, `failed`, `timeout`; null for what is no step.
    outcome: Option<&'static str>,
    status: Option<u32>,
    text: &'a str,
}

impl Report {
    /// The report as JSON, with a newline at the end.
    ///
    /// # Errors
    /// Never: every value has a form in JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        let document = Document {
            guest: &self.guest,
            well: self.well,
            verdict: &self.verdict,
            runs: self.runs.iter().map(run).collect(),
            causes: &self.causes,
            messages: &self.messages,
            notes: &self.notes,
        };
        serde_json::to_string_pretty(&document).map(|text| text + "\n")
    }
}

fn run(run: &Run) -> RunDocument<'_> {
    let (end, gave_up) = match &run.end {
        End::Done => ("done", None),
        End::GaveUp(why) => ("gave-up", Some(why.as_str())),
        End::Open => ("open", None),
    };
    let lines = run.items.iter().map(line).collect();
    RunDocument { way: run.way, date: &run.date, end, gave_up, seconds: run.total().as_secs_f64(), lines }
}

fn line(item: &Item) -> LineDocument<'_> {
    use super::Outcome;
    match item {
        Item::Note { at, text } => {
            LineDocument { at: at.map(|at| at.as_secs_f64()), took: None, outcome: None, status: None, text }
        }
        Item::Step { at, took, outcome, what } => {
            let (outcome, status) = match outcome {
                Outcome::Ok => ("ok", 0),
                Outcome::Failed(status) => ("failed", *status),
                Outcome::TimedOut => ("timeout", 124),
            };
            LineDocument {
                at: Some(at.as_secs_f64()),
                took: Some(took.as_secs_f64()),
                outcome: Some(outcome),
                status: Some(status),
                text: what,
            }
        }
    }
}
