//! The review: nothing is left out of it, every cause is a fact of the profile, and
//! nothing that a profile or a machine says becomes more than text in it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::plan::{Fact, Plan};
use onegpu::profile;
use onegpu::render;
use onegpu::review;
use onegpu::setup::Setup;
use roxmltree::{Document, Node};

/// What a profile's text says of each key, by a reader of its own.
fn said(text: &str) -> BTreeMap<String, String> {
    fn word(value: &toml::Value) -> String {
        match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Array(all) => all.iter().map(word).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        }
    }
    fn walk(key: &str, value: &toml::Value, out: &mut BTreeMap<String, String>) {
        match value {
            toml::Value::Table(table) if key == "host.user" => {
                out.insert(key.to_owned(), word(&table["name"]));
            }
            toml::Value::Table(table) => {
                for (below, value) in table {
                    walk(&format!("{key}.{below}"), value, out);
                }
            }
            value => {
                out.insert(key.to_owned(), word(value));
            }
        }
    }
    let table: toml::Table = text.parse().unwrap();
    let mut out = BTreeMap::new();
    let mut names = Vec::new();
    for (key, value) in &table {
        match (key.as_str(), value) {
            ("guest", toml::Value::Array(guests)) => {
                for guest in guests {
                    let name = guest["name"].as_str().unwrap();
                    names.push(name);
                    walk(&format!("guest {name}"), guest, &mut out);
                }
            }
            (key, value) => walk(key, value, &mut out),
        }
    }
    out.insert("guest.name".into(), names.join(" "));
    out
}

/// Whether a fact is what the profile says, or is marked as not from there.
fn holds(fact: &Fact, guest: Option<&str>, said: &BTreeMap<String, String>) -> bool {
    let rest = fact.key.strip_prefix("guest");
    let found = match (rest, guest) {
        (Some(rest), Some(guest)) => said.get(&format!("guest {guest}{rest}")),
        _ => said.get(fact.key),
    };
    match found {
        None => fact.assumed,
        Some(found) => !fact.assumed && fact.value == *found,
    }
}

#[test]
fn every_file_and_step_of_every_cell_has_its_reason_its_facts_and_its_undoing() {
    let mut seen = BTreeSet::new();
    for rendered in support::matrix().iter().chain(&support::of_own_files()) {
        let cell = &rendered.cell;
        let plan = cell.plan().unwrap();
        let said = said(&cell.profile());
        let format = plan.setup.distro.package.format;
        for package in &plan.packages {
            let guest = package.guest.as_ref().map(|guest| guest.name.as_str());
            let files = package
                .artifacts
                .iter()
                .map(|file| (file.path.clone(), &file.reason, &file.because, file.guide, file.undo(format)));
            let steps = package.steps.iter().map(|step| {
                (format!("step {}", step.id), &step.reason, &step.because, step.guide, step.undo)
            });
            for (name, reason, because, guide, undo) in files.chain(steps) {
                for (what, text) in [("reason", reason.as_str()), ("guide", guide), ("undo", undo)] {
                    assert!(text.len() > 4 && text.trim() == text, "{cell}: {name}: {what} is {text:?}");
                }
                assert!(reason.ends_with('.') && undo.ends_with('.'), "{cell}: {name}: {reason} {undo}");
                assert!(!because.facts.is_empty(), "{cell}: {name}: nothing of this machine calls for it");
                for fact in &because.facts {
                    assert!(holds(fact, guest, &said), "{cell}: {name}: {fact:?} is not in the profile");
                    assert!(because.text.contains(&fact.value), "{cell}: {name}: {}", because.text);
                    seen.insert((fact.key, fact.assumed));
                }
            }
        }
    }
    // The check has seen both kinds.
    assert!(seen.contains(&("host.init", false)), "{seen:?}");
    assert!(seen.contains(&("package.apply", true)), "{seen:?}");
    assert!(seen.contains(&("guest.audio", true)), "{seen:?}");
}

#[test]
fn a_fact_that_the_profile_does_not_say_is_caught() {
    let said = said("[host]\ninit = \"runit\"\n[[guest]]\nname = \"a\"\ndisk = { size = \"2 GiB\" }\n");
    let fact = |key, value: &str, assumed| Fact { key, value: value.into(), assumed };
    assert!(holds(&fact("host.init", "runit", false), None, &said));
    assert!(!holds(&fact("host.init", "systemd", false), None, &said));
    assert!(!holds(&fact("host.cpu", "amd", false), None, &said));
    assert!(holds(&fact("host.cpu", "amd", true), None, &said));
    assert!(holds(&fact("guest.disk.size", "2 GiB", false), Some("a"), &said));
    assert!(!holds(&fact("guest.disk.size", "2 GiB", false), Some("b"), &said));
}

