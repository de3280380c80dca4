//! The crates, as `cargo vendor` lays them out. A crate that no Linux needs is an
//! empty shell: the lock file names it, so cargo wants to see its manifest, but
//! nobody has to carry, or to judge, Windows' import libraries.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use onegpu::diag::Result;
use serde_json::{Value, json};
use toml::Table;
use xshell::Shell;

use super::sha256;
use super::tarball::{Content, Entry};
use crate::crates::{self, TARGETS};
use crate::process::{failure, root};

/// What the tarball's `.cargo/config.toml` has more than the checkout's.
pub const CONFIG: &str = "
[source.crates-io]
replace-with = \"vendored-sources\"

[source.vendored-sources]
directory = \"vendor\"
";

/// Every file of `vendor/`.
pub fn crates(sh: &Shell) -> Result<Vec<Entry>> {
    // Inside target/, where cargo leaves it alone and the next run starts from it.
    let folder = root().join("target/dist-vendor");
    let vendor = sh.cmd("cargo").args(["vendor", "--locked", "--quiet"]).arg(&folder);
    vendor.ignore_stdout().run().map_err(failure)?;
    let used = used()?;
    let mut out = Vec::new();
    for entry in fs::read_dir(&folder).map_err(failure)? {
        let place = entry.map_err(failure)?.path();
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let files = match used.contains(&identity(&place)?) {
            true => whole(&place)?,
            false => shell_of(&place)?,
        };
        out.extend(
            files.into_iter().map(|file| Entry { path: format!("vendor/{name}/{}", file.path), ..file }),
        );
    }
    Ok(out)
}

/// Name and version of what is compiled for Linux, tests included.
fn used() -> Result<BTreeSet<(String, String)>> {
    let mut out = BTreeSet::new();
    for target in TARGETS {
        let metadata = crates::metadata(Some(target))?;
        let nodes: BTreeSet<_> =
            metadata.resolve.iter().flat_map(|graph| &graph.nodes).map(|node| &node.id).collect();
        let packages = metadata.packages.iter().filter(|package| nodes.contains(&package.id));
        out.extend(packages.map(|package| (package.name.to_string(), package.version.to_string())));
    }
    Ok(out)
}

fn identity(place: &Path) -> Result<(String, String)> {
    let manifest: Table =
        fs::read_to_string(place.join("Cargo.toml")).map_err(failure)?.parse().map_err(failure)?;
    let word = |key: &str| manifest["package"][key].as_str().unwrap_or_default().to_owned();
    Ok((word("name"), word("version")))
}

/// The crate as it is.
fn whole(place: &Path) -> Result<Vec<Entry>> {
    let content = fs_extra::dir::get_dir_content(place).map_err(failure)?;
    let files = content.files.iter().map(|file| {
        let path = Path::new(file).strip_prefix(place).map_err(failure)?;
        Entry::read(place, &path.display().to_string())
    });
    files.collect()
}

/// Its manifest without what builds anything, and an empty library.
fn shell_of(place: &Path) -> Result<Vec<Entry>> {
    let text = fs::read_to_string(place.join("Cargo.toml")).map_err(failure)?;
    let mut manifest: Table = text.parse().map_err(failure)?;
    for target in ["bin", "example", "test", "bench"] {
        manifest.remove(target);
    }
    if let Some(package) = manifest.get_mut("package").and_then(toml::Value::as_table_mut) {
        package.insert("build".into(), false.into());
        package.remove("links");
    }
    if let Some(library) = manifest.get_mut("lib").and_then(toml::Value::as_table_mut) {
        library.insert("path".into(), "src/lib.rs".into());
    }
    let manifest = toml::to_string(&manifest).map_err(failure)?;
    let sums: Value = serde_json::from_slice(&fs::read(place.join(".cargo-checksum.json")).map_err(failure)?)
        .map_err(failure)?;
    let files = [("Cargo.toml", manifest), ("src/lib.rs", String::new())];
    let own: serde_json::Map<String, Value> =
        files.iter().map(|(path, text)| ((*path).to_owned(), sha256(text.as_bytes()).into())).collect();
    let sums = json!({ "files": own, "package": sums["package"] }).to_string();
    let all = files.into_iter().chain([(".cargo-checksum.json", sums)]);
    Ok(all
        .map(|(path, text)| Entry {
            path: path.to_owned(),
            content: Content::File { bytes: text.into_bytes(), runs: false },
        })
        .collect())
}
