//! AMD's cards that do not come back from a reset: which, by device id, and what
//! is known of each.
//!
//! Ids: the tables of gnif/vendor-reset (`src/device-db.h`) for what it covers,
//! and pci.ids for the families after it. What helps: gnif/vendor-reset issues
//! as named beside each.

use std::ops::RangeInclusive;

use crate::machine::pci::PciId;

/// What is known of a family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The module vendor-reset mends it.
    VendorReset,
    /// Some cards of it hang, and no module is known to mend them all.
    Reports,
    /// It resets by itself.
    Fine,
}

/// A family of cards.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) known: Known,
    pub(super) source: &'static str,
    devices: &'static [RangeInclusive<u16>],
}

const DATABASE: &str = "https://github.com/gnif/vendor-reset/blob/master/src/device-db.h";

const FAMILIES: &[Family] = &[
    Family {
        name: "Polaris",
        known: Known::VendorReset,
        // #72: helps many, not all.
        source: "https://github.com/gnif/vendor-reset/issues/72",
        devices: &[0x67c0..=0x67df, 0x6fdf..=0x6fdf, 0x67e0..=0x67ff, 0x6980..=0x699f],
    },
    Family { name: "Vega 10", known: Known::VendorReset, source: DATABASE, devices: &[0x6860..=0x687f] },
    Family { name: "Vega 20", known: Known::VendorReset, source: DATABASE, devices: &[0x66a0..=0x66af] },
    Family { name: "Navi 10", known: Known::VendorReset, source: DATABASE, devices: &[0x7310..=0x731f] },
    Family { name: "Navi 14", known: Known::VendorReset, source: DATABASE, devices: &[0x7340..=0x734f] },
    Family { name: "Navi 12", known: Known::VendorReset, source: DATABASE, devices: &[0x7360..=0x7362] },
    Family {
        name: "Navi 2x (RX 6000)",
        known: Known::Fine,
        // The maintainer: the whole series resets by itself; single reports say otherwise (#65).
        source: "https://github.com/gnif/vendor-reset/issues/35",
        devices: &[0x73a0..=0x73ff, 0x7420..=0x743f],
    },
    Family {
        name: "Navi 3x (RX 7000)",
        known: Known::Reports,
        source: "https://github.com/gnif/vendor-reset/issues/97",
        devices: &[0x7440..=0x749f],
    },
];

/// The family of a card, when something is known of it.
pub(super) fn family(id: PciId) -> Option<&'static Family> {
    let has = |family: &&Family| family.devices.iter().any(|range| range.contains(&id.device));
    FAMILIES.iter().filter(|_| id.vendor == 0x1002).find(has)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

    use super::*;

    #[test]
    fn cards_are_of_their_family_and_of_no_other() {
        let name = |vendor, device| family(PciId { vendor, device }).map(|family| family.name);
        // RX 580, Vega 64, Radeon VII, RX 5700 XT, RX 5500, RX 6800, RX 7900, RX 7800 XT.
        assert_eq!(name(0x1002, 0x67df), Some("Polaris"));
        assert_eq!(name(0x1002, 0x687f), Some("Vega 10"));
        assert_eq!(name(0x1002, 0x66af), Some("Vega 20"));
        assert_eq!(name(0x1002, 0x731f), Some("Navi 10"));
        assert_eq!(name(0x1002, 0x7340), Some("Navi 14"));
        assert_eq!(name(0x1002, 0x73bf), Some("Navi 2x (RX 6000)"));
        assert_eq!(name(0x1002, 0x744c), Some("Navi 3x (RX 7000)"));
        assert_eq!(name(0x1002, 0x747e), Some("Navi 3x (RX 7000)"));
        // An APU of Raven Ridge, and NVIDIA's GA104 with a number of AMD's range.
        assert_eq!(name(0x1002, 0x15dd), None);
        assert_eq!(name(0x10de, 0x73bf), None);
        for (at, family) in FAMILIES.iter().enumerate() {
            for other in &FAMILIES[at + 1..] {
                let apart = |a: &RangeInclusive<u16>, b: &RangeInclusive<u16>| {
                    a.end() < b.start() || b.end() < a.start()
                };
                assert!(
                    family.devices.iter().all(|a| other.devices.iter().all(|b| apart(a, b))),
                    "{}",
                    family.name
                );
            }
        }
    }
}
