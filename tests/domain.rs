//! The domain XML by its content: read back by an XML parser, never compared as text.
#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

mod guests;

use std::collections::BTreeSet;

use guests::{Kind, domains};
use onegpu::profile::{Audio, CpuVendor, Driver, GuestOs};
use proptest::prelude::*;
use roxmltree::{Document, Node};

fn parsed(xml: &str) -> Document<'_> {
    Document::parse(xml).unwrap_or_else(|error| panic!("{error}\n{xml}"))
}

/// All elements of this name.
fn all<'a, 'x>(xml: &'a Document<'x>, name: &str) -> Vec<Node<'a, 'x>> {
    xml.descendants().filter(|node| node.has_tag_name(name)).collect()
}

/// The one child of this name.
fn child<'a, 'x>(node: Node<'a, 'x>, name: &str) -> Option<Node<'a, 'x>> {
    node.children().find(|node| node.has_tag_name(name))
}

/// The attributes `domain bus slot function` of an address.
fn place(address: Node<'_, '_>) -> [String; 4] {
    ["domain", "bus", "slot", "function"].map(|name| address.attribute(name).unwrap().to_owned())
}

/// Runs `check` on every kind of guest and names the one that fails.
fn each_kind(check: impl Fn(Kind, &Document<'_>, &Document<'_>)) {
    for (kind, both) in guests::all() {
        let (card, setup) = (parsed(&both.card), parsed(&both.setup));
        check(*kind, &card, &setup);
    }
}

#[test]
fn every_kind_is_laid_out_for_a_reader() {
    for (kind, both) in guests::all() {
        for xml in [&both.card, &both.setup] {
            let name = kind.name();
            assert!(!xml.contains("\n\n\n"), "two blank lines in {name}:\n{xml}");
            assert!(xml.lines().all(|line| line == line.trim_end()), "blanks at a line's end in {name}");
            assert!(xml.lines().all(|line| line.starts_with("  ") != is_outermost(line)), "{name}:\n{xml}");
            assert!(xml.ends_with("</domain>\n"), "{name}");
        }
    }
}

/// Lines at the margin: the blank ones, the root element, and the comment before it.
fn is_outermost(line: &str) -> bool {
    line.is_empty() || line.starts_with("<domain") || line.starts_with("</domain") || line.starts_with("<!--")
}

#[test]
fn nothing_is_emulated_that_the_card_and_real_devices_stand_for() {
    each_kind(|kind, card, setup| {
        let name = kind.name();
        for unwanted in ["graphics", "channel", "redirdev", "smartcard", "serial", "console"] {
            assert!(all(card, unwanted).is_empty(), "{name} has <{unwanted}>");
        }
        let inputs: BTreeSet<_> = all(card, "input").iter().map(|i| i.attribute("type").unwrap()).collect();
        assert!(inputs.is_empty() || inputs == BTreeSet::from(["evdev"]), "{name}: {inputs:?}");
        let models = |xml: &Document<'_>| -> Vec<String> {
            all(xml, "video")
                .iter()
                .map(|video| child(*video, "model").unwrap().attribute("type").unwrap().to_owned())
                .collect()
        };
        assert_eq!(models(card), ["none"], "{name}");
        assert_eq!(models(setup), ["vga"], "{name}");
        assert_eq!(all(setup, "graphics").len(), 1, "{name}");
        assert!(all(setup, "hostdev").is_empty() && all(setup, "seclabel").is_empty(), "{name}");
        for xml in [card, setup] {
            let text = xml.root_element().range();
            let text = &xml.input_text()[text];
            assert!(!text.contains("'spice'") && !text.contains("'qxl'"), "{name}");
        }
    });
}

