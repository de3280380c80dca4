//! `onegpu groups` in its three forms.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;

use std::process::Command;

use machine::Machine;
use serde_json::Value;

fn groups(machine: &Machine, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    let out = command.arg("groups").args(arguments).arg("--root").arg(machine.root()).output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap()
}

#[test]
fn the_tree_says_what_is_lost() {
    let text = groups(&machine::named("amd-shares-with-network-card"), &[]);
    assert!(text.starts_with("The IOMMU is on: 3 groups\n"), "{text}");
    assert!(text.contains("\nGroup 10  <- the graphics card\n"), "{text}");
    assert!(text.contains("├─ 0000:22:00.0 Ethernet controller [10ec:8168] (r8169)  [lost to the host]\n"));
    assert!(text.contains("├─ 0000:23:00.0 VGA compatible controller [1002:67df] (amdgpu)  [the card's]\n"));
    assert!(text.contains("├─ 0000:20:01.0 PCI bridge [1022:43c7] (pcieport)  [bridge, stays]\n"));
    // A pipe is no terminal.
    assert!(!text.contains('\x1b'), "{text}");
    let off = groups(&machine::named("amd-iommu-off"), &[]);
    assert!(off.starts_with("The IOMMU is off") && off.contains("\nIn no group\n"), "{off}");
    let none = groups(&machine::named("container-without-sysfs"), &[]);
    assert_eq!(none, "The IOMMU's groups are not readable\n");
}

/// `script` gives the program a terminal.
#[test]
fn colours_only_where_they_are_wanted() {
    let machine = machine::named("amd-shares-with-network-card");
    let run = |environment: &[(&str, &str)]| {
        let line = format!("{} groups --root {}", env!("CARGO_BIN_EXE_onegpu"), machine.root().display());
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env_remove("NO_COLOR").env("TERM", "xterm");
        command.envs(environment.iter().copied());
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    assert!(run(&[]).contains("\x1b[1;31m0000:22:00.0"), "what is lost is red");
    assert!(!run(&[("NO_COLOR", "1")]).contains('\x1b'));
    assert!(!run(&[("TERM", "dumb")]).contains('\x1b'));
    assert!(run(&[("NO_COLOR", "")]).contains('\x1b'), "an empty NO_COLOR is none");
}

#[test]
fn json_has_every_function_once() {
    for folder in machine::all() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let machine = machine::named(name);
        let told: Value = serde_json::from_str(&groups(&machine, &["--format", "json"])).unwrap();
        let grouped =
            told["groups"].as_array().unwrap().iter().flat_map(|g| g["devices"].as_array().unwrap());
        let all: Vec<&Value> = grouped.chain(told["ungrouped"].as_array().unwrap()).collect();
        let listed = std::fs::read_dir(machine.at("sys/bus/pci/devices")).map_or(0, Iterator::count);
        assert_eq!(all.len(), listed, "{name}");
        for gpu in told["gpus"].as_array().unwrap() {
            let role = |address: &Value| &all.iter().find(|d| d["address"] == *address).unwrap()["role"];
            assert_eq!(role(&gpu["address"]), "gpu", "{name}");
            gpu["shared"].as_array().unwrap().iter().for_each(|a| assert_eq!(role(a), "lost", "{name}"));
        }
    }
}

#[test]
fn the_picture_is_xml_whatever_a_device_is_called() {
    let machine = machine::named("amd-shares-with-network-card");
    let ids = b"1002  AMD\n\t67df  <script>alert(\"x\")</script> & ]]> \x1b[2J \xff\n10ec  Realtek\n\t8168  '\"&#0;\n";
    machine.file("usr/share/hwdata/pci.ids", ids);
    let svg = groups(&machine, &["--format", "svg"]);
    let parsed = roxmltree::Document::parse(&svg).unwrap_or_else(|error| panic!("{error}\n{svg}"));
    assert!(!parsed.descendants().any(|node| node.has_tag_name("script")));
    let text: String = parsed.descendants().filter_map(|node| node.text()).collect();
    assert!(text.contains("<script>alert(\"x\")</script> & ]]> [2J"), "{text}");
    let classes =
        |class: &str| parsed.descendants().filter(|node| node.attribute("class") == Some(class)).count();
    // The legend has one of each.
    assert_eq!(classes("row lost"), 3 + 1);
    assert_eq!(classes("row gpu"), 2 + 1);
    assert_eq!(classes("box gpu"), 1);
}

#[test]
fn no_box_of_the_picture_meets_another() {
    for folder in machine::all() {
        let name = folder.file_name().unwrap().to_str().unwrap();
        let svg = groups(&machine::named(name), &["--format", "svg"]);
        let parsed = roxmltree::Document::parse(&svg).unwrap();
        let number =
            |node: &roxmltree::Node<'_, '_>, key: &str| node.attribute(key).unwrap().parse::<i64>().unwrap();
        let is_box =
            |node: &roxmltree::Node<'_, '_>| node.attribute("class").is_some_and(|c| c.starts_with("box"));
        let boxes: Vec<[i64; 4]> = parsed
            .descendants()
            .filter(is_box)
            .map(|node| ["x", "y", "width", "height"].map(|key| number(&node, key)))
            .collect();
        let page = [number(&parsed.root_element(), "width"), number(&parsed.root_element(), "height")];
        for (at, [x, y, width, height]) in boxes.iter().enumerate() {
            assert!(*x >= 0 && x + width <= page[0] && y + height <= page[1], "{name}: outside the page");
            for [left, top, wide, high] in &boxes[..at] {
                let apart = x + width <= *left || left + wide <= *x || y + height <= *top || top + high <= *y;
                assert!(apart, "{name}: boxes meet");
            }
        }
    }
}
