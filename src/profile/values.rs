//! The values of a profile that have a form of their own. Each is checked once,
//! when it is read; behind that, a value of the type is known to be good.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

/// The rule that was broken, after what was found: in a list the caret alone
/// does not tell which value is meant.
pub(super) fn found(text: &str, rule: &str) -> String {
    let shown: String = text.chars().take(40).flat_map(char::escape_debug).collect();
    let more = if text.chars().count() > 40 { "…" } else { "" };
    format!("`{shown}{more}`: {rule}")
}

/// Makes a checked string type: `FromStr` holds the rule, serde calls it.
macro_rules! checked_string {
    ($(#[$meta:meta])* $name:ident, $check:expr) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                let check: fn(&str) -> Result<(), String> = $check;
                check(text).map(|()| Self(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = String;
            fn try_from(text: String) -> Result<Self, String> {
                text.parse().map_err(|rule: String| found(&text, &rule))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

checked_string! {
    /// A guest's name: `[A-Za-z0-9][A-Za-z0-9._+-]*`, at most 64 characters. It
    /// becomes a folder, a package's name and an argument of libvirt's hooks.
    GuestName, |text| {
        let mut chars = text.chars();
        let first = chars.next().is_some_and(|c| c.is_ascii_alphanumeric());
        let rest = chars.all(|c| c.is_ascii_alphanumeric() || "._+-".contains(c));
        if text == crate::paths::HOOK_LINK {
            Err("this is the name of onegpu's own hook, choose another".into())
        } else if first && rest && text.len() <= 64 {
            Ok(())
        } else {
            Err("a guest's name is 1 to 64 of A-Z a-z 0-9 . _ + -, \
                 the first a letter or digit, like `win11`".into())
        }
    }
}

checked_string! {
    /// A login name as shadow's useradd takes it, and dots.
    UserName, |text| {
        let mut chars = text.chars();
        let first = chars.next().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        let rest = chars.all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        if first && rest && text.len() <= 32 {
            Ok(())
        } else {
            Err("a user's name is 1 to 32 of A-Z a-z 0-9 . _ -, \
                 the first a letter, digit or _, like `mika`".into())
        }
    }
}

checked_string! {
    /// An absolute path on the host. Any character but controls may be in it:
    /// libvirt's XML cannot carry a control character.
    HostPath, |text| {
        if !text.starts_with('/') {
            return Err("a path on the host starts with `/`".into());
        }
        if let Some(bad) = text.chars().find(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}')) {
            return Err(format!("a path cannot have the control character {bad:?}: libvirt's XML has no way to write it"));
        }
        if text.split('/').any(|part| part == "..") {
            return Err("a path has no `..`: write where it really leads".into());
        }
        if text.ends_with('/') {
            return Err("a path to a file does not end with `/`".into());
        }
        Ok(())
    }
}

checked_string! {
    /// A USB device's vendor and product, `vvvv:pppp` in lower-case hex.
    UsbId, |text| {
        let hex4 = |part: &str| part.len() == 4 && part.bytes().all(|b| b.is_ascii_hexdigit());
        match text.split_once(':') {
            Some((vendor, product)) if hex4(vendor) && hex4(product) => Ok(()),
            _ => Err("a USB id is vendor:product, four hex digits each, like `046d:c33f` (see lsusb)".into()),
        }
    }
}

impl UsbId {
    /// Vendor and product, lower-case, without `0x`.
    pub fn parts(&self) -> (String, String) {
        let lower = self.0.to_ascii_lowercase();
        (lower[..4].to_owned(), lower[5..].to_owned())
    }
}

/// A PCI function's address, `dddd:bb:ss.f`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct PciAddress {
    /// Domain (segment).
    pub domain: u16,
    /// Bus.
    pub bus: u8,
    /// Slot, at most 0x1f.
    pub slot: u8,
    /// Function, at most 7.
    pub function: u8,
}

impl PciAddress {
    /// Whether both are functions of one slot.
    pub fn same_slot(&self, other: &Self) -> bool {
        (self.domain, self.bus, self.slot) == (other.domain, other.bus, other.slot)
    }
}

impl FromStr for PciAddress {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let hex = |at: std::ops::Range<usize>| {
            let part = text.get(at)?;
            part.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(part, 16).ok())?
        };
        let marks = text.len() == 12 && text.is_ascii();
        let marks = marks && &text[4..5] == ":" && &text[7..8] == ":" && &text[10..11] == ".";
        let parsed = || {
            let (slot, function) = (hex(8..10)?, hex(11..12)?);
            (slot < 0x20 && function < 8).then_some(Self {
                domain: hex(0..4)?,
                bus: u8::try_from(hex(5..7)?).ok()?,
                slot: u8::try_from(slot).ok()?,
                function: u8::try_from(function).ok()?,
            })
        };
        marks.then(parsed).flatten().ok_or_else(|| {
            "a PCI address is domain:bus:slot.function in hex, like `0000:01:00.0` (see lspci -D)".into()
        })
    }
}

impl TryFrom<String> for PciAddress {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map_err(|rule: String| found(&text, &rule))
    }
}

impl fmt::Display for PciAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04x}:{:02x}:{:02x}.{:x}", self.domain, self.bus, self.slot, self.function)
    }
}

impl Serialize for PciAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Reads `NUMBER UNIT`; the unit is MiB, GiB or TiB (or M, G, T, as people write).
fn mebibytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text[..digits].parse().ok()?;
    let factor = match text[digits..].trim() {
        "M" | "MiB" => 1,
        "G" | "GiB" => 1 << 10,
        "T" | "TiB" => 1 << 20,
        _ => return None,
    };
    number.checked_mul(factor)
}

/// MiB as a profile says them.
pub fn size(mib: u64) -> String {
    match mib % 1024 {
        0 => format!("{} GiB", mib / 1024),
        _ => format!("{mib} MiB"),
    }
}

/// A guest's memory in MiB, from 256 MiB to 4 TiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Memory {
    /// MiB.
    pub mib: u64,
}

impl Default for Memory {
    fn default() -> Self {
        Self { mib: 8 << 10 }
    }
}

impl TryFrom<String> for Memory {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match mebibytes(&text) {
            Some(mib @ 256..=0x40_0000) => Ok(Self { mib }),
            Some(_) => Err(found(&text, "a guest's memory is between `256 MiB` and `4 TiB`")),
            None => Err(found(&text, "memory is a number and MiB, GiB or TiB, like `16 GiB`")),
        }
    }
}

/// A disk's size in MiB, from 1 MiB to 8 PiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct DiskSize {
    /// MiB.
    pub mib: u64,
}

impl TryFrom<String> for DiskSize {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        match mebibytes(&text) {
            Some(mib @ 1..=0x2_0000_0000) => Ok(Self { mib }),
            Some(_) => Err(found(&text, "a disk's size is between `1 MiB` and `8192 TiB`")),
            None => Err(found(&text, "a disk's size is a number and MiB, GiB or TiB, like `120 GiB`")),
        }
    }
}
