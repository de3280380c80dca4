//! Ten times as much of something: it may take ten times as long, and no more.

use std::fmt::Write as _;
use std::path::Path;

use onegpu::data::{DataDirs, EXAMPLE_PROFILE};
use onegpu::diag::Result;

use super::detect::{lspci_of, ours_of};
use super::ground::Ground;
use super::machines::machine;
use super::peers;
use super::report::{Report, Row};
use super::run::{Work, alternate};

/// A template that is all text, so that it may stand twice in a file.
const TEMPLATE: &str = "host/lib/verbs.sh";
/// Repeats of the text: ten times, and ten times that.
const TIMES: [usize; 2] = [10, 100];

/// Rows of everything that can grow.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let data = DataDirs::embedded();
    let template = data.template(TEMPLATE)?.text;
    larger(ground, report, "template", &format!("templates/{TEMPLATE}"), &|times| template.repeat(times))?;
    let distro = data.distro("ubuntu")?.map(|file| file.text).unwrap_or_default();
    // A key may stand once only: what grows is its comments.
    let comment: String = distro.lines().fold(String::new(), |out, line| out + "# " + line + "\n");
    larger(ground, report, "distro file", "distros/ubuntu.toml", &|times| {
        format!("{distro}{}", comment.repeat(times - 1))
    })?;
    guests(ground, report)?;
    functions(ground, report)
}

/// A data file of another size, before the embedded one.
fn larger(
    ground: &Ground,
    report: &mut Report,
    noun: &str,
    file: &str,
    text: &dyn Fn(usize) -> String,
) -> Result<()> {
    let output = ground.at("out/larger");
    let works = TIMES.map(|times| {
        let data = ground.at(&format!("data/{noun}-{times}"));
        ground.write(&data.join(file), text(times))?;
        let data = data.display().to_string();
        Ok(ground.package(&["--distro", "ubuntu", "--data-dir", &data], &output))
    });
    let [small, large] = works;
    let what = format!("a {noun} {} times as large", TIMES[1]);
    beside(ground, report, &what, (&small?, &format!("{} times", TIMES[0])), &large?)
}

fn beside(
    ground: &Ground,
    report: &mut Report,
    what: &str,
    small: (&Work, &str),
    large: &Work,
) -> Result<()> {
    let series = alternate(&[large, small.0], ground.budget)?;
    let other = Work { name: format!("itself, {}", small.1), ..small.0.clone() };
    report.row(Row::of_times(what, (large, &series[0]), (&other, &series[1]), Some(10.0)));
    Ok(())
}

/// A profile with many guests.
fn guests(ground: &Ground, report: &mut Report) -> Result<()> {
    let write = |count: usize| -> Result<Work> {
        let (host, guest) = EXAMPLE_PROFILE.split_once("[[guest]]").unwrap_or_default();
        let mut text = host.to_owned();
        for number in 0..count {
            let own =
                guest.replace("win11\"", &format!("g{number}\"")).replace("win11.q", &format!("g{number}.q"));
            let _ = writeln!(text, "[[guest]]{own}");
        }
        let path = ground.at(&format!("guests-{count}.toml"));
        ground.write(&path, text)?;
        let output = ground.at("out/guests");
        let words = [path.display().to_string(), output.display().to_string()];
        Ok(ground.call(&["package", &words[0], "--distro", "ubuntu", "-o", &words[1]]).fresh(&output))
    };
    let (small, large) = (write(100)?, write(1000)?);
    beside(ground, report, "a profile with 1,000 guests", (&small, "100 guests"), &large)
}

/// A host with 64 graphics cards.
fn functions(ground: &Ground, report: &mut Report) -> Result<()> {
    let (few, many) = (machine(ground, 410, 7)?, machine(ground, 4096, 64)?);
    for command in ["detect", "groups"] {
        let work = |root: &Path| ours_of(ground, command, root);
        let what = format!("{command}: 64 GPUs among 4,096 PCI functions");
        beside(ground, report, &what, (&work(&few), "7 among 410"), &work(&many))?;
    }
    if let Some(lspci) = peers::find(&ground.sh, report, "lspci") {
        let (ours, other) = (ours_of(ground, "detect", &many), lspci_of(&lspci, &many));
        let series = alternate(&[&ours, &other], ground.budget)?;
        let what = "detect: 64 GPUs among 4,096 PCI functions";
        report.row(Row::of_times(what, (&ours, &series[0]), (&other, &series[1]), Some(1.0)));
    }
    Ok(())
}
