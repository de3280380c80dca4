//! `--ansible`: an inventory of the machines, and the playbook that has each install its packages.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::repository::Repository;
use crate::cli::print_notes;
use crate::diag::{Diagnostic, Result};
use crate::distro::Format;
use crate::output::{Batch, failure};
use crate::package::overlay::CATEGORY;
use crate::plan::Plan;

/// The playbook and its tasks, which are the same for everybody.
const FILES: [(&str, &str); 3] = [
    ("README.md", include_str!("../../../texts/ansible/README.md")),
    ("requirements.yml", include_str!("../../../texts/ansible/requirements.yml")),
    ("site.yml", include_str!("../../../texts/ansible/site.yml")),
];

/// The tasks of each format: its repository made known, its packages installed.
fn tasks(format: Format) -> [&'static str; 2] {
    macro_rules! tasks {
        ($name:literal) => {
            [
                include_str!(concat!("../../../texts/ansible/tasks/", $name, "-source.yml")),
                include_str!(concat!("../../../texts/ansible/tasks/", $name, ".yml")),
            ]
        };
    }
    match format {
        Format::Deb => tasks!("deb"),
        Format::Rpm => tasks!("rpm"),
        Format::Pacman => tasks!("pacman"),
        Format::Portage => tasks!("portage"),
        Format::Apk => tasks!("apk"),
        Format::Xbps => tasks!("xbps"),
    }
}

/// What the inventory says of one machine.
pub struct Host {
    format: Format,
    distro: String,
    packages: Vec<String>,
}

impl Host {
    /// The machine of these plans.
    ///
    /// # Errors
    /// When there are several: a machine has one distro.
    pub fn new(plans: &[Plan]) -> Result<Self> {
        let [plan] = plans else {
            return Err(Diagnostic::input("--ansible: a machine has one distro, and here it has several")
                .help("leave --all out, or give one --distro"));
        };
        let format = plan.setup.distro.package.format;
        let name = |name: &String| match format {
            Format::Portage => format!("{CATEGORY}/{name}"),
            _ => name.clone(),
        };
        let packages = plan.packages.iter().map(|package| name(&package.name)).collect();
        Ok(Self { format, distro: plan.setup.distro.id.clone(), packages })
    }
}

/// Writes all into `folder`; files of others in it stay.
///
/// # Errors
/// When it cannot be written.
pub fn write(folder: &Path, repository: &Repository, hosts: &BTreeMap<String, Host>) -> Result<String> {
    let root = std::path::absolute(repository.root()).map_err(|error| failure(repository.root(), &error))?;
    let root = root.display().to_string();
    if root.contains("{{") || root.contains("{%") {
        return Err(Diagnostic::input(format!("{root}: Ansible would take the braces for a template"))
            .help("name another folder with --repo"));
    }
    if repository.is_local() {
        print_notes(
            &["the machines are told to fetch from a folder of this one, which no other reaches: say by \
                       which address it is reached, with --url"
                .to_owned()],
            "",
        );
    }
    let mut vars = Map::from_iter([("onegpu_repository".to_owned(), json!(root))]);
    vars.extend(repository.fingerprint().map(|key| ("onegpu_key".to_owned(), json!(key))));
    let machines: Map<String, Value> = hosts
        .iter()
        .map(|(name, host)| {
            let about = json!({
                "onegpu_distro": host.distro, "onegpu_format": host.format.word(), "onegpu_packages": host.packages,
            });
            (name.clone(), about)
        })
        .collect();
    let inventory = json!({ "all": { "children": { "onegpu": { "hosts": machines, "vars": vars } } } });
    let text =
        serde_json::to_string_pretty(&inventory).map_err(|error| Diagnostic::machine(error.to_string()))?;
    let mut batch = Batch::new(folder)?;
    for (name, text) in FILES {
        batch.add(name, text.as_bytes())?;
    }
    let mut formats: Vec<Format> = hosts.values().map(|host| host.format).collect();
    formats.sort();
    formats.dedup();
    for format in formats {
        for (name, text) in ["-source", ""].iter().zip(tasks(format)) {
            batch.add(&format!("tasks/{}{name}.yml", format.word()), text.as_bytes())?;
        }
    }
    batch.add("inventory.json", format!("{text}\n").as_bytes())?;
    batch.finish()?;
    let (inventory, site) = (folder.join("inventory.json"), folder.join("site.yml"));
    Ok(format!(
        "\nRoll it out with:\n  ansible-playbook -i {} {} --check --diff\n",
        inventory.display(),
        site.display()
    ))
}
