//! The bill of materials: CycloneDX 1.6 in JSON, without a serial number and with
//! the release's date, so that the same sources give the same bytes.

use std::collections::BTreeMap;
use std::fs;

use cargo_metadata::Package;
use onegpu::diag::Result;
use serde_json::{Value, json};
use toml::Table;

use crate::crates::{Compiled, TARGETS};
use crate::licenses::spdx;
use crate::process::{failure, root};
use crate::release::Release;

/// The document.
pub fn write(release: &Release, compiled: &Compiled<'_>) -> Result<String> {
    let sums = checksums()?;
    let all: Vec<&Package> = [compiled.program].into_iter().chain(compiled.crates.iter().copied()).collect();
    let of: BTreeMap<_, _> = all.iter().map(|package| (&package.id, reference(package))).collect();
    let components: Vec<Value> = compiled.crates.iter().map(|package| component(package, &sums)).collect();
    let dependencies: Vec<Value> = all
        .iter()
        .map(|package| {
            let needs: Vec<&String> =
                compiled.needs[&package.id].iter().filter_map(|id| of.get(id)).collect();
            json!({ "ref": reference(package), "dependsOn": needs })
        })
        .collect();
    let mut program = component(compiled.program, &sums);
    program["type"] = "application".into();
    let document = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": format!("{}T00:00:00Z", release.date),
            "component": program,
            "properties": [{ "name": "cargo:target", "value": TARGETS[0] }],
        },
        "components": components,
        "dependencies": dependencies,
    });
    serde_json::to_string_pretty(&document).map(|text| text + "\n").map_err(failure)
}

/// A package URL: the name of a crate among all packages of the world.
fn reference(package: &Package) -> String {
    // A build's number, `+spec-1.1.0`, has to be escaped in a URL.
    format!("pkg:cargo/{}@{}", package.name, package.version.to_string().replace('+', "%2B"))
}

fn component(package: &Package, sums: &BTreeMap<(String, String), String>) -> Value {
    let mut out = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": package.name.as_str(),
        "version": package.version.to_string(),
        "purl": reference(package),
    });
    if let Some(text) = &package.description {
        out["description"] = text.split_whitespace().collect::<Vec<_>>().join(" ").into();
    }
    if let Some(license) = &package.license {
        out["licenses"] = json!([{ "expression": spdx(license) }]);
    }
    if let Some(sum) = sums.get(&(package.name.to_string(), package.version.to_string())) {
        out["hashes"] = json!([{ "alg": "SHA-256", "content": sum }]);
    }
    if let Some(url) = &package.repository {
        out["externalReferences"] = json!([{ "type": "vcs", "url": url }]);
    }
    out
}

/// The sum of each crate, from the lock file.
fn checksums() -> Result<BTreeMap<(String, String), String>> {
    let lock: Table =
        fs::read_to_string(root().join("Cargo.lock")).map_err(failure)?.parse().map_err(failure)?;
    let packages = lock.get("package").and_then(toml::Value::as_array).into_iter().flatten();
    Ok(packages
        .filter_map(|package| {
            let word = |key: &str| package.get(key)?.as_str().map(str::to_owned);
            Some(((word("name")?, word("version")?), word("checksum")?))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crates::metadata;

    #[test]
    fn every_crate_is_there_with_its_sum_and_licence() {
        let metadata = metadata(Some(TARGETS[0])).unwrap();
        let compiled = Compiled::of(&metadata).unwrap();
        let release = Release::read().unwrap();
        let text = write(&release, &compiled).unwrap();
        assert_eq!(text, write(&release, &compiled).unwrap());
        let document: Value = serde_json::from_str(&text).unwrap();
        let components = document["components"].as_array().unwrap();
        assert_eq!(components.len(), compiled.crates.len());
        let mut known: Vec<&str> = components.iter().map(|one| one["bom-ref"].as_str().unwrap()).collect();
        for one in components {
            assert_eq!(one["hashes"][0]["content"].as_str().map(str::len), Some(64), "{one}");
            assert!(!one["licenses"][0]["expression"].as_str().unwrap().contains('/'), "{one}");
        }
        let count = known.len();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known.len(), count);
        for one in document["dependencies"].as_array().unwrap() {
            for needed in one["dependsOn"].as_array().unwrap() {
                assert!(known.contains(&needed.as_str().unwrap()), "{needed}");
            }
        }
    }
}
