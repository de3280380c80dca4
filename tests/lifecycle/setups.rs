//! The setups that come and go: a host's part and two guests', and what becomes of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::package::{SetupPackage, assemble};
use onegpu::plan::Plan;
use onegpu::profile;
use onegpu::render::Engine;
use onegpu::setup::Setup;

/// A profile and its distro's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Variant {
    First,
    /// Another CPU, another memory, no sound.
    Profile,
    /// `two` is called `three` and keeps its disk.
    Renamed,
    /// systemd-boot in place of GRUB.
    Loader,
    /// The programs in another folder, by a changed distro file.
    Distro,
    /// Steps and records as they were first written: tests/lifecycle/first is this repo's of then.
    Old,
    /// Records of a format that is not known yet.
    Newer,
}

const PROFILE: &str = r#"
[host]
distro = "DISTRO"
bootloader = "LOADER"
cpu = "intel"
user = { name = "mika", uid = 1000 }
display-manager = "sddm"

[gpu]
address = "0000:01:00.0"
driver = "nvidia"
devices = ["0000:01:00.0", "0000:01:00.1"]
rom = "/root/card.rom"

[package]
revision = 1

[[guest]]
name = "one"
os = "windows-11"
memory = "8 GiB"
audio = "pipewire"
disk = { path = "/var/lib/libvirt/images/one.qcow2", size = "1 GiB" }

[[guest]]
name = "two"
os = "linux"
audio = "pipewire"
disk = { path = "/var/lib/libvirt/images/two.qcow2", size = "1 GiB" }
"#;

type Known = Mutex<BTreeMap<(Variant, &'static str), Vec<SetupPackage>>>;
static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);

impl Variant {
    fn profile(self, distro: &str) -> String {
        let loader = if self == Self::Loader { "systemd-boot" } else { "grub" };
        let text = PROFILE.replace("DISTRO", distro).replace("LOADER", loader);
        let text = match self {
            Self::First => return text,
            Self::Profile => text
                .replace("intel", "amd")
                .replace("8 GiB", "4 GiB")
                .replace("os = \"linux\"\naudio = \"pipewire\"", "os = \"linux\"\naudio = \"none\""),
            Self::Renamed => text.replace("name = \"two\"", "name = \"three\""),
            Self::Loader | Self::Distro | Self::Old | Self::Newer => text,
        };
        text.replace("revision = 1", &format!("revision = {}", self as u32 + 1))
    }

    /// Those parts of it. What they depend on outside of the setup is left out: it is tried where
    /// a distro's own archive can be asked.
    pub fn packages(self, distro: &'static str, parts: &[&str]) -> Vec<SetupPackage> {
        let mut known = KNOWN.lock().unwrap();
        let all = known.entry((self, distro)).or_insert_with(|| self.assembled(distro));
        let of = |part: &str| all.iter().find(|package| package.guest.as_deref().unwrap_or("host") == part);
        parts.iter().map(|part| of(part).unwrap().clone()).collect()
    }

    /// Their names.
    pub fn names(self, distro: &'static str, parts: &[&str]) -> Vec<String> {
        self.packages(distro, parts).into_iter().map(|package| package.name).collect()
    }

    fn assembled(self, distro: &str) -> Vec<SetupPackage> {
        let embedded = DataDirs::embedded();
        let folder = tempfile::tempdir().unwrap();
        let file = embedded.distro(distro).unwrap().unwrap().text.into_owned();
        let moved = match file.contains("libexec = \"/usr/lib\"") {
            true => file.replace("libexec = \"/usr/lib\"", "libexec = \"/usr/libexec\""),
            false => file.replace("libexec = \"/usr/libexec\"", "libexec = \"/usr/lib\""),
        };
        assert_ne!(file, moved);
        std::fs::create_dir(folder.path().join("distros")).unwrap();
        if self == Self::Distro {
            std::fs::write(folder.path().join(format!("distros/{distro}.toml")), moved).unwrap();
        }
        if self == Self::Newer {
            let lib = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/host/lib/steps.sh");
            let text = std::fs::read_to_string(lib).unwrap();
            assert!(text.contains("\nrecords_format=1\n"));
            std::fs::create_dir_all(folder.path().join("templates/host/lib")).unwrap();
            let newer = text.replace("\nrecords_format=1\n", "\nrecords_format=2\n");
            std::fs::write(folder.path().join("templates/host/lib/steps.sh"), newer).unwrap();
        }
        let first = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lifecycle/first");
        let data = DataDirs::only(Some(if self == Self::Old { Path::new(first) } else { folder.path() }));
        let profile = profile::parse("profile.toml", &self.profile(distro)).unwrap();
        let plan = Plan::new(Setup::new(&profile, Distro::load(&data, distro).unwrap()).unwrap());
        let mut engine = Engine::new(&data, &plan.setup).unwrap();
        let mut packages = assemble(&mut engine, &plan, 1_790_000_000).unwrap();
        packages.iter_mut().for_each(|package| package.depends.clear());
        packages
    }
}
