//! `onegpu explain` knows everything that any plan installs or does, and says the plan's own words.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::process::{Command, Output, Stdio};

use onegpu::check;
use onegpu::data::DataDirs;
use onegpu::explain::{self, Found, Kind};
use onegpu::failure;
use onegpu::plan::Content;
use onegpu::profile::keys;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onegpu")).arg("explain").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn every_file_and_step_of_every_cell_is_explained() {
    let (mut files, mut steps) = (BTreeMap::new(), BTreeSet::new());
    for cell in support::cells::all(&DataDirs::embedded()).unwrap() {
        for package in cell.plan().unwrap().packages {
            for artifact in package.artifacts {
                let step = matches!(artifact.content, Content::Step(_));
                files.insert(artifact.path, (step, artifact.guide));
            }
            steps.extend(package.steps.iter().map(|step| (step.id, step.undo)));
        }
    }
    assert!(files.len() > 60 && steps.len() > 8, "{} files, {} steps", files.len(), steps.len());
    let topics = explain::all(&DataDirs::embedded(), None).unwrap();
    let only = |what: &str| match explain::find(&topics, what) {
        Found::Topics(found) if found.len() == 1 => found[0],
        found => panic!("{what}: {found:?}"),
    };
    for (path, (step, guide)) in files {
        let topic = only(&path);
        assert_eq!(topic.kind, if step { Kind::Step } else { Kind::File }, "{path}");
        assert!(step || topic.texts.iter().any(|(_, text)| text == guide), "{path}: {topic:?}");
    }
    for (id, undo) in steps {
        let topic = only(&format!("step:{id}"));
        assert!(topic.texts.contains(&("Undone", undo.to_owned())), "{id}: {topic:?}");
    }
}

#[test]
fn every_topic_is_found_by_its_name_and_fits_a_terminal() {
    let topics = explain::all(&DataDirs::embedded(), None).unwrap();
    assert_eq!(topics.iter().filter(|topic| topic.kind == Kind::Key).count(), keys::all().len());
    assert_eq!(topics.iter().filter(|topic| topic.kind == Kind::Check).count(), check::ALL.len());
    assert_eq!(topics.iter().filter(|topic| topic.kind == Kind::Failure).count(), failure::all().len());
    for check in check::ALL {
        let unknown = check.failures.iter().find(|id| failure::find(id).is_none());
        assert_eq!(unknown, None, "{}: there is no such failure", check.id);
    }
    for topic in &topics {
        let name = format!("{}:{}", topic.kind.word(), topic.name);
        assert_eq!(explain::find(&topics, &name), Found::Topics(vec![topic]), "{name}");
        let text = explain::render(topic);
        assert!(
            text.lines()
                .all(|line| (line.chars().count() <= 80 || line.contains("  https://"))
                    && !line.ends_with(' ')),
            "{text}"
        );
        assert!(text.contains(&topic.name) && text.lines().count() > 3, "{text}");
    }
    let list = explain::list(&topics);
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    assert!(list.lines().count() >= topics.len());
}

#[test]
fn a_profile_of_ones_own_is_taken_at_its_word() {
    let dir = tempfile::tempdir().unwrap();
    let profile = dir.path().join("win.toml");
    std::fs::write(
        &profile,
        "[host]\ndistro = 'debian'\ncpu = 'amd'\n[gpu]\naddress = '0000:0b:00.0'\ndriver = 'amdgpu'\n[[guest]]\nname = 'games'\n",
    )
    .unwrap();
    let profile = profile.to_str().unwrap();
    let found = run(&["start.sh", "--profile", profile]);
    assert_eq!(found.status.code(), Some(0));
    let found = text(&found.stdout);
    assert!(found.starts_with("/etc/libvirt/hooks/qemu.d/games/prepare/begin/start.sh (file)\n"), "{found}");
    assert!(found.contains("gpu.driver is amdgpu,") && !found.contains("example"), "{found}");
    // This profile has no sound to keep running.
    assert_eq!(run(&["step:linger", "--profile", profile]).status.code(), Some(2));
    assert_eq!(run(&["step:linger"]).status.code(), Some(0));
    assert_eq!(run(&["start.sh", "--profile", "/no/such/file"]).status.code(), Some(2));
}

#[test]
fn a_miss_is_wrong_use_and_says_what_is_near() {
    for (what, near) in [
        ("modul-in-use", "did you mean `module-in-use`"),
        ("guest.dsk", "did you mean `guest.disk`"),
        ("startsh", "start.sh`"),
        ("\u{1b}[2Jzzzz\n", "`onegpu explain` lists everything"),
    ] {
        let output = run(&[what]);
        let error = text(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{what}: {error}");
        assert!(error.contains(near) && !error.contains('\u{1b}'), "{error}");
    }
}

#[test]
fn who_reads_one_line_of_the_list_is_not_shouted_at() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_onegpu"))
        .arg("explain")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 5]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}
