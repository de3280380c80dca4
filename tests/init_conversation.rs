//! `onegpu init` with a person at a real pseudo-terminal: answers, the way back,
//! and leaving without a trace.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;
#[path = "support/pty.rs"]
mod pty;

use std::fs;
use std::path::Path;

use machine::Machine;
use onegpu::profile::{self, Profile};
use pty::Pty;

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";
const CTRL_C: &str = "\u{3}";
const DOWN: &str = "\u{1b}[B";

fn start(dir: &Path, machine: &Machine, variables: &[(&str, &str)], flags: &[&str]) -> Pty {
    let root = machine.root().to_str().unwrap();
    Pty::start(dir, &[&["init", "--root", root], flags].concat(), variables)
}

fn written(dir: &Path) -> Profile {
    profile::read(&dir.join("onegpu.toml")).unwrap_or_else(|error| panic!("{error}"))
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).unwrap().next().is_none()
}

const CURSOR: (&str, &str) = ("TERM", "xterm-256color");
const DUMB: (&str, &str) = ("TERM", "dumb");
const NO_COLOR: (&str, &str) = ("NO_COLOR", "1");

#[test]
fn a_whole_conversation_with_a_way_back() {
    let machine = machine::named("intel-nvidia-two-functions");
    let dir = tempfile::tempdir().unwrap();
    let mut pty = start(dir.path(), &machine, &[CURSOR], &[]);
    pty.wait("What runs in the guest?");
    // What was found, and by what.
    for seen in ["fedora", "ID of os-release", "mika (1000)", "0000:01:00.0", "IOMMU group 1"] {
        assert!(pty.screen().contains(seen), "{seen} in\n{}", pty.screen());
    }
    pty.answer(ENTER, "Its name in libvirt: (win11)");
    pty.answer("game\r", "Its memory: (16 GiB)");
    pty.answer("much\r", "`much`: memory is a number and MiB, GiB or TiB, like `16 GiB`");
    for _ in 0..4 {
        pty.send("\u{7f}");
    }
    pty.answer("12GiB\r", "Its cores: (4)");
    // Back over two questions, and to Linux: what was only proposed follows.
    pty.answer(ESC, "Its memory: (12 GiB)");
    pty.answer(ESC, "Its name in libvirt: (game)");
    pty.answer(ESC, "other");
    pty.send(DOWN);
    pty.send(DOWN);
    pty.answer(ENTER, "Its name in libvirt: (game)");
    pty.answer(ENTER, "Its memory: (12 GiB)");
    pty.answer(ENTER, "Its cores: (4)");
    pty.answer("3\r", "Threads of each core: (2)");
    pty.answer(ENTER, "Its disk: (/var/lib/libvirt/images/game.qcow2)");
    pty.answer(ENTER, "Size of the disk: (60 GiB)");
    pty.answer(ENTER, "The installer's image");
    // No question about Windows' drivers; the first keyboard is taken away.
    pty.answer(ENTER, "Which keyboards and mice go to the guest?");
    pty.answer(" \r", "Its sound");
    pty.answer(ENTER, "Write the profile?");
    let screen = pty.screen();
    for seen in ["onegpu-guest-game", "intel_iommu=on", "libvirt", "One reboot", "write onegpu.toml"] {
        assert!(screen.contains(seen), "{seen} in\n{screen}");
    }
    assert!(is_empty(dir.path()), "nothing is written before the answer");
    pty.send(ENTER);
    assert_eq!(pty.end(), Some(0));
    assert!(pty.is_as_before(), "the terminal is not as it was");
    assert!(pty.screen().contains("onegpu render onegpu.toml -o review"), "{}", pty.screen());
    let profile = written(dir.path());
    let guest = &profile.guests[0];
    assert_eq!((guest.name.get_ref().as_str(), guest.os.word()), ("game", "linux"));
    assert_eq!((guest.memory.mib, guest.cpus.as_ref().unwrap().get_ref().cores), (12 << 10, 3));
    let usb: Vec<&str> = guest.usb.iter().map(|id| id.get_ref().as_str()).collect();
    assert_eq!(usb, ["1532:0084"]);
    assert!(profile.source.text.contains("# Here: as asked for.\nmemory = \"12 GiB\""));
}

