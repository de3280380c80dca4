//! `onegpu package --repo`: what is written, when it is written again, and what stops it; without any
//! client but gpg where there is a key.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use onegpu::data::EXAMPLE_PROFILE;

/// A folder with a profile, `attic.toml`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("attic.toml"), EXAMPLE_PROFILE).unwrap();
    folder
}

fn command(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    command.current_dir(folder).arg("package").args(words);
    // No key of the person who runs the tests.
    command.env("GNUPGHOME", folder.join("no-gnupg"));
    command
}

fn package(folder: &Path, words: &[&str]) -> Output {
    command(folder, words).output().unwrap()
}

fn done(folder: &Path, words: &[&str]) -> String {
    let out = package(folder, words);
    assert!(out.status.success(), "{words:?}: {}", text(&out.stderr));
    text(&out.stdout)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every file below, with content or target.
fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut out = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let below = path.strip_prefix(root).unwrap().to_path_buf();
            match path.symlink_metadata().unwrap() {
                meta if meta.is_dir() => folders.push(path),
                meta if meta.is_symlink() => {
                    out.insert(below, fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes());
                }
                _ => {
                    out.insert(below, fs::read(&path).unwrap());
                }
            }
        }
    }
    out
}

#[test]
fn the_same_profile_gives_the_same_bytes() {
    let (one, two) = (folder(), folder());
    for folder in [&one, &two] {
        let said =
            done(folder.path(), &["attic.toml", "--all", "--repo", "repo", "--url", "https://example.org/x"]);
        assert!(said.contains("NOT SIGNED") && said.contains("repo/README.md"), "{said}");
        let more = ["attic.toml", "--distro", "alpine", "--distro", "void", "--repo", "repo"];
        done(folder.path(), &[&more[..], &["--url", "https://example.org/x"]].concat());
        assert!(!folder.path().join("dist").exists());
    }
    let (one, two) = (tree(&one.path().join("repo")), tree(&two.path().join("repo")));
    assert!(one == two);
    for name in [
        "ubuntu/Release",
        "fedora/repodata/repomd.xml",
        "arch/onegpu.db",
        "gentoo/Packages",
        "alpine/x86_64/APKINDEX.tar.gz",
        "void/x86_64-musl-repodata",
    ] {
        assert!(one.contains_key(&Path::new("attic").join(name)), "{name}");
    }
    let all: String = one.values().map(|bytes| text(bytes).to_lowercase()).collect();
    assert!(
        !all.contains("trusted: yes") && !all.contains("siglevel = never") && !all.contains("gpgcheck=0")
    );
}

#[test]
fn packages_that_are_there_stay_and_a_second_run_changes_nothing() {
    let folder = folder();
    let repo = folder.path().join("repo");
    let call = ["attic.toml", "--all", "--repo", "repo"];
    done(folder.path(), &call);
    let first = tree(&repo);
    // The time of writing is what clients ask for: what has not changed keeps it.
    let time = |name: &str| repo.join("attic").join(name).metadata().unwrap().modified().unwrap();
    let before = time("ubuntu/Release");
    done(folder.path(), &call);
    assert!(tree(&repo) == first);
    assert_eq!(time("ubuntu/Release"), before);

    fs::write(folder.path().join("attic.toml"), EXAMPLE_PROFILE.to_owned() + "\n[package]\nrevision = 2\n")
        .unwrap();
    done(folder.path(), &call);
    let second = tree(&repo);
    let release = |tree: &BTreeMap<PathBuf, Vec<u8>>, name: &str| text(&tree[&Path::new("attic").join(name)]);
    let packages = release(&second, "ubuntu/Packages");
    for revision in [1, 2] {
        assert!(
            packages.contains(&format!("Filename: ./onegpu-host_0.1.0-{revision}_all.deb")),
            "{packages}"
        );
    }
    // A second later, or clients take the new lists for the old ones.
    assert!(release(&first, "ubuntu/Release").contains("00:00:00 UTC"));
    assert!(release(&second, "ubuntu/Release").contains("00:00:01 UTC"));
    assert!(release(&second, "gentoo/Packages").contains("TIMESTAMP: 1795305601"));
    let packages = |tree: &BTreeMap<PathBuf, Vec<u8>>| {
        let endings = ["deb", "rpm", "zst", "tar"];
        let own = tree.iter().filter(|(path, _)| {
            let database = path.file_name().unwrap().to_string_lossy().starts_with("onegpu.");
            path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) && !database
        });
        own.map(|(path, bytes)| (path.clone(), bytes.clone())).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(packages(&first).len(), 8);
    assert_eq!(packages(&second).len(), 16);
    assert!(packages(&first).iter().all(|(path, bytes)| second[path] == *bytes));

    // A package that is taken out is out of the lists; without a profile, too.
    fs::remove_file(repo.join("attic/ubuntu/onegpu-host_0.1.0-1_all.deb")).unwrap();
    let said = done(folder.path(), &["--repo", "repo"]);
    assert!(said.contains("attic/ubuntu: 3 packages"), "{said}");
    assert!(!release(&tree(&repo), "ubuntu/Packages").contains("onegpu-host_0.1.0-1_all"));
}

