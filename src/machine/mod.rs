//! The machine as it is: facts, each from its place, none of them guessed.
//! What cannot be read is `None` or empty. Nothing here needs root, nothing
//! waits, nothing is written.

pub mod boot_files;
pub mod bootloader;
pub mod cpu;
pub mod display_manager;
pub mod efi_variables;
pub mod evdev;
pub mod evidence;
pub mod firmware;
pub mod gpu;
pub mod init;
pub mod iommu;
pub mod kernel;
pub mod libvirt;
pub mod memory;
pub mod option_rom;
pub mod os_release;
pub mod pci;
pub mod pci_class;
pub mod pci_names;
pub mod plain;
pub mod platform;
pub mod root;
pub mod security;
pub mod sessions;
pub mod usb_input;
pub mod users;
mod walk;

use serde::Serialize;

use crate::data::DataDirs;
use crate::diag::Result;
use root::Root;

/// Everything that is read of a machine.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The distro.
    pub distro: os_release::DistroFacts,
    /// The init that runs.
    pub init: init::InitFacts,
    /// The boot loader that booted it.
    pub boot: bootloader::BootFacts,
    /// The kernel and its parameters.
    pub kernel: kernel::KernelFacts,
    /// The CPU.
    pub cpu: cpu::CpuFacts,
    /// Memory.
    pub memory: memory::MemoryFacts,
    /// The IOMMU.
    pub iommu: iommu::IommuFacts,
    /// Every PCI function, by address.
    #[serde(skip)]
    pub pci: Vec<pci::PciDevice>,
    /// The graphics cards, by address.
    #[serde(skip)]
    pub gpus: Vec<gpu::Gpu>,
    /// More about each card, in the same order.
    #[serde(rename = "gpus")]
    pub gpu_details: Vec<gpu::GpuDetails>,
    /// The display manager.
    pub display_manager: display_manager::DisplayManagerFacts,
    /// People's accounts.
    pub users: Vec<users::UserFacts>,
    /// Sessions that are open.
    pub sessions: Vec<sessions::Session>,
    /// USB keyboards and mice.
    pub usb_input: Vec<usb_input::UsbInput>,
    /// The host's own firmware.
    pub firmware: firmware::FirmwareFacts,
    /// Security modules.
    pub security: security::SecurityFacts,
    /// The kind of machine.
    pub platform: platform::PlatformFacts,
    /// Libvirt and QEMU.
    pub libvirt: libvirt::LibvirtFacts,
}

impl Machine {
    /// Reads the machine whose root is `root`; distros are known by `data`.
    ///
    /// # Errors
    /// Only when a file in `distros/` is broken: what the machine hides is no error.
    pub fn read(root: &Root, data: &DataDirs) -> Result<Self> {
        let kernel = kernel::read(root);
        let init = init::read(root);
        let iommu = iommu::read(root);
        let pci = pci::read(root, &iommu);
        let gpus = gpu::read(root, &pci, &pci_names::PciNames::new(root));
        Ok(Self {
            distro: os_release::read(root, data)?,
            boot: bootloader::read(root, &kernel),
            cpu: cpu::read(root),
            memory: memory::read(root),
            gpu_details: gpus.iter().map(|gpu| gpu::details(root, &pci, gpu)).collect(),
            display_manager: display_manager::read(root, init.init),
            users: users::read(root),
            sessions: sessions::read(root),
            usb_input: usb_input::read(root),
            firmware: firmware::read(root),
            security: security::read(root),
            platform: platform::read(root),
            libvirt: libvirt::read(root),
            kernel,
            init,
            iommu,
            pci,
            gpus,
        })
    }

    /// The card that shows the desktop: the one the firmware showed its screen
    /// on, or the only one.
    pub fn main_gpu(&self) -> Option<&gpu::Gpu> {
        match self.gpus.as_slice() {
            [only] => Some(only),
            all => all.iter().find(|gpu| gpu.boot_vga == Some(true)),
        }
    }

    /// The PCI function at `address`.
    pub fn function(&self, address: crate::profile::PciAddress) -> Option<&pci::PciDevice> {
        let at = self.pci.binary_search_by_key(&address, |device| device.address).ok()?;
        self.pci.get(at)
    }
}
