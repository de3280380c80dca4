//! What the checks look at, and how each distro says what they advise.

use super::Needs;
use crate::distro::{Distro, Mechanism, alternatives};
use crate::machine::Machine;
use crate::machine::gpu::{Gpu, GpuDetails};
use crate::machine::pci::PciDevice;
use crate::machine::root::Root;
use crate::paths::machine as at;
use crate::profile::{Bootloader, CpuVendor, Init, Profile};
use crate::setup::Setup;

/// A machine, and a profile for it when there is one.
pub struct Context<'a> {
    /// What was read of it.
    pub machine: &'a Machine,
    /// The machine itself.
    pub root: &'a Root,
    /// Its distro, when a file in `distros/` knows it; with a profile, the profile's.
    pub distro: Option<&'a Distro>,
    /// The profile, as written.
    pub profile: Option<&'a Profile>,
    /// The profile on that distro, with its defaults.
    pub setup: Option<&'a Setup>,
}

impl Context<'_> {
    /// The card that it is about: the profile's, or the one that shows the desktop.
    pub fn card(&self) -> Option<&Gpu> {
        match self.profile {
            Some(profile) => self.machine.gpus.iter().find(|gpu| gpu.address == profile.gpu.address),
            None => self.machine.main_gpu(),
        }
    }

    /// More about that card.
    pub fn card_details(&self) -> Option<&GpuDetails> {
        let card = self.card()?;
        self.machine.gpu_details.iter().find(|details| details.address == card.address)
    }

    /// The functions that go with that card.
    pub fn companions(&self) -> impl Iterator<Item = &PciDevice> {
        let card = self.card();
        let with = move |device: &&PciDevice| card.is_some_and(|c| c.passthrough.contains(&device.address));
        self.machine.pci.iter().filter(with)
    }

    /// Whether the machine runs: whether the kernel's own files are there. A
    /// disk that is only mounted says nothing about the hardware around it.
    pub fn runs(&self) -> bool {
        at::SYSFS.iter().any(|path| self.root.is_folder(path))
    }

    /// Whether what a check needs is hidden: by a container, or by a virtual machine.
    pub fn hides(&self, needs: Needs) -> bool {
        let platform = &self.machine.platform;
        let container = platform.container.is_some();
        let virtual_machine = platform.hypervisor.is_some() || self.machine.cpu.hypervisor == Some(true);
        match needs {
            Needs::Files => false,
            Needs::Machine => container,
            Needs::Pc => container || virtual_machine,
        }
    }

    /// The CPU's maker: the machine's, or else the profile's.
    pub fn cpu(&self) -> Option<CpuVendor> {
        self.machine.cpu.vendor.or_else(|| self.profile?.host.get_ref().cpu)
    }

    /// The init: the machine's, or else the profile's.
    pub fn init(&self) -> Option<Init> {
        self.machine.init.init.or_else(|| self.setup.map(|setup| setup.host.init))
    }

    /// The boot loader: the machine's, or else the profile's.
    pub fn boot_loader(&self) -> Option<Bootloader> {
        match self.machine.boot.loader {
            Some(_) => self.machine.boot.in_profile(&self.machine.distro),
            None => self.setup.map(|setup| setup.host.bootloader),
        }
    }

    /// The words for the kernel that a setup asks for.
    pub fn wanted_parameters(&self) -> Vec<String> {
        match (self.setup, self.cpu()) {
            (Some(setup), _) => setup.host.kernel_parameters.clone(),
            (None, Some(CpuVendor::Intel)) => vec!["intel_iommu=on".to_owned()],
            (None, _) => Vec::new(),
        }
    }

    /// Whether a module of the kernel is loaded, or built in; false also where
    /// that cannot be read.
    pub fn has_module(&self, name: &str) -> bool {
        self.root.is_folder(&format!("{}/{name}", at::MODULES))
    }

    /// How the distro installs the packages for a need, `sudo apt install ovmf`, for a sentence.
    pub fn install(&self, need: &str) -> String {
        let Some(distro) = self.distro else { return format!("install your distro's package for {need}") };
        let needed = distro.needs.all().find(|(key, _)| *key == need);
        let dependencies = needed.map(|(_, names)| names.as_slice()).unwrap_or_default();
        let first = |dependency: &String| {
            let names = alternatives(distro.package.format, dependency).ok()?;
            Some(names.first()?.name.to_owned())
        };
        let names: Vec<String> = dependencies.iter().filter_map(first).collect();
        format!("`{} {}`", distro.package.install_names, names.join(" "))
    }

    /// How words get onto the kernel's command line here.
    pub fn set_parameters(&self, words: &[String]) -> String {
        let words = words.join(" ");
        let way =
            self.distro.zip(self.boot_loader()).and_then(|(distro, loader)| distro.bootloader.get(&loader));
        let Some(way) = way else {
            return format!(
                "add `{words}` to the kernel's command line as your boot loader does it, and reboot"
            );
        };
        let again = match way.regenerate.as_slice() {
            [] => String::new(),
            // The words of a shell command are its last.
            [sh, .., command] if sh == "sh" => format!(", then `{command}`"),
            words => format!(", then `sudo {}`", words.join(" ")),
        };
        let by_hand = match way.mechanism {
            Mechanism::GrubDropIn | Mechanism::GrubBlock => {
                format!("in {}, GRUB_CMDLINE_LINUX_DEFAULT{again}", at::GRUB_DEFAULTS)
            }
            Mechanism::Grubby => format!("`sudo grubby --update-kernel=ALL --args=\"{words}\"`"),
            Mechanism::KernelInstall => format!("in {} where it exists{again}", at::KERNEL_CMDLINE[0]),
            Mechanism::LoaderEntries => "on the `options` line of each entry in loader/entries".to_owned(),
            Mechanism::Kernelstub => format!("`sudo kernelstub --add-options \"{words}\"`"),
            Mechanism::UpdateBootloader => {
                let each: Vec<String> = words.split(' ').map(|word| format!("--add-option {word}")).collect();
                format!("`sudo update-bootloader {} --config`", each.join(" "))
            }
            Mechanism::Limine => {
                format!("in {}, KERNEL_CMDLINE[default]+=\" {words}\"{again}", at::LIMINE_DEFAULTS)
            }
            Mechanism::Refind => "in refind_linux.conf, into the second text of each line".to_owned(),
            Mechanism::UkiAddon => format!(
                "`sudo ukify build --cmdline=\"{words}\" --output=ESP/{}`, ESP being where the EFI partition is mounted",
                at::UKI_ADDON
            ),
            Mechanism::SourcedBlock => match (&way.file, &way.variable) {
                (Some(file), Some(variable)) => format!("in {file}, {variable}{again}"),
                _ => "by the file that your boot loader's generator reads".to_owned(),
            },
        };
        format!("the setup packages add `{words}`; by hand: {by_hand}. Then reboot")
    }

    /// How a service of this init is started now and at every boot.
    pub fn enable(&self, services: &[String]) -> String {
        let all = services.join(" ");
        match self.init() {
            Some(Init::Systemd) => format!("sudo systemctl enable --now {all}"),
            Some(Init::Openrc) => services
                .iter()
                .map(|service| format!("sudo rc-update add {service} default"))
                .collect::<Vec<_>>()
                .join("; "),
            Some(Init::Runit) => {
                let known = self.distro.and_then(|distro| distro.libvirt.get(&Init::Runit));
                let from = known
                    .and_then(|services| services.available.clone())
                    .unwrap_or("the service folder".into());
                let to =
                    known.and_then(|services| services.enabled.clone()).unwrap_or("the enabled ones".into());
                services
                    .iter()
                    .map(|service| format!("sudo ln -s {from}/{service} {to}/"))
                    .collect::<Vec<_>>()
                    .join("; ")
            }
            None => format!("start {all} now and at every boot, as your init does it"),
        }
    }

    /// Libvirt's services as this distro starts them under this init.
    pub fn libvirt_services(&self) -> Vec<String> {
        let known = self.distro.zip(self.init()).and_then(|(distro, init)| distro.libvirt.get(&init));
        known.map_or_else(|| vec!["libvirtd".to_owned()], |services| services.enable.clone())
    }
}
