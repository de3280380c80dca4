//! The README's journey, run as it is written: every command of its blocks, in order, in one folder, on a
//! PC made of files; what it prints is what the README shows. `ONEGPU_REGENERATE=1` writes the outputs anew.
//!
//! The PC is a folder, so `onegpu` is called through a script that names it where the README names none; and
//! nothing asks for a password. What a page cannot show stands above a block as a comment: why nobody runs
//! it, or that `real_readme.rs` does in a root.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

#[path = "support/machine.rs"]
mod machine;
#[path = "readme/blocks.rs"]
mod readme;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use machine::Machine;
use readme::{Block, blocks};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// Debian on a PC with one NVIDIA card, as it is before anybody has thought of a guest: the IOMMU is off.
fn pc() -> Machine {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let good = fs::read_to_string(tests.join("check/good.txt")).unwrap();
    let mut text = String::new();
    for line in good.lines() {
        let group = line.strip_prefix("Group ").is_some();
        writeln!(text, "{}", if group { "Group -" } else { line }).unwrap();
    }
    let machine = Machine::new(&text.replace(" intel_iommu=on iommu=pt", ""));
    let _ = fs::remove_dir_all(machine.at("sys/kernel/iommu_groups"));
    let _ = fs::remove_dir_all(machine.at("sys/class/iommu"));
    for unit in ["libvirtd.service", "libvirtd.socket"] {
        machine.file(&format!("usr/lib/systemd/system/{unit}"), "[Install]\nWantedBy=multi-user.target\n");
    }
    // And a handover that went wrong, for the end of the story.
    let log = fs::read(tests.join("log/module-in-use/var/log/onegpu/win11.log")).unwrap();
    machine.file("var/log/onegpu/win11.log", log);
    machine
}

