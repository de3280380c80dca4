//! Every check, by spoiling one thing of a machine and a profile on which nothing
//! stands in the way: then this check says so, and no other changes its mind.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;
#[path = "check/rom.rs"]
mod rom;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use machine::Machine as Folder;
use onegpu::check::{self, Context, Finding, Outcome};
use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::machine::Machine;
use onegpu::machine::root::Root;
use onegpu::profile;
use onegpu::setup::Setup;

const GOOD: &str = include_str!("check/good.txt");
const PROFILE: &str = include_str!("check/good.toml");
const CARD: &str = "sys/devices/pci0000:00/0000:00:01.0/0000:01:00.0";

/// The good machine, its ROMs included.
fn good() -> Folder {
    let folder = Folder::new(GOOD);
    folder.file(&format!("{CARD}/rom"), rom::both(0x10de, 0x2482));
    folder.file("usr/share/vgabios/card.rom", rom::both(0x10de, 0x2482));
    folder
}

fn findings(folder: &Folder, text: &str) -> Vec<Finding> {
    let data = DataDirs::embedded();
    let root = Root::open(folder.root()).unwrap();
    let machine = Machine::read(&root, &data).unwrap();
    let profile = profile::parse("good.toml", text).unwrap_or_else(|error| panic!("{error}"));
    let id = profile.host.get_ref().distro.as_ref().unwrap().get_ref().clone();
    let distro = Distro::load(&data, &id).unwrap();
    let setup = Setup::new(&profile, distro.clone()).unwrap_or_else(|error| panic!("{error}"));
    check::run(&Context {
        machine: &machine,
        root: &root,
        distro: Some(&distro),
        profile: Some(&profile),
        setup: Some(&setup),
    })
}

/// What is not ok, as `id outcome`.
fn not_ok(findings: &[Finding]) -> Vec<String> {
    let bad = findings.iter().filter(|finding| finding.result != Outcome::Ok);
    bad.map(|finding| format!("{} {}", finding.id, finding.result.word())).collect()
}

#[test]
fn nothing_stands_in_the_way_of_the_good_one() {
    let findings = findings(&good(), PROFILE);
    let bad: Vec<&Finding> = findings.iter().filter(|finding| finding.result != Outcome::Ok).collect();
    assert!(bad.is_empty(), "{bad:#?}");
    let idle: Vec<&str> =
        findings.iter().filter(|finding| !finding.applies).map(|finding| finding.id).collect();
    assert_eq!(idle, ["laptop", "command-line-file"], "these checks are not tried by this machine");
}

