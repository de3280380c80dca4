//! What the domain XML needs and no profile says: the names by which libvirt
//! and the guest know the machine again, and where in the guest each device of
//! the card appears.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::paths;
use crate::profile::PciAddress;

/// The first bus for the card; the root ports below it carry the devices that
/// both domains have (templates/guest/domain/devices.xml).
const FIRST_BUS: u8 = 5;

/// Each may need a root port of its own, and the guest's root has 8 in each of
/// some 25 slots. A card has a handful: more is a mistake in the profile.
pub const MOST_DEVICES: usize = 64;

/// The names of a guest's two domains. All come from the guest's name alone:
/// rendered again, they are the same, so a changed profile redefines a domain
/// and does not make another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The UUID of the domain with the card.
    pub uuid: String,
    /// The UUID of its twin.
    pub setup_uuid: String,
    /// The network card's address. The same in both: never do both run, for they
    /// have one disk, and the guest shall know its network again.
    pub mac: String,
    /// The UEFI variables, shared by both: they hold the boot entries of the one disk.
    pub nvram: String,
    /// The TPM's state, shared by both: what is sealed while installing must
    /// open when the card is there. It is where libvirt puts it for `uuid`.
    pub tpm_state: String,
}

impl Identity {
    /// The identity of the guest of this name.
    pub fn new(name: &str) -> Self {
        let uuid = uuid(&format!("domain {name}"));
        // 52:54:00 is QEMU's own prefix.
        let [a, b, c, ..] = digest(&format!("mac {name}"));
        Self {
            setup_uuid: self::uuid(&format!("domain {name}-setup")),
            mac: format!("52:54:00:{a:02x}:{b:02x}:{c:02x}"),
            nvram: format!("{}/{name}_VARS.fd", paths::NVRAM_DIR),
            tpm_state: format!("{}/{uuid}/tpm2", paths::TPM_DIR),
            uuid,
        }
    }
}

fn digest(of: &str) -> [u8; 32] {
    Sha256::digest(format!("onegpu {of}")).into()
}

/// A UUID of version 8 (RFC 9562, 5.8): made from a hash of one's own choice.
fn uuid(of: &str) -> String {
    let mut hex = String::with_capacity(36);
    for (at, byte) in digest(of)[..16].iter().enumerate() {
        let byte = match at {
            6 => byte & 0x0f | 0x80,
            8 => byte & 0x3f | 0x80,
            _ => *byte,
        };
        if matches!(at, 4 | 6 | 8 | 10) {
            hex.push('-');
        }
        hex.push_str(&format!("{byte:02x}"));
    }
    hex
}

/// A PCI address as libvirt spells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    domain: String,
    bus: String,
    slot: String,
    function: String,
}

impl From<PciAddress> for Place {
    fn from(address: PciAddress) -> Self {
        Self {
            domain: format!("{:#06x}", address.domain),
            bus: format!("{:#04x}", address.bus),
            slot: format!("{:#04x}", address.slot),
            function: format!("{:#x}", address.function),
        }
    }
}

/// One function of the host that goes to the guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hostdev {
    /// Where it is on the host.
    pub host: Place,
    /// Where the guest finds it.
    pub guest: Place,
    /// The guest's bus; a root port carries it unless it is 0, the root itself.
    pub bus: u8,
    /// Whether it is the first of its slot.
    pub first: bool,
    /// Whether it is function 0 of several.
    pub multifunction: bool,
    /// Whether it is the function that shows the picture: only it has a vBIOS.
    pub vga: bool,
}

/// Where in the guest each of `devices` (sorted) appears: what shares a slot
/// on the host shares one in the guest, and each slot has a root port of its own.
pub fn hostdevs(vga: PciAddress, devices: &[PciAddress]) -> Vec<Hostdev> {
    let mut next = FIRST_BUS;
    let mut out = Vec::with_capacity(devices.len());
    for functions in devices.chunk_by(PciAddress::same_slot) {
        let place = match functions.iter().find(|function| **function == vga) {
            // A processor's own graphics sits on the root, and Intel's drivers look for it there.
            Some(vga) if (vga.domain, vga.bus) == (0, 0) && vga.slot == INTEGRATED_SLOT => (0, vga.slot),
            _ => {
                next += 1;
                (next - 1, 0)
            }
        };
        for (at, host) in functions.iter().enumerate() {
            // A slot without function 0 is empty to the guest: the first becomes it.
            let function = if at == 0 { 0 } else { host.function };
            out.push(Hostdev {
                host: (*host).into(),
                guest: PciAddress { domain: 0, bus: place.0, slot: place.1, function }.into(),
                bus: place.0,
                first: at == 0,
                multifunction: at == 0 && functions.len() > 1,
                vga: *host == vga,
            });
        }
    }
    out
}

/// Where Intel's processors have their graphics.
const INTEGRATED_SLOT: u8 = 2;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use super::*;

    /// `HOST GUEST`, `+` where it is multifunction, of each device.
    fn layout(vga: &str, devices: &[&str]) -> Vec<String> {
        let mut devices: Vec<PciAddress> = devices.iter().map(|text| text.parse().unwrap()).collect();
        devices.sort_unstable();
        let plus = |multifunction| if multifunction { "+" } else { "" };
        hostdevs(vga.parse().unwrap(), &devices)
            .iter()
            .map(|dev| {
                let at = |place: &Place| format!("{} {} {}", place.bus, place.slot, place.function);
                format!("{} > {}{}", at(&dev.host), at(&dev.guest), plus(dev.multifunction))
            })
            .collect()
    }

    #[test]
    fn functions_of_one_slot_stay_together_and_others_get_slots_of_their_own() {
        assert_eq!(
            layout("0000:0b:00.0", &["0000:0b:00.1", "0000:0b:00.0", "0000:0a:00.0"]),
            [
                "0x0a 0x00 0x0 > 0x05 0x00 0x0",
                "0x0b 0x00 0x0 > 0x06 0x00 0x0+",
                "0x0b 0x00 0x1 > 0x06 0x00 0x1"
            ]
        );
    }

    #[test]
    fn a_slot_without_function_0_gets_one() {
        assert_eq!(
            layout("0000:01:00.0", &["0000:01:00.0", "0000:02:00.1", "0000:02:00.3", "0000:03:00.7"]),
            [
                "0x01 0x00 0x0 > 0x05 0x00 0x0",
                "0x02 0x00 0x1 > 0x06 0x00 0x0+",
                "0x02 0x00 0x3 > 0x06 0x00 0x3",
                "0x03 0x00 0x7 > 0x07 0x00 0x0"
            ]
        );
    }

    #[test]
    fn the_processors_own_graphics_stays_on_the_root() {
        assert_eq!(
            layout("0000:00:02.0", &["0000:00:02.0", "0000:00:1f.3"]),
            ["0x00 0x02 0x0 > 0x00 0x02 0x0", "0x00 0x1f 0x3 > 0x05 0x00 0x0"]
        );
    }

    #[test]
    fn an_identity_never_changes() {
        // Another value here would make every user's domain a new machine.
        let identity = Identity::new("win11");
        assert_eq!(identity.uuid, "a6810489-2a05-8c7d-8779-98b952407ad5");
        assert_eq!(identity.setup_uuid, "f9b830c7-1e38-82ab-a403-0d9bf1121260");
        assert_eq!(identity.mac, "52:54:00:ae:c9:a0");
        assert_ne!(identity.uuid, Identity::new("win10").uuid);
    }
}
