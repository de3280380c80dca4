//! What `status` tells of a drift, and records that a newer onegpu has written.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;

use std::fs;
use std::process::Command;

use machine::{LIBEXEC, Machine, assert_same, done, shells};

/// What the machine's clock shows, in the words of `date`.
fn now(format: &str) -> String {
    done(Command::new("date").arg(format)).ok().out.trim().to_owned()
}

#[test]
fn a_changed_file_is_told_with_what_its_machine_knows() {
    for shell in shells() {
        let m = Machine::usual("t-block");
        m.run("apply", &[]).ok();
        m.write("etc/default/grub", "GRUB_TIMEOUT=1\n");
        let status = || m.run_by(&shell, "status", &["host"], &[]).no("our lines are gone (on 20");
        let bare = status();
        let line = bare.out.lines().find(|line| line.contains("our lines are gone")).unwrap();
        assert!(line.ends_with(')'), "nothing more is known: {line}");
        assert!(!line.contains("packages") && !line.contains("sudo") && !line.contains("beside"), "{line}");

        let stamp = now("+%Y-%m-%d %H:%M:%S");
        m.write("var/log/dpkg.log", &format!(
            "2001-01-01 00:00:00 upgrade old:amd64 1 2\n{stamp} startup archives unpack\n{stamp} upgrade grub-common:amd64 2.06 2.12\n\
             {stamp} status half-configured grub-common:amd64 2.12\n{stamp} configure onegpu-host:all 1 <none>\n"
        ));
        m.write("etc/default/grub.dpkg-old", "");
        m.write("var/lib/dpkg/info/grub2-common.list", "/etc/default\n/etc/default/grub\n");
        m.write("var/lib/dpkg/info/onegpu-host.list", "/etc/default/grub.d\n");
        m.write("var/log/auth.log", "2026-11-22T17:00:00 pc sudo:     mika : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/nano /etc/default/grub\n\
             2026-11-22T17:00:01 pc sudo:     eve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/nano /etc/default/grub.d\u{1b}[2J\n");
        status()
            .says(", while packages came or went: grub-common,")
            .says(", a file of the package grub2-common,")
            .says(", grub.dpkg-old lies beside it")
            .says(", mika ran sudo /usr/bin/nano /etc/default/grub)");
        // What a package has brought is older than its place here.
        done(Command::new("touch").args(["-d", "2020-02-02 02:02"]).arg(m.root.join("etc/default/grub")))
            .ok();
        m.run_by(&shell, "status", &["host"], &[]).no("(on 2020-02-02 at 02:02, there since 20");
    }
}

#[test]
fn every_package_managers_log_is_read() {
    let seconds = now("+%s");
    let logs = [
        (
            "arch",
            "var/log/pacman.log",
            format!(
                "[{}] [ALPM] upgraded grub (1 -> 2)\n[{}] [PACMAN] Running\n",
                now("+%Y-%m-%dT%H:%M:%S%z"),
                now("+%Y-%m-%dT%H:%M:%S%z")
            ),
        ),
        (
            "gentoo",
            "var/log/emerge.log",
            format!(
                "{seconds}:  >>> emerge (1 of 1) sys-boot/grub-2.12 to /\n{seconds}:  ::: completed emerge (1 of 1) sys-boot/grub-2.12 to /\n1:  >>> unmerge success: a/old-1\n"
            ),
        ),
    ];
    for (distro, path, log) in logs {
        let m = Machine::usual(distro);
        if distro == "arch" {
            m.link("lib", "usr/libexec");
        }
        m.run("apply", &[]).ok();
        m.write("usr/share/vgabios/onegpu.rom", "another image\n");
        m.write(path, &log);
        m.write("var/lib/pacman/local/vga-bios-1:2.0-1/files", "%FILES%\nusr/share/vgabios/onegpu.rom\n");
        m.write("var/db/pkg/sys-firmware/vga-bios-2.0/CONTENTS", "obj /usr/share/vgabios/onegpu.rom 0 1\n");
        let owner = if distro == "arch" { "vga-bios" } else { "sys-firmware/vga-bios-2.0" };
        m.run("status", &["host"])
            .no("onegpu.rom was changed")
            .says(&format!(", a file of the package {owner},"))
            .says(", while packages came or went: grub");
    }
}

