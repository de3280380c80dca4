//! The table, and what stands below it: aims, command lines, what could not be had.

use std::fmt::Write as _;

use super::figure::Figure;
use super::run::{Series, Work, cpu, wall};

/// One line of the table.
#[derive(Debug, Default, Clone)]
pub struct Row {
    /// What is done.
    pub work: String,
    /// Beside what.
    pub beside: String,
    /// What onegpu takes, with its unit.
    pub ours: String,
    /// What the other takes.
    pub other: String,
    /// Ours by theirs.
    pub ratio: Option<Figure>,
    /// The same of the CPU time.
    pub cpu: Option<Figure>,
    /// What was hoped for, and whether it is so.
    pub aim: Option<Aim>,
    /// How often each ran; nothing for what is the same each time.
    pub runs: usize,
    /// The command lines, each with whose it is.
    pub lines: Vec<(String, String)>,
}

/// What was hoped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aim {
    /// In words.
    pub says: String,
    /// Whether it is so.
    pub met: bool,
}

impl Aim {
    /// At most `limit`.
    pub fn at_most(limit: f64, value: f64, unit: &str) -> Self {
        Self { says: format!("≤ {}{unit}", short(limit)), met: value <= limit }
    }

    /// At least `limit`.
    pub fn at_least(limit: f64, value: f64, unit: &str) -> Self {
        Self { says: format!("≥ {}{unit}", short(limit)), met: value >= limit }
    }
}

/// At most two digits behind the point.
fn short(value: f64) -> String {
    format!("{value:.2}").trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl Row {
    /// Two pieces of work that took turns, by wall and CPU time.
    pub fn of_times(what: &str, ours: (&Work, &Series), other: (&Work, &Series), aim: Option<f64>) -> Self {
        let ratio = ours.1.ratio(other.1, wall);
        Self {
            work: what.to_owned(),
            beside: other.0.name.clone(),
            ours: ms(ours.1),
            other: ms(other.1),
            ratio: Some(ratio),
            cpu: Some(ours.1.ratio(other.1, cpu)),
            aim: aim.map(|limit| Aim::at_most(limit, ratio.median, "")),
            runs: ours.1.runs(),
            lines: [ours.0, other.0].into_iter().flat_map(shown).collect(),
        }
    }

    /// One number beside another, of things that are the same each time.
    pub fn of_sizes(what: &str, beside: &str, ours: u64, other: u64, aim: Option<f64>) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "sizes of packages")]
        let ratio = ours as f64 / other as f64;
        let bytes = |size| format!("{} B", super::figure::thousands(size));
        Self {
            work: what.to_owned(),
            beside: beside.to_owned(),
            ours: bytes(ours),
            other: bytes(other),
            ratio: Figure::of([ratio]),
            aim: aim.map(|limit| Aim::at_most(limit, ratio, "")),
            ..Self::default()
        }
    }
}

/// Wall time with its unit.
pub fn ms(series: &Series) -> String {
    format!("{} ms", series.figure(wall))
}

/// The command lines of a piece of work.
pub fn shown(work: &Work) -> Vec<(String, String)> {
    work.lines.iter().map(|line| (work.name.clone(), line.shown())).collect()
}

/// Everything that is told.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<Row>,
    missing: Vec<String>,
    /// Paths that are shown under a shorter name, in this order.
    places: Vec<(String, &'static str)>,
}

