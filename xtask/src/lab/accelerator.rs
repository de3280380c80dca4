//! Whether the machine's KVM can run the emulated PC. Where it opens and does not truly run a
//! guest, or cannot nest another in it, everything is emulated.

use std::fs;
use std::process::Stdio;

use super::emulator::Emulator;

/// How the PC's processor comes about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Accelerator {
    /// By the machine's own.
    Kvm,
    /// By translation.
    Tcg,
}

/// Seconds that the firmware may take to its boot menu; KVM needs two of them.
const BOUND: u64 = 20;

impl Accelerator {
    /// Tries it out: starts the firmware under KVM, which prints when it has found nothing to boot.
    pub fn find(emulator: &Emulator) -> Self {
        let nests = ["kvm_amd", "kvm_intel"].iter().any(|module| {
            let answer = fs::read_to_string(format!("/sys/module/{module}/parameters/nested"));
            answer.is_ok_and(|text| matches!(text.trim(), "1" | "Y"))
        });
        if !nests {
            return Self::Tcg;
        }
        let mut command = emulator.system(BOUND);
        let code = emulator.firmware("OVMF_CODE_4M.fd");
        command.args(["-machine", "q35", "-accel", "kvm", "-cpu", "host", "-m", "512", "-no-reboot"]);
        command.arg("-drive").arg(format!("if=pflash,format=raw,readonly=on,file={}", code.display()));
        command.args(["-net", "none", "-serial", "stdio"]).stdin(Stdio::null());
        let out = command.output().map(|done| done.stdout).unwrap_or_default();
        match String::from_utf8_lossy(&out).contains("BdsDxe") {
            true => Self::Kvm,
            false => Self::Tcg,
        }
    }

    /// QEMU's words for it; the processor has to let a guest nest. The emulator has SVM and no
    /// VMX: it is EPYC's beside Intel's IOMMU, too.
    pub fn words(self) -> [&'static str; 4] {
        match self {
            Self::Kvm => ["-accel", "kvm", "-cpu", "host"],
            Self::Tcg => ["-accel", "tcg,thread=multi,tb-size=1024", "-cpu", "EPYC"],
        }
    }

    /// For people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Kvm => "KVM",
            Self::Tcg => "emulation (KVM is not there, or does not nest)",
        }
    }
}
