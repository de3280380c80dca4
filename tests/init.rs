//! `onegpu init` without a person: flags, proposals, and never a question.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/init.rs"]
mod command;
#[path = "support/machine.rs"]
mod machine;

use std::fs;
use std::path::Path;

use command::{init, names, text, told};
use machine::Machine;
use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::plan::Plan;
use onegpu::profile::{self, keys};
use onegpu::render;
use onegpu::setup::Setup;

#[test]
fn every_machine_has_its_profile() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/init");
    let regenerate = std::env::var_os("ONEGPU_REGENERATE").is_some();
    let (mut wrong, mut written) = (Vec::new(), 0);
    for path in machine::all() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let machine = machine::named(name);
        let dir = tempfile::tempdir().unwrap();
        let out = init(dir.path(), machine.root(), &["--yes"]);
        let profile = fs::read_to_string(dir.path().join("onegpu.toml")).unwrap_or_default();
        match out.status.code() {
            Some(0) => {
                assert_eq!(text(&out.stdout), "onegpu.toml\n", "{name}");
                profile::parse(name, &profile).unwrap_or_else(|error| panic!("{error}"));
                written += 1;
            }
            Some(2) => {
                assert!(names(dir.path()).is_empty() && out.stdout.is_empty(), "{name} left something");
                assert!(text(&out.stderr).contains("; give --"), "{name}: {}", text(&out.stderr));
            }
            other => panic!("{name}: {other:?} {}", text(&out.stderr)),
        }
        for (ending, told) in [("toml", profile), ("stderr", text(&out.stderr))] {
            let expected = folder.join(name).with_extension(ending);
            match regenerate {
                true if told.is_empty() => drop(fs::remove_file(&expected)),
                true => fs::write(&expected, &told).unwrap(),
                false => {
                    let expected = fs::read_to_string(&expected).unwrap_or_default();
                    if told != expected {
                        let diff = similar::TextDiff::from_lines(&expected, &told);
                        wrong.push(format!("{name}.{ending}\n{}", diff.unified_diff()));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(written, 10, "machines with a card whose driver a profile can say");
}

/// A profile that was written on one machine renders on every distro that is known.
#[test]
fn a_profile_of_one_machine_renders_on_another() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/init");
    let data = DataDirs::embedded();
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (mut rendered, mut elsewhere) = (0, Vec::new());
    for file in files.filter(|file| file.extension().is_some_and(|ending| ending == "toml")) {
        let profile = profile::read(&file).unwrap();
        let mut families = std::collections::BTreeSet::new();
        for id in data.distro_ids() {
            let distro = Distro::load(&data, &id).unwrap();
            // One of a family is enough, for each way its boot loaders are set up.
            let ways: Vec<_> = distro.bootloader.values().map(|way| format!("{:?}", way.mechanism)).collect();
            if !families.insert((distro.family.clone(), ways)) {
                continue;
            }
            let own = profile.host.get_ref().distro.as_ref().is_some_and(|own| *own.get_ref() == id);
            // Nor is every boot loader one of every distro's: without a word, it is the usual one there.
            let without = |word: &str| {
                let lines = profile.source.text.lines().filter(|line| !line.starts_with(word));
                profile::parse("other", &lines.map(|line| format!("{line}\n")).collect::<String>()).unwrap()
            };
            let foreign =
                |error: &onegpu::diag::Diagnostic| error.message().contains("sets kernel parameters with");
            let profile = match Setup::new(&profile, distro.clone()) {
                Err(error) if !own && foreign(&error) => without("bootloader = "),
                _ => profile.clone(),
            };
            let setup = match Setup::new(&profile, distro.clone()) {
                // Its display manager is no service of that distro: there another has to be said.
                Err(error) if !own && error.message().contains("does not know the service of") => {
                    elsewhere.push(error.message().to_owned());
                    let text = profile.source.text.lines().map(|line| match line {
                        line if line.starts_with("display-manager = ") => {
                            "display-manager = \"lightdm\"\n".into()
                        }
                        line => format!("{line}\n"),
                    });
                    let other = profile::parse("other", &text.collect::<String>()).unwrap();
                    Setup::new(&other, distro)
                }
                result => result,
            };
            let setup = setup.unwrap_or_else(|error| panic!("{} on {id}\n{error}", file.display()));
            let packages = render::all(&data, &Plan::new(setup)).unwrap();
            assert_eq!(packages.len(), 2, "{} on {id}", file.display());
            rendered += 1;
        }
        assert!(families.len() >= 5);
    }
    assert!(rendered >= 50, "{rendered}");
    elsewhere.sort();
    elsewhere.dedup();
    // The newest ones, which these do not have as services; and lxdm, which Debian's runit has not.
    let without = ["on Void Linux with runit", "on Alpine Linux with openrc", "of lxdm on Debian with runit"];
    let known = |one: &String| without.iter().any(|ending| one.ends_with(ending));
    assert!(elsewhere.iter().all(known), "{elsewhere:?}");
}

#[test]
fn every_key_is_in_every_profile() {
    let machine = machine::named("intel-nvidia-two-functions");
    let dir = tempfile::tempdir().unwrap();
    let whole = text(&init(dir.path(), machine.root(), &["--yes", "-o", "-"]).stdout);
    // A fleet is written by hand.
    for key in keys::all().iter().filter(|key| key.key != "machines") {
        let name = key.key.rsplit('.').next().unwrap();
        assert!(whole.contains(&format!("{name} = ")) || whole.contains(&format!("[{name}]")), "{}", key.key);
        // A key of a table inside a line is explained with that line.
        if key.key.matches('.').count() < 2 {
            let words: Vec<&str> = key.text.split_whitespace().collect();
            let flat = whole.replace("\n# ", " ");
            assert!(flat.contains(&words.join(" ")), "{} is not explained", key.key);
        }
    }
    for line in whole.lines() {
        assert!(line.chars().count() <= 80 || !line.starts_with("# ") || line.contains(" = "), "{line}");
    }
}

#[test]
fn every_question_has_a_flag() {
    let machine = machine::named("amd-two-nvidia-cards");
    let guest = |flags: &[&str]| told(machine.root(), flags).guests.remove(0);
    assert_eq!(guest(&["--guest", "play"]).name.get_ref().as_str(), "play");
    assert_eq!(guest(&["--os", "linux"]).os.word(), "linux");
    assert_eq!(guest(&["--guest", "win10"]).os.word(), "windows-10");
    assert_eq!(guest(&["--guest", "ubuntu"]).os.word(), "linux");
    assert_eq!(guest(&["--memory", "4096MiB"]).memory.mib, 4096);
    let cpus = guest(&["--cores", "3", "--threads", "1"]).cpus.unwrap().get_ref().count();
    assert_eq!((cpus.cores, cpus.threads), (3, 1));
    let disk = guest(&["--disk", "/srv/it's \"a\" disk.raw", "--disk-size", "7 GiB"]).disk.unwrap();
    assert_eq!((disk.path.as_str(), disk.size.unwrap().mib), ("/srv/it's \"a\" disk.raw", 7 << 10));
    assert!(guest(&["--disk", "/dev/vg/guest"]).disk.unwrap().size.is_none());
    assert_eq!(guest(&["--install-media", "/i.iso"]).install_media.unwrap().as_str(), "/i.iso");
    assert_eq!(guest(&["--virtio-media", "/v.iso"]).virtio_media.unwrap().as_str(), "/v.iso");
    assert!(guest(&["--virtio-media", "none"]).virtio_media.is_none());
    let usb = guest(&["--usb", "046d:c33f", "--usb", "1532:0084,0000:1111"]).usb;
    assert_eq!(usb.len(), 3);
    let evdev = guest(&["--evdev", "/dev/input/by-id/a,b-event-kbd", "--evdev", "/dev/input/by-id/c"]).evdev;
    assert_eq!(evdev[0].get_ref().as_str(), "/dev/input/by-id/a,b-event-kbd");
    assert_eq!(evdev.len(), 2);
    assert_eq!(guest(&["--audio", "pipewire"]).audio.unwrap().get_ref().word(), "pipewire");
    let other = told(machine.root(), &["--gpu", "0000:0a:00.0", "--driver", "nvidia"]).gpu;
    assert_eq!(other.address.to_string(), "0000:0a:00.0");
    assert_eq!(other.devices.len(), 2);
    let host = |flags: &[&str]| told(machine.root(), flags).host.into_inner();
    let user = |flags: &[&str]| host(flags).user.map(|user| (user.name.to_string(), user.uid));
    assert_eq!(user(&[]), Some(("pcrxn".into(), 1000)));
    assert_eq!(user(&["--user", "second"]), Some(("second".into(), 1001)));
    assert_eq!(user(&["--user", "new:1234"]), Some(("new".into(), 1234)));
    assert_eq!(user(&["--user", "none"]), None);
    let dm = host(&["--display-manager", "sddm"]).display_manager.unwrap();
    assert_eq!(dm.get_ref().word(), "sddm");
    let arch = host(&["--distro", "arch", "--init", "systemd", "--bootloader", "grub", "--cpu", "intel"]);
    assert_eq!(arch.distro.unwrap().get_ref(), "arch");
    assert_eq!(arch.bootloader.unwrap().get_ref().word(), "grub");
    assert_eq!(arch.cpu.unwrap().word(), "intel");
    // Keyboards and mice are either shared or handed over.
    let keyboards = machine::named("intel-nvidia-two-functions");
    assert_eq!(told(keyboards.root(), &[]).guests[0].usb.len(), 2);
    assert_eq!(told(keyboards.root(), &["--usb", "none"]).guests[0].usb.len(), 0);
    assert_eq!(told(keyboards.root(), &["--evdev", "/dev/input/by-id/k-event-kbd"]).guests[0].usb.len(), 0);
    // A machine that tells nothing is described by flags alone.
    let nothing = Machine::new("");
    let said = told(nothing.root(), &["--cpu", "amd", "--gpu", "0000:01:00.0", "--driver", "amdgpu"]);
    assert_eq!(said.gpu.driver.word(), "amdgpu");
    assert!(said.host.get_ref().distro.is_none() && said.host.get_ref().init.is_none());
}

#[test]
fn bad_flags_are_refused_in_the_words_of_a_profile() {
    let machine = machine::named("amd-two-nvidia-cards");
    let dir = tempfile::tempdir().unwrap();
    for (flags, says) in [
        (["--guest", "../x"], "a guest's name is 1 to 64 of"),
        (["--memory", "16"], "memory is a number and MiB, GiB or TiB"),
        (["--memory", "1 MiB"], "a guest's memory is between"),
        (["--os", "dos"], "unknown variant `dos`"),
        (["--cores", "0"], "0 is not in 1..=256"),
        (["--disk", "x"], "a path on the host starts with `/`"),
        (["--disk-size", "big"], "a disk's size is a number and"),
        (["--usb", "046d"], "a USB id is vendor:product"),
        (["--gpu", "01:00.0"], "a PCI address is domain:bus:slot.function"),
        (["--gpu", "0000:05:00.0"], "there is no graphics card at 0000:05:00.0"),
        (["--user", "nosuch"], "this machine has no such account"),
        (["--user", "a b:1"], "a user's name is 1 to 32 of"),
        (["--distro", "plan9"], "plan9"),
        (["--display-manager", "kdm"], "unknown variant `kdm`"),
        (["--bootloader", "lilo"], "unknown variant `lilo`"),
        (["--init", "runit"], "has no init system `runit`"),
        (["-o", "."], "is a folder"),
    ] {
        let out = init(dir.path(), machine.root(), &[&["--yes"], flags.as_slice()].concat());
        let error = text(&out.stderr);
        assert_eq!(out.status.code(), Some(2), "{flags:?}: {error}");
        assert!(error.contains(says), "{flags:?}: {error}");
        assert!(out.stdout.is_empty() && names(dir.path()).is_empty(), "{flags:?} left something");
    }
}

#[test]
fn what_is_there_is_not_written_over() {
    let machine = machine::named("amd-navi-own-switch");
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("onegpu.toml");
    for make in [
        |file: &Path| fs::write(file, "mine").unwrap(),
        |file: &Path| {
            std::os::unix::fs::symlink("nowhere", file).unwrap();
        },
    ] {
        make(&file);
        let out = init(dir.path(), machine.root(), &["--yes"]);
        assert_eq!(out.status.code(), Some(2));
        assert!(text(&out.stderr).contains("onegpu.toml: is there already"), "{}", text(&out.stderr));
        assert!(text(&out.stderr).contains("--force"));
        assert_eq!(names(dir.path()), ["onegpu.toml"]);
        assert!(fs::read_to_string(&file).is_ok_and(|text| text == "mine") || file.is_symlink());
        fs::remove_file(&file).unwrap();
    }
    fs::write(&file, "mine").unwrap();
    assert_eq!(init(dir.path(), machine.root(), &["--yes", "--force"]).status.code(), Some(0));
    assert!(fs::read_to_string(&file).unwrap().contains("[gpu]"));
    // Standard output has a name, too; and a name is quoted where a command shows it.
    let out = init(dir.path(), machine.root(), &["--yes", "-o", "/dev/stdout"]);
    assert!(out.status.success() && text(&out.stdout).contains("[gpu]"), "{}", text(&out.stderr));
    assert!(init(dir.path(), machine.root(), &["--yes", "-o", "a b\n';c.toml"]).status.success());
    let odd = dir.path().join("a b\n';c.toml");
    profile::read(&odd).unwrap();
    fs::remove_file(odd).unwrap();
    // A folder that cannot be made: nothing is left.
    let below = init(dir.path(), machine.root(), &["--yes", "-o", "onegpu.toml/x.toml"]);
    assert_ne!(below.status.code(), Some(0));
    assert_eq!(names(dir.path()), ["onegpu.toml"]);
}

/// The host keeps enough of everything, whatever the machine has.
#[test]
fn proposals_leave_the_host_enough() {
    let card =
        "@pci\nGroup 1\n01:00.0 VGA compatible controller [0300]: x [10de:1b81] driver=nvidia boot_vga=1\n";
    for (mib, cores, threads) in [
        (900_u64, 1_u32, 1_u32),
        (1900, 1, 2),
        (3800, 2, 2),
        (7940, 2, 4),
        (11900, 4, 4),
        (15900, 6, 12),
        (31936, 8, 16),
        (63415, 14, 20),
        (128_000, 64, 128),
        (2_000_000, 400, 800),
    ] {
        let machine =
            Machine::new(&format!("@cpu AuthenticAMD {cores} {threads} svm\n@memory {mib}\n{card}"));
        let profile = told(machine.root(), &[]);
        let guest = &profile.guests[0];
        let memory = guest.memory.mib;
        assert!(memory >= 256 && memory <= mib / 2 + 512, "{memory} of {mib}");
        assert!(mib < 6000 || mib - memory >= 3900, "{memory} of {mib}");
        assert!(mib < 6000 || memory.is_multiple_of(1024), "{memory}");
        let cpus = guest.cpus.as_ref().unwrap().get_ref().count();
        let left = threads.saturating_sub(cpus.cores * cpus.threads);
        assert!(threads < 4 || left >= threads / 8 && left >= 1, "{cpus:?} of {cores} with {threads}");
        assert!(cpus.threads == 1 || threads == 2 * cores, "{cpus:?}");
    }
}
