//! Why this machine needs a file or a step: facts of the profile, or what the
//! distro does where the profile is silent, and the rule that makes something of them.

use serde::Serialize;

use crate::profile::size;
use crate::setup::{Guest, Setup};

/// Which fact: a key of the profile. A value can come from nowhere else than the setup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// `host.distro`.
    Distro,
    /// `host.init`.
    Init,
    /// `host.bootloader`.
    Bootloader,
    /// `host.cpu`.
    Cpu,
    /// `host.user`: the name.
    User,
    /// `host.display-manager`.
    DisplayManager,
    /// `gpu.address`.
    GpuAddress,
    /// `gpu.driver`.
    GpuDriver,
    /// `gpu.devices`, all of them.
    GpuDevices,
    /// `gpu.rom`.
    GpuRom,
    /// `package.apply`.
    Apply,
    /// `guest.name`: of the guest, or of all.
    GuestName,
    /// `guest.os`.
    GuestOs,
    /// `guest.disk`: its path.
    GuestDisk,
    /// `guest.disk.size`.
    GuestDiskSize,
    /// `guest.install-media`.
    GuestInstallMedia,
    /// `guest.audio`.
    GuestAudio,
}

/// A fact, as the review shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// The profile's key.
    pub key: &'static str,
    /// What it says.
    pub value: String,
    /// Whether the profile is silent, and this is what onegpu or the distro does then.
    pub assumed: bool,
}

/// The cause of a file or step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Because {
    /// What of this machine calls for it.
    pub facts: Vec<Fact>,
    /// What is so on every machine.
    pub rule: &'static str,
    /// Both in one sentence, without the full stop.
    pub text: String,
}

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Because {
    /// Looks the facts up. An empty rule says that the facts speak for themselves.
    pub(super) fn new(setup: &Setup, guest: Option<&Guest>, keys: &[Key], rule: &'static str) -> Self {
        let facts: Vec<Fact> = keys.iter().map(|key| key.fact(setup, guest)).collect();
        let said = |fact: &Fact| {
            let assumed = if fact.assumed { " (assumed: the profile does not say)" } else { "" };
            format!("{} is {}{assumed}", fact.key, fact.value)
        };
        let mut text = facts.iter().map(said).collect::<Vec<_>>().join(", ");
        if !rule.is_empty() {
            let joint = if text.is_empty() { "" } else { "; " };
            text.push_str(&format!("{joint}{rule}"));
        }
        Self { facts, rule, text }
    }
}

impl Key {
    /// The key as a profile spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Distro => "host.distro",
            Self::Init => "host.init",
            Self::Bootloader => "host.bootloader",
            Self::Cpu => "host.cpu",
            Self::User => "host.user",
            Self::DisplayManager => "host.display-manager",
            Self::GpuAddress => "gpu.address",
            Self::GpuDriver => "gpu.driver",
            Self::GpuDevices => "gpu.devices",
            Self::GpuRom => "gpu.rom",
            Self::Apply => "package.apply",
            Self::GuestName => "guest.name",
            Self::GuestOs => "guest.os",
            Self::GuestDisk => "guest.disk.path",
            Self::GuestDiskSize => "guest.disk.size",
            Self::GuestInstallMedia => "guest.install-media",
            Self::GuestAudio => "guest.audio",
        }
    }

    fn fact(self, setup: &Setup, guest: Option<&Guest>) -> Fact {
        let key = self.word();
        let assumed = !setup.said.has(key, guest.map(|guest| guest.name.as_str()));
        Fact { key, value: self.value(setup, guest).unwrap_or_else(|| "not said".into()), assumed }
    }

    fn value(self, setup: &Setup, guest: Option<&Guest>) -> Option<String> {
        let (host, gpu) = (&setup.host, &setup.gpu);
        Some(match self {
            Self::Distro => setup.distro.id.clone(),
            Self::Init => host.init.to_string(),
            Self::Bootloader => host.bootloader.to_string(),
            Self::Cpu => host.cpu.to_string(),
            Self::User => host.user.as_ref()?.name.to_string(),
            Self::DisplayManager => host.display_manager?.to_string(),
            Self::GpuAddress => gpu.address.to_string(),
            Self::GpuDriver => gpu.driver.to_string(),
            Self::GpuDevices => gpu.devices.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            Self::GpuRom => gpu.rom_source.clone()?,
            Self::Apply => setup.apply.to_string(),
            Self::GuestName => match guest {
                Some(guest) => guest.name.clone(),
                None => setup.guests.iter().map(|guest| guest.name.as_str()).collect::<Vec<_>>().join(" "),
            },
            Self::GuestOs => guest?.os.to_string(),
            Self::GuestDisk => guest?.disk.path.clone(),
            Self::GuestDiskSize => size(guest?.disk.size_mib?),
            Self::GuestInstallMedia => guest?.install_media.clone()?,
            Self::GuestAudio => guest?.audio.to_string(),
        })
    }
}
