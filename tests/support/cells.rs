//! Every cell of the matrix: distro × init × boot loader × CPU × driver. One
//! profile with a bit of everything is planned for each.

use std::fmt;

use onegpu::data::DataDirs;
use onegpu::diag::Result;
use onegpu::distro::{AccessMethod, Distro};
use onegpu::plan::Plan;
use onegpu::profile::{Bootloader, CpuVendor, Driver, Init, parse};
use onegpu::setup::Setup;

/// One combination that a distro's file says is possible.
#[derive(Clone)]
pub struct Cell {
    pub distro: Distro,
    pub init: Init,
    pub bootloader: Bootloader,
    pub cpu: CpuVendor,
    pub driver: Driver,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { distro, init, bootloader, cpu, driver } = self;
        write!(f, "{} {init} {bootloader} {cpu} {driver}", distro.id)
    }
}

impl Cell {
    /// The profile in this cell's words, on this cell's distro.
    pub fn plan(&self) -> Result<Plan> {
        let profile = parse(&self.to_string(), &self.profile())?;
        Ok(Plan::new(Setup::new(&profile, self.distro.clone())?))
    }

    /// The text of that profile.
    pub fn profile(&self) -> String {
        let Self { distro, init, bootloader, cpu, driver } = self;
        format!(
            r#"
            [host]
            distro = "{}"
            init = "{init}"
            bootloader = "{bootloader}"
            cpu = "{cpu}"
            user = {{ name = "mika", uid = 1000 }}
            display-manager = "sddm"

            [gpu]
            address = "0000:01:00.0"
            driver = "{driver}"
            devices = ["0000:01:00.0", "0000:01:00.1"]
            rom = "/home/mika/card.rom"

            [[guest]]
            name = "win11"
            os = "windows-11"
            memory = "16 GiB"
            cpus = {{ cores = 6, threads = 2 }}
            disk = {{ path = "/var/lib/libvirt/images/win11.qcow2", size = "120 GiB" }}
            install-media = "/var/lib/libvirt/images/Win11.iso"
            virtio-media = "/var/lib/libvirt/images/virtio-win.iso"
            usb = ["046d:c33f"]
            audio = "pipewire"

            [[guest]]
            name = "games"
            os = "linux"
            disk = {{ path = "/dev/disk/by-id/ata-games" }}
            evdev = ["/dev/input/by-id/usb-Some_Mouse-event-mouse"]
            cpus = {{ cores = 2, threads = 2, pin = ["2,6", "3,7"], host = "0-1,4-5" }}
            hugepages = "reserve"
            governor = "performance"
            inhibit-sleep = true
            own-hooks = true
            "#,
            distro.id
        )
    }
}

/// All cells of all distros known, in a fixed order.
pub fn all(data: &DataDirs) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    for id in data.distro_ids() {
        let distro = Distro::load(data, &id)?;
        for &init in &distro.inits {
            for &bootloader in distro.bootloader.keys() {
                for &cpu in CpuVendor::ALL {
                    for &driver in Driver::ALL {
                        cells.push(Cell { distro: distro.clone(), init, bootloader, cpu, driver });
                    }
                }
            }
        }
    }
    Ok(cells)
}

/// Cells that no distro known to us needs, but a distro file of the user's own
/// may: access by membership in a group.
pub fn of_own_files(data: &DataDirs) -> Result<Vec<Cell>> {
    let mut cells = all(data)?;
    let mut seen = std::collections::BTreeSet::new();
    cells.retain(|cell| seen.insert((cell.distro.id.clone(), cell.init)));
    for cell in &mut cells {
        cell.distro.access.method = AccessMethod::Group;
    }
    Ok(cells)
}
