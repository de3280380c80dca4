//! What the real scripts write, read back by `onegpu log`. `ONEGPU_REGENERATE=1` stores the
//! logs as the machines of `tests/log.rs`, where the whole output is held.

use std::fs;
use std::path::{Path, PathBuf};

use onegpu::log::Logs;
use onegpu::machine::root::Root;
use onegpu::profile::{Driver, Init};

use super::NVIDIA;
use super::machine::{Cell, GUEST, Machine};

/// A case, what the verdict says, and the likely cause.
struct Case {
    name: &'static str,
    cell: Cell,
    go: fn(&Machine),
    verdict: &'static str,
    cause: Option<&'static str>,
}

const CASES: [Case; 11] = [
    Case {
        name: "there-and-back",
        cell: NVIDIA,
        go: |machine| assert_eq!((machine.start(), machine.stop()), (0, 0)),
        verdict: "The handover went well. The return went well.",
        cause: None,
    },
    Case {
        name: "there",
        cell: Cell { init: Init::Openrc, driver: Driver::Amdgpu, ..NVIDIA },
        go: |machine| assert_eq!((machine.start(), machine.stop(), machine.start()), (0, 0, 0)),
        verdict: "The handover went well. No return yet",
        cause: None,
    },
    Case {
        name: "module-in-use",
        cell: NVIDIA,
        go: |machine| {
            instead(
                machine,
                "modprobe",
                "[ \"$1\" != -r ] || { echo 'modprobe: FATAL: Module nvidia is in use.' >&2; exit 1; }",
            );
            assert_eq!(machine.start(), 1);
        },
        verdict: "The handover failed, and everything was put back.",
        cause: Some("module-in-use"),
    },
    Case {
        name: "holder-is-killed",
        cell: NVIDIA,
        go: |machine| {
            let holder = "/tools/sh -c 'trap : TERM; while :; do /tools/sleep 1; done' 3</dev/nvidia0";
            assert_eq!(super::start_beside(machine, holder), (false, 0));
            assert_eq!(machine.stop(), 0);
        },
        verdict: "The handover went well. The return went well.",
        cause: None,
    },
    Case {
        name: "holder-stays",
        cell: NVIDIA,
        go: |machine| {
            fs::copy(machine.path("/tools/sleep"), machine.path("/tools/qemu-system-x86")).unwrap();
            let holder = "/tools/qemu-system-x86 100 3</dev/dri/card0";
            assert_eq!(super::start_beside(machine, holder), (true, 1));
        },
        verdict: "The handover failed, and everything was put back.",
        cause: Some("another-guest-has-the-card"),
    },
    Case {
        name: "display-manager-hangs",
        cell: Cell { init: Init::Runit, driver: Driver::Nouveau, ..NVIDIA },
        go: |machine| {
            machine.fault("hang", "sv -w N stop sddm");
            assert_eq!(machine.start(), 1);
        },
        verdict: "The handover failed, and everything was put back.",
        cause: None,
    },
    Case {
        name: "power-loss",
        cell: NVIDIA,
        go: |machine| {
            machine.fault("die-before", "modprobe -r nvidia_uvm nvidia_drm nvidia_modeset nvidia");
            assert_eq!(machine.start(), 137);
        },
        verdict: "The handover has no end in the log",
        cause: None,
    },
    Case {
        name: "killed-and-taken-back",
        cell: NVIDIA,
        go: |machine| {
            machine.fault("die-after", "modprobe -r nvidia_uvm nvidia_drm nvidia_modeset nvidia");
            assert_eq!((machine.start(), machine.stop()), (137, 0));
        },
        verdict: "The handover was cut off; the return put back what it had done.",
        cause: None,
    },
    Case {
        name: "no-desktop-on-return",
        cell: NVIDIA,
        go: |machine| {
            assert_eq!(machine.start(), 0);
            machine.fault("always", "systemctl start display-manager.service");
            machine.stop();
        },
        verdict: "The handover went well. In the return one step failed.",
        cause: Some("black-screen-on-return"),
    },
    Case {
        name: "no-driver-on-return",
        cell: Cell { driver: Driver::Amdgpu, ..NVIDIA },
        go: |machine| {
            assert_eq!(machine.start(), 0);
            machine.sh(
                "/tools/rm -r /sys/bus/pci/devices/0000:0b:00.0/driver /sys/bus/pci/devices/0000:0b:00.0/drm",
            );
            machine.stop();
        },
        verdict: "The handover went well. In the return 3 steps failed.",
        cause: Some("black-screen-on-return"),
    },
    Case {
        name: "group-not-viable",
        cell: NVIDIA,
        go: |machine| {
            assert_eq!((machine.start(), machine.stop()), (0, 0));
            // As libvirt 11.3 and QEMU 10 write it, at the time of the handover.
            let log = machine.log();
            let date = log.lines().next().unwrap().rsplit(' ').next().unwrap();
            let (day, time) = (&date[..10], &date[11..19]);
            let text = format!(
                "{day} {time}.100+0000: starting up libvirt version: 11.3.0, package: 3 (Debian), \
                 qemu version: 10.0.2, kernel: 6.12.0, hostname: pc\nLC_ALL=C \\\nPATH=/usr/bin:/bin \\\n\
                 /usr/bin/qemu-system-x86_64 \\\n-name guest={GUEST},debug-threads=on \\\n-msg timestamp=on\n\
                 {day}T{time}.400000Z qemu-system-x86_64: -device {{\"driver\":\"vfio-pci\",\"host\":\"0000:0b:00.0\"}}: \
                 vfio 0000:0b:00.0: group 26 is not viable\nPlease ensure all devices within the iommu_group are \
                 bound to their vfio bus driver.\n{day} {time}.500+0000: shutting down, reason=failed\n"
            );
            machine.write(&format!("/var/log/libvirt/qemu/{GUEST}.log"), &text, 0o600);
        },
        verdict: "The handover went well, but the guest did not start. The return went well.",
        cause: Some("group-not-viable"),
    },
];

/// A command that does something else.
fn instead(machine: &Machine, name: &str, text: &str) {
    fs::remove_file(machine.path(&format!("/fakes/{name}"))).unwrap();
    machine.write(&format!("/fakes/{name}"), &format!("#!/tools/sh\n{text}\n"), 0o755);
}

fn store(machine: &Machine, name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/log").join(name);
    for log in ["var/log/onegpu", "var/log/libvirt/qemu"] {
        let from: PathBuf = machine.path(log).join(format!("{GUEST}.log"));
        if from.exists() {
            fs::create_dir_all(folder.join(log)).unwrap();
            fs::write(
                folder.join(log).join("win11.log"),
                fs::read_to_string(from).unwrap().replace(GUEST, "win11"),
            )
            .unwrap();
        }
    }
}

#[test]
fn every_log_leads_to_its_verdict_and_cause() {
    for case in CASES {
        let machine = Machine::new(case.cell);
        (case.go)(&machine);
        let root = Root::open(&machine.path("/")).unwrap();
        let report = Logs::new(&root).unwrap().report(GUEST, None).unwrap();
        let (name, log) = (case.name, machine.log());
        assert!(report.verdict.starts_with(case.verdict), "{name}: {}\n{log}", report.verdict);
        let first = report.causes.first().map(|cause| cause.failure.id.as_str());
        assert_eq!(first, case.cause, "{name}\n{log}");
        assert_eq!(report.well, case.verdict.starts_with("The handover went well. ") && case.cause.is_none());
        if std::env::var_os("ONEGPU_REGENERATE").is_some() {
            store(&machine, name);
        }
    }
}
