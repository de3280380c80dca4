//! A profile on one distro, with every default filled in: what templates see.

mod cpus;
mod host;
mod said;

use std::ops::Range;

use serde::Serialize;
use toml::Spanned;

use crate::diag::{Diagnostic, Result};
use crate::distro::{Distro, Format};
use crate::domain::{self, Hostdev, Identity};
use crate::paths;
use crate::profile::{
    self, Apply, Audio, Bootloader, CpuVendor, Cpus, DisplayManager, Driver, Governor, GuestCpus, GuestOs,
    Hugepages, Init, PciAddress, Profile, User,
};
pub use cpus::Pinning;

pub use said::Said;

/// Everything a template may speak of.
#[derive(Debug, Clone, Serialize)]
pub struct Setup {
    /// The distro's data.
    pub distro: Distro,
    /// The host.
    pub host: Host,
    /// The card.
    pub gpu: Gpu,
    /// The guests.
    pub guests: Vec<Guest>,
    /// Whether installing applies.
    pub apply: Apply,
    /// The packages' revision.
    pub revision: u32,
    /// What was assumed because the profile is silent; shown to the user.
    pub notes: Vec<String>,
    /// Which keys the profile says itself.
    pub said: Said,
}

/// The host, resolved.
#[derive(Debug, Clone, Serialize)]
pub struct Host {
    /// The init system.
    pub init: Init,
    /// The boot loader.
    pub bootloader: Bootloader,
    /// The CPU's maker.
    pub cpu: CpuVendor,
    /// Who may use libvirt.
    pub user: Option<User>,
    /// The display manager, when the profile names one.
    pub display_manager: Option<DisplayManager>,
    /// The service that the handover stops and starts; none when the desktop
    /// starts from a console.
    pub display_service: Option<String>,
    /// Words for the kernel's command line.
    pub kernel_parameters: Vec<String>,
}

/// The card, resolved.
#[derive(Debug, Clone, Serialize)]
pub struct Gpu {
    /// The VGA function.
    pub address: PciAddress,
    /// The kernel driver.
    pub driver: Driver,
    /// All that is handed over, sorted; the address is among them.
    pub devices: Vec<PciAddress>,
    /// The same devices, with their places in the guest.
    pub hostdevs: Vec<Hostdev>,
    /// Where the profile's vBIOS lies.
    pub rom_source: Option<String>,
    /// Where QEMU reads it.
    pub rom: Option<String>,
}

/// A guest, resolved.
#[derive(Debug, Clone, Serialize)]
pub struct Guest {
    /// The domain's name.
    pub name: String,
    /// By what libvirt and the guest know the machine again.
    pub identity: Identity,
    /// The setup package's name.
    pub package: String,
    /// What runs in it.
    pub os: GuestOs,
    /// Whether `os` is a Windows.
    pub windows: bool,
    /// MiB.
    pub memory_mib: u64,
    /// Virtual CPUs.
    pub cpus: Cpus,
    /// The disk.
    pub disk: Disk,
    /// The installer's image.
    pub install_media: Option<String>,
    /// The VirtIO drivers' image.
    pub virtio_media: Option<String>,
    /// USB devices: vendor and product, four lower-case hex digits each.
    pub usb: Vec<Usb>,
    /// Paths of shared input devices.
    pub evdev: Vec<String>,
    /// Where sound goes.
    pub audio: Audio,
    /// On which of the host's CPUs it runs.
    pub pinning: Option<Pinning>,
    /// What its memory is made of.
    pub hugepages: Hugepages,
    /// How fast the host's processor runs meanwhile.
    pub governor: Governor,
    /// Whether the host is kept awake meanwhile.
    pub inhibit_sleep: bool,
    /// Where the user's own programs lie that run before and after.
    pub own_hooks: Option<String>,
}

/// A guest's disk, resolved.
#[derive(Debug, Clone, Serialize)]
pub struct Disk {
    /// An image or a block device.
    pub path: String,
    /// `file` or `block`.
    pub kind: &'static str,
    /// `qcow2` or `raw`.
    pub format: &'static str,
    /// MiB, when `apply` shall create the file.
    pub size_mib: Option<u64>,
}

/// A USB device by its id.
#[derive(Debug, Clone, Serialize)]
pub struct Usb {
    /// Vendor.
    pub vendor: String,
    /// Product.
    pub product: String,
}

impl Setup {
    /// Fills in what the profile leaves out, and checks what only a distro can tell.
    ///
    /// # Errors
    /// When the distro has not what the profile says, or something needed is said nowhere.
    pub fn new(profile: &Profile, distro: Distro) -> Result<Self> {
        Self::resolve(profile, distro).map_err(|error| profile.with_page(error))
    }

    fn resolve(profile: &Profile, distro: Distro) -> Result<Self> {
        let mut notes = Vec::new();
        let host = host::resolve(profile, &distro, &mut notes)?;
        let gpu = gpu(profile, &mut notes)?;
        let guests: Vec<Guest> =
            profile.guests.iter().map(|guest| self::guest(guest, distro.package.format)).collect();
        for (said, guest) in profile.guests.iter().zip(&guests) {
            check_sound(profile, said, guest, &host)?;
            cpus::notes(guest, &host, &mut notes);
        }
        check_package_names(profile, &guests)?;
        let (apply, revision) = (profile.package.apply, profile.package.revision.unwrap_or(1));
        let said = Said::new(profile, &distro, &host);
        Ok(Self { distro, host, gpu, guests, apply, revision, notes, said })
    }
}

