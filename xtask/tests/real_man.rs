//! The manual pages and completions before those who read them.

#![allow(clippy::unwrap_used, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn run(program: &str, words: &[&str]) -> Output {
    Command::new("timeout").args(["60", program]).args(words).output().unwrap()
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&out.stdout).into_owned() + &String::from_utf8_lossy(&out.stderr)
}

/// An installation below a folder, and its `usr/share`.
fn installed() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().to_str().unwrap().to_owned();
    let xtask = env!("CARGO_BIN_EXE_xtask");
    let out = run(xtask, &["install", "--destdir", &root, "--prefix", "/usr", "--binary", xtask]);
    assert!(out.status.success(), "{}", said(&out));
    let share = dir.path().join("usr/share");
    (dir, share)
}

/// The pages in all sections.
fn pages(share: &Path) -> Vec<PathBuf> {
    let sections = ["man1", "man5"].map(|section| share.join("man").join(section));
    let pages: Vec<PathBuf> = sections
        .iter()
        .flat_map(|section| fs::read_dir(section).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(pages.len() >= 11, "{pages:?}");
    pages
}

#[test]
#[ignore = "needs mandoc"]
fn mandoc_has_nothing_to_complain_of() {
    let (_dir, share) = installed();
    let mut all = pages(&share);
    all.push(Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates/package/man/onegpu-hook.8"));
    for page in all {
        // The hook's page has no date: it goes into packages that have none either.
        let hook = page.ends_with("onegpu-hook.8");
        let out = run("mandoc", &["-T", "lint", page.to_str().unwrap()]);
        let text = said(&out);
        let lines: Vec<&str> = text.lines().filter(|line| !hook || !line.contains("missing date")).collect();
        assert!(lines.is_empty(), "{lines:#?}");
    }
}

#[test]
#[ignore = "needs lexgrog, man"]
fn man_finds_every_page_and_lexgrog_its_name() {
    let (_dir, share) = installed();
    let folder = share.join("man");
    for page in pages(&share) {
        let name = page.file_stem().unwrap().to_str().unwrap();
        let section = page.extension().unwrap().to_str().unwrap();
        let out = run("man", &["-M", folder.to_str().unwrap(), "-w", section, name]);
        assert_eq!(said(&out).trim_end(), page.to_str().unwrap());
        let out = run("lexgrog", &[page.to_str().unwrap()]);
        assert!(out.status.success(), "{}", said(&out));
        assert!(said(&out).contains(&format!(": \"{name} - ")), "{}", said(&out));
        // groff's own warnings, as lintian has them shown.
        let mut man = Command::new("man");
        man.env("MANROFFSEQ", "").env("MANWIDTH", "80").args([
            "--warnings",
            "-E",
            "UTF-8",
            "-l",
            "-Tutf8",
            "-Z",
        ]);
        let out = man.arg(&page).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&out.stderr), "", "{name}");
        assert!(out.status.success(), "{name}");
    }
}

#[test]
#[ignore = "needs bash, zsh, fish"]
fn the_shells_take_the_completions() {
    let (_dir, share) = installed();
    let words = |shell: &str, words: &[&str]| {
        let out = run(shell, words);
        assert!(out.status.success(), "{shell}: {}", said(&out));
        assert_eq!(String::from_utf8_lossy(&out.stderr), "", "{shell}");
        said(&out)
    };
    let file = |name: &str| share.join(name).to_str().unwrap().to_owned();
    let bash = file("bash-completion/completions/onegpu");
    let script = "source \"$1\"; COMP_WORDS=(onegpu re); COMP_CWORD=1; _onegpu onegpu re onegpu; echo \"${COMPREPLY[@]}\"";
    assert_eq!(words("bash", &["--norc", "-c", script, "bash", &bash]).trim_end(), "render");
    let zsh = file("zsh/site-functions");
    let script = "fpath=($1 $fpath); autoload -Uz compinit; compinit -u -D; print -r -- $_comps[onegpu]; \
                  autoload +X _onegpu";
    assert!(words("zsh", &["-f", "-c", script, "zsh", &zsh]).starts_with("_onegpu"));
    let fish = file("fish/vendor_completions.d/onegpu.fish");
    let script = "source $argv[1]; complete -C 'onegpu re'";
    assert!(words("fish", &["--no-config", "-c", script, &fish]).starts_with("render\t"));
}
