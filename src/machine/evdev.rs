//! udev's lasting names of input devices, `/dev/input/by-id/usb-…-event-kbd`.

use super::root::Root;
use super::usb_input::InputKind;
use crate::paths::machine as at;

/// One of udev's links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvdevLink {
    /// The whole path.
    pub path: String,
    /// What udev found it to be.
    pub kind: InputKind,
    /// Where the device sits in sysfs, when that can be read.
    device: Option<String>,
}

/// Reads the links of keyboards and mice.
pub fn read(root: &Root) -> Vec<EvdevLink> {
    let names = root.names(at::INPUT_BY_ID).unwrap_or_default();
    let links = names.iter().filter_map(|name| {
        let kind = kind(name)?;
        let path = format!("{}/{name}", at::INPUT_BY_ID);
        let event = root.link_name(&path);
        let device = event.and_then(|event| root.link(&format!("{}/{event}", at::INPUT_CLASS)));
        Some(EvdevLink { path, kind, device })
    });
    links.collect()
}

/// udev's rule 60-persistent-input.rules gives the ending.
fn kind(name: &str) -> Option<InputKind> {
    let usb = name.strip_prefix("usb-")?;
    if usb.ends_with("-event-kbd") {
        Some(InputKind::Keyboard)
    } else if usb.ends_with("-event-mouse") {
        Some(InputKind::Mouse)
    } else {
        None
    }
}

impl EvdevLink {
    /// Whether it is a link of the USB device at `port`: by its place in sysfs,
    /// or else by the name that udev makes of maker and model.
    pub fn belongs_to(&self, port: &str, maker: &Option<String>, model: &Option<String>) -> bool {
        if let Some(device) = &self.device {
            let interface = format!("/{port}:");
            return device.contains(&interface);
        }
        let (Some(maker), Some(model)) = (maker, model) else { return false };
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let start = format!("usb-{}_{}", udev_name(maker), udev_name(model));
        name.strip_prefix(&start).is_some_and(|rest| rest.starts_with(['-', '_']))
    }
}

/// udev replaces runs of spaces, and what is not plain, by `_` (udev's
/// `encode_devnode_name` and `replace_whitespace`).
fn udev_name(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join("_");
    let plain = |c: char| c.is_ascii_alphanumeric() || "#+-.:=@_".contains(c);
    text.chars().map(|c| if plain(c) { c } else { '_' }).collect()
}