/// What is done to the good machine or its profile.
enum Spoil {
    /// A file's new content.
    File(&'static str, &'static str),
    /// A file or folder that goes.
    Gone(&'static str),
    /// A link.
    Link(&'static str, &'static str),
    /// A file that the shell may run.
    Program(&'static str, &'static str),
    /// A mode.
    Mode(&'static str, u32),
    /// Bytes.
    Bytes(&'static str, Vec<u8>),
    /// Words of the machine's description, replaced.
    Described(&'static str, &'static str),
    /// Words of the profile, replaced.
    Profile(&'static str, &'static str),
}

use Spoil::{Bytes, Described, File, Gone, Link, Mode, Program};

/// What is spoiled, what must be said of it, and a word that must be in it.
fn spoils() -> Vec<(Vec<Spoil>, &'static [&'static str], &'static str)> {
    let hook = "etc/libvirt/hooks/qemu";
    let by_profile = Spoil::Profile;
    vec![
        // The hardware.
        (
            vec![File("sys/class/dmi/id/sys_vendor", "QEMU\n")],
            &["platform unknown"],
            "virtual machine of qemu",
        ),
        (vec![File("run/.containerenv", "")], &["platform unknown"], "podman"),
        (vec![Described("12 vmx", "12")], &["virtualization fail"], "VT-x"),
        (vec![Gone("sys/module/kvm"), Gone("sys/module/kvm_intel")], &["virtualization warn"], "kvm_intel"),
        (
            vec![Gone("proc/cpuinfo")],
            &["platform ok", "virtualization unknown", "guest-cpus unknown", "profile-host unknown"],
            "flags",
        ),
        (
            vec![
                Gone("sys/kernel/iommu_groups"),
                Gone("sys/firmware/acpi/tables/DMAR"),
                File("sys/firmware/acpi/tables/FACP", ""),
            ],
            &["iommu fail", "group unknown"],
            "`VT-d`",
        ),
        (
            vec![Gone("sys/kernel/iommu_groups"), Described("intel_iommu=on ", "")],
            &["iommu fail", "parameters fail", "group unknown"],
            "GRUB_CMDLINE_LINUX_DEFAULT, then `sudo update-grub`",
        ),
        (
            vec![Gone("sys/kernel/iommu_groups"), Described("intel_iommu=on", "intel_iommu=off")],
            &["iommu fail", "parameters fail", "group unknown"],
            "take `intel_iommu=off` out",
        ),
        (vec![Described("intel_iommu=on ", "")], &["parameters warn"], "intel_iommu=on"),
        (
            vec![Described("intel_iommu=on ", ""), File("etc/default/grub.d/50-onegpu.cfg", "")],
            &["parameters fail"],
            "reboot",
        ),
        (vec![Gone("proc/cmdline")], &["parameters unknown", "useless-parameters unknown"], "command line"),
        (
            vec![Described("quiet", "amd_iommu=on")],
            &["useless-parameters warn"],
            "no value that the kernel knows",
        ),
        (vec![Described("quiet", "video=efifb:off")], &["useless-parameters warn"], "obsolete"),
        (vec![Described("quiet", "vfio-pci.ids=10de:2482")], &["useless-parameters fail"], "no desktop"),
        (
            vec![Described(
                "Group 2\n",
                "Group 2\n00:02.0 VGA compatible controller [0300]: UHD 630 [8086:9bc5] driver=i915\n",
            )],
            &["graphics-cards warn"],
            "2 cards",
        ),
        (vec![File("sys/class/dmi/id/chassis_type", "10\n")], &["laptop warn"], "few firmwares let go"),
        (vec![Described("driver=nvidia", "driver=vfio-pci")], &["card-driver fail"], "vfio-pci has"),
        (vec![Described("driver=nvidia", "driver=nouveau")], &["card-driver fail"], "driver = \"nouveau\""),
        (vec![Described("driver=nvidia", "")], &["card-driver warn"], "no driver"),
        (
            vec![
                Described(
                    "Group 2\n",
                    "00:1f.6 Ethernet controller [0200]: I219-V [8086:15fa] driver=e1000e\nGroup 2\n",
                ),
                by_profile("\"0000:01:00.1\"]", "\"0000:01:00.1\", \"0000:00:1f.6\"]"),
            ],
            &["group fail"],
            "0000:00:1f.6 Ethernet controller (e1000e)",
        ),
        (vec![Described("01:00.1 Audio", "Group -\n01:00.1 Audio")], &["card-functions warn"], "is in none"),
        (vec![Bytes("CARD/rom", rom::bios(0x10de, 0x2482))], &["card-rom fail"], "no image for UEFI"),
        (vec![Gone("CARD/rom")], &["card-rom unknown"], "echo 1 >rom"),
        (vec![File("CARD/reset_method", "")], &["reset warn"], "no way to reset"),
        (vec![Gone("CARD/reset_method")], &["reset unknown"], "cannot be read"),
        (
            vec![
                Described("driver=nvidia", "driver=amdgpu"),
                Described("10de:2482", "1002:687f"),
                by_profile("\"nvidia\"", "\"amdgpu\""),
                Bytes("usr/share/vgabios/card.rom", rom::both(0x1002, 0x687f)),
            ],
            &["reset warn"],
            "Vega 10",
        ),
        (
            vec![
                Described("driver=nvidia", "driver=amdgpu"),
                by_profile("\"nvidia\"", "\"amdgpu\""),
                Link("sys/bus/platform/drivers/simple-framebuffer/simple-framebuffer.0", "../nowhere"),
            ],
            &["framebuffer warn"],
            "simple-framebuffer.0",
        ),
        (
            vec![File("usr/lib/modules/6.12.57-amd64/modules.dep", "kernel/fs/xfs.ko:\n")],
            &["vfio-module fail"],
            "CONFIG_VFIO_PCI",
        ),
        (
            vec![
                Gone("usr/lib/modules/6.12.57-amd64"),
                File("usr/lib/modules/6.12.60-amd64/modules.dep", ""),
            ],
            &["vfio-module fail"],
            "reboot into the new kernel",
        ),
        // The boot.
        (vec![File("boot/loader/loader.conf", "")], &["boot-loader warn"], "systemd-boot"),
        (
            vec![
                Described("LoaderInfo GRUB 2.12", "LoaderInfo Limine 9.0"),
                Described("BOOT_IMAGE=/boot/vmlinuz-6.12.57-amd64 ", ""),
                Gone("boot/grub"),
            ],
            &["boot-loader-covered warn", "profile-host fail"],
            "limine-update",
        ),
        (vec![File("run/ostree-booted", "")], &["boot-loader-covered warn"], "rpm-ostree kargs"),
        (
            vec![Described("SecureBoot 0", "SecureBoot 0\n@efi StubInfo systemd-stub 257")],
            &["boot-loader-covered warn"],
            "mkinitcpio -P",
        ),
        (
            vec![File("etc/cmdline.d/50-iommu.conf", "intel_iommu=on iommu=pt\n")],
            &["command-line-file fail"],
            "root=UUID=77",
        ),
        (
            vec![
                Described("SecureBoot 0", "SecureBoot 1"),
                Described("driver=nvidia", "driver=amdgpu"),
                Described("10de:2482", "1002:687f"),
                by_profile("\"nvidia\"", "\"amdgpu\""),
                Bytes("usr/share/vgabios/card.rom", rom::both(0x1002, 0x687f)),
            ],
            &["reset warn", "secure-boot warn"],
            "mokutil --import",
        ),
        (
            vec![Gone("sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c")],
            &["secure-boot unknown"],
            "mokutil",
        ),
        // Libvirt.
        (vec![Described("0.11003.0", "0.6009.0")], &["libvirt-version fail"], "older than 7.2"),
        (vec![Described("0.11003.0", "0.9000.0")], &["libvirt-version fail"], "older than 9.10"),
        (
            vec![Gone("usr/bin/qemu-system-x86_64")],
            &["libvirt-version warn"],
            "sudo apt install qemu-system-x86",
        ),
        (
            vec![
                File("usr/sbin/virtqemud", ""),
                Link(
                    "etc/systemd/system/sockets.target.wants/virtqemud.socket",
                    "/usr/lib/systemd/system/virtqemud.socket",
                ),
            ],
            &["daemon fail"],
            "both layouts",
        ),
        (
            vec![Gone("etc/systemd/system/multi-user.target.wants/libvirtd.service")],
            &["daemon warn"],
            "sudo systemctl enable --now libvirtd.socket",
        ),
        (
            vec![File(
                "etc/systemd/system/libvirtd.service.d/harden.conf",
                "[Service]\nProtectKernelModules=yes\n",
            )],
            &["hardened-daemon warn"],
            "harden.conf",
        ),
        (vec![Gone("etc/libvirt/qemu/networks/autostart/default.xml")], &["network warn"], "net-autostart"),
        (
            vec![
                Gone("etc/libvirt/qemu/networks/autostart/default.xml"),
                Gone("etc/libvirt/qemu/networks/default.xml"),
            ],
            &["network warn"],
            "no network `default`",
        ),
        (vec![Gone("usr/share/qemu")], &["guest-firmware warn"], "sudo apt install ovmf"),
        (vec![Described("\"secure-boot\", ", "")], &["guest-firmware warn"], "Secure Boot"),
        (vec![Gone("usr/bin/swtpm")], &["guest-tpm warn"], "sudo apt install swtpm"),
        // The desktop.
        (
            vec![Described("sddm.service", "gdm.service")],
            &["display-manager fail"],
            "display-manager = \"gdm\"",
        ),
        (
            vec![Gone("etc/systemd/system/display-manager.service")],
            &["display-manager unknown"],
            "none was found",
        ),
        (
            vec![Described("TYPE=x11", "TYPE=wayland"), Described("XFCE", "KDE")],
            &["desktop-sessions warn"],
            "lives on",
        ),
        (
            vec![Gone("run/systemd/seats"), Gone("run/systemd/sessions")],
            &["desktop-sessions warn"],
            "no logind",
        ),
        (
            vec![
                Described("systemd\n@folder run/systemd/system\n", "dinit\n"),
                Link("etc/systemd/system/multi-user.target.wants/nvidia-persistenced.service", "x"),
            ],
            &["nvidia-services warn", "profile-host fail"],
            "an init that onegpu does not know",
        ),
        // What stands guard.
        (
            vec![Program(hook, "#!/bin/sh\nvirsh nodedev-detach pci_0000_01_00_0\n")],
            &["foreign-hooks fail"],
            "waits for it",
        ),
        (vec![Program(hook, "#!/bin/sh\nmodprobe vfio-pci\n")], &["foreign-hooks fail"], "as well"),
        (
            vec![Program(hook, "GUEST_NAME=\"$1\"\nHOOKPATH=\"$BASEDIR/qemu.d/$GUEST_NAME\"\n")],
            &["foreign-hooks warn"],
            "dispatcher",
        ),
        (vec![File(hook, "#!/bin/sh\n")], &["foreign-hooks warn"], "chmod 0755"),
        (
            vec![Program("etc/libvirt/hooks/qemu.d/50-onegpu.dpkg-dist", "#!/bin/sh\n")],
            &["foreign-hooks warn"],
            "stray copy",
        ),
        (
            vec![File("etc/libvirt/hooks/qemu.d/win11/prepare/begin/20-reserve-hugepages.sh", "")],
            &["foreign-hooks warn"],
            "older setup",
        ),
        (vec![File("sys/fs/selinux/enforce", "1")], &["selinux warn"], "enforcing"),
        (
            vec![
                File("sys/fs/selinux/enforce", "1"),
                Gone("etc/systemd/system/multi-user.target.wants/libvirtd.service"),
                File("usr/sbin/virtqemud", ""),
                Link(
                    "etc/systemd/system/sockets.target.wants/virtqemud.socket",
                    "/usr/lib/systemd/system/virtqemud.socket",
                ),
            ],
            &["selinux fail"],
            "virtqemud may not run hooks",
        ),
        (vec![File("sys/module/apparmor/parameters/enabled", "Y\n")], &["apparmor warn"], "PipeWire"),
        (
            vec![
                File("sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "1024\n"),
                File("sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "1024\n"),
            ],
            &["hugepages warn"],
            "2048 MiB",
        ),
        // The profile.
        (vec![by_profile("16 GiB", "31 GiB")], &["guest-memory fail"], "29696 MiB"),
        (vec![by_profile("16 GiB", "30 GiB")], &["guest-memory warn"], "only 1216 are left"),
        (vec![Described("ID=debian", "ID=fedora")], &["profile-host fail"], "distro = \"fedora\""),
        (vec![by_profile("cpu = \"intel\"", "cpu = \"amd\"")], &["profile-host fail"], "cpu = \"intel\""),
        (vec![by_profile("\"grub\"", "\"systemd-boot\"")], &["profile-host fail"], "bootloader = \"grub\""),
        (vec![by_profile("uid = 1000", "uid = 1001")], &["profile-user fail"], "uid = 1000"),
        (vec![Gone("etc/passwd")], &["profile-user unknown"], "id mika"),
        (
            vec![by_profile("address = \"0000:01:00.0\"", "address = \"0000:02:00.0\"")],
            &[
                "card-driver unknown",
                "group unknown",
                "card-functions unknown",
                "card-rom unknown",
                "reset unknown",
                "profile-card fail",
                "profile-devices unknown",
            ],
            "there is no 0000:02:00.0",
        ),
        (
            vec![by_profile(
                "devices = [\"0000:01:00.0\", \"0000:01:00.1\"]",
                "devices = [\"0000:01:00.0\"]",
            )],
            &["profile-devices fail"],
            "devices = [\"0000:01:00.0\", \"0000:01:00.1\"]",
        ),
        (
            vec![by_profile("\"0000:01:00.1\"]", "\"0000:01:00.1\", \"0000:00:01.0\"]")],
            &["profile-devices fail"],
            "bridge",
        ),
        (
            vec![by_profile("\"0000:01:00.1\"]", "\"0000:01:00.1\", \"0000:00:14.0\"]")],
            &["profile-devices warn"],
            "USB controller",
        ),
        (
            vec![Bytes("usr/share/vgabios/card.rom", [vec![0x4e; 1536], rom::both(0x10de, 0x2482)].concat())],
            &["profile-rom fail"],
            "tail -c +1537",
        ),
        (
            vec![Bytes("usr/share/vgabios/card.rom", rom::bios(0x10de, 0x2482))],
            &["profile-rom fail"],
            "no image for UEFI",
        ),
        (
            vec![Bytes("usr/share/vgabios/card.rom", rom::both(0x10de, 0x1c03))],
            &["profile-rom fail"],
            "10de:1c03",
        ),
        (vec![Gone("usr/share/vgabios/card.rom")], &["profile-rom fail"], "not there"),
        (vec![by_profile("cores = 5", "cores = 8")], &["guest-cpus fail"], "16 processors"),
        (vec![by_profile("cores = 5", "cores = 6")], &["guest-cpus warn"], "all 12"),
        (vec![Mode("var/lib/libvirt/images", 0o700)], &["guest-disk fail", "guest-media warn"], "chmod o+x"),
        (vec![by_profile(", size = \"120 GiB\"", "")], &["guest-disk fail"], "size = \"120 GiB\""),
        (vec![by_profile("images/win11.qcow2", "other/win11.qcow2")], &["guest-disk fail"], "mkdir -p"),
        (vec![Gone("var/lib/libvirt/images/Win11.iso")], &["guest-media warn"], "installer"),
        (vec![by_profile("046d:c33f", "046d:c339")], &["guest-usb warn"], "046d:c339"),
        (vec![Gone("dev/input/by-id/usb-Logitech_G815-event-kbd")], &["guest-evdev fail"], "plug it in"),
        (vec![Gone("var/lib/systemd/linger/mika")], &["guest-sound warn"], "enable-linger mika"),
    ]
}

fn spoiled(spoils: &[Spoil]) -> (Folder, String) {
    let mut description = GOOD.to_owned();
    let mut profile = PROFILE.to_owned();
    for spoil in spoils {
        let (text, from, to) = match spoil {
            Described(from, to) => (&mut description, from, to),
            Spoil::Profile(from, to) => (&mut profile, from, to),
            _ => continue,
        };
        assert!(text.contains(from), "{from:?} is not there to be spoiled");
        *text = text.replace(from, to);
    }
    let folder = Folder::new(&description);
    let id = if description.contains("1002:687f") { (0x1002, 0x687f) } else { (0x10de, 0x2482) };
    folder.file(&format!("{CARD}/rom"), rom::both(id.0, id.1));
    folder.file("usr/share/vgabios/card.rom", rom::both(id.0, id.1));
    let at = |path: &str| path.replace("CARD", CARD);
    for spoil in spoils {
        match spoil {
            File(path, text) => folder.file(&at(path), text),
            Bytes(path, bytes) => folder.file(&at(path), bytes),
            Link(path, target) => folder.link(path, target),
            Program(path, text) => {
                folder.file(path, text);
                fs::set_permissions(folder.at(path), fs::Permissions::from_mode(0o755)).unwrap();
            }
            Mode(path, mode) => {
                fs::set_permissions(folder.at(path), fs::Permissions::from_mode(*mode)).unwrap()
            }
            Gone(path) => {
                let path = folder.at(&at(path));
                let is_folder = path.symlink_metadata().unwrap().is_dir();
                if is_folder { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
            }
            Described(..) | Spoil::Profile(..) => {}
        }
    }
    (folder, profile)
}

#[test]
fn one_spoiled_thing_is_found_by_its_check_alone() {
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    let mut wrong = Vec::new();
    for (spoils, expected, word) in spoils() {
        let (folder, profile) = spoiled(&spoils);
        let findings = findings(&folder, &profile);
        let expected: Vec<&str> = expected.iter().copied().filter(|line| !line.ends_with(" ok")).collect();
        let mut found = not_ok(&findings);
        found.dedup();
        found.sort();
        let mut wanted: Vec<String> = expected.iter().map(|line| (*line).to_owned()).collect();
        wanted.sort();
        let texts =
            |finding: &Finding| format!("{} {}", finding.what, finding.fix.as_deref().unwrap_or_default());
        let said =
            findings.iter().filter(|finding| finding.result != Outcome::Ok).any(|f| texts(f).contains(word));
        if found != wanted || !said {
            wrong.push(format!(
                "wanted {wanted:?} with {word:?}, found {:#?}",
                findings.iter().filter(|f| f.result != Outcome::Ok).collect::<Vec<_>>()
            ));
        }
        let all = findings.iter().filter(|finding| finding.result != Outcome::Ok);
        for finding in all {
            assert!(finding.fix.as_ref().is_some_and(|fix| !fix.is_empty()), "{} has no mend", finding.id);
            let judged = finding.result != Outcome::Unknown || finding.id == "platform";
            if judged {
                seen.insert(finding.id);
            }
        }
    }
    assert!(wrong.is_empty(), "{} of the spoiled:\n{}", wrong.len(), wrong.join("\n"));
    let never: Vec<&str> = check::ALL.iter().map(|check| check.id).filter(|id| !seen.contains(id)).collect();
    assert!(never.is_empty(), "never made to warn or fail: {never:?}");
}

#[test]
fn checks_are_told_apart_and_explain_themselves() {
    let ids: BTreeSet<&str> = check::ALL.iter().map(|check| check.id).collect();
    assert_eq!(ids.len(), check::ALL.len());
    for check in check::ALL {
        let plain = |id: &str| id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-');
        assert!(plain(check.id), "{}", check.id);
        assert!(
            check.title.ends_with('?') && !check.looks_at.is_empty() && check.why.ends_with('.'),
            "{}",
            check.id
        );
        assert!(check.more.iter().all(|address| address.starts_with("https://")), "{}", check.id);
        assert!(check::find(check.id).is_some());
    }
}
