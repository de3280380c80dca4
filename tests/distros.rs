//! Distros as data: a new one is one file, and a wrong one is told where.

#![allow(clippy::unwrap_used, missing_docs)]
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::plan::PackageList;
use onegpu::profile;
use onegpu::setup::Setup;

/// A data folder with these distro files.
fn data(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("distros")).unwrap();
    for (id, text) in files {
        fs::write(dir.path().join(format!("distros/{id}.toml")), text).unwrap();
    }
    dir
}

fn onegpu(data: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onegpu")).arg("--data-dir").arg(data).args(args).output().unwrap()
}

/// Loads `id` with these files before the embedded ones; the whole message.
fn refused(files: &[(&str, &str)], id: &str) -> String {
    let dir = data(files);
    Distro::load(&DataDirs::standard(Some(dir.path())), id).unwrap_err().to_string()
}

fn setup(distro: &str) -> Setup {
    // Not every distro has systemd: its usual init is taken.
    let text = onegpu::data::EXAMPLE_PROFILE.replace("init = \"systemd\"\n", "");
    let profile = profile::parse("example", &text).unwrap();
    Setup::new(&profile, Distro::load(&DataDirs::embedded(), distro).unwrap()).unwrap()
}

const GARUDA: &str = "id = \"garuda\"\nname = \"Garuda Linux\"\nlike = \"arch\"\ntested = \"rendered\"\n";

