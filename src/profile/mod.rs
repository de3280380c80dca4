//! The profile: one TOML file that says what is true of the host and what the
//! guests shall be. Only what cannot be known otherwise must stand in it.

mod cpus;
pub mod fleet;
pub mod keys;
mod read;
mod values;
mod words;

use serde::{Deserialize, Serialize};
use toml::Spanned;

pub use cpus::{CpuList, Cpus, GuestCpus};
pub(crate) use read::toml_diagnostic;
pub use read::{nearest, parse, read};
pub use values::{DiskSize, GuestName, HostPath, Memory, PciAddress, UsbId, UserName, size};
pub use words::{
    Apply, Audio, Bootloader, CpuVendor, DisplayManager, Driver, Governor, GuestOs, Hugepages, Init,
};

/// A whole profile, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Where it was read from, for errors that only a distro's data brings up.
    #[serde(skip)]
    pub source: Source,
    /// What is true of the host.
    #[serde(default = "no_host")]
    pub host: Spanned<Host>,
    /// The one graphics card.
    pub gpu: Gpu,
    /// The virtual machines that borrow it.
    #[serde(default, rename = "guest")]
    pub guests: Vec<Guest>,
    /// How the setup packages behave.
    #[serde(default)]
    pub package: PackageOptions,
    /// Of a file for many machines; [`fleet`] takes it out, and a profile of one machine has none.
    #[serde(default)]
    machines: Option<Spanned<toml::Value>>,
}

/// A profile's text and the name that diagnostics call it by.
#[derive(Debug, Clone, Default)]
pub struct Source {
    /// The file's path as given.
    pub name: String,
    /// Its text.
    pub text: String,
}

fn no_host() -> Spanned<Host> {
    Spanned::new(0..0, Host::default())
}

/// `[host]`: what is true of the PC that owns the card.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Host {
    /// `ID` of `/etc/os-release`.
    pub distro: Option<Spanned<String>>,
    /// The init system that runs.
    pub init: Option<Spanned<Init>>,
    /// The boot loader that booted the machine.
    pub bootloader: Option<Spanned<Bootloader>>,
    /// Who made the CPU: decides the kernel parameters and the guest's topology.
    pub cpu: Option<CpuVendor>,
    /// Who may use libvirt without being root.
    pub user: Option<User>,
    /// The display manager, `none` when the desktop starts from a console.
    pub display_manager: Option<Spanned<DisplayManager>>,
}

/// A person's account on the host.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The login name.
    pub name: UserName,
    /// The numeric id; PipeWire's folder in `/run/user` is called after it.
    pub uid: u32,
}

/// `[gpu]`: the one graphics card.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gpu {
    /// The VGA function's PCI address.
    pub address: PciAddress,
    /// The kernel driver that shows the desktop.
    pub driver: Driver,
    /// Everything that goes to the guest: all functions of the slot and every
    /// endpoint of its IOMMU group. Without it, the address alone.
    #[serde(default)]
    pub devices: Vec<Spanned<PciAddress>>,
    /// A vBIOS image of this very card, on the host. Never packaged: it is
    /// copyrighted, `apply` copies it to where QEMU may read it.
    pub rom: Option<HostPath>,
}

/// `[[guest]]`: one virtual machine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Guest {
    /// The domain's name in libvirt.
    pub name: Spanned<GuestName>,
    /// What runs in it.
    #[serde(default)]
    pub os: GuestOs,
    /// Memory; without it 8 GiB.
    #[serde(default)]
    pub memory: Memory,
    /// Virtual CPUs; without it four cores of one thread.
    pub cpus: Option<Spanned<GuestCpus>>,
    /// The disk; without it `NAME.qcow2` among libvirt's images.
    pub disk: Option<Disk>,
    /// The installer's image, for the setup twin.
    pub install_media: Option<HostPath>,
    /// The VirtIO drivers' image, for Windows.
    pub virtio_media: Option<HostPath>,
    /// USB devices handed to the guest, by vendor and product.
    #[serde(default)]
    pub usb: Vec<Spanned<UsbId>>,
    /// Keyboards and mice shared with the guest by evdev, as paths below
    /// `/dev/input/by-id`.
    #[serde(default)]
    pub evdev: Vec<Spanned<HostPath>>,
    /// Where the guest's sound goes.
    pub audio: Option<Spanned<Audio>>,
    /// Whether its memory lies in huge pages.
    pub hugepages: Option<Spanned<Hugepages>>,
    /// How fast the host's processor runs while the guest has the card.
    #[serde(default)]
    pub governor: Governor,
    /// Whether the host is kept from going to sleep meanwhile.
    #[serde(default)]
    pub inhibit_sleep: bool,
    /// Whether programs of the user's own run before the handover and after the return.
    #[serde(default)]
    pub own_hooks: bool,
}

/// The guest's disk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// An image file or a block device of the host.
    pub path: HostPath,
    /// When given and the file does not exist, `apply` creates it this large.
    pub size: Option<DiskSize>,
}

/// `[package]`: how the setup packages behave.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackageOptions {
    /// Whether installing the packages also applies them.
    #[serde(default)]
    pub apply: Apply,
    /// Counted up by hand when a changed profile shall count as an upgrade.
    pub revision: Option<u32>,
}
