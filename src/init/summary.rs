//! What a profile will make, as a plain list: from the plan itself.

use super::draft::{Checked, Draft, as_word};
use crate::plan::{PackageList, Plan};
use crate::render::wrap::paragraphs;

/// The width of a screen.
const WIDTH: usize = 80;

/// What `name` will say and make; a line of an over-long word may be wider.
pub fn render(draft: &Draft, checked: &Checked, name: &str) -> String {
    let mut out = String::new();
    match &checked.setup {
        Some(setup) => made(&mut out, &Plan::new(setup.clone()), name),
        None => out.push_str("What it makes depends on the distro, which is not known here.\n"),
    }
    for warning in &draft.warnings {
        item(&mut out, "Note: ", warning);
    }
    out
}

fn made(out: &mut String, plan: &Plan, name: &str) {
    let distro = &plan.setup.distro.name;
    item(out, "", &format!("For {distro}, `onegpu package {}` will make of it:", as_word(name)));
    for package in &plan.packages {
        let files = package.artifacts.len();
        out.push_str(&format!("\n{}: {files} files, and\n", package.name));
        for step in &package.steps {
            item(out, "  - ", &step.reason);
        }
    }
    out.push('\n');
    let needed = PackageList::new(&plan.setup).names;
    item(out, "From the distro: ", &format!("{}.", needed.join(" ")));
    let reboot = plan.packages.iter().any(|package| package.steps.iter().any(|step| step.reboot));
    item(out, "", if reboot { "One reboot after installing them." } else { "No reboot is needed." });
}

/// Prose behind a mark; what goes on below a bullet is indented like it.
fn item(out: &mut String, mark: &str, text: &str) {
    let (bullet, text) = match mark.trim() {
        "-" => (mark, text.to_owned()),
        _ => ("", format!("{mark}{text}")),
    };
    for (at, line) in paragraphs(&text, WIDTH - bullet.len()).concat().iter().enumerate() {
        let before = if at == 0 { bullet.to_owned() } else { " ".repeat(bullet.len()) };
        out.push_str(&format!("{before}{line}\n"));
    }
}