/// An error at `span` of the profile; an empty span is the file's beginning.
fn wrong(profile: &Profile, span: Range<usize>, message: String) -> Diagnostic {
    // The caret of a whole table would run over many lines: its head is enough.
    let text = &profile.source.text;
    let span = span.start.min(text.len())..span.end.min(text.len());
    let end = text[span.clone()].find('\n').map_or(span.end, |line| span.start + line);
    Diagnostic::input(message).at(&profile.source.name, text, span.start..end, "here")
}

/// PipeWire's socket lies in its user's folder: without a user there is none.
fn check_sound(profile: &Profile, said: &profile::Guest, guest: &Guest, host: &Host) -> Result<()> {
    match &said.audio {
        Some(audio) if guest.audio == Audio::Pipewire && host.user.is_none() => {
            let message = format!("guest `{}` shall play to PipeWire, and nobody says whose", guest.name);
            Err(wrong(profile, audio.span(), message)
                .help("write under [host]: user = { name = \"mika\", uid = 1000 }; or audio = \"none\""))
        }
        _ => Ok(()),
    }
}

/// Formats have fewer characters for package names than libvirt for guests.
fn check_package_names(profile: &Profile, guests: &[Guest]) -> Result<()> {
    for (at, guest) in guests.iter().enumerate() {
        if let Some(other) = guests[..at].iter().find(|other| other.package == guest.package) {
            let (a, b, package) = (&guest.name, &other.name, &guest.package);
            let message = format!("guests `{b}` and `{a}` would both be the package `{package}`");
            return Err(wrong(profile, profile.guests[at].name.span(), message).help("rename one of them"));
        }
    }
    Ok(())
}

fn gpu(profile: &Profile, notes: &mut Vec<String>) -> Result<Gpu> {
    let said = &profile.gpu;
    if let Some(beyond) = said.devices.get(domain::MOST_DEVICES) {
        let message = format!("a guest takes at most {} PCI devices", domain::MOST_DEVICES);
        return Err(wrong(profile, beyond.span(), message)
            .help("name the card's own functions and the endpoints of its IOMMU group"));
    }
    let mut devices: Vec<PciAddress> = said.devices.iter().map(|device| *device.get_ref()).collect();
    if devices.is_empty() {
        notes.push(format!(
            "gpu.devices is not said: only {} is handed over, without its sound and its IOMMU group",
            said.address
        ));
    }
    devices.push(said.address);
    devices.sort_unstable();
    devices.dedup();
    let rom_source = said.rom.as_ref().map(|path| path.as_str().to_owned());
    let in_place = |path: &String| path.starts_with(&format!("{}/", paths::ROM_DIR));
    let rom = rom_source.as_ref().map(|path| match in_place(path) {
        true => path.clone(),
        false => format!("{}/onegpu.rom", paths::ROM_DIR),
    });
    let hostdevs = domain::hostdevs(said.address, &devices);
    Ok(Gpu { address: said.address, driver: said.driver, devices, hostdevs, rom_source, rom })
}

fn guest(said: &profile::Guest, format: Format) -> Guest {
    let name = said.name.get_ref().as_str().to_owned();
    let path = match &said.disk {
        Some(disk) => disk.path.as_str().to_owned(),
        None => format!("{}/{name}.qcow2", paths::IMAGE_DIR),
    };
    let block = path.starts_with(paths::DEVICE_DIR);
    let raw = block || path.ends_with(".raw") || path.ends_with(".img");
    let text = |path: &Option<profile::HostPath>| path.as_ref().map(|path| path.as_str().to_owned());
    let cpus = said.cpus.as_ref().map(Spanned::get_ref);
    Guest {
        identity: Identity::new(&name),
        package: package_name(&name, format),
        os: said.os,
        windows: said.os.is_windows(),
        memory_mib: said.memory.mib,
        cpus: cpus.map(GuestCpus::count).unwrap_or_default(),
        pinning: cpus.and_then(Pinning::new),
        hugepages: said.hugepages.as_ref().map(|word| *word.get_ref()).unwrap_or_default(),
        governor: said.governor,
        inhibit_sleep: said.inhibit_sleep,
        own_hooks: said.own_hooks.then(|| format!("{}/{name}", paths::OWN_HOOKS)),
        disk: Disk {
            kind: if block { "block" } else { "file" },
            format: if raw { "raw" } else { "qcow2" },
            size_mib: said.disk.as_ref().and_then(|disk| disk.size).map(|size| size.mib).filter(|_| !block),
            path,
        },
        install_media: text(&said.install_media),
        virtio_media: text(&said.virtio_media),
        usb: said
            .usb
            .iter()
            .map(|id| {
                let (vendor, product) = id.get_ref().parts();
                Usb { vendor, product }
            })
            .collect(),
        evdev: said.evdev.iter().map(|path| path.get_ref().as_str().to_owned()).collect(),
        audio: said.audio.as_ref().map(|audio| *audio.get_ref()).unwrap_or_default(),
        name,
    }
}

/// `onegpu-guest-NAME`, in the characters that the format allows.
fn package_name(guest: &str, format: Format) -> String {
    let guest = match format {
        // Debian policy 5.6.7 and Arch's package guidelines: lower case; no `_` in Debian.
        // XBPS takes `a-1_2` for version 1_2 of `a`.
        Format::Deb | Format::Xbps => guest.to_ascii_lowercase().replace('_', "-"),
        Format::Pacman | Format::Apk => guest.to_ascii_lowercase(),
        Format::Rpm => guest.to_owned(),
        // PMS 3.1.2: letters, digits, `_`, `+`, `-`, and no ending that looks like a version.
        Format::Portage => guest.replace(['.', '-'], "_"),
    };
    format!("onegpu-guest-{guest}")
}
