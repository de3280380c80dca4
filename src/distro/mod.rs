//! What is true of a distro: a file in `distros/`, so that a new distro of a
//! known family takes one file and no code. `distros/README.md` explains every key.

mod dependency;
pub mod keys;
mod load;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::profile::{Bootloader, DisplayManager, Init};

pub use dependency::{Atom, alternatives, package_use};
pub use load::chain;

/// A distro, with everything it inherits filled in.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(deserialize = "kebab-case"))]
pub struct Distro {
    /// `ID` of its os-release.
    pub id: String,
    /// The name people call it.
    pub name: String,
    /// The distro it is like: everything not said here is said there.
    #[serde(default)]
    pub like: Option<String>,
    /// The root of its kin: debian, fedora, arch, gentoo, void, alpine, suse.
    pub family: String,
    /// How far it has been tried.
    pub tested: Tested,
    /// Init systems it has, the usual one first.
    pub inits: Vec<Init>,
    /// The boot loader it installs by default.
    pub default_bootloader: Bootloader,
    /// Its packages.
    pub package: PackageRules,
    /// Where programs and data of packages go.
    pub dirs: Dirs,
    /// Package names for each need.
    pub needs: Needs,
    /// What its UEFI firmware for guests can do.
    pub firmware: Firmware,
    /// How a user gets at libvirt without being root.
    pub access: Access,
    /// What confines libvirt and its guests; left out, nothing does.
    #[serde(default)]
    pub security: Security,
    /// Libvirt's services for each init.
    pub libvirt: BTreeMap<Init, Services>,
    /// How kernel parameters are set for each boot loader.
    pub bootloader: BTreeMap<Bootloader, KernelParameters>,
    /// Service names of display managers for each init.
    pub display_manager: BTreeMap<Init, DisplayManagers>,
}

/// How far a distro has been tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tested {
    /// Beyond that, the lab boots a machine of it and hands its card over and back.
    Lab,
    /// Its own package manager installs and removes the packages in the test suite.
    RealTools,
    /// Rendered and compared with a golden tree.
    GoldenTree,
    /// Only rendered; a checksum guards it.
    Rendered,
}

impl Tested {
    /// For `onegpu distros`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::RealTools => "real tools",
            Self::GoldenTree => "golden tree",
            Self::Rendered => "rendered",
        }
    }
}

/// Rules of the distro's packages.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(deserialize = "kebab-case"))]
pub struct PackageRules {
    /// Which writer builds them.
    pub format: Format,
    /// Installs package files: the words before the paths.
    pub install_files: String,
    /// Installs packages by name: the words before the names.
    pub install_names: String,
    /// Removes packages without a trace: the words before the names.
    pub remove: String,
}

/// Package formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// `.deb`.
    Deb,
    /// `.rpm`.
    Rpm,
    /// `.pkg.tar.zst`.
    Pacman,
    /// An overlay of ebuilds and `.gpkg.tar`.
    Portage,
    /// `.xbps`.
    Xbps,
    /// `.apk`, format 2.
    Apk,
}

impl Format {
    /// The word in distro files.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Pacman => "pacman",
            Self::Portage => "portage",
            Self::Xbps => "xbps",
            Self::Apk => "apk",
        }
    }
}

/// Directories.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Dirs {
    /// Programs that other programs call.
    pub libexec: String,
    /// Files that do not differ between machines.
    pub data: String,
}

/// Package names for each need; an entry is one dependency in the format's own
/// spelling, with alternatives and USE flags where the format has them: see
/// [`alternatives`].
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(deserialize = "kebab-case"))]
pub struct Needs {
    /// The emulator for x86-64.
    pub qemu: Vec<String>,
    /// `qemu-img`, for creating disks.
    pub disk_tool: Vec<String>,
    /// The daemon, its QEMU driver, and `virsh`.
    pub libvirt: Vec<String>,
    /// UEFI for guests.
    pub firmware: Vec<String>,
    /// TPM for guests that ask for one.
    pub tpm: Vec<String>,
    /// The graphical manager, for installing the guest.
    pub manager: Vec<String>,
    /// DHCP and DNS of the default network.
    pub network: Vec<String>,
    /// NAT of the default network.
    pub firewall: Vec<String>,
    /// Sound to PipeWire.
    pub pipewire: Vec<String>,
    /// Polkit, where `access.method` is polkit and nothing else pulls it.
    pub polkit: Vec<String>,
    /// Where `security.selinux` is said: the tools that load a policy module.
    #[serde(default)]
    pub selinux: Vec<String>,
    /// Where `bootloader.uki` is said: `ukify`, which makes the addon.
    #[serde(default)]
    pub ukify: Vec<String>,
    /// Glue for an init that is not the usual one.
    #[serde(default)]
    pub init: BTreeMap<Init, Vec<String>>,
}

impl Needs {
    /// All of them, each with its key in distro files.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &Vec<String>)> {
        [
            ("qemu", &self.qemu),
            ("disk-tool", &self.disk_tool),
            ("libvirt", &self.libvirt),
            ("firmware", &self.firmware),
            ("tpm", &self.tpm),
            ("manager", &self.manager),
            ("network", &self.network),
            ("firewall", &self.firewall),
            ("pipewire", &self.pipewire),
            ("polkit", &self.polkit),
            ("selinux", &self.selinux),
            ("ukify", &self.ukify),
        ]
        .into_iter()
        .chain(self.init.iter().map(|(init, names)| (init.word(), names)))
    }
}

