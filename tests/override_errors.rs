//! What is said of a mistake in a template override or a distro file: the whole text, with file, line, caret,
//! and the page to read.
//! `ONEGPU_REGENERATE=1 cargo test --test override_errors` writes the texts anew.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

#[path = "support/pages.rs"]
mod support;

use std::fs;
use std::path::Path;
use std::process::Command;

/// What stands in place of `{{ gpu.address | comment }}` in the first lines of start.sh.
const MISTAKES: [(&str, &str); 8] = [
    ("field", "{{ gpu.adress | comment }}"),
    ("variable", "{{ gpuu.address | comment }}"),
    ("bare-field", "{{ gpu.adress }}"),
    ("filter", "{{ gpu.address | coment }}"),
    ("no-filter", "{{ gpu.address }}"),
    ("open-if", "{% if gpu.rom %}"),
    ("nothing", "{{ gpu.rom | comment }}"),
    ("open-tag", "{{ gpu."),
];

#[test]
fn a_mistake_in_an_override_is_shown_where_it_is() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let template = fs::read_to_string(source.join("templates/guest/start.sh")).unwrap();
    for (name, mistake) in MISTAKES {
        let folder = tempfile::tempdir().unwrap();
        let guest = folder.path().join("data/templates/guest");
        fs::create_dir_all(&guest).unwrap();
        let spoiled = template.replacen("{{ gpu.address | comment }}", mistake, 1);
        assert_ne!(spoiled, template);
        fs::write(guest.join("start.sh"), spoiled).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
        command
            .args(["render", "-o", "out", "--data-dir", "data"])
            .arg(source.join("tests/diff/profile.toml"));
        let done = command.current_dir(folder.path()).output().unwrap();
        assert_eq!(done.status.code(), Some(2), "{name}");
        assert!(!folder.path().join("out").exists(), "{name}: something was written");
        let found = String::from_utf8(done.stderr).unwrap();
        let path = source.join(format!("tests/errors/overrides/{name}.stderr"));
        if std::env::var_os("ONEGPU_REGENERATE").is_some() {
            fs::write(&path, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&path).unwrap_or_default(), "{name}");
        assert!(found.contains("data/templates/guest/start.sh:"), "{name}: {found}");
        let page = support::page_to_read(name, &found);
        assert_eq!(page, if name == "filter" { "filter:comment" } else { "template" });
    }
}

#[test]
fn a_mistake_in_a_distro_file_is_shown_where_it_is() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let profile = fs::read_to_string(source.join("tests/diff/profile.toml")).unwrap();
    for (name, text, topic) in [
        ("key", "lik = \"debian\"\n", "distro.like"),
        ("parent", "like = \"debain\"\n", "distro.like"),
        ("circle", "like = \"mine\"\n", "distro.like"),
        ("value", "like = \"debian\"\ndefault-bootloader = \"grubb\"\n", "distro.default-bootloader"),
        ("inner-key", "like = \"debian\"\n[libvirt.systemd]\nenabel = []\n", "distro.libvirt.enable"),
        ("kind", "like = \"debian\"\n[needs]\nqemu = \"qemu\"\n", "distro.needs.qemu"),
        ("need", "like = \"debian\"\n[needs]\nqemu = [\"qemu (>= 2)\"]\n", "distro.needs.qemu"),
        ("missing", "", "distro.family"),
        ("broken", "like = \"debian\n", "distro.like"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let distros = folder.path().join("data/distros");
        fs::create_dir_all(&distros).unwrap();
        let text = format!("id = \"mine\"\nname = \"Mine\"\ntested = \"rendered\"\n{text}");
        fs::write(distros.join("mine.toml"), text).unwrap();
        fs::write(folder.path().join("profile.toml"), profile.replace("\"debian\"", "\"mine\"")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
        command.args(["render", "-o", "out", "--data-dir", "data", "profile.toml"]);
        let done = command.current_dir(folder.path()).output().unwrap();
        let found = String::from_utf8(done.stderr).unwrap();
        assert_eq!(done.status.code(), Some(2), "{name}: {found}");
        assert!(!folder.path().join("out").exists(), "{name}: something was written");
        let path = source.join(format!("tests/errors/distros/{name}.stderr"));
        if std::env::var_os("ONEGPU_REGENERATE").is_some() {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&path).unwrap_or_default(), "{name}");
        assert!(found.contains("data/distros/mine.toml:"), "{name}: {found}");
        assert_eq!(support::page_to_read(name, &found), topic, "{name}: {found}");
    }
}