#[test]
fn what_the_profile_leaves_out_is_marked_as_assumed() {
    let plan = plan(
        "debian",
        "[host]\ncpu = \"amd\"\n[gpu]\naddress = \"0000:01:00.0\"\ndriver = \"xe\"\n[[guest]]\nname = \"a\"\n",
    );
    let step = &plan.packages[0].steps[0];
    assert_eq!(
        step.because.text,
        "host.init is systemd (assumed: the profile does not say), host.distro is debian (assumed: the profile does not say)"
    );
    assert!(step.because.facts.iter().all(|fact| fact.assumed));
}

fn plan(distro: &str, text: &str) -> Plan {
    let profile = profile::parse("profile.toml", text).unwrap();
    Plan::new(Setup::new(&profile, Distro::load(&DataDirs::embedded(), distro).unwrap()).unwrap())
}

#[test]
fn every_file_and_step_stands_once_in_the_list_and_is_counted() {
    let data = DataDirs::embedded();
    for rendered in support::matrix().iter().step_by(23) {
        let plan = rendered.cell.plan().unwrap();
        let phases = review::phases(&plan);
        let entries: Vec<_> = phases.iter().flat_map(|phase| &phase.entries).collect();
        let numbers: Vec<usize> = entries.iter().map(|entry| entry.number).collect();
        assert_eq!(numbers, (1..=entries.len()).collect::<Vec<_>>());
        let listed: BTreeSet<&str> = entries.iter().map(|entry| entry.path.as_str()).collect();
        let planned: BTreeSet<&str> = plan
            .packages
            .iter()
            .flat_map(|package| &package.artifacts)
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!((listed, entries.len()), (planned.clone(), planned.len()), "{}", rendered.cell);
        let steps: Vec<&str> = entries.iter().filter_map(|entry| entry.step).collect();
        let in_order: Vec<&str> =
            plan.packages.iter().flat_map(|package| &package.steps).map(|step| step.id).collect();
        assert_eq!(steps, in_order, "{}", rendered.cell);
        let page = review::page(&data, &plan, &rendered.packages, None).unwrap();
        let tree = document(&page);
        let texts: BTreeSet<String> =
            tree.descendants().filter(|node| node.has_tag_name("pre")).map(text).collect();
        for (_, files) in &rendered.packages {
            for file in files {
                let text = String::from_utf8(file.bytes.clone()).unwrap();
                let link = file.kind == onegpu::plan::Kind::Link;
                assert!(link || texts.contains(&text), "{}: {}: not as it is", rendered.cell, file.path);
            }
        }
    }
}

/// A page's own files are well-formed; the doctype is HTML's.
fn document(page: &str) -> Document<'_> {
    let page = page.strip_prefix("<!DOCTYPE html>\n").expect("a page of HTML");
    Document::parse(page).unwrap_or_else(|error| panic!("{error}"))
}

fn text(node: Node<'_, '_>) -> String {
    node.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect()
}

/// What a page of ours must not have: scripts, forms, addresses outside of it, ids that are there twice.
fn offences(page: &str) -> Vec<String> {
    let tree = document(page);
    let mut out = Vec::new();
    let mut ids = BTreeSet::new();
    for node in tree.descendants().filter(Node::is_element) {
        let name = node.tag_name().name();
        if ["script", "iframe", "object", "embed", "form", "img", "base"].contains(&name) {
            out.push(format!("an element <{name}>"));
        }
        for attribute in node.attributes() {
            let (key, value) = (attribute.name(), attribute.value());
            let address = ["src", "href", "action", "srcset", "data", "poster"].contains(&key);
            if address && !value.starts_with('#') && value != "data:," {
                out.push(format!("an address: {key}={value}"));
            }
            if key.starts_with("on") || key == "style" {
                out.push(format!("an attribute {key}={value}"));
            }
            if key == "id" && !ids.insert(value) {
                out.push(format!("two of id {value}"));
            }
        }
    }
    for word in ["@import", "url("] {
        let styles = tree.descendants().filter(|node| node.has_tag_name("style"));
        out.extend(styles.filter(|style| text(*style).contains(word)).map(|_| format!("{word} in a style")));
    }
    for link in tree.descendants().filter_map(|node| node.attribute("href")?.strip_prefix('#')) {
        if !ids.contains(link) {
            out.push(format!("a link to #{link}, which is nowhere"));
        }
    }
    out
}

