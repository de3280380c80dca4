//! Reading the machine, beside lspci and the shell loops of the guides.

use std::path::Path;

use onegpu::diag::Result;

use super::ground::Ground;
use super::machines::machine;
use super::peers;
use super::report::{Report, Row};
use super::run::{Line, Work, alternate};

/// What lists the groups in the guides, of the machine below `$1`: a call of lspci for each function.
const LOOP: &str = "for d in \"$1\"/sys/kernel/iommu_groups/*/devices/*; do\n\
    g=${d%/devices/*}; echo \"${g##*/} $(lspci -O sysfs.path=\"$1/sys/bus/pci\" -nns \"${d##*/}\")\"\ndone";

/// A desktop: a card and what a board has.
const FUNCTIONS: u32 = 24;

/// This machine, and one of a desktop's size.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    let Some(lspci) = peers::find(&ground.sh, report, "lspci") else { return Ok(()) };
    let ours = ground.call(&["detect"]);
    let other = Work::new("lspci -nnk").line(Line::new(&lspci, ["-nnk"]));
    two(ground, report, "detect: this machine", &ours, &other, Some(1.0))?;
    let root = machine(ground, FUNCTIONS, 1)?;
    let what = format!("detect: a machine with {FUNCTIONS} PCI functions");
    two(ground, report, &what, &ours_of(ground, "detect", &root), &lspci_of(&lspci, &root), Some(1.0))?;
    let text = root.display().to_string();
    let other = Work::new("a shell's ls-iommu").line(Line::new("sh", ["-c", LOOP, "sh", &text]));
    let what = format!("groups: a machine with {FUNCTIONS} PCI functions");
    two(ground, report, &what, &ours_of(ground, "groups", &root), &other, Some(1.0))
}

/// A command of onegpu about the machine below `root`.
pub fn ours_of(ground: &Ground, command: &str, root: &Path) -> Work {
    ground.call(&[command, "--root", &root.display().to_string()])
}

/// The same machine, listed by lspci.
pub fn lspci_of(lspci: &Path, root: &Path) -> Work {
    let way = format!("sysfs.path={}/sys/bus/pci", root.display());
    Work::new("lspci -nnk").line(Line::new(lspci, ["-O", &way, "-nnk"]))
}

fn two(ground: &Ground, report: &mut Report, what: &str, ours: &Work, other: &Work, aim: Option<f64>) -> Result<()> {
    let series = alternate(&[ours, other], ground.budget)?;
    report.row(Row::of_times(what, (ours, &series[0]), (other, &series[1]), aim));
    Ok(())
}
