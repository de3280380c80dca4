//! `onegpu check` as users and scripts see it. `tests/check/NAME.expected` is what
//! it says of `tests/machines/NAME`; `ONEGPU_REGENERATE=1` writes it anew, and then
//! somebody reads it.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;
#[path = "check/rom.rs"]
mod rom;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use machine::Machine;
use serde_json::Value;

const GOOD: &str = include_str!("check/good.txt");
const PROFILE: &str = include_str!("check/good.toml");

fn check(machine: &Machine, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    command
        .arg("check")
        .args(arguments)
        .arg("--root")
        .arg(machine.root())
        .env_remove("NO_COLOR")
        .output()
        .unwrap()
}

fn json(machine: &Machine, arguments: &[&str]) -> (Option<i32>, Vec<Value>) {
    let out = check(machine, &[arguments, &["--format", "json"]].concat());
    let Value::Array(list) = serde_json::from_slice(&out.stdout).unwrap() else { panic!("no list") };
    (out.status.code(), list)
}

/// The good machine and its profile's path.
fn good() -> (Machine, tempfile::TempDir, String) {
    let machine = Machine::new(GOOD);
    machine.file("sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0/rom", rom::described("both 10de:2482"));
    machine.file("usr/share/vgabios/card.rom", rom::described("both 10de:2482"));
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("good.toml");
    fs::write(&profile, PROFILE).unwrap();
    let path = profile.to_str().unwrap().to_owned();
    (machine, dir, path)
}

