//! What `onegpu detect` and `groups` must say of the emulated PC: it is a real kernel's view of a
//! real tree in sysfs, and the lab knows what it has built.

use std::fs;
use std::path::Path;

use onegpu::diag::Result;
use serde_json::{Value, json};

use super::Init;
use crate::process::failure;

/// Returns what is otherwise than built; nothing is what is wanted. Debian's kernel has either
/// IOMMU on by itself (Intel's for all but an integrated GPU).
pub fn differences(share: &Path, init: Init) -> Result<Vec<String>> {
    let facts = read(&share.join("detect.json"))?;
    let card = &facts["gpus"][0];
    let wanted = [
        ("distro", facts["distro"].clone(), json!({"id": "debian", "family": "debian", "version": "13"})),
        ("init", facts["init"].clone(), json!(init.program())),
        ("bootloader", facts["bootloader"].clone(), json!(init.bootloader())),
        ("cpu.vendor", facts["cpu"]["vendor"].clone(), json!("amd")),
        ("cpu.threads", facts["cpu"]["threads"].clone(), json!(2)),
        ("cpu.virtualization", facts["cpu"]["virtualization"].clone(), json!(true)),
        ("iommu.enabled", facts["iommu"]["enabled"].clone(), json!(true)),
        ("number of gpus", json!(facts["gpus"].as_array().map(Vec::len)), json!(1)),
        ("gpu.address", card["address"].clone(), json!("0000:01:00.0")),
        ("gpu.id", card["id"].clone(), json!("1234:1111")),
        ("gpu.group is a number", json!(card["group"].is_u64()), json!(true)),
        ("gpu.driver", card["driver"].clone(), json!("bochs-drm")),
        ("gpu.boot_vga", card["boot_vga"].clone(), json!(true)),
        ("gpu.passthrough", card["passthrough"].clone(), json!(["0000:01:00.0", "0000:01:00.1"])),
        ("gpu.shared", card["shared"].clone(), json!([])),
        ("display_manager", facts["display_manager"].clone(), json!("lightdm")),
        ("users", facts["users"].clone(), json!([{"name": "mika", "uid": 1000}])),
    ];
    let wrong = wanted.into_iter().filter(|(_, found, wanted)| found != wanted);
    Ok(wrong.map(|(what, found, wanted)| format!("{what}: {found}, and not {wanted}")).collect())
}

fn read(place: &Path) -> Result<Value> {
    let text = fs::read_to_string(place).map_err(failure)?;
    serde_json::from_str(&text).map_err(|error| failure(format!("{}: {error}", place.display())))
}
