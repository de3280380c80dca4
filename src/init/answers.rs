//! What the user has said, by flags or in the conversation. What is `None` was
//! not said, and goes by the machine or by a proposal.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;

use crate::profile::{
    Audio, Bootloader, CpuVendor, DiskSize, DisplayManager, Driver, GuestName, GuestOs, HostPath, Init,
    Memory, PciAddress, UsbId, User,
};

/// Everything that can be said.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// `host.distro`.
    pub distro: Option<String>,
    /// `host.init`.
    pub init: Option<Init>,
    /// `host.bootloader`.
    pub bootloader: Option<Bootloader>,
    /// `host.cpu`.
    pub cpu: Option<CpuVendor>,
    /// `host.user`; inside, none is nobody.
    pub user: Option<Option<User>>,
    /// `host.display-manager`.
    pub display_manager: Option<DisplayManager>,
    /// `gpu.address`.
    pub gpu: Option<PciAddress>,
    /// `gpu.driver`.
    pub driver: Option<Driver>,
    /// `guest.name`.
    pub name: Option<GuestName>,
    /// `guest.os`.
    pub os: Option<GuestOs>,
    /// `guest.memory`.
    pub memory: Option<Memory>,
    /// `guest.cpus.cores`.
    pub cores: Option<u32>,
    /// `guest.cpus.threads`.
    pub threads: Option<u32>,
    /// `guest.disk.path`.
    pub disk: Option<HostPath>,
    /// `guest.disk.size`.
    pub disk_size: Option<DiskSize>,
    /// `guest.install-media`; inside, none is none.
    pub install_media: Option<Option<HostPath>>,
    /// `guest.virtio-media`; inside, none is none.
    pub virtio_media: Option<Option<HostPath>>,
    /// `guest.usb`.
    pub usb: Option<Vec<UsbId>>,
    /// `guest.evdev`.
    pub evdev: Option<Vec<HostPath>>,
    /// `guest.audio`.
    pub audio: Option<Audio>,
}

/// A value as a profile would read it.
///
/// # Errors
/// With the sentence that reading a profile gives.
pub fn value<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    T::deserialize(text.into_deserializer()).map_err(|error: Error| error.to_string())
}

/// Stands for a value that shall be left out.
pub const NONE: &str = "none";

/// As [`value`], or none for `none` and for nothing.
///
/// # Errors
/// As [`value`].
pub fn optional<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Option<T>, String> {
    match text.trim() {
        "" | NONE => Ok(None),
        text => value(text).map(Some),
    }
}

/// Values between commas; none for `none` and for nothing.
///
/// # Errors
/// As [`value`].
pub fn several<T: for<'de> Deserialize<'de>>(text: &str) -> Result<Vec<T>, String> {
    match text.trim() {
        "" | NONE => Ok(Vec::new()),
        text => text.split(',').map(|part| value(part.trim())).collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_a_profile_reads_them() {
        assert_eq!(value::<Memory>("16 GiB").unwrap().mib, 16 << 10);
        let error = value::<Memory>("16").unwrap_err();
        assert_eq!(error, "`16`: memory is a number and MiB, GiB or TiB, like `16 GiB`");
        let read = crate::profile::parse("p", "[[guest]]\nname = \"a\"\nmemory = \"16\"").unwrap_err();
        assert_eq!(read.message(), error);
        assert_eq!(value::<GuestOs>("linux"), Ok(GuestOs::Linux));
        assert_eq!(optional::<HostPath>(" none ").unwrap(), None);
        assert_eq!(several::<UsbId>("046d:c33f, 1532:0084").unwrap().len(), 2);
        assert!(several::<UsbId>("046d:c33f,,").is_err());
    }
}
