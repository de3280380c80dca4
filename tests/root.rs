//! A machine's root: every link is followed below it, with the kernel's help
//! and without, and nothing in it makes a reader wait.

#![allow(clippy::unwrap_used, missing_docs)]

#[path = "support/machine.rs"]
mod machine;

use std::fs;
use std::path::Path;
use std::process::Command;

use machine::Machine;
use onegpu::machine::root::{Kind, Root};

/// Both ways to resolve a path.
fn both(path: &Path) -> [(&'static str, Root); 2] {
    [("openat2", Root::open(path).unwrap()), ("step by step", Root::open_walking(path).unwrap())]
}

#[test]
fn links_stay_inside() {
    let machine = Machine::new("@file etc/os-release\ninside\n@file a/b/c\nfile\n");
    machine.link("absolute", "/etc/os-release");
    machine.link("a/b/climbing", "../../../../../../../etc/os-release");
    machine.link("a/folder", "/a/b");
    machine.link("a/through", "folder/../b/c");
    machine.link("circle", "circle");
    machine.link("ping", "pong");
    machine.link("pong", "ping");
    machine.link("nowhere", "gone");
    machine.link("outside", machine.root().join("etc/os-release").to_str().unwrap());
    for (how, root) in both(machine.root()) {
        for path in ["etc/os-release", "/etc/os-release", "absolute", "a/b/climbing", "../../etc/os-release"]
        {
            assert_eq!(root.text(path).as_deref(), Some("inside\n"), "{how}: {path}");
        }
        for path in ["a/folder/c", "a/through", "a//b/./c"] {
            assert_eq!(root.text(path).as_deref(), Some("file\n"), "{how}: {path}");
        }
        for path in ["circle", "ping", "nowhere", "outside", "etc/os-release/x", "a", ""] {
            assert_eq!(root.text(path), None, "{how}: {path}");
        }
        assert_eq!(root.kind(""), Some(Kind::Folder), "{how}");
        assert_eq!(root.kind("a/folder"), Some(Kind::Folder), "{how}");
        assert_eq!(root.kind("nowhere"), None, "{how}");
        assert_eq!(root.link("nowhere").as_deref(), Some("gone"), "{how}");
        assert_eq!(root.link_name("absolute").as_deref(), Some("os-release"), "{how}");
        assert!(root.is_named("nowhere") && root.is_absent("nowhere"), "{how}");
        assert!(!root.is_absent("circle"), "{how}: a circle is not nothing");
        assert_eq!(root.names("a/folder").unwrap(), ["c", "climbing"], "{how}");
        assert_eq!(root.names("nowhere"), None, "{how}");
    }
}

#[test]
fn only_regular_files_of_a_sane_size_are_read() {
    let machine = Machine::new("@file text\nabc\n");
    assert!(Command::new("mkfifo").arg(machine.at("fifo")).status().unwrap().success());
    fs::File::create(machine.at("huge")).unwrap().set_len(1 << 40).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(machine.at("socket")).unwrap();
    for (how, root) in both(machine.root()) {
        for path in ["fifo", "huge", "socket"] {
            assert_eq!(root.text(path), None, "{how}: {path}");
            assert_eq!(root.attribute(path), None, "{how}: {path}");
        }
        assert_eq!(root.kind("fifo"), Some(Kind::Special), "{how}");
        assert_eq!(root.bytes("text", 4).as_deref(), Some(b"abc\n".as_slice()), "{how}");
        assert_eq!(root.bytes("text", 3), None, "{how}: a part of a file is not the file");
    }
}

#[test]
fn the_running_machine_reads_the_same_both_ways() {
    let [(_, fast), (_, slow)] = both(Path::new("/"));
    for path in ["/proc/cpuinfo", "/proc/mounts", "/etc/os-release", "/sys/kernel"] {
        assert_eq!(fast.kind(path), slow.kind(path), "{path}");
    }
    assert_eq!(fast.names("/sys/bus"), slow.names("/sys/bus"));
    assert_eq!(fast.text("/etc/os-release"), slow.text("/etc/os-release"));
}
