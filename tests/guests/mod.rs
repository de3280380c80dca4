//! Guests of every kind, rendered: what the tests of the domain XML share.
#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use onegpu::data::DataDirs;
use onegpu::distro::{Distro, Firmware};
use onegpu::plan::Plan;
use onegpu::profile::{Audio, CpuVendor, Driver, GuestOs, parse};
use onegpu::render;
use onegpu::setup::Setup;
use roxmltree::{Document, Node};

/// A guest's two domains.
#[derive(Clone)]
pub struct Domains {
    /// With the card.
    pub card: String,
    /// The twin.
    pub setup: String,
}

/// One combination of all that decides what is in a domain.
#[derive(Clone, Copy)]
pub struct Kind {
    pub os: GuestOs,
    pub driver: Driver,
    pub cpu: CpuVendor,
    pub audio: Audio,
    /// Whether there are images for both CD-ROMs.
    pub media: bool,
    pub firmware: Firmware,
}

/// Firmware as Debian has it, as Arch has it, and without Secure Boot.
pub const FIRMWARES: [Firmware; 3] = [
    Firmware { secure_boot: true, enrolled_keys: true },
    Firmware { secure_boot: true, enrolled_keys: false },
    Firmware { secure_boot: false, enrolled_keys: false },
];

/// Every combination with its domains, rendered once.
pub fn all() -> &'static [(Kind, Domains)] {
    static ALL: LazyLock<Vec<(Kind, Domains)>> =
        LazyLock::new(|| kinds().into_iter().map(|kind| (kind, kind.domains())).collect());
    &ALL
}

/// Every combination there is.
fn kinds() -> Vec<Kind> {
    let mut out = Vec::new();
    for &os in GuestOs::ALL {
        for &driver in Driver::ALL {
            for &cpu in CpuVendor::ALL {
                for &audio in Audio::ALL {
                    for media in [true, false] {
                        for firmware in FIRMWARES {
                            out.push(Kind { os, driver, cpu, audio, media, firmware });
                        }
                    }
                }
            }
        }
    }
    out
}

impl Kind {
    /// A name that a guest can have.
    pub fn name(&self) -> String {
        let Firmware { secure_boot, enrolled_keys } = self.firmware;
        format!(
            "{}-{}-{}-{}{}{}{}",
            self.os,
            self.driver,
            self.cpu,
            self.audio,
            if self.media { "-media" } else { "" },
            if secure_boot { "-sb" } else { "" },
            if enrolled_keys { "-keys" } else { "" },
        )
    }

    /// A profile with this one guest, on a PC whose card has a neighbour in its
    /// IOMMU group that lacks function 0. `more` goes into the guest.
    pub fn profile(&self, more: &str) -> String {
        let Self { os, driver, cpu, audio, .. } = self;
        let integrated = matches!(driver, Driver::I915);
        let slot = if integrated { "0000:00:02" } else { "0000:0b:00" };
        let (name, threads) = (self.name(), if self.media { 2 } else { 1 });
        let rom = if self.media { "rom = \"/root/card.rom\"" } else { "" };
        let media = match self.media {
            true => {
                "install-media = \"/srv/Installer & more.iso\"
                 virtio-media = \"/dev/sr0\"
                 usb = [\"046d:c33f\", \"1532:0084\"]"
            }
            false => {
                "evdev = [\"/dev/input/by-id/usb-a-event-kbd\", \"/dev/input/by-id/usb-a-event-mouse\"]
                 disk = { path = \"/dev/disk/by-id/ata-games\" }"
            }
        };
        format!(
            "[host]\ncpu = \"{cpu}\"\nuser = {{ name = \"mika\", uid = 1000 }}\n\
             [gpu]\naddress = \"{slot}.0\"\ndriver = \"{driver}\"\n{rom}\n\
             devices = [\"{slot}.0\", \"{slot}.1\", \"0000:0c:00.1\", \"0000:0c:00.3\"]\n\
             [[guest]]\nname = \"{name}\"\nos = \"{os}\"\naudio = \"{audio}\"\n\
             cpus = {{ cores = 2, threads = {threads} }}\n{media}\n{more}"
        )
    }

    /// Both domains of the one guest.
    fn domains(&self) -> Domains {
        render_on(&self.profile(""), self.firmware)
    }
}

/// The domains of a profile with one guest, on Debian.
pub fn domains(profile: &str) -> Domains {
    render_on(profile, FIRMWARES[0])
}

/// `start.sh` and `stop.sh` of a profile with one guest, on Debian.
pub fn hooks(profile: &str) -> (String, String) {
    let files = files_on(profile, FIRMWARES[0]);
    let script = |name: &str| {
        let file = files.iter().find(|(path, _)| path.ends_with(name));
        file.unwrap_or_else(|| panic!("{name} is missing")).1.clone()
    };
    (script("/start.sh"), script("/stop.sh"))
}

/// The plan of a profile on Debian with this firmware, and the packages' files.
pub fn planned(profile: &str, firmware: Firmware) -> (Plan, Vec<(String, Vec<render::File>)>) {
    let data = DataDirs::embedded();
    let rendered = || {
        let profile = parse("profile.toml", profile)?;
        let mut distro = Distro::load(&data, "debian")?;
        distro.firmware = firmware;
        let plan = Plan::new(Setup::new(&profile, distro)?);
        let packages = render::all(&data, &plan)?;
        Ok((plan, packages))
    };
    let rendered: onegpu::diag::Result<_> = rendered();
    rendered.unwrap_or_else(|error| panic!("{error}\nof the profile\n{profile}"))
}

/// Every file's path and text.
fn files_on(profile: &str, firmware: Firmware) -> Vec<(String, String)> {
    let (_, packages) = planned(profile, firmware);
    let files = packages.into_iter().flat_map(|(_, files)| files);
    files.map(|file| (file.path, String::from_utf8_lossy(&file.bytes).into_owned())).collect()
}

fn render_on(profile: &str, firmware: Firmware) -> Domains {
    let mut xml: BTreeMap<bool, String> = files_on(profile, firmware)
        .into_iter()
        .filter(|(path, _)| path.ends_with(".xml"))
        .map(|(path, text)| (path.ends_with("-setup.xml"), text))
        .collect();
    let mut take = |setup| xml.remove(&setup).unwrap_or_else(|| panic!("a domain is missing"));
    Domains { card: take(false), setup: take(true) }
}

/// The domain without what plain emulation has not.
pub fn emulated(xml: &str) -> String {
    let document = Document::parse(xml).unwrap();
    let kvm_only = |node: &Node<'_, '_>| {
        node.has_tag_name("hyperv")
            || node.has_tag_name("cache")
            || node.has_tag_name("hostdev")
            || node.attribute("name") == Some("hypervclock")
    };
    let mut out = xml.to_owned();
    let cut: Vec<_> = document.descendants().filter(kvm_only).map(|node| node.range()).collect();
    for range in cut.into_iter().rev() {
        out.replace_range(range, "");
    }
    for (from, to) in [
        ("<domain type='kvm'>", "<domain type='qemu'>"),
        ("mode='host-passthrough' check='none' migratable='off'", "mode='maximum'"),
        // QEMU's module for PipeWire is not in the root: the label is what is tried.
        ("type='pipewire' runtimeDir='/run/user/1000'", "type='none'"),
    ] {
        assert!(out.contains(from) || from.contains("pipewire"), "{from}\n{out}");
        out = out.replace(from, to);
    }
    out
}
