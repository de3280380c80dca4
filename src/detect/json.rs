//! `detect --format json`. The keys up to `usb_input` are what programs rely
//! on; everything else that was read stands below `more`.

use serde::Serialize;

use crate::machine::Machine;
use crate::machine::bootloader::Loader;
use crate::machine::gpu::Gpu;
use crate::machine::usb_input::InputKind;
use crate::profile::{CpuVendor, Init};

#[derive(Serialize)]
struct Detected<'a> {
    distro: Distro<'a>,
    init: Option<Init>,
    bootloader: Option<Loader>,
    cpu: Cpu,
    memory_mib: Option<u64>,
    iommu: Iommu,
    gpus: &'a [Gpu],
    display_manager: Option<&'a str>,
    users: Vec<User<'a>>,
    usb_input: Vec<UsbInput<'a>>,
    more: &'a Machine,
}

#[derive(Serialize)]
struct Distro<'a> {
    id: Option<&'a str>,
    family: Option<&'a str>,
    version: Option<&'a str>,
}

#[derive(Serialize)]
struct Cpu {
    vendor: Option<CpuVendor>,
    cores: Option<u32>,
    threads: Option<u32>,
    virtualization: Option<bool>,
}

#[derive(Serialize)]
struct Iommu {
    enabled: Option<bool>,
    groups: Option<u32>,
}

#[derive(Serialize)]
struct User<'a> {
    name: &'a str,
    uid: u32,
}

#[derive(Serialize)]
struct UsbInput<'a> {
    id: &'a str,
    name: Option<&'a str>,
    kinds: &'a [InputKind],
}

/// The machine as JSON, with a newline at the end.
///
/// # Errors
/// Never: every value of a machine has a form in JSON.
pub fn render(machine: &Machine) -> serde_json::Result<String> {
    let detected = Detected {
        distro: Distro {
            id: machine.distro.id.as_deref(),
            family: machine.distro.family.as_deref(),
            version: machine.distro.version.as_deref(),
        },
        init: machine.init.init,
        bootloader: machine.boot.loader,
        cpu: Cpu {
            vendor: machine.cpu.vendor,
            cores: machine.cpu.cores,
            threads: machine.cpu.threads,
            virtualization: machine.cpu.virtualization,
        },
        memory_mib: machine.memory.total_mib,
        iommu: Iommu { enabled: machine.iommu.enabled, groups: machine.iommu.groups },
        gpus: &machine.gpus,
        display_manager: machine.display_manager.name.as_deref(),
        users: machine.users.iter().map(|user| User { name: &user.name, uid: user.uid }).collect(),
        usb_input: machine
            .usb_input
            .iter()
            .map(|device| UsbInput { id: &device.id, name: device.name.as_deref(), kinds: &device.kinds })
            .collect(),
        more: machine,
    };
    serde_json::to_string_pretty(&detected).map(|text| text + "\n")
}
