//! The emulated PC: its command line, its life and its end.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use onegpu::diag::Result;

use super::Iommu;
use super::accelerator::Accelerator;
use super::emulator::Emulator;
use crate::process::failure;

/// No PC runs longer, in seconds.
const LONGEST: u64 = 10800;

/// A running QEMU. It ends with this value.
pub struct Machine {
    child: Child,
    /// Where its logs, its disk and its share lie.
    folder: PathBuf,
}

/// Two functions in one slot behind a root port, as a card has them: display and sound. The disk,
/// the share and USB each behind a port of their own, and so in groups of their own.
const DEVICES: &[&str] = &[
    "pcie-root-port,id=rp1,chassis=1,slot=1,addr=2.0,multifunction=on",
    "pcie-root-port,id=rp2,chassis=2,slot=2,addr=2.1",
    "pcie-root-port,id=rp3,chassis=3,slot=3,addr=2.2",
    "pcie-root-port,id=rp4,chassis=4,slot=4,addr=2.3",
    "VGA,bus=rp1,addr=0.0,multifunction=on",
    "intel-hda,id=hda,bus=rp1,addr=0.1",
    "hda-output,bus=hda.0,audiodev=none",
    "virtio-blk-pci,bus=rp2,drive=disk,bootindex=1",
    "virtio-9p-pci,bus=rp3,fsdev=lab,mount_tag=lab",
    "qemu-xhci,bus=rp4",
    "usb-kbd",
    "usb-mouse",
];

impl Machine {
    /// Switches it on. `folder` has `disk.qcow2` and `share`.
    pub fn start(emulator: &Emulator, accelerator: Accelerator, iommu: Iommu, folder: &Path) -> Result<Self> {
        let variables = folder.join("vars.fd");
        if !variables.exists() {
            fs::copy(emulator.firmware("OVMF_VARS_4M.fd"), &variables).map_err(failure)?;
        }
        let mut command = emulator.system(LONGEST);
        command.args(["-machine", "q35,kernel-irqchip=split", "-smp", "2", "-m", "4096"]);
        command.args(accelerator.words());
        command.args(["-device", iommu_device(iommu)]);
        let code = emulator.firmware("OVMF_CODE_4M.fd");
        drive(&mut command, &format!("if=pflash,format=raw,readonly=on,file={}", code.display()));
        drive(&mut command, "if=pflash,format=raw,file=vars.fd");
        drive(&mut command, "if=none,id=disk,file=disk.qcow2,format=qcow2,cache=unsafe,discard=unmap");
        command.args(["-fsdev", "local,id=lab,path=share,security_model=none", "-audiodev", "none,id=none"]);
        DEVICES.iter().for_each(|device| {
            command.args(["-device", device]);
        });
        command.args(["-chardev", "file,id=serial,path=serial.log,append=on", "-serial", "chardev:serial"]);
        command.args(["-monitor", "stdio"]);
        // Each reset of a processor, and each triple fault: why a PC restarted that nobody restarted.
        command.args(["-d", "cpu_reset", "-D", "resets.log"]);
        let log =
            |name: &str| File::options().create(true).append(true).open(folder.join(name)).map_err(failure);
        command.current_dir(folder).stdin(Stdio::piped());
        command.stdout(log("monitor.log")?).stderr(log("qemu.log")?);
        let child = command.spawn().map_err(failure)?;
        Ok(Self { child, folder: folder.to_owned() })
    }

    /// One line for QEMU's monitor.
    pub fn order(&mut self, line: &str) -> Result<()> {
        let input = self.child.stdin.as_mut().ok_or_else(|| failure("QEMU's monitor is closed"))?;
        writeln!(input, "{line}").and_then(|()| input.flush()).map_err(failure)
    }

    /// Whether QEMU runs.
    pub fn is_on(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Waits until QEMU has ended by itself.
    pub fn await_off(&mut self, bound: Duration) -> bool {
        let began = Instant::now();
        while self.is_on() && began.elapsed() < bound {
            std::thread::sleep(Duration::from_millis(200));
        }
        !self.is_on()
    }

    /// Whether it runs and its kernel has not given up.
    pub fn is_alive(&mut self) -> bool {
        self.is_on() && !self.serial().contains("Kernel panic - not syncing")
    }

    /// What came over the serial line so far.
    pub fn serial(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("serial.log")).unwrap_or_default()).into_owned()
    }

    /// What QEMU said when it died of a fault of its own.
    pub fn fault(&mut self) -> Option<String> {
        if self.is_on() {
            return None;
        }
        let said = fs::read_to_string(self.folder.join("qemu.log")).unwrap_or_default();
        let line = said.lines().rfind(|line| line.contains("ssertion") || line.contains("ERROR:"));
        line.map(str::to_owned)
    }
}

impl Machine {
    /// Whether the PC's processor gave up, which restarts a PC without a word.
    pub fn triple_fault(&self) -> Option<String> {
        let said = fs::read(self.folder.join("resets.log")).unwrap_or_default();
        String::from_utf8_lossy(&said).lines().rfind(|line| line.contains("Triple fault")).map(str::to_owned)
    }
}

impl Drop for Machine {
    /// By its own process only: `timeout` hands TERM on, and QEMU ends at once.
    fn drop(&mut self) {
        let _ = self.order("quit");
        let pid = self.child.id().to_string();
        for _ in 0..50 {
            if !self.is_on() {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.child.wait();
    }
}

fn drive(command: &mut Command, words: &str) {
    command.args(["-drive", words]);
}

/// Both remap DMA and interrupts.
fn iommu_device(iommu: Iommu) -> &'static str {
    match iommu {
        Iommu::Amd => "amd-iommu,intremap=on,dma-remap=on",
        Iommu::Intel => "intel-iommu,intremap=on,caching-mode=on",
    }
}
