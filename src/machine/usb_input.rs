//! USB keyboards and mice.

use std::collections::BTreeMap;

use serde::Serialize;

use super::evdev::{self, EvdevLink};
use super::pci::hex;
use super::plain::plain_word;
use super::root::Root;
use crate::paths::machine as at;

/// What an input device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InputKind {
    /// Keys.
    Keyboard,
    /// A pointer.
    Mouse,
}

/// A keyboard or mouse on USB. A receiver, and many a gaming mouse, is both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UsbInput {
    /// Vendor and product, `046d:c33f`.
    pub id: String,
    /// What it calls itself.
    pub name: Option<String>,
    /// What it is for.
    pub kinds: Vec<InputKind>,
    /// udev's lasting names of it, for sharing it by evdev.
    pub evdev: Vec<String>,
    /// The ports it sits at, `1-2`; two of a kind have two.
    pub ports: Vec<String>,
}

/// Reads every USB device that is a keyboard or a mouse, by id.
pub fn read(root: &Root) -> Vec<UsbInput> {
    let names = root.names(at::USB_DEVICES).unwrap_or_default();
    let links = evdev::read(root);
    let mut found: BTreeMap<String, UsbInput> = BTreeMap::new();
    for port in names.iter().filter(|name| !name.contains(':')) {
        let Some(device) = device(root, &names, &links, port) else { continue };
        match found.get_mut(&device.id) {
            None => drop(found.insert(device.id.clone(), device)),
            Some(known) => {
                known.kinds.extend(device.kinds);
                known.kinds.sort_unstable();
                known.kinds.dedup();
                known.evdev.extend(device.evdev);
                known.ports.extend(device.ports);
                known.name = known.name.take().or(device.name);
            }
        }
    }
    found.into_values().collect()
}

fn device(root: &Root, names: &[String], links: &[EvdevLink], port: &str) -> Option<UsbInput> {
    let folder = format!("{}/{port}", at::USB_DEVICES);
    let attribute = |name: &str| root.attribute(&format!("{folder}/{name}"));
    let number = |name: &str| u16::try_from(hex(&attribute(name)?)?).ok();
    let (vendor, product) = (number("idVendor")?, number("idProduct")?);
    let (maker, model) = (attribute("manufacturer"), attribute("product"));
    let own: Vec<&EvdevLink> = links.iter().filter(|link| link.belongs_to(port, &maker, &model)).collect();
    let mut kinds: Vec<InputKind> =
        interfaces(root, names, port).iter().filter_map(|folder| interface_kind(root, folder)).collect();
    if kinds.is_empty() && is_hid(root, names, port) {
        // Not every keyboard speaks the boot protocol; udev has looked at its keys.
        kinds = own.iter().map(|link| link.kind).collect();
    }
    kinds.sort_unstable();
    kinds.dedup();
    (!kinds.is_empty()).then(|| UsbInput {
        id: format!("{vendor:04x}:{product:04x}"),
        name: full_name(maker, model),
        kinds,
        evdev: own.iter().map(|link| link.path.clone()).collect(),
        ports: vec![port.to_owned()],
    })
}

/// The folders of a device's interfaces: beside it on a real machine, below it always.
fn interfaces(root: &Root, names: &[String], port: &str) -> Vec<String> {
    let of_port = |name: &str| name.strip_prefix(port).is_some_and(|rest| rest.starts_with(':'));
    let beside = names.iter().filter(|name| of_port(name)).map(|name| format!("{}/{name}", at::USB_DEVICES));
    let beside: Vec<String> = beside.collect();
    if !beside.is_empty() {
        return beside;
    }
    let folder = format!("{}/{port}", at::USB_DEVICES);
    let below = root.names(&folder).unwrap_or_default();
    below.iter().filter(|name| of_port(name)).map(|name| format!("{folder}/{name}")).collect()
}

/// HID 1.11, 4.1 to 4.3: class 3; boot protocol 1 is a keyboard, 2 a mouse.
fn interface_kind(root: &Root, folder: &str) -> Option<InputKind> {
    let number = |name: &str| hex(&root.attribute(&format!("{folder}/{name}"))?);
    match (number("bInterfaceClass")?, number("bInterfaceProtocol")?) {
        (3, 1) => Some(InputKind::Keyboard),
        (3, 2) => Some(InputKind::Mouse),
        _ => None,
    }
}

fn is_hid(root: &Root, names: &[String], port: &str) -> bool {
    let class = |folder: &String| hex(&root.attribute(&format!("{folder}/bInterfaceClass"))?);
    interfaces(root, names, port).iter().any(|folder| class(folder) == Some(3))
}

/// Maker and model; many models repeat the maker.
fn full_name(maker: Option<String>, model: Option<String>) -> Option<String> {
    let maker = maker.and_then(|text| plain_word(&text));
    let model = model.and_then(|text| plain_word(&text));
    match (maker, model) {
        (Some(maker), Some(model)) if !starts_with(&model, &maker) => Some(format!("{maker} {model}")),
        (maker, model) => model.or(maker),
    }
}

fn starts_with(model: &str, maker: &str) -> bool {
    model.to_lowercase().starts_with(&maker.to_lowercase())
}
