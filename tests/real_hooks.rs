//! The hook scripts with real programs: shellcheck, busybox, runit.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

#[path = "hooks/machine.rs"]
#[allow(dead_code)] // the faults are for the fakes
mod machine;

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use machine::{Cell, GUEST, Machine};
use onegpu::profile::{Driver, Hugepages, Init};

const RUNIT: Cell = Cell { init: Init::Runit, driver: Driver::Nouveau, ..machine::NVIDIA };

fn cells() -> impl Iterator<Item = Cell> {
    Init::ALL.iter().flat_map(|&init| {
        Driver::ALL.iter().flat_map(move |&driver| {
            [true, false].into_iter().flat_map(move |desktop| {
                let plain = [true, false].map(|pipewire| Cell { init, driver, desktop, pipewire, ..RUNIT });
                let full = Hugepages::ALL.iter().map(move |&hugepages| Cell {
                    init,
                    driver,
                    desktop,
                    options: true,
                    hugepages,
                    ..RUNIT
                });
                plain.into_iter().chain(full)
            })
        })
    })
}

fn is_hook(path: &str) -> bool {
    path.starts_with("/etc/libvirt/hooks/") && path.ends_with(".sh")
        || path.ends_with("/handover.sh")
        || path.ends_with("/onegpu-hook")
}

#[test]
#[ignore = "needs shellcheck"]
fn shellcheck_finds_nothing_in_any_cell() {
    for cell in cells() {
        let dir = tempfile::tempdir().unwrap();
        let mut shellcheck = Command::new("shellcheck");
        shellcheck.args(["-s", "sh"]);
        let mut scripts = 0;
        for file in machine::files(cell).iter().filter(|file| is_hook(&file.path)) {
            let path = dir.path().join(file.path.rsplit('/').next().unwrap());
            fs::write(&path, &file.bytes).unwrap();
            shellcheck.arg(path);
            scripts += 1;
        }
        assert_eq!(scripts, 4);
        let output = shellcheck.output().unwrap();
        assert!(output.status.success(), "{cell:?}\n{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
#[ignore = "needs busybox"]
fn busybox_goes_there_and_back() {
    for init in Init::ALL {
        for driver in Driver::ALL {
            let machine = Machine::new(Cell { init: *init, driver: *driver, shell: "busybox", ..RUNIT });
            let shell = machine.sh("/bin/sh -c 'echo $0; /tools/find /proc/$$/exe -printf %l'");
            assert!(String::from_utf8_lossy(&shell.stdout).contains("/bin/sh"), "{shell:?}");
            let before = machine.state();
            assert_eq!(machine.start(), 0, "{}", machine.log());
            assert_ne!(machine.state(), before);
            assert_eq!(machine.stop(), 0, "{}", machine.log());
            assert_eq!(machine.state(), before, "{}", machine.log());
        }
    }
}

/// A real display manager's service under a real runsvdir, with the card open.
#[test]
#[ignore = "needs runsvdir"]
fn runit_stops_and_starts_the_display_manager() {
    let machine = Machine::with(RUNIT, |text| text);
    for tool in ["sv", "runsvdir", "runsv"] {
        let _ = fs::remove_file(machine.path(&format!("/fakes/{tool}")));
        machine.install(tool);
        symlink(format!("/tools/{tool}"), machine.path(&format!("/fakes/{tool}"))).unwrap();
    }
    machine.write("/etc/sv/sddm/run", "#!/bin/sh\nexec /tools/sleep 1000 3</dev/dri/card0\n", 0o755);
    for dir in ["/etc/service", "/var"] {
        fs::create_dir_all(machine.path(dir)).unwrap();
    }
    symlink("/etc/sv/sddm", machine.path("/etc/service/sddm")).unwrap();
    symlink("/etc/service", machine.path("/var/service")).unwrap();
    let text = format!(
        "export SVDIR=/etc/service; runsvdir /etc/service & \
         for i in 1 2 3 4 5 6 7 8; do case $(sv status sddm) in run*) break;; esac; /tools/sleep 1; done; \
         sv status sddm >>/seen; {} >>/seen; echo $? >>/seen; sv status sddm >>/seen; \
         {} >>/seen; echo $? >>/seen; sv status sddm >>/seen",
        machine.start, machine.stop
    );
    machine.sh(&text);
    let seen = fs::read_to_string(machine.path("/seen")).unwrap();
    let words: Vec<&str> = seen.lines().map(|line| line.split(':').next().unwrap()).collect();
    assert_eq!(words, ["run", "0", "down", "0", "run"], "{seen}\n{}", machine.log());
    assert!(!machine.log().contains("held by"), "the service let go by itself\n{}", machine.log());
    assert!(!machine.path(&format!("/run/onegpu/{GUEST}")).exists());
}
