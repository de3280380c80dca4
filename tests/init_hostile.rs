//! `onegpu init` where nobody answers, nobody reads, and names are traps.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/init.rs"]
mod command;
#[path = "support/machine.rs"]
mod machine;

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use command::{command, init, names, text};
use machine::Machine;
use onegpu::data::DataDirs;
use onegpu::distro::Distro;
use onegpu::plan::Plan;
use onegpu::profile;
use onegpu::render;
use onegpu::setup::Setup;

/// Ends within five seconds, whatever standard input is.
fn bounded(mut child: Child) -> Option<i32> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().unwrap();
    None
}

#[test]
fn without_a_terminal_it_never_waits() {
    let machine = machine::named("amd-two-nvidia-cards");
    let start = |stdin: Stdio, flags: &[&str]| {
        let dir = tempfile::tempdir().unwrap();
        let mut command = command(dir.path(), machine.root(), flags);
        let child = command.stdin(stdin).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let code = bounded(child);
        (code, names(dir.path()))
    };
    let (never_written, _writer) = std::io::pipe().unwrap();
    let written = (Some(0), vec!["onegpu.toml".to_owned()]);
    assert_eq!(start(Stdio::null(), &[]), written);
    assert_eq!(start(never_written.into(), &[]), written);
    // No standard input at all: the shell closes it.
    let dir = tempfile::tempdir().unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" init --root \"$1\" <&-"]).arg(env!("CARGO_BIN_EXE_onegpu"));
    shell.arg(machine.root()).current_dir(dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
    let child = shell.spawn().unwrap();
    assert_eq!((bounded(child), names(dir.path())), written);
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let machine = machine::named("amd-navi-own-switch");
    let dir = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let closed = || Stdio::from(writer.try_clone().unwrap());
    let mut command = command(dir.path(), machine.root(), &["--yes", "-o", "-"]);
    let out = command.stdout(closed()).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    assert!(text(&out.stderr).starts_with("note: "), "{}", text(&out.stderr));
    let status = command.stdout(Stdio::null()).stderr(closed()).status().unwrap();
    assert_eq!(status.code(), Some(0), "its notes are for nobody");
}

/// Names that a machine may have, and no file should obey.
#[test]
fn hostile_names_stay_text() {
    let card =
        "@pci\nGroup 1\n01:00.0 VGA compatible controller [0300]: x [10de:1b81] driver=nvidia boot_vga=1\n";
    let machine = Machine::new(&format!(
        "@cpu AuthenticAMD 8 16 svm\n@memory 32000\n{card}\
         @file etc/os-release\nID=arch\n\
         @file etc/passwd\nmika\":x:1000:1000::/:/bin/sh\na'b:x:1001:1001::/:/bin/sh\nok:x:1002:1002::/:/bin/sh\n\
         @file proc/1/comm\nsystemd\n"
    ));
    let evil = "\"]\nevil = [\"\u{1b}[2J\u{202e}#\r\0 \u{7f}x\u{85} ']]] ''' ${HOME} `id` % {{ x }}";
    for (port, id) in [("1-1", "046d:c33f"), ("1-2", "1532:0084")] {
        let folder = format!("sys/bus/usb/devices/{port}");
        for (file, value) in [
            ("idVendor", &id[..4]),
            ("idProduct", &id[5..]),
            ("product", evil),
            ("manufacturer", &evil.repeat(99)),
        ] {
            machine.file(&format!("{folder}/{file}"), value);
        }
        machine.file(&format!("{folder}/{port}:1.0/bInterfaceClass"), "03\n");
        machine.file(&format!("{folder}/{port}:1.0/bInterfaceProtocol"), "01\n");
    }
    machine.link("dev/input/by-id/usb-x\"]\nevil=1-event-kbd", "../event3");
    machine.file("var/lib/libvirt/images/win11 \"quoted'\\ ü {{ x }} #.iso", "");
    machine.file("usr/share/hwdata/pci.ids", format!("10de  x\n\t1b81  {}\n", evil.replace('\n', " ")));
    let dir = tempfile::tempdir().unwrap();
    let out = init(dir.path(), machine.root(), &["--yes", "-o", "-"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stderr));
    let whole = text(&out.stdout);
    assert!(whole.chars().all(|c| c == '\n' || !c.is_control() && c != '\u{202e}'), "{whole:?}");
    let profile = profile::parse("hostile", &whole).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(profile.guests[0].usb.len(), 2);
    assert_eq!(profile.host.get_ref().user.as_ref().unwrap().name.as_str(), "ok");
    let media = profile.guests[0].install_media.as_ref().unwrap().as_str();
    assert_eq!(media, "/var/lib/libvirt/images/win11 \"quoted'\\ ü {{ x }} #.iso");
    let table: toml::Table = whole.parse().unwrap();
    assert_eq!(table.keys().collect::<Vec<_>>(), ["gpu", "guest", "host", "package"]);
    // The rest of it goes on to be rendered.
    let data = DataDirs::embedded();
    let setup = Setup::new(&profile, Distro::load(&data, "arch").unwrap()).unwrap();
    render::all(&data, &Plan::new(setup)).unwrap();
}
