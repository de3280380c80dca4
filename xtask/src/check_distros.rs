//! `cargo xtask check-distros`: holds the files of `distros/` together. What one
//! file alone shows is refused when it is loaded; here stands what makes a set
//! of files trustworthy: sources, no repetition, nothing left out.

mod sources;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use onegpu::data::DataDirs;
use onegpu::diag::{Diagnostic, Result};
use onegpu::distro::{Distro, Mechanism, chain};
use onegpu::profile::{Bootloader, Init};
use toml::{Table, Value};

/// Checks every file of the checkout's `distros/` and prints what is wrong.
///
/// # Errors
/// When the folder cannot be read.
pub fn run() -> Result<ExitCode> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = root.join("distros/README.md");
    let readme = std::fs::read_to_string(&readme)
        .map_err(|error| Diagnostic::machine(format!("{}: {error}", readme.display())))?;
    let data = DataDirs::standard(Some(&root));
    let ids = ids(&root)?;
    let wrong: Vec<String> = ids.iter().flat_map(|id| check(&data, id, &readme)).collect();
    for line in &wrong {
        eprintln!("{line}");
    }
    match wrong.len() {
        0 => println!("{} distro files: all hold", ids.len()),
        n => eprintln!("{n} findings in {} distro files", ids.len()),
    }
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The files of the checkout, whatever is embedded in this program.
fn ids(root: &Path) -> Result<Vec<String>> {
    let folder = root.join("distros");
    let entries = std::fs::read_dir(&folder)
        .map_err(|error| Diagnostic::machine(format!("{}: {error}", folder.display())))?;
    let toml = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    let mut ids: Vec<String> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(toml)
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    ids.sort();
    Ok(ids)
}

/// All that is wrong with one distro, each line with the file's name.
fn check(data: &DataDirs, id: &str, readme: &str) -> Vec<String> {
    let (distro, files) = match (Distro::load(data, id), chain(data, id)) {
        (Ok(distro), Ok(files)) => (distro, files),
        (Err(error), _) | (_, Err(error)) => return vec![error.to_string()],
    };
    let mut wrong = Vec::new();
    let own: Table = files[0].text.parse().unwrap_or_default();
    let inherited = files[1..]
        .iter()
        .rev()
        .fold(Table::new(), |below, file| merge(below, file.text.parse().unwrap_or_default()));
    if !own.contains_key("tested") {
        wrong.push("`tested` is missing: it is not inherited from what the distro is like".into());
    }
    root_of_kin(&distro, &files[files.len() - 1].text, &mut wrong);
    inits(&distro, &own, &mut wrong);
    boot_loaders(&distro, data, &mut wrong);
    repeated(&own, &inherited, "", &mut wrong);
    duplicates(&Value::Table(own.clone()), "", &mut wrong);
    explained(&own, readme, &mut wrong);
    wrong.extend(sources::missing(&files[0].text));
    wrong.into_iter().map(|line| format!("distros/{id}.toml: {line}")).collect()
}

fn merge(mut below: Table, over: Table) -> Table {
    for (key, value) in over {
        let merged = match (below.remove(&key), value) {
            (Some(Value::Table(below)), Value::Table(over)) => Value::Table(merge(below, over)),
            (_, value) => value,
        };
        below.insert(key, merged);
    }
    below
}

/// The chain of `like` ends in the distro that the family is called after.
fn root_of_kin(distro: &Distro, last: &str, wrong: &mut Vec<String>) {
    let root: Table = last.parse().unwrap_or_default();
    let root = root.get("id").and_then(Value::as_str).unwrap_or_default();
    if root != distro.family {
        wrong.push(format!("family is {}, but `like` ends in {root}", distro.family));
    }
}