#[test]
fn the_last_change_of_a_folder_is_told_where_something_is_gone() {
    let m = Machine::usual("debian");
    m.run("apply", &[]).ok();
    for path in [
        "etc/systemd/system/multi-user.target.wants/libvirtd.service",
        "etc/libvirt/qemu/networks/autostart/default.xml",
        "var/lib/systemd/linger/mika",
        "usr/share/vgabios/onegpu.rom",
        "var/lib/libvirt/images/one.qcow2",
    ] {
        fs::remove_file(m.root.join(path)).unwrap();
    }
    m.run("status", &[])
        .no("libvirtd.service is no longer enabled (something in /etc/systemd/system")
        .says("no longer starts by itself (something in /etc/libvirt/qemu/networks/autostart came or went on 20")
        .says("mika no longer lingers (something in /var/lib/systemd/linger came or went on")
        .says("onegpu.rom is gone (something in /usr/share/vgabios came or went on")
        .says("one.qcow2 is gone (something in /var/lib/libvirt/images came or went on");
}

#[test]
fn records_of_a_newer_onegpu_are_left_alone() {
    for number in ["2", "10", "x", ""] {
        let m = Machine::usual("debian");
        m.run("apply", &[]).ok();
        assert_eq!(m.read("var/lib/onegpu/.format"), "1\n");
        m.write("var/lib/onegpu/.format", &format!("{number}\n"));
        let before = m.tree();
        for program in ["apply", "revert", "status"] {
            m.run(program, &[]).no("are of a newer onegpu").says("install that onegpu's packages again");
        }
        assert_same(&before, &m.tree(), number);
    }
    // One of before they were counted.
    let m = Machine::usual("debian");
    let before = m.tree();
    m.run("apply", &[]).ok();
    fs::remove_file(m.root.join("var/lib/onegpu/.format")).unwrap();
    m.run("apply", &[]).ok().says("host: libvirt-service: already applied");
    m.run("revert", &[]).ok();
    assert_same(&before, &m.tree(), "without a number");
    // What counts up in the next version is this one number.
    assert!(m.read(&format!("{LIBEXEC}/lib/steps.sh")).contains("\nrecords_format=1\n"));
}

/// What a handover let through on the disk outlives a power loss; removal shuts it, unless a guest needs it.
#[test]
fn what_a_power_loss_left_open_is_shut() {
    let mark = "var/lib/onegpu/let-through";
    for shell in shells() {
        for (fails, calls) in [("", 1), ("u:1000,m", 2), ("u:1000", 2)] {
            let m = Machine::usual("debian");
            let before = m.tree();
            let asked = m.root.with_file_name("asked");
            let refuse =
                format!("echo \"$*\" >>{}\ncase $2 in \"{fails}\"*) exit 1 ;; esac", asked.display());
            m.fake("setfacl", if fails.is_empty() { refuse.split_once('\n').unwrap().0 } else { &refuse });
            m.run("apply", &[]).ok();
            m.write(mark, "u:1000 /var/lib/libvirt/qemu\n");
            // Another guest has the card, and its QEMU gets through the same folder.
            m.write("run/onegpu/one/let-through", "\n");
            m.run_by(&shell, "revert", &["guest", "two"], &[]).ok();
            assert!(m.has(mark) && !asked.exists(), "a guest still needs it");
            fs::remove_dir_all(m.root.join("run/onegpu")).unwrap();
            m.run_by(&shell, "revert", &[], &[]).ok();
            let folder = m.root.join("var/lib/libvirt/qemu");
            let expected: String = ["-x u:1000,m", "-x u:1000"][..calls]
                .iter()
                .map(|x| format!("{x} {}\n", folder.display()))
                .collect();
            assert_eq!(fs::read_to_string(&asked).unwrap(), expected, "{fails}");
            assert_same(&before, &m.tree(), fails);
            m.run_by(&shell, "revert", &[], &[]).ok();
            assert_eq!(fs::read_to_string(&asked).unwrap(), expected, "once");
        }
    }
}