/// A person's folder on that PC.
struct Desk {
    folder: tempfile::TempDir,
    _pc: Machine,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), _pc: pc() };
        let program = env!("CARGO_BIN_EXE_onegpu");
        let root = desk._pc.root().display();
        desk.program(
            "onegpu",
            &format!(
                "case $1 in\n    detect | init | check | groups | diff | log)\n        command=$1\n        shift\n        \
                 exec {program} \"$command\" --root '{root}' \"$@\" ;;\n    *) exec {program} \"$@\" ;;\nesac\n"
            ),
        );
        desk.program("sudo", "exec \"$@\"\n");
        fs::create_dir(desk.folder.path().join("work")).unwrap();
        desk
    }

    fn program(&self, name: &str, script: &str) {
        let bin = self.folder.path().join("bin");
        fs::create_dir_all(&bin).unwrap();
        fs::write(bin.join(name), format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn run(&self, command: &str) -> Output {
        let path = format!("{}:{}", self.folder.path().join("bin").display(), std::env::var("PATH").unwrap());
        Command::new("timeout")
            .args(["60", "sh", "-c", command])
            .env("PATH", path)
            .env_remove("SOURCE_DATE_EPOCH")
            .current_dir(self.work())
            .output()
            .unwrap()
    }

    /// What a terminal would show, and whether the command did what it should.
    fn shown(&self, command: &str) -> String {
        let done = self.run(&format!("{{ {command}; }} 2>&1 </dev/null"));
        let out = String::from_utf8(done.stdout).unwrap();
        let status = done.status.code().unwrap();
        // 1 is an answer; what was used wrongly, or is not there at all, is a mistake of the README's.
        assert!(status < 2, "{command}: exit status {status}\n{out}");
        out
    }
}

/// The folder after every block that can be run, and the README as it should be.
fn journey(readme: &str) -> (Desk, String) {
    let desk = Desk::new();
    let mut lines: Vec<String> = Vec::new();
    let old: Vec<&str> = readme.lines().collect();
    let mut at = 0;
    for block in blocks(readme) {
        lines.extend(old[at..=block.line].iter().map(|line| (*line).to_owned()));
        at = block.line + 1 + block.lines.len();
        for line in run(&desk, &block) {
            lines.push(if line.is_empty() { line } else { format!("{:w$}{line}", "", w = block.indent) });
        }
    }
    lines.extend(old[at..].iter().map(|line| (*line).to_owned()));
    (desk, lines.join("\n") + "\n")
}

/// The lines that the block should have.
fn run(desk: &Desk, block: &Block) -> Vec<String> {
    match (block.language.as_str(), &block.not_run, block.in_a_root) {
        ("sh" | "console", Some(why), _) => {
            assert!(why.len() > 20, "{block:?}: why?");
            block.lines.clone()
        }
        ("sh", None, true) => block.lines.clone(),
        ("sh", None, false) => {
            block.steps().iter().for_each(|step| drop(desk.shown(&step.command)));
            block.lines.clone()
        }
        ("console", None, false) => {
            let mut out = Vec::new();
            for step in block.steps() {
                out.push(format!("$ {}", step.command));
                out.extend(desk.shown(&step.command).lines().map(str::to_owned));
            }
            out
        }
        // A file that an earlier command wrote, without its comments.
        ("toml", None, false) => {
            let name = block.lines[0].strip_prefix("# ").unwrap();
            let written =
                fs::read_to_string(desk.work().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            let says = |text: &str| text.parse::<toml::Table>().unwrap();
            assert_eq!(says(&block.lines.join("\n")), says(&written), "{name} says something else");
            block.lines.clone()
        }
        _ => panic!("nobody knows what to do with this block: {block:?}"),
    }
}

#[test]
fn the_journey_is_as_the_readme_shows_it() {
    let readme = fs::read_to_string(path()).unwrap();
    let (desk, found) = journey(&readme);
    if std::env::var_os("ONEGPU_REGENERATE").is_some() {
        fs::write(path(), &found).unwrap();
    } else {
        let diff = similar::TextDiff::from_lines(&readme, &found);
        assert_eq!(found, readme, "\n{}", diff.unified_diff().header("README.md", "found"));
    }
    // Something came of it.
    for made in ["win.toml", "review/review.html", "review/README.md", "review/packages.txt"] {
        assert!(desk.work().join(made).is_file(), "{made}");
    }
    let blocks = blocks(&found);
    let count = |language: &str| blocks.iter().filter(|block| block.language == language).count();
    assert!(count("console") >= 6 && count("text") == 0, "an output without its command");
    let commands: String = blocks.iter().flat_map(Block::steps).map(|step| step.command + "\n").collect();
    for word in ["init", "check", "groups", "render", "diff", "package", "explain", "log"] {
        assert!(commands.contains(&format!("onegpu {word}")), "the journey has no `onegpu {word}`");
    }
}

#[test]
fn the_commands_in_the_text_are_commands_too() {
    let readme = fs::read_to_string(path()).unwrap();
    let (desk, _) = journey(&readme);
    let text: String = readme.split("```").step_by(2).collect();
    let commands: Vec<&str> =
        text.split('`').skip(1).step_by(2).filter(|code| code.contains("onegpu ")).collect();
    assert!(commands.len() > 8, "{commands:?}");
    for command in commands {
        // A word in capitals stands for another.
        if command.split(' ').any(|word| word.len() > 2 && word.bytes().all(|b| b.is_ascii_uppercase())) {
            continue;
        }
        let command = command.replace("journalctl -b |", "echo |").replace('\n', " ");
        let command = command.replace("init -o win.toml", "init --yes --force --guest win11 -o again.toml");
        desk.shown(&command);
    }
}

#[test]
fn an_output_that_is_not_the_real_one_is_found() {
    let text = "<!-- not run: it would take a card that nobody has -->\n```sh\nfalse\n```\n1. x\n\n   ```console\n   $ echo a; echo b\n   a\n   c\n   ```\n";
    let (_, found) = journey(text);
    assert_eq!(found, text.replace("   c\n", "   b\n"));
    let blocks = blocks(text);
    assert_eq!(blocks[0].not_run.as_deref(), Some("it would take a card that nobody has"));
    assert!(std::panic::catch_unwind(|| journey("```sh\nonegpu chekc\n```\n")).is_err());
    assert!(std::panic::catch_unwind(|| journey("```text\nwritten by hand\n```\n")).is_err());
}