#[test]
fn a_new_distro_is_one_file_of_four_lines() {
    let dir = data(&[("garuda", GARUDA)]);
    let listed = onegpu(dir.path(), &["distros"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    let line = listed.lines().find(|line| line.starts_with("garuda ")).unwrap();
    assert_eq!(
        line.split_whitespace().collect::<Vec<_>>(),
        ["garuda", "arch", "pacman", "systemd", "rendered"]
    );

    let profile = dir.path().join("profile.toml");
    fs::write(&profile, onegpu::data::EXAMPLE_PROFILE).unwrap();
    let trees = ["garuda", "arch"].map(|id| {
        let out = dir.path().join(id);
        let args = ["render", profile.to_str().unwrap(), "--distro", id, "-o", out.to_str().unwrap()];
        let done = onegpu(dir.path(), &args);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        fs::read_to_string(out.join("packages.txt")).unwrap()
    });
    assert!(trees[0].contains("Garuda Linux"));
    assert_eq!(trees[0].replace("Garuda Linux", "Arch Linux"), trees[1]);
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest() {
    let message = refused(&[("garuda", &format!("{GARUDA}\n[needs]\nquemu = [\"qemu-full\"]\n"))], "garuda");
    assert!(message.starts_with("error: unknown key `quemu`"), "{message}");
    assert!(message.contains("distros/garuda.toml:7:1"), "{message}");
    assert!(message.contains("did you mean `qemu`?"), "{message}");
}

#[test]
fn an_unknown_key_is_found_behind_a_table_that_is_only_half_said() {
    // [package] alone is no whole table: what is missing there is inherited.
    let text = format!("{GARUDA}[package]\nremove = \"sudo pacman -R\"\n[dirs]\nlibexek = \"/x\"\n");
    let message = refused(&[("garuda", &text)], "garuda");
    assert!(message.contains("distros/garuda.toml:8:1") && message.contains("`libexec`"), "{message}");
}

#[test]
fn a_mistake_in_the_parent_points_into_the_parent() {
    let parent = "id = \"base\"\nname = \"B\"\nlike = \"arch\"\ntested = \"rendert\"\n";
    let child = "id = \"child\"\nname = \"C\"\nlike = \"base\"\ntested = \"rendered\"\n";
    let message = refused(&[("base", parent), ("child", child)], "child");
    assert!(message.contains("distros/base.toml:4:10"), "{message}");
    assert!(message.contains("did you mean `rendered`?"), "{message}");
}

#[test]
fn a_new_table_must_be_whole() {
    let text = format!("{GARUDA}[libvirt.runit]\nreload = [\"libvirtd\"]\n");
    let message = refused(&[("garuda", &text)], "garuda");
    assert!(message.contains("`enable` is missing") && message.contains("garuda.toml:5:"), "{message}");
}

#[test]
fn wrong_files_are_refused_with_their_place() {
    let like =
        |parent: &str| format!("id = \"x\"\nname = \"X\"\nlike = \"{parent}\"\ntested = \"rendered\"\n");
    for (text, expected) in [
        (like("x"), "`like` runs in a circle"),
        (like("arhc"), "did you mean `arch`?"),
        (like("../../etc/passwd"), "x.toml:3:8"),
        (like("arch").replace("\"x\"", "\"y\""), "`id` is `y`"),
        (format!("{}[needs]\nqemu = [\"a b\"]\n", like("arch")), "x.toml:6:9"),
        (format!("{}[needs]\nqemu = \"a\"\n", like("arch")), "x.toml:6:8"),
        (format!("{}[bootloader.grub]\nvariable = \"A;id\"\n", like("arch")), "x.toml:6:12"),
        ("id = \"x\"\nid = \"x\"\n".to_owned(), "x.toml:2:1"),
        ("id = x\n".to_owned(), "x.toml:1:6"),
        (String::new(), "`id` is missing"),
    ] {
        let message = refused(&[("x", &text)], "x");
        assert!(message.contains(expected), "for\n{text}\nthe message is\n{message}");
    }
    let circle = [("x", like("y")), ("y", like("x").replace("\"x\"\nname", "\"y\"\nname"))];
    let files: Vec<(&str, &str)> = circle.iter().map(|(id, text)| (*id, text.as_str())).collect();
    assert!(refused(&files, "x").contains("runs in a circle"));
    for id in ["../distros/arch", "", ".hidden", "Arch", "no-such"] {
        assert!(refused(&[], id).contains("no distro is called"), "{id:?}");
    }
}

#[test]
fn a_machine_is_the_first_of_its_ids_that_a_file_knows() {
    let data = DataDirs::embedded();
    let found = |ids: &[&str]| Distro::resolve(&data, ids).unwrap().map(|distro| distro.id);
    assert_eq!(found(&["endeavouros", "arch"]).as_deref(), Some("endeavouros"));
    assert_eq!(found(&["garuda", "arch"]).as_deref(), Some("arch"));
    assert_eq!(found(&["elementary", "ubuntu", "debian"]).as_deref(), Some("ubuntu"));
    assert_eq!(found(&["../debian", "plan9"]), None);
    assert_eq!(found(&[]), None);
}

#[test]
fn every_distro_takes_the_example() {
    for id in DataDirs::embedded().distro_ids() {
        let list = PackageList::new(&setup(&id));
        assert!(list.names.len() >= 4, "{id}: {list:?}");
        assert!(list.names.iter().all(|name| !name.contains([' ', '[', '|'])), "{id}: {list:?}");
    }
}

#[test]
fn package_names_can_be_typed() {
    assert!(PackageList::new(&setup("debian")).names.contains(&"iptables".to_owned()));
    let gentoo = PackageList::new(&setup("gentoo"));
    assert!(gentoo.names.contains(&"sys-firmware/edk2-bin".to_owned()), "{gentoo:?}");
    // Host, guest (sound) and manager ask for flags of the same packages.
    assert_eq!(
        gentoo.package_use,
        [
            "app-emulation/libvirt libvirtd policykit qemu udev virt-network",
            "app-emulation/qemu pipewire qemu_softmmu_targets_x86_64 usb vnc",
            "app-emulation/virt-manager gui",
            "net-dns/dnsmasq dhcp script",
        ]
    );
    assert!(PackageList::new(&setup("arch")).package_use.is_empty());
}

#[test]
fn a_guest_depends_on_the_host_part_and_the_list_does_not_name_it() {
    for (id, host) in [("debian", "onegpu-host"), ("gentoo", "app-emulation/onegpu-host")] {
        let setup = setup(id);
        assert!(!PackageList::new(&setup).names.iter().any(|name| name.contains("onegpu")));
        let plan = onegpu::plan::Plan::new(setup);
        assert_eq!(plan.packages[1].depends[0], host);
        assert!(!plan.packages[0].depends.iter().any(|name| name.contains("onegpu")));
    }
}

/// The claims of `tested`, held against what the test suite has. Who has more than he says is told, too.
#[test]
fn what_a_file_says_of_its_tests_is_so() {
    use onegpu::distro::Tested;
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    let sums = read(&tests.join("matrix.sums"));
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
        entries.map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let golden = names(&tests.join("golden"));
    let owners =
        ["lifecycle/families", "real_apk", "real_deb", "real_dpkg", "real_pacman", "real_rpm", "real_xbps"];
    let owners: String = owners.iter().map(|name| read(&tests.join(format!("{name}.rs")))).collect();
    // Where its packages are planned for a test with their package manager.
    let plans = |line: &&str| ["planned(", "for distro in", "DISTRO:"].iter().any(|word| line.contains(word));
    let by_owner: Vec<&str> = owners.lines().filter(plans).collect();
    let lab = read(&tests.join("../xtask/src/lab/facts.rs"));
    for id in DataDirs::embedded().distro_ids() {
        let distro = Distro::load(&DataDirs::embedded(), &id).unwrap();
        assert!(
            sums.lines().any(|line| line.starts_with(&format!("{id} "))),
            "{id} has no cell in matrix.sums"
        );
        let in_lab = lab.contains(&format!("\"id\": \"{id}\""));
        let installed = by_owner.iter().any(|line| line.contains(&format!("\"{id}\"")));
        let is_of = |name: &String, init: &str| name.starts_with(&format!("{id}-{init}-"));
        let a_tree = golden.iter().any(|name| distro.inits.iter().any(|init| is_of(name, init.word())));
        let best = match (in_lab, installed, a_tree) {
            (true, ..) => Tested::Lab,
            (_, true, _) => Tested::RealTools,
            (.., true) => Tested::GoldenTree,
            _ => Tested::Rendered,
        };
        assert_eq!(distro.tested, best, "{id}");
    }
}

/// The README explains the keys that a file may have, and no others.
#[test]
fn the_readme_has_every_key_and_no_other() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("distros/README.md")).unwrap();
    let (_, keys) = readme.split_once("\n## Keys\n").unwrap();
    let sections = [
        ("", "The distro"),
        ("package", "`package`"),
        ("dirs", "`dirs`"),
        ("needs", "`needs`"),
        ("firmware", "`firmware`"),
        ("security", "`security`"),
        ("access", "`access`"),
        ("libvirt.systemd", "`libvirt`"),
        ("bootloader.grub", "`bootloader`"),
        ("display-manager.systemd", "`display-manager`"),
    ];
    for (table, title) in sections {
        let mut known: Vec<String> = match table {
            // The message names no more than a line of keys. Each table has a section of its own.
            "" => {
                let whole = Distro::load(&DataDirs::embedded(), "linuxmint").unwrap();
                let keys =
                    toml::Table::try_from(whole).unwrap().into_iter().map(|(key, _)| key.replace('_', "-"));
                keys.filter(|key| sections.iter().all(|(table, _)| table.split('.').next() != Some(key)))
                    .collect()
            }
            // A key that nobody knows: the message names all that are known there.
            table => {
                let message = refused(&[("garuda", &format!("{GARUDA}[{table}]\nzzz = 1\n"))], "garuda");
                let (_, known) = message.split_once("known here: ").unwrap_or_else(|| panic!("{message}"));
                known
                    .lines()
                    .next()
                    .unwrap()
                    .split(", ")
                    .map(|key| key.trim_matches([' ', '`']).to_owned())
                    .collect()
            }
        };
        let section =
            keys.split("\n### ").find(|section| section.trim_start_matches("\n### ").starts_with(title));
        let section = section.unwrap_or_else(|| panic!("no section {title}"));
        let (_, rows) =
            section.split_once("| key | value |").unwrap_or_else(|| panic!("{title} has no keys"));
        let rows = rows.lines().skip(2).take_while(|line| line.starts_with('|'));
        let cells = rows.flat_map(|row| row.split('|').nth(1).unwrap().split(','));
        let mut explained: Vec<&str> = cells.map(|key| key.trim().trim_matches('`')).collect();
        explained.sort_unstable();
        known.sort_unstable();
        assert_eq!(explained, known, "[{table}]");
    }
}
