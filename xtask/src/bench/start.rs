//! Starting and ending, the program's size, and its memory.

use std::fs;

use onegpu::diag::Result;

use super::figure::thousands;
use super::ground::Ground;
use super::peers;
use super::report::{Aim, Report, Row};
use super::run::{Line, Work, alternate};
use crate::process::failure;

/// Rows of all three.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    version(ground, report)?;
    size(ground, report)?;
    memory(ground, report)
}

fn version(ground: &Ground, report: &mut Report) -> Result<()> {
    let ours = ground.call(&["--version"]);
    let mut others = vec![(Work::new("true").line(Line::new("/bin/true", [""; 0])), Some(2.0))];
    for program in ["nfpm", "virt-install"] {
        if let Some(path) = peers::find(&ground.sh, report, program) {
            others.push((Work::new(program).line(Line::new(path, ["--version"])), None));
        }
    }
    // Two by two: beside a slow one there would be few rounds.
    for (other, aim) in &others {
        let series = alternate(&[&ours, other], ground.budget)?;
        report.row(Row::of_times("start-up: --version", (&ours, &series[0]), (other, &series[1]), *aim));
    }
    Ok(())
}

fn size(ground: &Ground, report: &mut Report) -> Result<()> {
    let ours = fs::metadata(&ground.program).map_err(failure)?.len();
    let aim = 8_000_000;
    let nfpm = peers::find(&ground.sh, report, "nfpm").and_then(|path| fs::metadata(path).ok());
    let mut row = match nfpm {
        Some(meta) => Row::of_sizes("", "nfpm", ours, meta.len(), None),
        None => Row { ours: format!("{} B", thousands(ours)), ..Row::default() },
    };
    row.work = "size of the program".to_owned();
    row.aim = Some(Aim { says: "≤ 8 MB".to_owned(), met: ours <= aim });
    report.row(row);
    Ok(())
}

/// `true` shows how much the process that measures leaves in the count.
fn memory(ground: &Ground, report: &mut Report) -> Result<()> {
    let ours = ground.package(&["--all"], &ground.at("out/memory")).apart();
    let other = Work::new("true").line(Line::new("/bin/true", [""; 0])).apart();
    let series = alternate(&[&ours, &other], ground.budget)?;
    let figures = [&series[0], &series[1]].map(|series| series.figure(|spent| spent.memory / 1024.0));
    report.row(Row {
        work: "peak memory: all four families".to_owned(),
        beside: "true (what the measuring process leaves in the count)".to_owned(),
        ours: format!("{} MiB", figures[0]),
        other: format!("{} MiB", figures[1]),
        aim: Some(Aim::at_most(16.0, figures[0].median, " MiB")),
        ratio: None,
        cpu: None,
        ..Row::of_times("", (&ours, &series[0]), (&other, &series[1]), None)
    });
    Ok(())
}