#[test]
fn the_twin_is_the_same_machine() {
    each_kind(|kind, card, setup| {
        let same = |path: &[&str]| {
            let of = |xml: &Document<'_>| {
                let nodes = all(xml, path[0]);
                let nodes = nodes
                    .iter()
                    .filter(|n| path.get(1).is_none_or(|child_name| child(**n, child_name).is_some()));
                nodes.map(|node| xml.input_text()[node.range()].to_owned()).collect::<Vec<_>>()
            };
            assert_eq!(of(card), of(setup), "{} differs: {path:?}", kind.name());
            assert!(!of(card).is_empty(), "{} has no {path:?}", kind.name());
        };
        for path in [["os", "nvram"], ["interface", "mac"], ["rng", "backend"], ["cpu", "topology"]] {
            same(&path);
        }
        for element in ["memory", "vcpu", "features", "clock"] {
            same(&[element]);
        }
        let disk = |xml: &Document<'_>| {
            let disks = all(xml, "disk");
            let disk = disks.iter().find(|disk| disk.attribute("device") == Some("disk")).unwrap();
            xml.input_text()[disk.range()].to_owned()
        };
        assert_eq!(disk(card), disk(setup), "{}", kind.name());
        let uuid = |xml: &Document<'_>| all(xml, "uuid")[0].text().unwrap().to_owned();
        assert_ne!(uuid(card), uuid(setup), "{}", kind.name());
        // The TPM of the twin is the one that libvirt keeps for the domain.
        if kind.os == GuestOs::Windows11 {
            let state = all(setup, "tpm")[0].descendants().find(|node| node.has_tag_name("source")).unwrap();
            assert!(state.attribute("path").unwrap().contains(&uuid(card)), "{}", kind.name());
        }
    });
}

#[test]
fn every_device_of_the_card_has_a_place_that_exists_and_is_its_own() {
    each_kind(|kind, card, _| {
        let name = kind.name();
        let ports: Vec<u32> = all(card, "controller")
            .iter()
            .filter(|controller| controller.attribute("model") == Some("pcie-root-port"))
            .map(|controller| controller.attribute("index").unwrap().parse().unwrap())
            .collect();
        let distinct: BTreeSet<u32> = ports.iter().copied().collect();
        assert_eq!(ports.len(), distinct.len(), "{name}: a bus has two root ports");
        let addresses: Vec<[String; 4]> = all(card, "address")
            .into_iter()
            .filter(|address| address.attribute("type") == Some("pci"))
            .map(place)
            .collect();
        assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len(), "{name}: {addresses:?}");
        for [_, bus, slot, _] in &addresses {
            let bus = u32::from_str_radix(&bus[2..], 16).unwrap();
            assert!(
                bus == 0 || distinct.contains(&bus) && slot == "0x00",
                "{name}: no bus {bus}, slot {slot}"
            );
        }
        let cards: Vec<_> =
            all(card, "hostdev").into_iter().filter(|dev| dev.attribute("type") == Some("pci")).collect();
        assert_eq!(cards.len(), 4, "{name}");
        assert!(cards.iter().all(|dev| dev.attribute("managed") == Some("yes")), "{name}");
    });
}

#[test]
fn the_vbios_is_on_the_vga_function_only() {
    each_kind(|kind, card, _| {
        let with: Vec<_> = all(card, "rom").iter().map(|rom| rom.parent().unwrap()).collect();
        assert_eq!(with.len(), usize::from(kind.media), "{}", kind.name());
        for hostdev in with {
            let source = child(child(hostdev, "source").unwrap(), "address").unwrap();
            assert!(["0x0b", "0x00"].contains(&source.attribute("bus").unwrap()), "{}", kind.name());
            assert_eq!(source.attribute("function"), Some("0x0"), "{}", kind.name());
        }
    });
}

#[test]
fn what_only_some_guests_get() {
    each_kind(|kind, card, setup| {
        let Kind { os, driver, cpu, audio, media, firmware } = kind;
        for xml in [card, setup] {
            let has = |what: &str| !all(xml, what).is_empty();
            let feature = |name: &str| {
                let firmware = all(xml, "firmware")[0];
                let feature = firmware.children().find(|node| node.attribute("name") == Some(name));
                feature.map(|node| node.attribute("enabled").unwrap().to_owned())
            };
            let secure = os == GuestOs::Windows11 && firmware.secure_boot;
            let yes = |really: bool| Some(if really { "yes".to_owned() } else { "no".to_owned() });
            let nvidia = matches!(driver, Driver::Nvidia | Driver::Nouveau);
            let amd = matches!(driver, Driver::Amdgpu | Driver::Radeon);
            let wrong = [
                ("hyperv", has("hyperv") != os.is_windows()),
                ("vendor_id", has("vendor_id") != (os.is_windows() && (nvidia || amd))),
                ("hidden", has("hidden") != (os.is_windows() && nvidia)),
                ("avic", has("avic") != (os.is_windows() && cpu == CpuVendor::Intel)),
                ("tpm", has("tpm") != (os == GuestOs::Windows11)),
                ("smm", has("smm") != secure),
                ("secure boot", feature("secure-boot") != yes(secure)),
                ("keys", feature("enrolled-keys") != yes(true).filter(|_| secure && firmware.enrolled_keys)),
                (
                    "threads",
                    (has("feature") && text(xml).contains("topoext")) != (cpu == CpuVendor::Amd && media),
                ),
                (
                    "clock",
                    all(xml, "clock")[0].attribute("offset")
                        != Some(if os.is_windows() { "localtime" } else { "utc" }),
                ),
                ("loader", has("loader")),
                ("sound", has("sound") != (audio == Audio::Pipewire && std::ptr::eq(xml, card))),
                ("label", has("seclabel") != (audio == Audio::Pipewire && std::ptr::eq(xml, card))),
                ("inputs", std::ptr::eq(xml, card) && all(xml, "input").len() != if media { 0 } else { 2 }),
            ];
            let wrong: Vec<&str> = wrong.iter().filter(|(_, wrong)| *wrong).map(|(name, _)| *name).collect();
            assert!(wrong.is_empty(), "{}: {wrong:?}\n{}", kind.name(), text(xml));
        }
    });
}

