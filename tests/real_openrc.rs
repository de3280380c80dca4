//! The hook scripts and the step that enables libvirt, with the real OpenRC: its services are
//! stopped and started, its runlevels changed and put back.

#![allow(clippy::unwrap_used, missing_docs, reason = "a test fails by a panic")]

mod chroot;
#[path = "hooks/machine.rs"]
#[allow(dead_code)] // the faults are for the fakes
mod machine;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use chroot::Root;
use machine::{Cell, GUEST, Machine, NVIDIA};
use onegpu::profile::{Driver, Init};

/// Services as a desktop and libvirt have them: one in the background with its own pid file, that
/// holds the card; two that only are there.
const SERVICES: [(&str, &str); 3] = [
    (
        "sddm",
        "command=/usr/local/bin/desktop\ncommand_args='-f /dev/dri/card0'\ncommand_background=yes\npidfile=/run/sddm.pid\n",
    ),
    (
        "virtlogd",
        "command=/usr/bin/sleep\ncommand_args=1000\ncommand_background=yes\npidfile=/run/virtlogd.pid\n",
    ),
    (
        "libvirtd",
        "command=/usr/bin/sleep\ncommand_args=1001\ncommand_background=yes\npidfile=/run/libvirtd.pid\nextra_started_commands=reload\n\
         depend() { need virtlogd; }\nreload() { return 0; }\n",
    ),
];

/// The real system with a setup's files and a card of folders.
fn openrc() -> (Root, Machine) {
    let root = Root::copy("openrc");
    let cell = Cell { init: Init::Openrc, driver: Driver::Amdgpu, pipewire: false, ..NVIDIA };
    let machine = Machine::with(cell, |text| text);
    for folder in
        ["sys", "run", "var", "etc/libvirt", "usr/libexec", "usr/share", "usr/bin", "dev/dri", "dev/snd"]
    {
        let to = root.at(folder);
        fs::create_dir_all(&to).unwrap();
        let done =
            Command::new("cp").arg("-a").arg(machine.path(folder).join(".")).arg(&to).status().unwrap();
        assert!(done.success(), "{folder}");
    }
    for (name, text) in SERVICES {
        root.write(&format!("/etc/init.d/{name}"), format!("#!/sbin/openrc-run\n{text}"));
        fs::set_permissions(root.at(&format!("/etc/init.d/{name}")), fs::Permissions::from_mode(0o755))
            .unwrap();
    }
    fs::create_dir_all(root.at("/usr/local/bin")).unwrap();
    // A program of its own name, which keeps open what it is told to follow.
    fs::copy(root.at("/usr/bin/tail"), root.at("/usr/local/bin/desktop")).unwrap();
    // Debian's own services are for a machine with devices.
    let _ = fs::remove_file(root.at("/etc/init.d/hwclock.sh"));
    // As after a boot; in a container OpenRC leaves alone what is not its own to do.
    for folder in [
        "daemons",
        "exclusive",
        "failed",
        "hotplugged",
        "inactive",
        "options",
        "scheduled",
        "started",
        "starting",
        "stopping",
        "tmp",
        "wasinactive",
    ] {
        fs::create_dir_all(root.at("/run/openrc").join(folder)).unwrap();
    }
    root.write("/run/openrc/softlevel", "default\n");
    root.write("/etc/rc.conf", "rc_sys=\"lxc\"\n");
    (root, machine)
}

