//! `onegpu-hook`, called as libvirt calls it.

use std::fs;
use std::os::unix::fs::symlink;

use super::machine::{GUEST, Machine, NVIDIA};

const HOOK: &str = "/etc/libvirt/hooks/qemu.d/50-onegpu";

/// A machine whose scripts only say that they ran, on both streams, and fail.
fn machine() -> Machine {
    let machine = Machine::new(NVIDIA);
    for script in [&machine.start, &machine.stop] {
        machine.write(
            script,
            "#!/bin/sh\necho \"${0##*/} $*\" >>/ran\necho out\necho err >&2\nexit 3\n",
            0o755,
        );
    }
    machine
}

/// Status, what ran, standard output and standard error of a call.
fn call(machine: &Machine, words: &str) -> (i32, String, String, String) {
    let output = machine.sh(&format!("echo '<domain/>' | {words}"));
    let ran = fs::read_to_string(machine.path("/ran")).unwrap_or_default();
    let _ = fs::remove_file(machine.path("/ran"));
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), ran, text(output.stdout), text(output.stderr))
}

#[test]
fn the_two_scripts_run_and_only_a_failed_handover_counts() {
    let machine = machine();
    let (status, ran, out, err) = call(&machine, &format!("{HOOK} {GUEST} prepare begin -"));
    assert_eq!((status, ran.as_str()), (3, format!("start.sh {GUEST} prepare begin -\n").as_str()));
    assert_eq!((out.as_str(), err.as_str()), ("", "err\n"), "libvirt shows standard error");
    let (status, ran, out, _) = call(&machine, &format!("{HOOK} {GUEST} release end failed"));
    assert_eq!((status, ran.as_str()), (0, format!("stop.sh {GUEST} release end failed\n").as_str()));
    assert_eq!(out, "");
}

#[test]
fn every_other_call_succeeds_and_runs_nothing() {
    let machine = machine();
    let other = format!("/etc/libvirt/hooks/qemu.d/{GUEST}/prepare/begin/also.sh");
    machine.write(&other, "#!/bin/sh\necho also >>/ran\n", 0o755);
    for operation in [
        "reconnect begin -",
        "attach begin -",
        "start begin -",
        "started begin -",
        "stopped end shutdown",
        "migrate begin -",
        "restore begin -",
        "prepare end -",
        "release begin -",
        "",
    ] {
        let (status, ran, out, err) = call(&machine, &format!("{HOOK} {GUEST} {operation}"));
        assert_eq!((status, ran + &out + &err), (0, String::new()), "{operation}");
    }
    let (status, ran, ..) = call(&machine, HOOK);
    assert_eq!((status, ran.as_str()), (0, ""), "no arguments");
    let (_, ran, ..) = call(&machine, &format!("{HOOK} {GUEST} prepare begin -"));
    assert!(!ran.contains("also"), "no other file of the folder");
}

#[test]
fn unknown_and_odd_guests_are_nobodys() {
    let machine = machine();
    for guest in
        ["other", "..", ".", "''", "-rf", "../qemu.d/x", "'a b'", "'$(touch /ran)'", "'a\nb'", ".hidden", "é"]
    {
        for operation in ["prepare begin -", "release end failed", "reconnect begin -"] {
            let (status, ran, out, err) = call(&machine, &format!("{HOOK} {guest} {operation}"));
            assert_eq!((status, ran + &out + &err), (0, String::new()), "{guest} {operation}");
        }
    }
}

#[test]
fn stray_copies_do_nothing() {
    let machine = machine();
    for copy in ["50-onegpu.dpkg-dist", "50-onegpu~", "._cfg0000_50-onegpu", "50-onegpu.rpmsave", "51-onegpu"]
    {
        let path = format!("/etc/libvirt/hooks/qemu.d/{copy}");
        symlink("/usr/bin/onegpu-hook", machine.path(&path)).unwrap();
        let (status, ran, ..) = call(&machine, &format!("{path} {GUEST} prepare begin -"));
        assert_eq!((status, ran.as_str()), (0, ""), "{copy}");
    }
    // A foreign dispatcher runs each executable of prepare/begin and release/end.
    let machine = Machine::new(NVIDIA);
    let before = machine.state();
    for script in [&machine.start, &machine.stop] {
        for ending in [".pacnew", ".rpmnew", ".dpkg-dist", "~"] {
            let copy = format!("{script}{ending}");
            fs::copy(machine.path(script), machine.path(&copy)).unwrap();
            assert_eq!(machine.run(&copy, "prepare begin -"), 0);
        }
    }
    assert_eq!((machine.state(), machine.calls().len()), (before, 0));
}

#[test]
fn what_a_removed_package_leaves_does_nothing() {
    let machine = Machine::new(NVIDIA);
    let before = machine.state();
    fs::remove_file(machine.path(&format!("/usr/share/onegpu/guests/{GUEST}/{GUEST}.xml"))).unwrap();
    assert_eq!((machine.start(), machine.stop()), (0, 0));
    let (status, ..) = call(&machine, &format!("{HOOK} {GUEST} prepare begin -"));
    assert_eq!(status, 0);
    assert_eq!((machine.state(), machine.calls().len()), (before, 0));
}

#[test]
fn a_missing_handover_keeps_the_guest_from_starting() {
    let machine = machine();
    fs::remove_file(machine.path(&machine.start)).unwrap();
    fs::remove_file(machine.path(&machine.stop)).unwrap();
    let (status, ..) = call(&machine, &format!("{HOOK} {GUEST} prepare begin -"));
    assert_ne!(status, 0, "libvirt must not take a card that the desktop has");
    let (status, ..) = call(&machine, &format!("{HOOK} {GUEST} release end failed"));
    assert_eq!(status, 0);
}
