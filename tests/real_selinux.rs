//! The SELinux module with the real tools: loaded into a policy, read back, and taken out again.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use machine::{LIBEXEC, Machine, assert_same};

const POLICY: &str = "etc/selinux/targeted/policy";
const STORE: &str = "var/lib/selinux/targeted";

/// A Fedora whose only step is this one, with a small policy.
fn fedora() -> Machine {
    let m = Machine::new("fedora", "");
    keep_only_the_policy(&m);
    m
}

fn keep_only_the_policy(m: &Machine) {
    let _ = fs::remove_dir_all(m.root.join(LIBEXEC).join("steps/guests"));
    for step in fs::read_dir(m.root.join(LIBEXEC).join("steps/host")).unwrap() {
        let path = step.unwrap().path();
        if !path.to_str().unwrap().ends_with("selinux-policy") {
            fs::remove_file(path).unwrap();
        }
    }
}

fn with_policy() -> Machine {
    let m = fedora();
    for folder in [POLICY, "etc/selinux/targeted/contexts/files", &format!("{STORE}/active/modules")] {
        fs::create_dir_all(m.root.join(folder)).unwrap();
    }
    m.write("etc/selinux/config", "# as on Fedora\nSELINUX=enforcing\nSELINUXTYPE=targeted\n");
    let base = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/selinux/base.cil");
    // Twice: the first one does not write all that later ones do.
    semodule(&m, &["-X", "100", "-i", base.to_str().unwrap()]);
    semodule(&m, &["-B"]);
    m
}

fn semodule(m: &Machine, words: &[&str]) -> String {
    let mut command = Command::new("semodule");
    command.args(["-n", "-s", "targeted", "-p"]).arg(&m.root).args(words);
    machine::done(&mut command).ok().out
}

fn rules(m: &Machine, words: &[&str]) -> String {
    let file = fs::read_dir(m.root.join(POLICY)).unwrap().next().unwrap().unwrap().path();
    machine::done(Command::new("sesearch").args(words).arg(file)).ok().out
}

/// The tree without semodule's own counter of its runs, and the times of what it makes anew.
fn tree(m: &Machine) -> BTreeMap<String, String> {
    let mut tree = m.tree();
    tree.remove(&format!("{STORE}/active/commit_num"));
    for (path, text) in &mut tree {
        if path.starts_with("etc/selinux") || path.starts_with(STORE) {
            let mut words = text.splitn(4, ' ').map(str::to_owned).collect::<Vec<_>>();
            if words.len() == 4 {
                words.remove(2);
            }
            *text = words.join(" ");
        }
    }
    tree
}

#[test]
#[ignore = "needs semodule, sesearch"]
fn the_module_comes_and_goes() {
    let m = with_policy();
    let before = tree(&m);
    m.run("apply", &[]).ok().says("host: selinux-policy: applied");
    assert!(semodule(&m, &["-l"]).lines().any(|line| line == "onegpu-hook"));
    let transition = "type_transition virtqemud_t virt_hook_t:process virt_hook_unconfined_t;";
    assert_eq!(rules(&m, &["--type_trans", "-s", "virtqemud_t"]).trim(), transition);
    let allowed = rules(&m, &["-A", "-s", "virtqemud_t", "-t", "virt_hook_t", "-c", "file"]);
    assert_eq!(allowed.trim(), "allow virtqemud_t virt_hook_t:file { execute getattr map open read };");
    let labels = m.read("etc/selinux/targeted/contexts/files/file_contexts");
    assert!(labels.contains("/usr/bin/onegpu-hook\t--\tsystem_u:object_r:virt_hook_t:s0\n"), "{labels}");
    m.run("apply", &[]).ok().says("host: selinux-policy: already applied");
    m.run("status", &[]).ok().says("host: selinux-policy: applied");

    semodule(&m, &["-r", "onegpu-hook"]);
    m.run("status", &[]).no("is no longer loaded");
    m.run("apply", &[]).ok().says("host: selinux-policy: applied");

    // An upgrade brings another module: a guest with PipeWire came along.
    m.install("fedora", &machine::guest("one", "one.qcow2"), |text| text);
    keep_only_the_policy(&m);
    m.run("status", &[]).no("was applied with another module");
    m.run("apply", &[]).ok().says("host: selinux-policy: applied");
    let sound = rules(&m, &["-A", "-s", "svirt_t", "-c", "sock_file"]);
    assert_eq!(sound.trim(), "allow svirt_t user_tmp_t:sock_file { append getattr open write };");
    m.run("revert", &[]).ok();
    assert_same(&before, &tree(&m), "revert");
}

#[test]
#[ignore = "needs semodule, sesearch"]
fn a_policy_without_the_types_keeps_its_rules() {
    let m = with_policy();
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/selinux/base.cil")).unwrap();
    m.write("tmp/base.cil", &text.replace("virtqemud_t", "qemu_driver_t"));
    semodule(&m, &["-X", "100", "-i", m.root.join("tmp/base.cil").to_str().unwrap()]);
    let before = tree(&m);
    m.run("apply", &[]).ok();
    assert_eq!(rules(&m, &["-A", "-t", "virt_hook_t"]), "");
    assert_eq!(rules(&m, &["--type_trans"]), "");
    m.run("revert", &[]).ok();
    assert_same(&before, &tree(&m), "revert");
}

#[test]
#[ignore = "needs semodule, sesearch"]
fn a_module_that_is_refused_changes_nothing() {
    let m = with_policy();
    m.write("usr/share/onegpu/selinux/onegpu-hook.cil", "(allow nobody_t nothing_t (file (read)))\n");
    // What semodule leaves in its own workshop goes with its next run.
    let tree = || {
        let mut tree = tree(&m);
        tree.retain(|path, _| {
            !path.starts_with("var/lib/selinux/targeted/tmp") && !path.starts_with("var/lib/selinux/final")
        });
        tree
    };
    let before = tree();
    m.run("apply", &[]).no("Failed to resolve");
    assert_same(&before, &tree(), "a failed apply");
}

#[test]
fn without_a_policy_there_is_nothing_to_do_until_there_is_one() {
    let m = fedora();
    let before = m.tree();
    m.run("apply", &[]).ok().says("host: selinux-policy: applied");
    m.run("status", &[]).ok();
    m.write("etc/selinux/config", "SELINUXTYPE=targeted\n");
    m.write("var/lib/selinux/targeted/active/x", "");
    m.run("status", &[]).no("SELinux has been installed since");
    fs::remove_dir_all(m.root.join("var/lib/selinux")).unwrap();
    fs::remove_dir_all(m.root.join("etc/selinux")).unwrap();
    m.run("revert", &[]).ok();
    assert_same(&before, &m.tree(), "revert");
}
