//! `onegpu diff` on machines made of folders: `diff/README.md` explains them.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use md5::Md5;
use sha2::{Digest, Sha256};
use support::machine::Machine;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff")
}

fn onegpu(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onegpu")).args(arguments).output().unwrap()
}

fn diff(profile: &str, root: &Path, more: &[&str]) -> Output {
    onegpu(&[&["diff", profile, "--root", root.to_str().unwrap()], more].concat())
}

/// A machine of a case, after all that is done to it.
struct Case {
    machine: Machine,
    profile: String,
    stat: bool,
    temp: tempfile::TempDir,
}

impl Case {
    fn new(folder: &Path) -> Self {
        let own = folder.join("profile.toml");
        let profile = if own.exists() { own } else { self::folder().join("profile.toml") };
        let description = fs::read_to_string(folder.join("machine.txt")).unwrap();
        let mut case = Self {
            machine: Machine::new(&description),
            profile: profile.to_str().unwrap().to_owned(),
            stat: false,
            temp: tempfile::tempdir().unwrap(),
        };
        for line in fs::read_to_string(folder.join("made")).unwrap_or_default().lines() {
            case.make(line);
        }
        case
    }

    fn make(&mut self, line: &str) {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        let file = |path: &str| self.machine.at(path.trim_start_matches('/'));
        let change = |path: &str, with: &dyn Fn(String) -> String| {
            let path = file(path);
            fs::write(&path, with(fs::read_to_string(&path).unwrap())).unwrap();
        };
        match words.as_slice() {
            ["rendered"] => self.render(&fs::read_to_string(&self.profile).unwrap()),
            ["rendered", word, new] => {
                self.render(&fs::read_to_string(&self.profile).unwrap().replace(word, new))
            }
            ["dpkg" | "pacman" | "portage"] => self.installed(words[0]),
            ["records"] => self.records(),
            ["defined"] => self.defined(),
            ["append", path, rest @ ..] => change(path, &|text| format!("{text}{}\n", rest.join(" "))),
            ["replace", path, old, new] => change(path, &|text| {
                assert!(text.contains(old), "{line}");
                text.replace(old, new)
            }),
            ["remove", path] => fs::remove_file(file(path)).unwrap(),
            ["mode", mode, path] => {
                let mode = u32::from_str_radix(mode, 8).unwrap();
                fs::set_permissions(file(path), fs::Permissions::from_mode(mode)).unwrap();
            }
            ["stat"] => self.stat = true,
            _ => panic!("{line}: tests/diff/README.md has no such line"),
        }
    }

