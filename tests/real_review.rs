//! A real browser looks at `review.html`: no request leaves it, nothing stands outside of the view
//! on a phone, axe-core has nothing against it, and what is hostile in it stays text.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

#[path = "support/machine.rs"]
mod machine;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A page that does everything that a review must not do: the looker must see it.
const BAD: &str = "<!DOCTYPE html>\n<html><head><title></title><style>p { color: #777; background: #888 }</style></head>\
    <body><p style=\"width: 900px\">wide</p><img src=\"https://onegpu.invalid/x.png\"/>\
    <script>console.error('x'); alert(1)</script></body></html>";

fn modules() -> PathBuf {
    let folder = env::var_os("ONEGPU_TEST_BROWSER").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/browser"),
        PathBuf::from,
    );
    let modules = folder.join("node_modules");
    assert!(
        modules.join("puppeteer-core").is_dir(),
        "no modules in {}: cargo xtask test --provision",
        modules.display()
    );
    modules
}

fn look(pages: &[&Path]) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/look.cjs");
    let chromium = env::split_paths(&env::var_os("PATH").unwrap())
        .map(|folder| folder.join("chromium"))
        .find(|program| program.is_file())
        .unwrap();
    let mut command = Command::new("timeout");
    command.arg("300").arg("node").arg(script).arg(modules()).arg(chromium).args(pages);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

/// Renders a profile; the folder keeps the page.
fn rendered(folder: &Path, name: &str, profile: &str, root: Option<&Path>) -> PathBuf {
    let (file, out) = (folder.join(format!("{name}.toml")), folder.join(name));
    fs::write(&file, profile).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    command.args(["render", "--distro", "debian", "-o"]).arg(&out).arg(&file);
    if let Some(root) = root {
        command.arg("--root").arg(root);
    }
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    out.join("review.html")
}

#[test]
#[ignore = "needs chromium, node, axe-core, puppeteer-core"]
fn a_browser_has_nothing_against_it() {
    let folder = tempfile::tempdir().unwrap();
    let example = include_str!("../templates/example.toml");
    let machine = machine::named("amd-shares-with-network-card");
    machine.file(
        "etc/libvirt/hooks/qemu.d/a+b.c_d-e/prepare/begin/start.sh",
        "#!/bin/sh\n# <script>alert('machine')</script> <img src=x onerror=alert(2)>\n",
    );
    let hostile = include_str!("browser/hostile.toml");
    let bad = folder.path().join("bad.html");
    fs::write(&bad, BAD).unwrap();
    let plain = rendered(folder.path(), "plain", example, None);
    let against = rendered(folder.path(), "against", hostile, Some(machine.root()));
    let seen = look(&[&plain, &against, &bad]);
    let (good, spoiled): (Vec<&Value>, Vec<&Value>) =
        seen.iter().partition(|seen| seen["file"].as_str() != bad.to_str());
    assert_eq!(good.len(), 8);
    for seen in good {
        let at = format!("{} at {} in {}", seen["file"], seen["width"], seen["scheme"]);
        if let Some(pages) = seen["pdf"].as_u64() {
            assert!(pages > 20, "{at}: printed, not everything is unfolded: {pages} pages");
            let print = &seen["print"];
            assert_eq!((&print["navigation"], &print["folded"]), (&0.into(), &0.into()), "{at}: {print}");
            assert!(print["wide"].as_u64().unwrap() <= 718, "{at}: {print}");
            continue;
        }
        for none in ["requests", "console", "outside", "violations"] {
            assert_eq!(seen[none], Value::Array(Vec::new()), "{at}: {none}");
        }
        if seen["script"] == false {
            assert!(seen["headings"].as_u64().unwrap() > 30, "{at}: {seen}");
            let landmarks = seen["landmarks"].to_string();
            assert_eq!(landmarks, r#"["banner","navigation","main","contentinfo"]"#, "{at}");
            continue;
        }
        let passes: Vec<&str> = seen["passes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for rule in ["color-contrast", "landmark-one-main", "region", "heading-order", "duplicate-id-aria"] {
            assert!(passes.contains(&rule), "{at}: axe did not try {rule}: {passes:?}");
        }
        assert_eq!(seen["elements"], 0, "{at}");
        assert_eq!(seen["first"]["text"], "Skip to the content", "{at}");
        assert_eq!(seen["first"]["seen"], true, "{at}");
        assert_eq!(seen["main"], "main", "{at}");
        assert_eq!(seen["keyboard"], Value::Array(Vec::new()), "{at}: the way of the keyboard");
        if seen["file"].as_str() == against.to_str() {
            let text = seen["text"].as_str().unwrap();
            for whole in [
                "<img src=x onerror=alert(1)>{{ 7*7 }}.qcow2",
                "<script>alert(1)</script>\"'&.rom",
                "# <script>alert('machine')</script> <img src=x onerror=alert(2)>",
                r"/dev/disk/by-id/ata-\u{202e}evil",
            ] {
                assert!(text.contains(whole), "{at}: {whole}");
            }
        }
    }
    // The looker sees what it looks for.
    for seen in spoiled.into_iter().filter(|seen| seen["script"] == true) {
        for some in ["requests", "console", "violations", "keyboard"] {
            assert!(!seen[some].as_array().unwrap().is_empty(), "{some}: {seen}");
        }
        assert_eq!(seen["outside"].as_array().unwrap().is_empty(), seen["width"] == 1280, "{seen}");
    }
}
