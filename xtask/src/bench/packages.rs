//! Setup packages: from the profile to files, beside those who pack the same rendered files.

use std::path::Path;

use onegpu::diag::Result;

use super::ground::Ground;
use super::peers;
use super::report::{Aim, Report, Row};
use super::run::{Line, Work, alternate, wall};
use super::trees::{FORMATS, Format, Tree, trees};

/// What an aim of the table says of one format.
const A_THIRD: f64 = 1.0 / 3.0;

/// A peer's work, when the peer is here and does it.
fn peer(
    ground: &Ground,
    report: &mut Report,
    program: &str,
    trees: &[Tree],
    output: &Path,
) -> Option<Vec<Work>> {
    let path = peers::find(&ground.sh, report, program)?;
    std::fs::create_dir_all(output).ok()?;
    let works: Vec<Work> = trees
        .iter()
        .map(|tree| match program {
            "nfpm" => tree.by_nfpm(&path, output),
            _ => tree.by_native(ground, &path, output),
        })
        .collect();
    // What a machine's peer cannot do is no reason to measure nothing else.
    match works.iter().try_for_each(|work| work.run().map(drop)) {
        Ok(()) => Some(works),
        Err(error) => {
            report.missing(format!("{program} fails here: {}", error.message()));
            None
        }
    }
}

/// One after the other.
fn sum(works: &[Work]) -> Work {
    let name = works.first().map_or_else(String::new, |work| work.name.clone());
    works.iter().cloned().fold(Work::new(name), Work::and)
}

/// Rows of each format, and of all in one command.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let (mut by_nfpm, mut by_native) = (Vec::new(), Vec::new());
    for format in FORMATS {
        let output = ground.at(&format!("out/{}", format.name));
        let ours = ground.package(&["--distro", format.distro], &output.join("onegpu"));
        let mut others = Vec::new();
        if peers::find(&ground.sh, report, "bsdtar").is_some() {
            let trees = trees(ground, format)?;
            for program in ["nfpm", format.native] {
                let works = peer(ground, report, program, &trees, &output.join(program));
                others.extend(works);
            }
        }
        rows_of(ground, report, format, &ours, &others)?;
        for works in others {
            let list = if works[0].name == "nfpm" { &mut by_nfpm } else { &mut by_native };
            list.push(works);
        }
    }
    gentoo(ground, report)?;
    all(ground, report, by_nfpm, by_native)
}

fn rows_of(
    ground: &Ground,
    report: &mut Report,
    format: Format,
    ours: &Work,
    others: &[Vec<Work>],
) -> Result<()> {
    let floor = floor(ground, ours, format.name)?;
    let sums: Vec<Work> = others.iter().map(|works| sum(works)).collect();
    let mut turns = vec![ours, &floor];
    turns.extend(&sums);
    let singles: Vec<Work> = others.iter().map(|works| alone(works)).collect();
    turns.extend(&singles);
    let series = alternate(&turns, ground.budget)?;
    let what = format!("{}: host's and guest's package", format.name);
    for ((work, series_of), aim) in turns.iter().zip(&series).skip(2).zip(sums.iter().map(|_| A_THIRD)) {
        report.row(Row::of_times(&what, (ours, &series[0]), (work, series_of), Some(aim)));
    }
    for (work, series_of) in turns.iter().zip(&series).skip(2 + sums.len()) {
        report.row(Row::of_times(&what, (ours, &series[0]), (work, series_of), None));
    }
    report.row(Row::of_times(&what, (ours, &series[0]), (&floor, &series[1]), None));
    Ok(())
}

/// The guest's package alone by the others, where ours still makes both: what is
/// not in their favour is not counted.
fn alone(works: &[Work]) -> Work {
    let mut guest = works.last().cloned().unwrap_or_default();
    guest.name = format!("{}, the guest's package alone", guest.name);
    guest
}

/// A process that starts, writes the same bytes and ends.
fn floor(ground: &Ground, ours: &Work, name: &str) -> Result<Work> {
    ours.run()?;
    let target = ground.at(&format!("out/floor-{name}"));
    let made = ours.fresh.first().cloned().unwrap_or_default();
    let words = ["-r".to_owned(), made.display().to_string(), target.display().to_string()];
    Ok(Work::new("the floor: `cp` of the result").line(Line::new("cp", words)).fresh(&target))
}

fn gentoo(ground: &Ground, report: &mut Report) -> Result<()> {
    report.missing(
        "a peer for Gentoo's packages: nfpm makes none, and Portage builds them only in a Gentoo root, with its own \
         database and profile",
    );
    let ours = ground.package(&["--distro", "gentoo"], &ground.at("out/gentoo/onegpu"));
    let floor = floor(ground, &ours, "gentoo")?;
    let series = alternate(&[&ours, &floor], ground.budget)?;
    let what = "gpkg: host's and guest's package, and the overlay";
    report.row(Row::of_times(what, (&ours, &series[0]), (&floor, &series[1]), None));
    Ok(())
}

/// All four families in one command, beside the others' three formats: the sum of the above.
fn all(
    ground: &Ground,
    report: &mut Report,
    by_nfpm: Vec<Vec<Work>>,
    by_native: Vec<Vec<Work>>,
) -> Result<()> {
    let ours = ground.package(&["--all"], &ground.at("out/all"));
    let floor = floor(ground, &ours, "all")?;
    let mut turns = vec![ours.clone()];
    for (works, names) in [(by_nfpm, "nfpm, three formats"), (by_native, "dpkg-deb, rpmbuild, makepkg")] {
        if works.len() == FORMATS.len() {
            turns.push(Work { name: names.to_owned(), ..sum(&works.concat()) });
        } else {
            report.missing(format!("the sum of {names}: not all of them were here"));
        }
    }
    let turns: Vec<&Work> = turns.iter().collect();
    let series = alternate(&turns, ground.budget)?;
    let what = "all four families in one command";
    for (work, series_of) in turns.iter().zip(&series).skip(1) {
        report.row(Row::of_times(what, (&ours, &series[0]), (work, series_of), None));
    }
    // In turns of their own: of those with makepkg's seconds in them there are few.
    let series = alternate(&[&ours, &floor], ground.budget)?;
    report.row(Row {
        aim: Some(Aim::at_most(20.0, series[0].figure(wall).median, " ms")),
        ..Row::of_times(what, (&ours, &series[0]), (&floor, &series[1]), None)
    });
    Ok(())
}