/// A profile whose values try to become markup, a script, a template, an end of a style.
const HOSTILE: &str = r##"
[host]
cpu = "amd"
user = { name = "mika", uid = 1000 }
display-manager = "sddm"
[gpu]
address = "0000:01:00.0"
driver = "nvidia"
rom = "/home/<script>alert(1)</script>\"'&amp;.rom"
[[guest]]
name = "overview"
os = "windows-11"
disk = { path = "/img/<img src=x onerror=alert(1)>{{ 7*7 }}{% x %}</pre></code>.qcow2", size = "1 GiB" }
install-media = "/iso/]]>--></style><script src=//evil>"
audio = "pipewire"
[[guest]]
name = "a+b.c_d-e"
os = "linux"
disk = { path = "/dev/disk/\u202eevil\u2066" }
evdev = ["/dev/input/by-id/</style><script>x</script>"]
"##;

#[test]
fn hostile_names_and_paths_stay_text() {
    let plan = plan("debian", HOSTILE);
    let data = DataDirs::embedded();
    let packages = render::all(&data, &plan).unwrap();
    let page = review::page(&data, &plan, &packages, None).unwrap();
    assert_eq!(offences(&page), Vec::<String>::new());
    let shown = text(document(&page).root());
    for whole in [
        r#"/home/<script>alert(1)</script>"'&amp;.rom"#,
        "/img/<img src=x onerror=alert(1)>{{ 7*7 }}{% x %}</pre></code>.qcow2",
        "/iso/]]>--></style><script src=//evil>",
        "/dev/input/by-id/</style><script>x</script>",
        r"/dev/disk/\u{202e}evil\u{2066}",
    ] {
        assert!(shown.contains(whole), "{whole} is not shown");
    }
    assert!(!page.contains('\u{202e}'));
    let readme = review::readme(&data, &plan).unwrap();
    assert!(!readme.contains("<script>") && readme.contains(r"\<script\>"));
}

#[test]
fn the_check_of_pages_sees_what_it_looks_for() {
    for (page, offence) in [
        ("<p><script/></p>", "an element <script>"),
        ("<p onclick=\"x\"/>", "an attribute onclick=x"),
        ("<a href=\"https://x\"/>", "an address: href=https://x"),
        ("<p><b id=\"a\"/><b id=\"a\"/></p>", "two of id a"),
        ("<style>@import 'x'</style>", "@import in a style"),
        ("<a href=\"#x\"/>", "a link to #x, which is nowhere"),
    ] {
        assert_eq!(offences(&format!("<!DOCTYPE html>\n{page}")), [offence]);
    }
}

#[test]
fn a_machine_is_shown_when_it_is_named() {
    let machine = support::machine::named("amd-shares-with-network-card");
    machine.file(
        "etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh",
        "#!/bin/sh\n# <script>mine</script>\n",
    );
    machine.file("proc/cmdline", "quiet \u{1b}[31m\n");
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let render = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
        command.args(["render", "templates/example.toml", "--distro", "debian", "-o"]).arg(&out).args(more);
        let done = command.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        std::fs::read_to_string(out.join("review.html")).unwrap()
    };
    let root = machine.root().to_str().unwrap().to_owned();
    let page = render(&["--root", &root]);
    assert_eq!(offences(&page), Vec::<String>::new());
    let shown = text(document(&page).root());
    for word in [
        "The IOMMU is on",
        "[10ec:8168]",
        "would have to go along, but is not in gpu.devices",
        "Not on this machine",
        "# <script>mine</script>",
        "foreign",
        "Against the machine",
        "What check found",
    ] {
        assert!(shown.contains(word), "{word} is not shown");
    }
    // The same machine gives the same page; without one there is nothing of it.
    assert_eq!(page, render(&["--root", &root]));
    let without = render(&[]);
    let shown = text(document(&without).root());
    assert!(!shown.contains("Against the machine") && shown.contains("onegpu groups"));
}