/// Runs a text in it; what it said, and its status as the last line.
fn run(root: &Root, text: &str) -> String {
    let enter = r#"mount -t proc proc "$1/proc" && exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C sh -c "$2""#;
    let output = Command::new("timeout")
        .args(["100", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", enter, "sh"])
        .arg(root.path())
        .arg(text)
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
#[ignore = "needs openrc, unshare and root"]
fn openrc_stops_and_starts_the_display_manager() {
    let (root, machine) = openrc();
    let (start, stop) = (&machine.start, &machine.stop);
    let text = format!(
        "exec 2>&1; seen() {{ rc-service sddm status >/dev/null; echo \"$1: $?\"; }}\n\
         rc-update -q add sddm default; rc-service -q sddm start; seen up\n\
         {start} {GUEST} prepare begin - >/dev/null; echo \"start: $?\"; seen lent\n\
         {stop} {GUEST} release end - >/dev/null; echo \"stop: $?\"; seen back\n\
         {start} {GUEST} prepare begin - >/dev/null; {start} {GUEST} prepare begin - >/dev/null; echo \"twice: $?\"\n\
         {stop} {GUEST} release end - >/dev/null; {stop} {GUEST} release end - >/dev/null; seen again\n\
         rc-update show default; exit 0"
    );
    let said = run(&root, &text);
    let log = root.read(&format!("/var/log/onegpu/{GUEST}.log"));
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    let expected =
        ["up: 0", "start: 0", "lent: 3", "stop: 0", "back: 0", "twice: 0", "again: 0", "sddm | default"];
    assert_eq!(lines, expected, "{said}\n{log}");
    assert!(!log.contains("FAILED") && !log.contains("TIMEOUT") && !log.contains("no clear answer"), "{log}");
    assert!(!log.contains("held by"), "the service let go by itself\n{log}");
    assert!(!root.at(&format!("/run/onegpu/{GUEST}")).exists());
}

/// A display manager that will not stop, and one that will not start.
#[test]
#[ignore = "needs openrc, unshare and root"]
fn what_openrc_refuses_rolls_back_or_leads_to_a_console() {
    let (root, machine) = openrc();
    let (start, stop) = (&machine.start, &machine.stop);
    let refuse = |verb: &str| format!("echo '{verb}() {{ return 1; }}' >>/etc/init.d/sddm");
    let text = format!(
        "exec 2>&1; cp /etc/init.d/sddm /sddm; rc-service -q sddm start\n{}\n\
         {start} {GUEST} prepare begin - >/dev/null 2>&1; echo \"start: $?\"; cp /sddm /etc/init.d/sddm\n\
         rc-service sddm status >/dev/null; echo \"after: $?\"\n\
         {start} {GUEST} prepare begin - >/dev/null; echo \"start: $?\"\n{}\n\
         {stop} {GUEST} release end - >/dev/null; echo \"stop: $?\"; exit 0",
        refuse("stop"),
        refuse("start")
    );
    let said = run(&root, &text);
    let log = root.read(&format!("/var/log/onegpu/{GUEST}.log"));
    let lines: Vec<&str> = said.lines().filter(|line| line.contains(": ") && !line.contains('*')).collect();
    assert_eq!(lines, ["start: 1", "after: 0", "start: 0", "stop: 0"], "{said}\n{log}");
    assert!(log.contains("giving up: stop sddm") && log.contains("turn to the console"), "{log}");
    assert!(root.read("/dev/tty1").contains("sddm does not start. Log in here"), "{log}");
}

/// The step that enables libvirt, and back.
#[test]
#[ignore = "needs openrc, unshare and root"]
fn openrc_enables_libvirt_and_forgets_it_again() {
    let (root, _machine) = openrc();
    let text = "exec 2>&1; runlevels() { rc-update show -v | sort; find /etc/runlevels | sort; }\n\
         runlevels >/before; /usr/libexec/onegpu/apply host >/said 2>&1\n\
         rc-update show default | tr -d ' '; rc-service libvirtd status >/dev/null; echo \"runs: $?\"\n\
         /usr/libexec/onegpu/status host | grep libvirt-service\n\
         /usr/libexec/onegpu/apply host >>/said 2>&1; /usr/libexec/onegpu/revert >>/said 2>&1\n\
         runlevels | diff /before - && echo same; rc-service libvirtd status >/dev/null; echo \"runs: $?\"; exit 0";
    let said = run(&root, text);
    let told = root.read("/said");
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    assert!(
        lines[..2].contains(&"libvirtd|default") && lines[..2].contains(&"virtlogd|default"),
        "{said}\n{told}"
    );
    assert_eq!(lines[2], "runs: 0", "{said}\n{told}");
    assert!(lines[3].contains("applied"), "{said}\n{told}");
    assert_eq!(lines[4..], ["same", "runs: 3"], "{said}\n{told}");
}
