//! Many profiles in one call, beside one call each.

use std::path::PathBuf;

use onegpu::data::EXAMPLE_PROFILE;
use onegpu::diag::Result;

use super::ground::Ground;
use super::report::{Aim, Report, Row};
use super::run::{Series, Spent, Work, alternate, wall};

/// So many profiles.
const COUNTS: [u32; 4] = [1, 10, 100, 1000];
/// Above this, one call each is not measured: it is the same again.
const MOST_CALLS: u32 = 100;

/// Rows of each count, of the growth of the memory, and of the cores.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let mut all = Vec::new();
    for count in COUNTS {
        let (folder, profiles) = fleet(ground, count)?;
        let output = ground.at("out/many");
        let ours = package(ground, &folder, &output);
        // Of the last two counts, `growth` tells the memory.
        let ours = if count < MOST_CALLS { ours } else { ours.apart() };
        let what = format!("{count} profile{} for Ubuntu in one call", if count == 1 { "" } else { "s" });
        if count <= MOST_CALLS {
            let each = profiles.iter().map(|profile| {
                let name = profile.file_stem().unwrap_or_default();
                package(ground, profile, &ground.at("out/each").join(name))
            });
            let each = each.fold(Work::new("one call each"), Work::and);
            let series = alternate(&[&ours, &each], ground.budget)?;
            let mut row = Row::of_times(&what, (&ours, &series[0]), (&each, &series[1]), None);
            // The calls differ in a number only.
            row.lines.truncate(2);
            report.row(row);
            all.extend(series.into_iter().next().map(|series| (count, ours, series)));
        } else {
            let series = alternate(&[&ours], ground.budget)?;
            all.extend(series.into_iter().next().map(|series| (count, ours, series)));
        }
    }
    growth(report, &all);
    Ok(())
}

fn growth(report: &mut Report, all: &[(u32, Work, Series)]) {
    let [.., (few, _, before), (many, work, after)] = all else { return };
    let per = |count: u32, series: &Series| series.figure(|spent| spent.wall / f64::from(count));
    let row = |work: &str, ours: String, other: String, aim: Aim| Row {
        work: work.to_owned(),
        beside: format!("{few} profiles"),
        ours,
        other,
        aim: Some(aim),
        runs: after.runs(),
        ..Row::default()
    };
    let (own, other) = (per(*many, after), per(*few, before));
    report.row(Row {
        lines: super::report::shown(work),
        ..row(
            &format!("{many} profiles in one call: time per profile"),
            format!("{own} ms"),
            format!("{other} ms"),
            // The last tenth is this machine's own to and fro.
            Aim { says: "no more than with fewer".into(), met: own.median <= other.median * 1.1 },
        )
    });
    let memory = |series: &Series| series.figure(|spent| spent.memory / 1024.0);
    let (own, other) = (memory(after), memory(before));
    report.row(row(
        &format!("{many} profiles in one call: peak memory"),
        format!("{own} MiB"),
        format!("{other} MiB"),
        Aim { says: "flat: at most a tenth more".into(), met: own.median <= other.median * 1.1 },
    ));
    let cores = |series: &Series| series.figure(|spent: &Spent| spent.cpu / wall(spent));
    let (own, other) = (cores(after), cores(before));
    report.row(row(
        &format!("{many} profiles in one call: CPU time by wall time"),
        format!("{own} cores"),
        format!("{other} cores"),
        Aim::at_least(1.8, own.median, " cores"),
    ));
}

/// A folder of profiles that differ in the guest's name and memory.
pub fn fleet(ground: &Ground, count: u32) -> Result<(PathBuf, Vec<PathBuf>)> {
    let folder = ground.at(&format!("fleet-{count}"));
    let mut profiles = Vec::new();
    for number in 0..count {
        let own = EXAMPLE_PROFILE.replace("name = \"win11\"", &format!("name = \"guest{number}\""));
        let own = own.replace("memory = \"16 GiB\"", &format!("memory = \"{} MiB\"", 4096 + number));
        let path = folder.join(format!("machine-{number}.toml"));
        ground.write(&path, own)?;
        profiles.push(path);
    }
    Ok((folder, profiles))
}

fn package(ground: &Ground, profile: &std::path::Path, output: &std::path::Path) -> Work {
    let words = [profile.display().to_string(), output.display().to_string()];
    ground.call(&["package", &words[0], "--distro", "ubuntu", "-o", &words[1]]).fresh(output)
}