fn text<'x>(xml: &Document<'x>) -> &'x str {
    xml.input_text()
}

#[test]
fn only_keyboards_grab() {
    let (_, both) = guests::all().iter().find(|(kind, _)| !kind.media).unwrap();
    let card = parsed(&both.card);
    let sources: Vec<_> = all(&card, "input").iter().map(|input| child(*input, "source").unwrap()).collect();
    let of = |source: &Node<'_, '_>| {
        ["dev", "grab", "grabToggle", "repeat"].map(|a| source.attribute(a).map(str::to_owned))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        sources.iter().map(of).collect::<Vec<_>>(),
        [
            [some("/dev/input/by-id/usb-a-event-kbd"), some("all"), some("ctrl-ctrl"), some("on")],
            [some("/dev/input/by-id/usb-a-event-mouse"), None, None, None]
        ]
    );
}

#[test]
fn the_sound_goes_to_the_users_own_folder_and_label() {
    let both = domains(
        "[host]\ncpu = \"amd\"\nuser = { name = \"mika\", uid = 1234 }\n[gpu]\naddress = \"0000:01:00.0\"\n\
         driver = \"amdgpu\"\n[[guest]]\nname = \"a\"\naudio = \"pipewire\"",
    );
    let card = parsed(&both.card);
    assert_eq!(all(&card, "label")[0].text(), Some("+1234:kvm"));
    assert_eq!(all(&card, "audio").last().unwrap().attribute("runtimeDir"), Some("/run/user/1234"));
}

/// A path that the profile takes: anything but control characters and `..`.
fn path() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "'", "\"", "`", "&amp;", "&", "<", "<!--", "--", "-->", "]]>", ";", "{{ x }}", "{%", "{*",
            "\u{e4}", " "
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..20)
        .prop_map(|pieces| format!("/{}", pieces.concat()))
        .prop_filter("a path of the profile", |path| path.parse::<onegpu::profile::HostPath>().is_ok())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn every_path_comes_out_of_the_xml_as_it_went_into_the_profile(
        disk in path(), installer in path(), drivers in path(), input in path(), rom in path(),
    ) {
        let word = |text: &String| toml::Value::from(text.as_str()).to_string();
        let both = domains(&format!(
            "[host]\ncpu = \"amd\"\n[gpu]\naddress = \"0000:01:00.0\"\ndriver = \"amdgpu\"\nrom = {}\n\
             [[guest]]\nname = \"a--b\"\ndisk = {{ path = {} }}\ninstall-media = {}\nvirtio-media = {}\nevdev = [{}]",
            word(&rom), word(&disk), word(&installer), word(&drivers), word(&input),
        ));
        let (card, setup) = (parsed(&both.card), parsed(&both.setup));
        let sources = |xml: &Document<'_>, element: &str| -> Vec<String> {
            let nodes = all(xml, element);
            let sources = nodes.iter().filter_map(|node| child(*node, "source"));
            sources.filter_map(|s| s.attribute("file").or(s.attribute("dev")).map(str::to_owned)).collect()
        };
        prop_assert_eq!(sources(&card, "disk"), [disk.clone(), drivers.clone()]);
        prop_assert_eq!(sources(&setup, "disk"), [disk, installer, drivers]);
        prop_assert_eq!(sources(&card, "input"), [input]);
        // Nothing that was in a value became an element of its own.
        prop_assert_eq!(all(&card, "hostdev").len(), 1);
        prop_assert!(card.descendants().all(|node| !node.is_comment() || !node.text().unwrap().contains("--")));
    }
}
