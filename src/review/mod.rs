//! What is written beside a rendered tree, for the person who reads it first.

mod highlight;
mod map;
mod order;
mod page;
pub mod timeline;

use crate::data::DataDirs;
use crate::diag::Result;
use crate::plan::{PackageList, Plan};
use crate::render::{Engine, File};

pub use order::{Entry, Phase, phases};
pub use page::{Finding, Seen};
use timeline::Timeline;

fn timelines(plan: &Plan) -> Vec<Timeline> {
    plan.setup.guests.iter().map(|guest| Timeline::new(&plan.setup, guest)).collect()
}

/// README.md: every file and step in order, what it does, why, how it is undone.
///
/// # Errors
/// As [`Engine::render`].
pub fn readme(data: &DataDirs, plan: &Plan) -> Result<String> {
    let mut engine = Engine::new(data, &plan.setup)?;
    let values = [
        ("packages", tera::Value::from_serializable(&plan.packages)),
        ("phases", tera::Value::from_serializable(&phases(plan))),
        ("timelines", tera::Value::from_serializable(&timelines(plan))),
        ("assumed", tera::Value::from_serializable(&plan.setup.notes)),
    ];
    engine.render("review/README.md", &values)
}

/// review.html: the same with every file's text, and with what was seen of a
/// machine, when one was given.
///
/// # Errors
/// As [`Engine::render`].
pub fn page(
    data: &DataDirs,
    plan: &Plan,
    files: &[(String, Vec<File>)],
    seen: Option<&Seen>,
) -> Result<String> {
    let page = page::Page::new(plan, files, seen);
    let mut engine = Engine::new(data, &plan.setup)?;
    engine.render("review/review.html", &[("page", tera::Value::from_serializable(&page))])
}

/// packages.txt: the distro's packages that the setup needs, with the command.
///
/// # Errors
/// As [`Engine::render`].
pub fn package_list(data: &DataDirs, plan: &Plan) -> Result<String> {
    let mut engine = Engine::new(data, &plan.setup)?;
    let list = PackageList::new(&plan.setup);
    let values = [
        ("names", tera::Value::from_serializable(&list.names)),
        ("package_use", tera::Value::from_serializable(&list.package_use)),
    ];
    engine.render("review/packages.txt", &values)
}