#[test]
fn leaving_leaves_no_trace() {
    let machine = machine::named("amd-two-nvidia-cards");
    let (first, second) = ("Which graphics card goes to the guest?", "Who starts the guest?");
    for (variables, keys, last) in [
        // At the first question, later, and on the way back before the first.
        (CURSOR, vec![], CTRL_C),
        (CURSOR, vec![(ENTER, second), (ENTER, "What runs in the guest?")], CTRL_C),
        (CURSOR, vec![], ESC),
        (CURSOR, vec![(ENTER, second), (ESC, first)], ESC),
        (DUMB, vec![], "q\n"),
        (DUMB, vec![("\n", second), ("\n", "What runs in the guest?")], "q\n"),
        (DUMB, vec![], "<\n"),
        // The end of input: Ctrl-D at the beginning of a line.
        (DUMB, vec![], "\u{4}"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut pty = start(dir.path(), &machine, &[variables], &[]);
        pty.wait(first);
        for (key, text) in &keys {
            pty.answer(key, text);
        }
        pty.send(last);
        assert_eq!(pty.end(), Some(1), "{keys:?}\n{}", pty.screen());
        assert!(pty.screen().contains("Nothing was written."), "{}", pty.screen());
        assert!(pty.is_as_before(), "{keys:?}: the terminal is not as it was");
        assert!(is_empty(dir.path()), "{keys:?} left something");
    }
}

#[test]
fn who_is_ended_from_outside_gives_the_terminal_back() {
    let machine = machine::named("amd-two-nvidia-cards");
    let dir = tempfile::tempdir().unwrap();
    let mut pty = start(dir.path(), &machine, &[CURSOR], &[]);
    pty.wait("Which graphics card goes to the guest?");
    pty.settle();
    assert!(!pty.is_as_before(), "a question switches line editing off");
    pty.terminate();
    assert_eq!(pty.end(), Some(143));
    assert!(pty.is_as_before());
    assert!(is_empty(dir.path()));
}

#[test]
fn no_colour_when_none_is_wanted() {
    let machine = machine::named("intel-nvidia-two-functions");
    for (variables, coloured) in [
        (vec![CURSOR], true),
        (vec![CURSOR, NO_COLOR], false),
        (vec![DUMB], false),
        (vec![DUMB, NO_COLOR], false),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let mut pty = start(dir.path(), &machine, &variables, &[]);
        pty.wait("What runs in the guest?");
        pty.settle();
        pty.send(if variables.contains(&DUMB) { "q\n" } else { CTRL_C });
        assert_eq!(pty.end(), Some(1));
        assert_eq!(pty.has_colour(), coloured, "{variables:?}");
        // A dumb terminal is sent no escape at all.
        assert_eq!(pty.has_escapes(), !variables.contains(&DUMB), "{variables:?}");
    }
}

/// Every line fits: a terminal of 80 columns would break it, and none is broken.
#[test]
fn nothing_is_wider_than_the_screen() {
    for name in ["amd-shares-with-network-card", "amd-apu-laptop-one-group", "intel-muxless-laptop"] {
        let machine = machine::named(name);
        let dir = tempfile::tempdir().unwrap();
        let mut pty = start(dir.path(), &machine, &[DUMB], &[]);
        for _ in 0..40 {
            pty.settle();
            if pty.screen().contains("Write the profile?") {
                break;
            }
            pty.send("\n");
        }
        pty.wait("Write the profile?");
        pty.send("\n");
        assert_eq!(pty.end(), Some(0));
        written(dir.path());
        for line in pty.lines() {
            assert!(line.chars().count() <= 80, "{name}: {line}");
        }
    }
}

#[test]
fn line_by_line_on_a_terminal_that_can_do_nothing_else() {
    let machine = machine::named("amd-two-nvidia-cards");
    let dir = tempfile::tempdir().unwrap();
    let mut pty = start(dir.path(), &machine, &[DUMB], &["--os", "linux", "--cores", "2", "--threads", "1"]);
    pty.wait("Which graphics card goes to the guest?");
    pty.answer("9\n", "a number from 1 to 2 is wanted");
    pty.answer("2\n", "Which driver shows the desktop on it?");
    pty.answer("<\n", "Which graphics card goes to the guest?");
    pty.answer("1\n", "Who starts the guest?");
    pty.answer("2\n", "[linux] >");
    pty.answer("../x\n", "a guest's name is 1 to 64 of");
    pty.answer("arcade\n", "Its memory");
    pty.answer("\n", "Its disk");
    pty.answer("/srv/a b.raw\n", "Size of the disk");
    pty.answer("20 GiB\n", "The installer's image");
    pty.answer("\n", "USB devices for it");
    pty.answer("046d:c33f, 1532:0084\n", "Its sound");
    pty.answer("2\n", "Write the profile?");
    pty.answer("2\n", "Its sound");
    pty.answer("\n", "Write the profile?");
    pty.send("1\n");
    assert_eq!(pty.end(), Some(0));
    let profile = written(dir.path());
    assert_eq!(profile.gpu.address.to_string(), "0000:08:00.0");
    assert_eq!(profile.host.get_ref().user.as_ref().unwrap().name.as_str(), "second");
    let guest = &profile.guests[0];
    assert_eq!(guest.disk.as_ref().unwrap().path.as_str(), "/srv/a b.raw");
    assert_eq!(guest.usb.len(), 2);
    assert_eq!(guest.audio.as_ref().unwrap().get_ref().word(), "pipewire");
}

#[test]
fn a_machine_that_tells_nothing_is_asked_for_everything() {
    let machine = Machine::new("");
    let dir = tempfile::tempdir().unwrap();
    let mut pty = start(dir.path(), &machine, &[DUMB], &["--guest", "g", "--audio", "none"]);
    pty.wait("Which of these is it like?");
    // Its number depends on which distros there are.
    let screen = pty.screen();
    let debian = screen.lines().find(|line| line.contains(" debian")).unwrap();
    let number: String = debian.chars().filter(char::is_ascii_digit).collect();
    pty.answer(&format!("{number}\n"), "Who made the CPU?");
    pty.answer("2\n", "none was found; `lspci -D`");
    pty.answer("0000:0b:00.0\n", "Which driver shows the desktop on it?");
    pty.answer("3\n", "What runs in the guest?");
    for _ in 0..30 {
        pty.settle();
        if pty.screen().contains("Write the profile?") {
            break;
        }
        pty.send("\n");
    }
    pty.wait("Write the profile?");
    pty.send("\n");
    assert_eq!(pty.end(), Some(0));
    let profile = written(dir.path());
    assert_eq!(profile.gpu.driver.word(), "amdgpu");
    assert_eq!(profile.host.get_ref().cpu.unwrap().word(), "amd");
}

#[test]
fn keyboards_are_shared_when_that_is_wanted() {
    let machine = machine::named("intel-nvidia-two-functions");
    machine.link("dev/input/by-id/usb-Logitech_G815_RGB_MECHANICAL_GAMING_KEYBOARD-event-kbd", "../event3");
    let dir = tempfile::tempdir().unwrap();
    let mut pty =
        start(dir.path(), &machine, &[DUMB], &["--os", "other", "--guest", "g", "--memory", "2 GiB"]);
    pty.wait("Its cores");
    for _ in 0..10 {
        pty.settle();
        if pty.screen().contains("Keyboard and mouse") {
            break;
        }
        pty.send("\n");
    }
    pty.wait("Keyboard and mouse");
    pty.answer("2\n", "Which are shared?");
    pty.answer("\n", "Its sound");
    pty.answer("\n", "Write the profile?");
    pty.send("\n");
    assert_eq!(pty.end(), Some(0));
    let guest = &written(dir.path()).guests[0];
    assert_eq!((guest.evdev.len(), guest.usb.len()), (1, 0));
}
