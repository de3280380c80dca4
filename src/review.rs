//! What is written beside a rendered tree, for the person who reads it first.

use crate::data::DataDirs;
use crate::diag::Result;
use crate::plan::{PackageList, Plan};
use crate::render::Engine;

/// README.md: every file and step in order, what it does, why, how it is undone.
///
/// # Errors
/// As [`Engine::render`].
pub fn readme(data: &DataDirs, plan: &Plan) -> Result<String> {
    let mut engine = Engine::new(data, &plan.setup)?;
    engine.render("review/README.md", &[("packages", tera::Value::from_serializable(&plan.packages))])
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