/// Every init has libvirt's services and display managers, and nothing of its
/// own is said for an init that the distro has not.
fn inits(distro: &Distro, own: &Table, wrong: &mut Vec<String>) {
    for init in &distro.inits {
        match distro.libvirt.get(init) {
            None => wrong.push(format!("[libvirt.{init}] is missing")),
            Some(services) => {
                let lists = [("enable", &services.enable), ("reload", &services.reload)];
                for (key, _) in lists.iter().filter(|(_, list)| list.is_empty()) {
                    wrong.push(format!("[libvirt.{init}] `{key}` is empty"));
                }
                for name in services.reload.iter().filter(|name| !services.enable.contains(name)) {
                    wrong.push(format!("[libvirt.{init}] reloads `{name}`, which it does not enable"));
                }
                for name in services.enable.iter().filter(|name| services.unless_enabled.contains(name)) {
                    wrong.push(format!("[libvirt.{init}] enables `{name}` unless it is enabled"));
                }
                for name in services.programs.keys().filter(|name| !services.enable.contains(name)) {
                    wrong.push(format!("[libvirt.{init}] brings `{name}`, which it does not enable"));
                }
                let folders = services.available.is_some() && services.enabled.is_some();
                if *init == Init::Runit && !folders {
                    wrong.push("[libvirt.runit] needs `available` and `enabled`".into());
                }
                if *init == Init::Openrc && services.runlevel.is_none() {
                    wrong.push("[libvirt.openrc] needs `runlevel`".into());
                }
            }
        }
        let managers = distro.display_manager.get(init);
        if managers.is_none_or(|managers| managers.any.is_none() && managers.own.is_empty()) {
            wrong.push(format!("[display-manager.{init}] names no service"));
        }
    }
    let has: BTreeSet<&str> = distro.inits.iter().map(|init| init.word()).collect();
    for table in ["libvirt", "display-manager"] {
        let said = own.get(table).and_then(Value::as_table).into_iter().flat_map(Table::keys);
        wrong.extend(
            said.filter(|init| !has.contains(init.as_str()))
                .map(|init| format!("[{table}.{init}] is said, but `inits` has no {init}")),
        );
    }
}

/// The two usual boot loaders are covered, each by a way whose template is there and
/// which has all the keys it works with.
fn boot_loaders(distro: &Distro, data: &DataDirs, wrong: &mut Vec<String>) {
    for loader in [Bootloader::Grub, Bootloader::SystemdBoot, distro.default_bootloader] {
        if !distro.bootloader.contains_key(&loader) {
            wrong.push(format!("[bootloader.{loader}] is missing"));
        }
    }
    if distro.bootloader.contains_key(&Bootloader::Uki) == distro.needs.ukify.is_empty() {
        wrong.push("[bootloader.uki] and needs.ukify belong together".into());
    }
    for (loader, way) in &distro.bootloader {
        let template = way.mechanism.template();
        if data.template(template).is_err() {
            wrong.push(format!("[bootloader.{loader}] there is no template {template}"));
        }
        let generates = matches!(
            way.mechanism,
            Mechanism::GrubDropIn
                | Mechanism::GrubBlock
                | Mechanism::KernelInstall
                | Mechanism::SourcedBlock
                | Mechanism::Limine
        );
        if generates == way.regenerate.is_empty() {
            let not = if generates { "needs" } else { "has no use for" };
            wrong.push(format!("[bootloader.{loader}] {:?} {not} `regenerate`", way.mechanism));
        }
        let block = way.mechanism == Mechanism::SourcedBlock;
        if block != way.file.is_some() || block != way.variable.is_some() {
            wrong.push(format!("[bootloader.{loader}] `file` and `variable` belong to sourced-block"));
        }
    }
}

/// A key that says what is inherited anyway hides later changes of the parent.
fn repeated(own: &Table, inherited: &Table, above: &str, wrong: &mut Vec<String>) {
    // `tested` is a claim about this very distro: it is said anew, or it would
    // be inherited by one that nobody has tried.
    for (key, value) in own.iter().filter(|(key, _)| *key != "tested") {
        let path = format!("{above}{key}");
        match (value, inherited.get(key)) {
            (Value::Table(own), Some(Value::Table(inherited))) => {
                repeated(own, inherited, &format!("{path}."), wrong);
            }
            (value, Some(same)) if value == same => {
                wrong.push(format!("`{path}` says what `like` says already: leave it out"));
            }
            _ => {}
        }
    }
}