#[test]
fn other_content_of_the_same_version_is_told() {
    let folder = folder();
    let call = ["attic.toml", "--distro", "debian", "--repo", "repo"];
    done(folder.path(), &call);
    fs::write(folder.path().join("attic.toml"), EXAMPLE_PROFILE.replace("16 GiB", "12 GiB")).unwrap();
    let out = package(folder.path(), &call);
    assert!(out.status.success());
    let said = text(&out.stderr);
    assert!(said.contains("onegpu-guest-win11_0.1.0-1_all.deb: was there with other content"), "{said}");
    assert!(!said.contains("onegpu-host_0.1.0-1_all.deb: was"), "{said}");
}

#[test]
fn what_cannot_be_stops_before_anything_changes() {
    let folder = folder();
    let call = ["attic.toml", "--distro", "debian", "--repo", "repo"];
    for (more, wanted) in [
        (&["--key", "nobody@example.org"][..], "gpg has no secret key `nobody@example.org`"),
        (&["--key", "--version"][..], ""),
        (&["--url", "example.org"][..], "is no address for a repository"),
        (&["--url", "https://x/\nTrusted: yes"][..], "is no address for a repository"),
    ] {
        let out = package(folder.path(), &[&call[..], more].concat());
        assert_eq!(out.status.code(), Some(2), "{more:?}: {}", text(&out.stderr));
        assert!(text(&out.stderr).contains(wanted), "{more:?}: {}", text(&out.stderr));
        assert!(!folder.path().join("repo").exists(), "{more:?}");
    }
    // No gpg at all.
    let out = command(folder.path(), &[&call[..], &["--key", "x"]].concat())
        .env("PATH", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(out.status.code(), Some(1));
    assert!(text(&out.stderr).contains("install gnupg"), "{}", text(&out.stderr));
    assert!(!folder.path().join("repo").exists());

    // A folder of somebody else's.
    fs::create_dir_all(folder.path().join("repo/attic/debian")).unwrap();
    fs::write(folder.path().join("repo/attic/debian/mine.txt"), "mine").unwrap();
    let out = package(folder.path(), &call);
    assert_eq!(out.status.code(), Some(2), "{}", text(&out.stderr));
    assert_eq!(fs::read_to_string(folder.path().join("repo/attic/debian/mine.txt")).unwrap(), "mine");
    fs::remove_dir_all(folder.path().join("repo")).unwrap();

    // A package that is none; the repository is as it was.
    done(folder.path(), &call);
    fs::write(folder.path().join("repo/attic/debian/bad.deb"), "no package").unwrap();
    let before = tree(&folder.path().join("repo"));
    let out = package(folder.path(), &call);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("bad.deb: cannot be read as a package"), "{}", text(&out.stderr));
    assert!(tree(&folder.path().join("repo")) == before);

    // A link to somebody else's file is no package, and what it leads to goes nowhere.
    fs::remove_file(folder.path().join("repo/attic/debian/bad.deb")).unwrap();
    std::os::unix::fs::symlink(
        folder.path().join("attic.toml"),
        folder.path().join("repo/attic/debian/link.deb"),
    )
    .unwrap();
    done(folder.path(), &call);
    assert!(!tree(&folder.path().join("repo")).keys().any(|path| path.ends_with("link.deb")));

    // A name that is none for a folder, an address, a section.
    fs::copy(folder.path().join("attic.toml"), folder.path().join("my attic].toml")).unwrap();
    let out = package(folder.path(), &["my attic].toml", "--distro", "debian", "--repo", "other"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("a machine cannot be called"), "{}", text(&out.stderr));
    assert!(!folder.path().join("other").exists());

    // A path that apk's list has no way to write leaves no folder behind.
    let out = package(folder.path(), &["attic.toml", "--distro", "alpine", "--repo", "an other"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no way to write this path"), "{}", text(&out.stderr));
    assert!(!folder.path().join("an other").exists());
}

#[test]
fn two_runs_at_once_leave_a_whole_repository_with_what_both_put_in() {
    let folder = folder();
    let revised = |revision: u32| format!("{EXAMPLE_PROFILE}\n[package]\nrevision = {revision}\n");
    let mut runs = Vec::new();
    for revision in 1..=6 {
        // The same machine, from different folders.
        let own = folder.path().join(format!("from-{revision}"));
        fs::create_dir(&own).unwrap();
        fs::write(own.join("attic.toml"), revised(revision)).unwrap();
        let mut run = command(&own, &["attic.toml", "--distro", "debian", "--repo", "../repo"]);
        runs.push(run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    }
    assert!(runs.iter_mut().all(|run| run.wait().unwrap().success()));
    let tree = tree(&folder.path().join("repo"));
    let packages = text(&tree[Path::new("attic/debian/Packages")]);
    for revision in 1..=6 {
        assert!(packages.contains(&format!("onegpu-host_0.1.0-{revision}_all.deb")), "{revision}");
        assert!(
            tree.contains_key(&PathBuf::from(format!("attic/debian/onegpu-host_0.1.0-{revision}_all.deb")))
        );
    }
    assert!(tree.keys().all(|path| !path.to_string_lossy().contains(".new")));
}

#[test]
fn a_killed_run_leaves_the_repository_whole_and_the_next_goes_on() {
    let folder = folder();
    let fleet = folder.path().join("fleet");
    fs::create_dir(&fleet).unwrap();
    let write = |revision: u32| {
        for number in 0..12 {
            let own = EXAMPLE_PROFILE.replace("16 GiB", &format!("{} MiB", 4096 + number));
            let text = format!("{own}\n[package]\nrevision = {revision}\n");
            fs::write(fleet.join(format!("pc-{number}.toml")), text).unwrap();
        }
    };
    let call = ["fleet", "--distro", "debian", "--repo", "repo"];
    write(1);
    done(folder.path(), &call);
    let whole = |machine: &Path| -> usize {
        // Every file that the record tells of is there, and of its size.
        let here = machine.join("debian");
        let record: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(here.join(".onegpu-inputs")).unwrap()).unwrap();
        for file in record["files"].as_array().unwrap() {
            let size = here.join(file[0].as_str().unwrap()).metadata().unwrap().len();
            assert_eq!(Some(size), file[1].as_u64(), "{}: {file}", here.display());
        }
        record["packages"].as_array().unwrap().len()
    };
    let (mut old, mut new) = (0, 0);
    for (round, wait) in [40, 80, 120, 160, 240].into_iter().enumerate() {
        write(u32::try_from(round).unwrap() + 2);
        let mut run =
            command(folder.path(), &call).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        run.kill().unwrap();
        run.wait().unwrap();
        for number in 0..12 {
            match whole(&folder.path().join(format!("repo/pc-{number}"))) {
                packages if packages == 2 * (round + 2) => new += 1,
                _ => old += 1,
            }
        }
        // What was finished is not built again; the rest is.
        let said = done(folder.path(), &call);
        assert_eq!(said.matches(&format!(": {} packages", 2 * (round + 2))).count(), 12, "{said}");
        let unchanged = done(folder.path(), &call);
        assert_eq!(unchanged.matches(", unchanged").count(), 12, "{unchanged}");
    }
    // Killed early enough to see the old, and late enough to see work kept.
    assert!(old > 0, "no run was killed in time");
    eprintln!("{old} as before, {new} finished");
    let left: Vec<PathBuf> = tree(&folder.path().join("repo")).into_keys().collect();
    assert!(left.iter().all(|path| !path.to_string_lossy().contains(".new")), "{left:?}");
}

#[test]
fn one_file_with_a_table_of_machines_and_one_of_them_bad() {
    let folder = folder();
    let own = "\n[machines.attic.host]\ndistro = \"arch\"\n[machines.cellar.host]\ndistro = \"debian\"\n[machines.barn.gpu]\ndriver = \"voodoo\"\n";
    fs::write(folder.path().join("fleet.toml"), EXAMPLE_PROFILE.to_owned() + own).unwrap();
    let out = package(folder.path(), &["fleet.toml", "--repo", "repo"]);
    assert_eq!(out.status.code(), Some(2));
    let said = text(&out.stderr);
    assert!(
        said.contains("unknown value `voodoo`") && said.contains("fleet.toml [machines.barn] (merged)"),
        "{said}"
    );
    assert!(said.contains("not built, 1 of 3: "), "{said}");
    assert!(folder.path().join("repo/cellar/debian/Release").exists());
    assert!(folder.path().join("repo/attic/arch/onegpu.db").exists());
    assert!(!folder.path().join("repo/barn").exists());
}
