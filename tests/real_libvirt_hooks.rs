//! The hooks as a real libvirtd calls them, for a real QEMU without a card.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, reason = "a test fails by a panic")]

mod guests;
#[path = "hooks/machine.rs"]
#[allow(dead_code)] // the faults are for the fakes
mod machine;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use machine::{Cell, GUEST, Machine, NVIDIA};
use onegpu::plan::Kind;
use onegpu::profile::{Driver, Hugepages};

fn write(path: PathBuf, text: impl AsRef<[u8]>, mode: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn libvirt_calls_the_hooks_and_the_desktop_is_back_whatever_happens() {
    let cell = Cell { driver: Driver::Amdgpu, pipewire: false, ..NVIDIA };
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    for file in machine::files(cell).iter() {
        let place = work.join("setup").join(file.path.trim_start_matches('/'));
        if file.kind == Kind::Link {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            symlink(String::from_utf8(file.bytes.clone()).unwrap(), place).unwrap();
            continue;
        }
        for (ending, name) in [("-setup.xml", "twin.xml"), ("e.xml", "domain.xml")] {
            if file.path.ends_with(ending) {
                let xml = guests::emulated(std::str::from_utf8(&file.bytes).unwrap());
                let xml = xml.replace(&format!("{GUEST}.qcow2"), "disk.qcow2");
                write(work.join(name), xml.replace("unit='MiB'>8192<", "unit='MiB'>256<"), 0o644);
            }
        }
        write(place, &file.bytes, file.kind.mode());
    }
    // What the options add to the domain, for the schema.
    for (name, hugepages) in [("reserve", Hugepages::Reserve), ("transparent", Hugepages::Transparent)] {
        let files = machine::files(Cell { options: true, hugepages, pipewire: true, ..cell });
        let xml = files.iter().find(|file| file.path.ends_with("e.xml")).unwrap();
        assert!(std::str::from_utf8(&xml.bytes).unwrap().contains("<emulatorpin cpuset='0-1,8-9'/>"));
        write(work.join(format!("options-{name}.xml")), &xml.bytes, 0o644);
    }
    write(work.join("fakes/fake"), include_str!("hooks/fake"), 0o755);
    for name in ["systemctl", "loginctl", "modprobe", "udevadm", "logger", "chvt"] {
        symlink("fake", work.join("fakes").join(name)).unwrap();
    }
    let card = Machine::new(cell);
    for part in ["sys", "state"] {
        assert!(Command::new("cp").arg("-a").arg(card.path(part)).arg(work).status().unwrap().success());
    }
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libvirt");
    fs::copy(scripts.join("hooks.sh"), work.join("hooks.sh")).unwrap();
    write(work.join("ask.sh"), format!("exec sh /lab/hooks.sh '{GUEST}'\n"), 0o755);
    let roots = PathBuf::from(std::env::var_os("ONEGPU_TEST_ROOTS").expect("ONEGPU_TEST_ROOTS is set"));
    let done = Command::new("timeout")
        .args(["--kill-after=10", "400", "unshare"])
        .args(["--mount", "--net", "--pid", "--fork", "--kill-child", "sh"])
        .arg(scripts.join("machine.sh"))
        .arg(roots.join("trixie"))
        .arg(work)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    assert!(done.status.success() && said.trim_end().ends_with("done"), "{}\n{said}", done.status);
}