#[test]
fn every_machine_is_judged_as_it_should_be() {
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/check");
    let mut wrong = Vec::new();
    for folder in machine::all() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let out = check(&machine::named(name), &[]);
        let told =
            format!("{}exit status {}\n", String::from_utf8(out.stdout).unwrap(), out.status.code().unwrap());
        let long = told.lines().find(|line| line.chars().count() > 80 && line.trim_start().contains(' '));
        assert!(long.is_none(), "{name}: more than 80 columns: {long:?}");
        let file = expected.join(format!("{name}.expected"));
        if std::env::var_os("ONEGPU_REGENERATE").is_some() {
            fs::write(&file, &told).unwrap();
        }
        let wanted = fs::read_to_string(&file).unwrap_or_default();
        if told != wanted {
            wrong.push(format!("{name}\n{}", similar::TextDiff::from_lines(&wanted, &told).unified_diff()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// One line a machine: the outcome that a wrong rule would miss.
#[test]
fn what_stands_in_the_way_of_each_machine() {
    for (name, id, result) in [
        ("amd-shares-with-network-card", "group", "fail"),
        ("amd-navi-own-switch", "group", "ok"),
        ("amd-navi-own-switch", "reset", "warn"),
        ("amd-audio-in-another-group", "card-functions", "ok"),
        ("amd-apu-laptop-one-group", "laptop", "warn"),
        ("amd-apu-laptop-one-group", "boot-loader-covered", "ok"),
        ("intel-muxless-laptop", "laptop", "warn"),
        ("intel-muxless-laptop", "graphics-cards", "warn"),
        ("amd-iommu-off", "iommu", "fail"),
        ("amd-iommu-off", "group", "unknown"),
        ("amd-two-nvidia-cards", "boot-loader", "warn"),
        ("amd-two-nvidia-cards", "graphics-cards", "warn"),
        // A virtual machine and a container hide the PC: nothing of it fails.
        ("virtual-machine", "platform", "unknown"),
        ("virtual-machine", "iommu", "unknown"),
        ("container-without-sysfs", "iommu", "unknown"),
        ("offline-disk", "virtualization", "unknown"),
        ("offline-disk", "graphics-cards", "unknown"),
    ] {
        let (_, list) = json(&machine::named(name), &[]);
        let found: Vec<&Value> = list.iter().filter(|finding| finding["id"] == id).collect();
        assert!(found.iter().any(|finding| finding["result"] == result), "{name} {id}: {found:#?}");
    }
}

#[test]
fn the_exit_status_is_the_answer() {
    let (machine, dir, profile) = good();
    let out = check(&machine, &[&profile]);
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stdout));
    assert!(String::from_utf8(out.stdout).unwrap().ends_with("0 fail, 0 warn, 0 unknown, 43 ok\n"));
    let bad = dir.path().join("bad.toml");
    fs::write(&bad, PROFILE.replace("uid = 1000", "uid = 1001")).unwrap();
    assert_eq!(check(&machine, &[bad.to_str().unwrap()]).status.code(), Some(1));
    // Bad input is no answer.
    for (text, word) in [
        (PROFILE.replace("[gpu]\n", "[gpu]\nadress = 1\n"), "adress"),
        (PROFILE.replace("\"debian\"", "\"debain\""), "did you mean `debian`"),
        (
            PROFILE.replace("\"systemd\"", "\"runit\"").replace("\"debian\"", "\"ubuntu\""),
            "no init system `runit`",
        ),
    ] {
        fs::write(&bad, text).unwrap();
        let out = check(&machine, &[bad.to_str().unwrap()]);
        let message = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{message}");
        assert!(message.contains("bad.toml:") && message.contains(word), "{message}");
        assert!(out.stdout.is_empty());
    }
    assert_eq!(check(&machine, &["absent.toml"]).status.code(), Some(2));
    assert_eq!(check(&machine, &["--format", "yaml"]).status.code(), Some(2));
}

#[test]
fn an_empty_folder_fails_nothing() {
    let (status, list) = json(&Machine::new(""), &[]);
    assert_eq!(status, Some(0));
    let failed: Vec<&Value> = list.iter().filter(|finding| finding["result"] == "fail").collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_profile_without_a_distro_is_held_against_the_machines() {
    let (machine, dir, _) = good();
    let silent = dir.path().join("silent.toml");
    fs::write(&silent, PROFILE.replace("distro = \"debian\"\n", "")).unwrap();
    assert_eq!(check(&machine, &[silent.to_str().unwrap()]).status.code(), Some(0));
    let out = check(&Machine::new(""), &[silent.to_str().unwrap()]);
    let message = String::from_utf8(out.stderr).unwrap();
    assert!(out.status.code() == Some(2) && message.contains("which distro"), "{message}");
}

#[test]
fn json_says_the_same_for_programs() {
    let (_, list) = json(&machine::named("amd-shares-with-network-card"), &[]);
    for finding in &list {
        let keys: Vec<&String> = finding.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 6, "{keys:?}");
        for key in ["id", "result", "what", "why", "fix", "more"] {
            assert!(finding.get(key).is_some(), "{key} is missing");
        }
        assert_eq!(finding["fix"].is_null(), finding["result"] == "ok", "{finding}");
        assert!(finding["more"][0].as_str().unwrap().starts_with("onegpu explain "));
    }
    let group = list.iter().find(|finding| finding["id"] == "group").unwrap();
    let what = group["what"].as_str().unwrap();
    for lost in ["0000:16:00.0", "0000:16:00.1", "0000:22:00.0 Ethernet controller (r8169)"] {
        assert!(what.contains(lost), "{what}");
    }
    assert!(group["fix"].as_str().unwrap().contains("another slot"));
}

/// `script` gives the program a terminal.
#[test]
fn colours_only_where_they_are_wanted() {
    let machine = machine::named("amd-iommu-off");
    let run = |environment: &[(&str, &str)]| {
        let line = format!("{} check --root {}", env!("CARGO_BIN_EXE_onegpu"), machine.root().display());
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env_remove("NO_COLOR").env("TERM", "xterm");
        command.envs(environment.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(run(&[]).contains("\x1b[1;31mfail\x1b[0m     iommu"));
    assert!(!run(&[("NO_COLOR", "1")]).contains('\x1b'));
    assert!(!String::from_utf8(check(&machine, &[]).stdout).unwrap().contains('\x1b'));
}

#[test]
fn a_reader_that_has_read_enough() {
    let machine = machine::named("amd-iommu-off");
    let line =
        format!("{} check --root {} | head -n 1", env!("CARGO_BIN_EXE_onegpu"), machine.root().display());
    let out = Command::new("sh").args(["-c", &line]).output().unwrap();
    assert!(out.stderr.is_empty(), "{}", String::from_utf8_lossy(&out.stderr));
    assert!(String::from_utf8(out.stdout).unwrap().starts_with("fail     iommu"));
}

/// What `init` proposes for a machine is right for it, as far as the machine can tell.
#[test]
fn a_profile_that_init_wrote_fits_its_machine() {
    let mut held = 0;
    for folder in machine::all() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let machine = machine::named(name);
        let dir = tempfile::tempdir().unwrap();
        let profile = dir.path().join("own.toml");
        let mut init = Command::new(env!("CARGO_BIN_EXE_onegpu"));
        init.args(["init", "--yes", "--root"]).arg(machine.root()).arg("-o").arg(&profile);
        if !init.output().unwrap().status.success() {
            continue;
        }
        let out = check(&machine, &[profile.to_str().unwrap(), "--format", "json"]);
        // A machine of a distro that nobody knows, or with no card at all, has no profile that is whole.
        if out.status.code() == Some(2) {
            continue;
        }
        held += 1;
        let list: Vec<Value> = serde_json::from_slice(&out.stdout).unwrap();
        let of_profile = |id: &str| {
            id.starts_with("profile-") || matches!(id, "card-driver" | "guest-cpus" | "guest-memory")
        };
        let failed = list.iter().filter(|f| f["result"] == "fail" && of_profile(f["id"].as_str().unwrap()));
        // onegpu has no words for these boot loaders.
        let failed = failed.filter(|f| !f["what"].as_str().unwrap().contains("bootloader"));
        let failed: Vec<&Value> = failed.collect();
        assert!(failed.is_empty(), "{name}: {failed:#?}");
    }
    assert!(held >= 8, "only {held} machines were held against their profiles");
}
