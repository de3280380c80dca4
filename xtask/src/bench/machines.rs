//! Machines of any size, as folders: only their PCI functions, and what tells the distro.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use onegpu::diag::Result;

use super::ground::Ground;
use crate::process::failure;

/// A function's kind: class, vendor, device, driver.
struct Kind(u32, u16, u16, &'static str);

const VGA: Kind = Kind(0x03_00_00, 0x10de, 0x2482, "nvidia");
const SOUND: Kind = Kind(0x04_03_00, 0x10de, 0x228b, "snd_hda_intel");
const NETWORK: Kind = Kind(0x02_00_00, 0x8086, 0x10fb, "ixgbe");

/// A machine with so many functions, of which so many are graphics cards; each has
/// its sound function, and every slot is a group of its own.
pub fn machine(ground: &Ground, functions: u32, cards: u32) -> Result<PathBuf> {
    let root = ground.at(&format!("machine-{functions}"));
    ground.write(&root.join("etc/os-release"), "ID=debian\nVERSION_ID=13\n")?;
    ground.write(&root.join("proc/cmdline"), "quiet intel_iommu=on iommu=pt\n")?;
    ground.write(&root.join("proc/meminfo"), "MemTotal: 33554432 kB\n")?;
    ground.write(&root.join("proc/1/comm"), "systemd\n")?;
    fs::create_dir_all(root.join("sys/class/iommu/dmar0")).map_err(failure)?;
    for number in 0..functions {
        // Cards come first, with two functions each; then slots with one.
        let (slot, function) = match number < 2 * cards {
            true => (number / 2, number % 2),
            false => (number - cards, 0),
        };
        let kind = match (slot < cards, function) {
            (true, 0) => &VGA,
            (true, _) => &SOUND,
            _ => &NETWORK,
        };
        let address = format!("{:04x}:{:02x}:{:02x}.{function}", slot / 8192, slot / 32 % 256, slot % 32);
        write(ground, &root, &address, slot, kind, number == 0)?;
    }
    Ok(root)
}

fn write(ground: &Ground, root: &Path, address: &str, group: u32, kind: &Kind, boot: bool) -> Result<()> {
    let Kind(class, vendor, device, driver) = kind;
    let place = format!("devices/pci{}/{address}", &address[..7]);
    let folder = root.join("sys").join(&place);
    let text = |name: &str, text: String| ground.write(&folder.join(name), text);
    text("class", format!("{class:#08x}\n"))?;
    text("vendor", format!("{vendor:#06x}\n"))?;
    text("device", format!("{device:#06x}\n"))?;
    text("irq", "0\n".into())?;
    text("resource", "0x0000000000000000 0x0000000000000000 0x0000000000000000\n".repeat(7))?;
    if *class == VGA.0 {
        text("boot_vga", format!("{}\n", u8::from(boot)))?;
    }
    ground.write(&folder.join("config"), config(kind))?;
    let up = "../".repeat(3);
    let link = |target: String, path: PathBuf| {
        fs::create_dir_all(path.parent().unwrap_or(root)).map_err(failure)?;
        symlink(target, path).map_err(failure)
    };
    fs::create_dir_all(root.join(format!("sys/bus/pci/drivers/{driver}"))).map_err(failure)?;
    link(format!("{up}bus/pci/drivers/{driver}"), folder.join("driver"))?;
    link(format!("{up}kernel/iommu_groups/{group}"), folder.join("iommu_group"))?;
    let group = root.join(format!("sys/kernel/iommu_groups/{group}/devices/{address}"));
    link(format!("../../../../{place}"), group)?;
    link(format!("../../../{place}"), root.join("sys/bus/pci/devices").join(address))
}

/// The first 64 bytes of the configuration space, which lspci reads.
fn config(Kind(class, vendor, device, _): &Kind) -> Vec<u8> {
    let mut out = vec![0; 64];
    out[0..2].copy_from_slice(&vendor.to_le_bytes());
    out[2..4].copy_from_slice(&device.to_le_bytes());
    out[9..12].copy_from_slice(&class.to_le_bytes()[..3]);
    out
}