/// No list names anything twice. (A command's words may repeat.)
fn duplicates(value: &Value, path: &str, wrong: &mut Vec<String>) {
    match value {
        Value::Table(table) => {
            for (key, value) in table.iter().filter(|(key, _)| *key != "regenerate") {
                duplicates(value, &format!("{path}{}{key}", if path.is_empty() { "" } else { "." }), wrong);
            }
        }
        Value::Array(list) => {
            let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
            for (at, word) in words.iter().enumerate().filter(|(at, word)| words[..*at].contains(word)) {
                wrong.push(format!("`{path}` names `{word}` twice (entry {})", at + 1));
            }
        }
        _ => {}
    }
}

/// Every key that a file uses is explained: it stands in the README as `key`.
fn explained(table: &Table, readme: &str, wrong: &mut Vec<String>) {
    for (key, value) in table {
        if !readme.contains(&format!("`{key}`")) {
            wrong.push(format!("distros/README.md does not explain `{key}`"));
        }
        // Whose keys are services' names.
        if key == "programs" {
            continue;
        }
        if let Value::Table(table) = value {
            explained(table, readme, wrong);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkout's data with one file changed.
    fn findings(id: &str, text: &str) -> Vec<String> {
        let dir = std::env::temp_dir().join(format!("check-distros-{}-{id}", std::process::id()));
        std::fs::create_dir_all(dir.join("distros")).unwrap();
        std::fs::write(dir.join(format!("distros/{id}.toml")), text).unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let readme = std::fs::read_to_string(root.join("distros/README.md")).unwrap();
        let found = check(&DataDirs::standard(Some(&dir)), id, &readme);
        std::fs::remove_dir_all(dir).unwrap();
        found
    }

    const HEAD: &str = "# [own]\nid = \"x\"\nname = \"X\"\nlike = \"arch\"\ntested = \"rendered\"\n";

    fn names(id: &str, rest: &str, finding: &str) {
        let head = HEAD.replace("\"x\"", &format!("\"{id}\""));
        let found = findings(id, &format!("{head}{rest}"));
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].contains(finding), "{found:#?}");
    }

    #[test]
    fn every_file_of_the_checkout_holds() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let readme = std::fs::read_to_string(root.join("distros/README.md")).unwrap();
        let data = DataDirs::standard(Some(&root));
        let ids = ids(&root).unwrap();
        assert!(ids.len() >= 14, "{ids:?}");
        let wrong: Vec<String> = ids.iter().flat_map(|id| check(&data, id, &readme)).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_small_derivative_holds() {
        assert_eq!(findings("x0", &HEAD.replace("\"x\"", "\"x0\"")), Vec::<String>::new());
    }

    #[test]
    fn each_rule_finds_what_breaks_it() {
        names("x1", "\n# [own]\ninits = [\"systemd\"]\n", "`inits` says what `like` says already");
        names("x2", "\n# [own]\nfamily = \"debian\"\n", "family is debian, but `like` ends in arch");
        names("x3", "[needs]\nqemu = [\"a\", \"a\"]\n", "`needs.qemu` names `a` twice");
        names("x4", "\n[needs]\nqemu = [\"a\"]\n", "line 8: `qemu` has no source");
        names("x5", "\n[needs]\n# [P]\nqemu = [\"a b\"]\n", "`a b` is not a package name");
        names(
            "x6",
            "[libvirt.systemd]\nenable = [\"a.service\"]\n",
            "reloads `libvirtd.service`, which it does not",
        );
        names("x7", "[bootloader.grub]\nregenerate = []\n", "GrubDropIn needs `regenerate`");
        names("x8", "[bootloader.grub]\nmechanism = \"grubby\"\n", "Grubby has no use for `regenerate`");
        names("x9", "[libvirt.runit]\nenable = [\"a\"]\nreload = [\"a\"]\n", "`inits` has no runit");
        names("x10", "[bootloader.grub]\nfile = \"/a\"\n", "belong to sourced-block");
    }
}