impl Report {
    /// One that shows these paths under these names.
    pub fn new(places: Vec<(String, &'static str)>) -> Self {
        Self { places, ..Self::default() }
    }

    /// Adds a row.
    pub fn row(&mut self, row: Row) {
        eprintln!("{}", cells(&row).join("  "));
        self.rows.push(row);
    }

    /// Says what could not be had, once.
    pub fn missing(&mut self, what: impl Into<String>) {
        let what = what.into();
        if !self.missing.contains(&what) {
            eprintln!("missing: {what}");
            self.missing.push(what);
        }
    }

    /// The whole text; `about` says where it was measured.
    pub fn text(&self, about: &str) -> String {
        let mut out = String::from(HEAD);
        let _ = writeln!(out, "\n{about}\n");
        let header = ["work", "beside", "onegpu", "the other", "ratio", "CPU time", "aim", "runs"];
        let _ = writeln!(out, "| {} |\n|{}", header.join(" | "), " --- |".repeat(header.len()));
        for row in &self.rows {
            let _ = writeln!(out, "| {} |", cells(row).map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
        out.push_str("\n## What could not be had\n\n");
        if self.missing.is_empty() {
            out.push_str("Nothing: every row was measured.\n");
        }
        self.missing.iter().for_each(|what| {
            let _ = writeln!(out, "- {}", self.short(what));
        });
        out.push_str("\n## Command lines\n\n```sh\n");
        let mut seen: Vec<&(String, String)> = Vec::new();
        let mut last = "";
        for line in self.rows.iter().flat_map(|row| row.lines.iter().map(move |line| (&row.work, line))) {
            let (work, line) = line;
            if seen.contains(&line) {
                continue;
            }
            if work != last {
                let _ = writeln!(out, "{}# {work}", if last.is_empty() { "" } else { "\n" });
                last = work;
            }
            let _ = writeln!(out, "{}", self.short(&line.1));
            seen.push(line);
        }
        out.push_str("```\n");
        out
    }

    /// Whether every aim is met.
    pub fn missed(&self) -> Vec<String> {
        let missed = self.rows.iter().filter(|row| row.aim.as_ref().is_some_and(|aim| !aim.met));
        missed.map(|row| format!("{}, beside {}", row.work, row.beside)).collect()
    }

    fn short(&self, text: &str) -> String {
        self.places.iter().fold(text.to_owned(), |text, (path, name)| text.replace(path, name))
    }
}

fn cells(row: &Row) -> [String; 8] {
    let figure = |figure: Option<Figure>| figure.map_or_else(|| "–".to_owned(), |figure| spread(&figure));
    let aim = row.aim.as_ref();
    [
        row.work.clone(),
        or_dash(&row.beside),
        or_dash(&row.ours),
        or_dash(&row.other),
        figure(row.ratio),
        figure(row.cpu),
        aim.map_or_else(
            || "–".to_owned(),
            |aim| format!("{}: {}", aim.says, if aim.met { "yes" } else { "**no**" }),
        ),
        if row.runs == 0 { "–".to_owned() } else { row.runs.to_string() },
    ]
}

/// A figure, without a spread where there is none.
fn spread(figure: &Figure) -> String {
    let text = figure.to_string();
    match figure.low.to_bits() == figure.high.to_bits() {
        true => text.split(' ').next().unwrap_or_default().to_owned(),
        false => text,
    }
}

fn or_dash(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { text.to_owned() }
}

const HEAD: &str = "\
# Performance

Written by `cargo xtask bench`; no figure here was written by hand.

Whole processes, started and waited for, of the release build. What stands in one row took turns, A B A B …, after a
round that does not count. A figure is the median of its runs, with the quartiles in parentheses; a ratio is onegpu's by
the other's, taken round by round, so that what disturbs the machine for a while disturbs both. CPU time is user and
system time of all processes of a work, where the machine's other load matters least. A work of several processes is their sum.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_aims_and_what_is_missing() {
        let mut report = Report::new(vec![("/long/way".into(), "$W")]);
        report.row(Row {
            lines: vec![("onegpu".into(), "onegpu package -o /long/way/out".into())],
            ..Row::of_sizes("size a|b", "nfpm", 1500, 1000, Some(1.0))
        });
        report.row(Row::of_sizes("size", "dpkg-deb", 500, 1000, Some(1.0)));
        report.missing("nfpm: not there");
        report.missing("nfpm: not there");
        let text = report.text("Here.");
        assert!(
            text.contains("| size a\\|b | nfpm | 1,500 B | 1,000 B | 1.50 | – | ≤ 1: **no** | – |\n"),
            "{text}"
        );
        assert!(text.contains("| size | dpkg-deb | 500 B | 1,000 B | 0.50 | – | ≤ 1: yes | – |\n"), "{text}");
        assert!(text.contains("# size a|b\nonegpu package -o $W/out\n"), "{text}");
        assert_eq!(text.matches("- nfpm: not there").count(), 1);
        assert_eq!(report.missed(), ["size a|b, beside nfpm"]);
        // Each row has as many cells as the head.
        let counts: Vec<usize> = text
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(|line| line.replace("\\|", "").matches('|').count())
            .collect();
        assert_eq!(counts, [9; 4]);
    }

    #[test]
    fn an_aim_is_held_by_its_limit() {
        assert_eq!(Aim::at_most(1.0 / 3.0, 0.34, ""), Aim { says: "≤ 0.33".into(), met: false });
        assert_eq!(Aim::at_most(20.0, 20.0, " ms"), Aim { says: "≤ 20 ms".into(), met: true });
        assert_eq!(Aim::at_least(1.8, 1.9, ""), Aim { says: "≥ 1.8".into(), met: true });
        assert!(!Aim::at_most(1.0, f64::NAN, "").met);
    }
}