/// What the distro's UEFI for guests can do.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(deserialize = "kebab-case"))]
pub struct Firmware {
    /// There is an image with Secure Boot.
    pub secure_boot: bool,
    /// There are variables with Microsoft's keys enrolled.
    pub enrolled_keys: bool,
}

/// What may confine libvirt on the distro: whether it is in force is looked at on
/// the machine, by the step and by `check`.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Its SELinux policy keeps hooks from running.
    #[serde(default)]
    pub selinux: bool,
    /// Its libvirt gives each guest an AppArmor profile.
    #[serde(default)]
    pub apparmor: bool,
}

/// How a user gets at libvirt without being root.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Access {
    /// By a polkit rule of our own, or by membership in a group.
    pub method: AccessMethod,
    /// The group libvirt's socket belongs to.
    pub group: String,
}

/// See [`Access::method`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessMethod {
    /// A rule in polkit's folder for packages.
    Polkit,
    /// Membership, recorded and taken back.
    Group,
}

/// Libvirt's services under one init.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(deserialize = "kebab-case"))]
pub struct Services {
    /// What is enabled, in this order.
    pub enable: Vec<String>,
    /// Units of the other daemon layout: where one of them is enabled already,
    /// that layout stays (monolithic and modular must not run together).
    #[serde(default)]
    pub unless_enabled: Vec<String>,
    /// What is told to look at its hooks again.
    pub reload: Vec<String>,
    /// Runit: where service folders lie.
    #[serde(default)]
    pub available: Option<String>,
    /// Runit: where enabled services are linked.
    #[serde(default)]
    pub enabled: Option<String>,
    /// Runit: services that the distro has no run scripts for, each with its program: the
    /// host's package brings them.
    #[serde(default)]
    pub programs: BTreeMap<String, String>,
    /// OpenRC: the daemon's pidfile, where its init script has no `reload`: a
    /// SIGHUP goes to that process instead.
    #[serde(default)]
    pub pidfile: Option<String>,
    /// OpenRC: the runlevel.
    #[serde(default)]
    pub runlevel: Option<String>,
}

/// How kernel parameters are set for one boot loader.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(deserialize = "kebab-case"))]
pub struct KernelParameters {
    /// The way.
    pub mechanism: Mechanism,
    /// The file that is generated, when there is one: without it the boot
    /// loader is not in use and nothing is regenerated.
    #[serde(default)]
    pub generated: Option<String>,
    /// The distro's own command that regenerates, as words.
    #[serde(default)]
    pub regenerate: Vec<String>,
    /// `sourced-block`: the shell file that the generator reads.
    #[serde(default)]
    pub file: Option<String>,
    /// `sourced-block`: the variable in it that holds the words.
    #[serde(default)]
    pub variable: Option<String>,
    /// `sourced-block`: an empty variable means that the generator finds `root=`
    /// by itself, and a filled one that it does not. The running kernel's own
    /// words are written along then, or the machine would not boot.
    #[serde(default)]
    pub variable_replaces_root: bool,
}

/// Ways to set kernel parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// `/etc/default/grub.d`, a patch of the Debian family.
    GrubDropIn,
    /// A marked block at the end of `/etc/default/grub`.
    GrubBlock,
    /// Fedora's tool for BLS entries.
    Grubby,
    /// `/etc/kernel/cmdline` when the machine has it, then kernel-install;
    /// an `options` line of our own in each entry when not.
    KernelInstall,
    /// An `options` line of our own in each hand-written entry.
    LoaderEntries,
    /// Pop!_OS's tool.
    Kernelstub,
    /// A marked block at the end of another shell file that a generator of boot
    /// entries reads: `file` and `variable` say which.
    SourcedBlock,
    /// openSUSE's tool for all its boot loaders.
    UpdateBootloader,
    /// A drop-in of limine-entry-tool, or a block in its settings.
    Limine,
    /// The texts of refind_linux.conf.
    Refind,
    /// An addon that systemd's stub joins to a unified kernel image.
    UkiAddon,
}

impl Mechanism {
    /// The template of its step.
    pub const fn template(self) -> &'static str {
        match self {
            Self::GrubDropIn => "steps/kernel-parameters-grub-drop-in",
            Self::Grubby => "steps/kernel-parameters-grubby",
            // One template: where /etc/kernel/cmdline is not there, the entries are edited.
            Self::KernelInstall | Self::LoaderEntries => "steps/kernel-parameters-loader-entries",
            Self::Kernelstub => "steps/kernel-parameters-kernelstub",
            Self::GrubBlock | Self::SourcedBlock => "steps/kernel-parameters-sourced-block",
            Self::UpdateBootloader => "steps/kernel-parameters-update-bootloader",
            Self::Limine => "steps/kernel-parameters-limine",
            Self::Refind => "steps/kernel-parameters-refind",
            Self::UkiAddon => "steps/kernel-parameters-uki-addon",
        }
    }
}

/// Services of display managers under one init.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all(deserialize = "kebab-case"))]
pub struct DisplayManagers {
    /// The service that stands for whichever is installed, if there is one.
    #[serde(default)]
    pub any: Option<String>,
    /// Those whose service has a name that `any` does not cover.
    #[serde(default)]
    pub own: BTreeMap<DisplayManager, String>,
}