    fn render(&self, profile: &str) {
        let (file, out) = (self.temp.path().join("profile.toml"), self.temp.path().join("out"));
        fs::write(&file, profile).unwrap();
        let done = onegpu(&["render", file.to_str().unwrap(), "-o", out.to_str().unwrap()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let copied =
            Command::new("cp").arg("-a").arg(out.join("root/.")).arg(self.machine.root()).status().unwrap();
        assert!(copied.success());
    }

    /// Paths from `/` of what was rendered, and their content; a link's is its target.
    fn files(&self) -> Vec<(String, Vec<u8>, bool)> {
        fn walk(folder: &Path, base: &Path, out: &mut Vec<(String, Vec<u8>, bool)>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = format!("/{}", path.strip_prefix(base).unwrap().to_str().unwrap());
                if path.is_symlink() {
                    let target = fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes();
                    out.push((name, target, true));
                } else if path.is_dir() {
                    walk(&path, base, out);
                } else {
                    out.push((name, fs::read(&path).unwrap(), false));
                }
            }
        }
        let (mut out, root) = (Vec::new(), self.temp.path().join("out/root"));
        walk(&root, &root, &mut out);
        out.sort();
        out
    }

    fn installed(&self, manager: &str) {
        let hex = |bytes: &[u8]| {
            bytes.iter().fold(String::new(), |mut out, byte| {
                write!(out, "{byte:02x}").unwrap();
                out
            })
        };
        for package in ["onegpu-host", "onegpu-guest-win11"] {
            let of_guest = |path: &str| path.contains("/win11/");
            let files = self.files();
            let files = files.iter().filter(|(path, ..)| of_guest(path) == (package != "onegpu-host"));
            let (mut list, mut sums, mut conffiles) =
                (String::from("/.\n/etc\n/usr\n"), String::new(), String::new());
            let (mut mtree, mut contents) =
                (String::from("#mtree\n/set type=file\n./usr type=dir\n"), String::new());
            for (path, bytes, link) in files {
                let (md5, sha) = (hex(&Md5::digest(bytes)), hex(&Sha256::digest(bytes)));
                writeln!(list, "{path}").unwrap();
                match (link, path.starts_with("/etc/")) {
                    (true, _) => {}
                    (false, true) => writeln!(conffiles, " {path} {md5}").unwrap(),
                    (false, false) => writeln!(sums, "{md5}  {}", &path[1..]).unwrap(),
                }
                let (kind, end) = (if *link { "type=link" } else { "" }, format!("sha256digest={sha}"));
                writeln!(mtree, ".{path} time=0.0 {kind} {}", if *link { "link=x" } else { &end }).unwrap();
                match link {
                    true => writeln!(contents, "sym {path} -> {} 1", String::from_utf8_lossy(bytes)).unwrap(),
                    false => writeln!(contents, "obj {path} {md5} 1").unwrap(),
                }
            }
            match manager {
                "dpkg" => {
                    self.machine.file(&format!("var/lib/dpkg/info/{package}.list"), list);
                    self.machine.file(&format!("var/lib/dpkg/info/{package}.md5sums"), sums);
                    let status = self.machine.at("var/lib/dpkg/status");
                    fs::create_dir_all(status.parent().unwrap()).unwrap();
                    let about = format!(
                        "Package: {package}\nStatus: install ok installed\nConffiles:\n{conffiles}\n"
                    );
                    let mut file = fs::OpenOptions::new().create(true).append(true).open(status).unwrap();
                    file.write_all(about.as_bytes()).unwrap();
                }
                "pacman" => {
                    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                    packed.write_all(mtree.as_bytes()).unwrap();
                    let path = format!("var/lib/pacman/local/{package}-0.1.0-1/mtree");
                    self.machine.file(&path, packed.finish().unwrap());
                }
                _ => {
                    self.machine.file(&format!("var/db/pkg/app-emulation/{package}-0.1.0/CONTENTS"), contents)
                }
            }
        }
    }

    fn records(&self) {
        for (path, bytes, _) in self.files() {
            let Some((_, step)) = path.split_once("/steps/") else { continue };
            let (scope, name) = step.rsplit_once('/').unwrap();
            let folder = format!("var/lib/onegpu/{scope}/{}", &name[3..]);
            self.machine.file(&format!("{folder}/step"), bytes);
            self.machine.file(&format!("{folder}/done"), "\n");
            if name.ends_with("-domain") {
                let domains = self.files().into_iter().filter(|(path, ..)| path.ends_with(".xml"));
                for (path, bytes, _) in domains {
                    self.machine.file(&format!("{folder}/{}", path.rsplit('/').next().unwrap()), bytes);
                }
            }
        }
    }

    /// As libvirt writes a domain down: sorted otherwise, in other units, with more in it.
    fn defined(&self) {
        for (path, bytes, _) in self.files() {
            let Some(name) = path.strip_suffix(".xml").and_then(|path| path.rsplit('/').next()) else {
                continue;
            };
            let text = String::from_utf8(bytes).unwrap();
            let text = text
                .replace("unit='MiB'>16384<", "unit='KiB'>16777216<")
                .replace("machine='q35'", "machine='pc-q35-10.0'")
                .replace("<devices>", "<devices>\n    <emulator>/usr/bin/qemu-system-x86_64</emulator>\n    <input bus='ps2' type='mouse'/>")
                .replace("mode='subsystem' type='pci' managed='yes'", "managed='yes' mode='subsystem' type='pci'");
            self.machine
                .file(&format!("etc/libvirt/qemu/{name}.xml"), format!("<!-- libvirt's own -->\n{text}"));
        }
    }

    fn run(&self, more: &[&str]) -> String {
        let stat: &[&str] = if self.stat { &["--stat"] } else { &[] };
        let done = diff(&self.profile, self.machine.root(), &[stat, more].concat());
        let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
        format!("{out}{err}exit {}\n", done.status.code().unwrap())
    }
}

#[test]
fn every_machine_differs_as_recorded() {
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.is_dir());
    cases.sort();
    assert!(cases.len() > 8, "{cases:?}");
    let mut report = String::new();
    for folder in cases {
        let case = Case::new(&folder);
        let found = case.run(&[]);
        let path = folder.join("expected");
        if std::env::var_os("ONEGPU_REGENERATE").is_some() {
            fs::write(&path, &found).unwrap();
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if found != expected {
            let diff = similar::TextDiff::from_lines(expected.as_str(), found.as_str());
            let name = folder.file_name().unwrap().to_str().unwrap();
            write!(report, "{}", diff.unified_diff().header(name, "found")).unwrap();
        }
        // Nothing of the terminal's when there is none, and nothing that a file brought along.
        assert!(!found.contains('\u{1b}'), "{}", folder.display());
    }
    assert!(report.is_empty(), "\n{report}");
}

#[test]
fn what_it_prints_can_be_applied_by_git() {
    let case = Case::new(&folder().join("edited"));
    let dir = tempfile::tempdir().unwrap();
    let copied =
        Command::new("cp").arg("-a").arg(case.machine.root().join(".")).arg(dir.path()).status().unwrap();
    assert!(copied.success());
    let patch = dir.path().join("patch");
    fs::write(&patch, diff(&case.profile, case.machine.root(), &[]).stdout).unwrap();
    let done = Command::new("git")
        .args(["apply", "--unsafe-paths", "patch"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    fs::remove_file(patch).unwrap();
    let after = String::from_utf8(diff(&case.profile, dir.path(), &["--stat"]).stdout).unwrap();
    assert!(!after.contains("start.sh") && !after.contains("onegpu-hook"), "{after}");
}

#[test]
fn a_fifo_a_device_and_a_loop_of_links_hold_nobody_up() {
    let case = Case::new(&folder().join("copied"));
    let hooks = case.machine.at("etc/libvirt/hooks/qemu.d");
    let start = hooks.join("win11/prepare/begin/start.sh");
    fs::remove_file(&start).unwrap();
    assert!(Command::new("mkfifo").arg(&start).status().unwrap().success());
    fs::remove_file(hooks.join("50-onegpu")).unwrap();
    std::os::unix::fs::symlink("50-onegpu", hooks.join("50-onegpu")).unwrap();
    let program = case.machine.at("usr/bin/onegpu-hook");
    fs::remove_file(&program).unwrap();
    fs::create_dir(&program).unwrap();
    let found = case.run(&["--stat"]);
    for line in [
        " foreign             /etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh",
        " foreign             /usr/bin/onegpu-hook",
        " changed      +1 -1  /etc/libvirt/hooks/qemu.d/50-onegpu",
    ] {
        assert!(found.contains(line), "{found}");
    }
}

#[test]
fn bad_input_is_told_from_a_difference() {
    let profile = folder().join("profile.toml");
    let profile = profile.to_str().unwrap();
    let root = tempfile::tempdir().unwrap();
    let missing = root.path().join("nowhere");
    for (arguments, what) in [
        (vec!["diff", "nothing.toml"], "nothing.toml"),
        (vec!["diff", profile, "--root", missing.to_str().unwrap()], "--root names the folder"),
        (vec!["diff", profile, "--distro", "debain"], "did you mean `debian`?"),
    ] {
        let done = onegpu(&arguments);
        assert_eq!(done.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&done.stderr).contains(what), "{done:?}");
        assert!(done.stdout.is_empty());
    }
}
