//! A folder of profiles: each into a folder of its name, and a bad one stops no other.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use onegpu::data::EXAMPLE_PROFILE;

fn package(input: &Path, output: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    command.arg("package").arg(input).args(["--distro", "debian"]).args(more).arg("-o").arg(output);
    command.output().unwrap()
}

fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut out: Vec<(String, Vec<u8>)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    out.sort();
    out
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn each_profile_gives_what_it_gives_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (profiles, output) = (folder.path().join("profiles"), folder.path().join("out"));
    fs::create_dir(&profiles).unwrap();
    for name in ["attic", "cellar", "kitchen"] {
        let own = EXAMPLE_PROFILE.replace("\"win11\"", &format!("\"{name}\""));
        fs::write(profiles.join(format!("{name}.toml")), own).unwrap();
    }
    fs::write(profiles.join(".hidden.toml"), "no profile").unwrap();
    fs::write(profiles.join("notes.txt"), "no profile").unwrap();
    let done = package(&profiles, &output, &[]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let said = text(&done.stdout);
    // In the order of their names, each with the command that installs it.
    let commands: Vec<&str> = said.lines().filter(|line| line.contains("apt install")).collect();
    assert_eq!(commands.len(), 3, "{said}");
    for (command, name) in commands.iter().zip(["attic", "cellar", "kitchen"]) {
        assert!(command.contains(&format!("out/{name}/onegpu-guest-{name}_")), "{command}");
        let alone = folder.path().join(format!("alone-{name}"));
        assert!(package(&profiles.join(format!("{name}.toml")), &alone, &[]).status.success());
        assert!(files(&output.join(name)) == files(&alone), "{name}");
    }
    assert_eq!(fs::read_dir(&output).unwrap().count(), 3);
    // What was assumed is said of the profile that left it out.
    let note = format!("note: {}: host.init", profiles.join("attic.toml").display());
    assert!(text(&done.stderr).contains(&note), "{}", text(&done.stderr));
}

#[test]
fn a_bad_profile_is_named_and_the_others_are_built() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out");
    let profiles = folder.path().join("profiles");
    fs::create_dir_all(profiles.join("folder.toml")).unwrap();
    fs::write(profiles.join("a.toml"), EXAMPLE_PROFILE).unwrap();
    fs::write(profiles.join("b.toml"), EXAMPLE_PROFILE.replace("memory =", "memroy =")).unwrap();
    fs::write(profiles.join("c.toml"), EXAMPLE_PROFILE).unwrap();
    let done = package(&profiles, &output, &["--distro", "fedora"]);
    assert_eq!(done.status.code(), Some(2));
    let said = text(&done.stderr);
    assert!(said.contains("unknown key `memroy`"), "{said}");
    assert!(said.contains("not built, 2 of 4: "), "{said}");
    assert!(said.lines().last().unwrap().ends_with("folder.toml"), "{said}");
    for name in ["a", "c"] {
        assert_eq!(files(&output.join(name).join("debian")).len(), 2);
        assert_eq!(files(&output.join(name).join("fedora")).len(), 2);
    }
    assert!(!output.join("b").exists());
}

#[test]
fn a_folder_without_profiles_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let done = package(folder.path(), &folder.path().join("out"), &[]);
    assert_eq!(done.status.code(), Some(2));
    assert!(text(&done.stderr).contains("the folder has no profile"), "{}", text(&done.stderr));
    assert!(!folder.path().join("out").exists());
}

fn render(input: &Path, output: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    command.arg("render").arg(input).args(["--distro", "debian"]).args(more).arg("-o").arg(output);
    command.output().unwrap()
}

/// What is about one machine takes one of a folder's, or of a file's tables, by its name.
#[test]
fn one_of_several_is_named_with_host() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = folder.path().join("profiles");
    fs::create_dir(&profiles).unwrap();
    let file = folder.path().join("fleet.toml");
    let mut tables = EXAMPLE_PROFILE.to_owned();
    for (name, uid) in [("attic", 1001), ("cellar", 1002)] {
        let own = EXAMPLE_PROFILE.replace("uid = 1000", &format!("uid = {uid}"));
        fs::write(profiles.join(format!("{name}.toml")), own).unwrap();
        tables.push_str(&format!("\n[machines.{name}.host]\nuser = {{ name = \"mika\", uid = {uid} }}\n"));
    }
    fs::write(&file, tables).unwrap();
    for input in [&profiles, &file] {
        let output = folder.path().join("one");
        let done = render(input, &output, &["--host", "cellar"]);
        assert!(done.status.success(), "{}", text(&done.stderr));
        let start = "root/etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh";
        let start = fs::read_to_string(output.join(start)).unwrap();
        assert!(start.contains("u:1002") && !start.contains("u:1001"), "{}", input.display());
        fs::remove_dir_all(&output).unwrap();
        for (more, says) in [
            (
                &[][..],
                "has 2 machines, and this is about one\n |\n = help: name it with --host: attic, cellar",
            ),
            (
                &["--host", "celar"],
                "no machine is called `celar`\n |\n = help: did you mean `cellar`? there are: attic, cellar",
            ),
        ] {
            let done = render(input, &output, more);
            let said = text(&done.stderr);
            assert_eq!(done.status.code(), Some(2), "{said}");
            assert!(said.contains(says) && said.contains(&input.display().to_string()), "{said}");
            assert!(!output.exists(), "{said}");
        }
    }
    let alone = render(&profiles.join("attic.toml"), &folder.path().join("one"), &["--host", "attic"]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(text(&alone.stderr).contains("leave `--host attic` out"), "{}", text(&alone.stderr));
}
