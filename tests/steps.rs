//! The steps on machines in a folder: in, out, twice, with users' edits in between.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;

use std::fs;

use machine::{Machine, assert_same, guest, shells};

const DISTROS: [&str; 4] = ["debian", "t-block", "t-entries", "t-kernel-install"];
const BEGIN: &str = "# BEGIN onegpu";

#[test]
fn in_and_out_twice_leaves_nothing() {
    for shell in shells() {
        for distro in DISTROS {
            let m = Machine::usual(distro);
            let before = m.tree();
            let run = |program: &str| m.run_by(&shell, program, &[], &[]);
            run("status").no("not applied");
            assert_same(&before, &m.tree(), "status");
            run("apply").ok().says("host: libvirt-service: applied");
            let applied = m.tree();
            run("apply").ok().says("host: libvirt-service: already applied");
            let keys = |tree: &std::collections::BTreeMap<String, String>| {
                tree.keys().filter(|key| !key.contains("kernel-parameters")).cloned().collect::<Vec<_>>()
            };
            assert_eq!(keys(&applied), keys(&m.tree()), "{distro}: applied twice");
            run("status").no("guest one: disk: applied").says("guest one: domain: left for later");
            run("revert").ok().says("guest two: disk: reverted");
            assert_same(&before, &m.tree(), distro);
            run("revert").ok();
            assert_same(&before, &m.tree(), distro);
        }
    }
}

#[test]
fn what_is_applied_is_what_was_meant() {
    let m = Machine::usual("debian");
    m.run("apply", &[]).ok().says("host: kernel-parameters: applied");
    for path in [
        "etc/systemd/system/multi-user.target.wants/libvirtd.service",
        "etc/systemd/system/sockets.target.wants/libvirtd.socket",
        "etc/libvirt/qemu/networks/autostart/default.xml",
        "var/lib/systemd/linger/mika",
        "var/lib/libvirt/images/one.qcow2",
        "var/lib/libvirt/images/two.raw",
        "var/lib/onegpu/host/kernel-parameters/in-force",
    ] {
        assert!(m.has(path), "{path}");
    }
    assert_eq!(m.read("usr/share/vgabios/onegpu.rom"), m.read("root/card.rom"));

    let m = Machine::usual("t-block");
    m.run("apply", &[]).ok().says("on the machine: gpasswd -a mika libvirt");
    assert!(m.has("etc/runlevels/default/libvirtd"));
    assert_eq!(m.grub_words(), "quiet intel_iommu=on iommu=pt");

    let m = Machine::usual("t-entries");
    m.run("apply", &[]).ok();
    assert!(m.has("etc/runit/runsvdir/default/libvirtd") && m.has("etc/runit/runsvdir/default/virtlogd"));
    let entry = m.read("boot/loader/entries/linux.conf");
    assert!(
        entry.contains("options root=UUID=1 rw\n") && entry.contains("\noptions intel_iommu=on iommu=pt\n")
    );
    assert!(!m.read("boot/loader/entries/windows.conf").contains("onegpu"));

    let m = Machine::usual("t-kernel-install");
    m.run("apply", &[]).ok();
    assert_eq!(m.read("etc/kernel/cmdline"), "# mine\nroot=UUID=1 rw intel_iommu=on iommu=pt\n\n");
    assert!(m.read("boot/loader/entries/linux.conf").contains("options intel_iommu=on iommu=pt\n"));
}

#[test]
fn a_command_line_file_is_never_made() {
    let m = Machine::usual("t-kernel-install");
    fs::remove_file(m.root.join("etc/kernel/cmdline")).unwrap();
    let before = m.tree();
    m.run("apply", &[]).ok();
    assert!(!m.has("etc/kernel/cmdline"), "root= would be lost");
    assert!(m.read("boot/loader/entries/linux.conf").contains("options intel_iommu=on iommu=pt\n"));
    m.run("revert", &[]).ok();
    assert_same(&before, &m.tree(), "revert");
}

#[test]
fn the_users_own_words_stay() {
    let m = Machine::usual("t-kernel-install");
    m.write("etc/kernel/cmdline", "root=UUID=1 iommu=pt");
    m.write("boot/loader/entries/linux.conf", "linux /vmlinuz\noptions intel_iommu=on iommu=pt root=UUID=1");
    let before = m.tree();
    m.run("apply", &[]).ok();
    assert_eq!(m.read("etc/kernel/cmdline").trim(), "root=UUID=1 iommu=pt intel_iommu=on");
    assert!(!m.read("boot/loader/entries/linux.conf").contains(BEGIN), "all words are there already");
    m.write("etc/kernel/cmdline", "root=UUID=1 iommu=pt intel_iommu=on quiet\n");
    m.write("boot/loader/entries/new.conf", "linux /vmlinuz-new\noptions root=UUID=1 intel_iommu=on quiet\n");
    m.run("revert", &[]).ok();
    assert_eq!(m.read("etc/kernel/cmdline"), "root=UUID=1 iommu=pt quiet\n");
    assert_eq!(m.read("boot/loader/entries/new.conf"), "linux /vmlinuz-new\noptions root=UUID=1 quiet\n");
    assert_eq!(
        before["boot/loader/entries/linux.conf"],
        m.tree()["boot/loader/entries/linux.conf"],
        "not ours"
    );

    let m = Machine::usual("t-block");
    m.write("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT='iommu=pt'\n");
    m.run("apply", &[]).ok();
    assert_eq!(m.grub_words(), "iommu=pt intel_iommu=on");
}

#[test]
fn files_of_every_shape_come_back_byte_for_byte() {
    let grubs =
        ["", "A=1", "A=1\n", "A=\"1 \\\n  2\"\nB=$A\\\n\n", "A=1\\", "A=1\r\nB=2\r\n", "A='\u{e4}'\n\n\n"];
    for text in grubs {
        let m = Machine::usual("t-block");
        m.write("etc/default/grub", text);
        let before = m.tree();
        m.run("apply", &[]).ok();
        assert!(m.read("etc/default/grub").starts_with(text));
        assert!(m.grub_words().ends_with("intel_iommu=on iommu=pt"), "{text:?}");
        m.run("revert", &[]).ok();
        assert_same(&before, &m.tree(), text);
    }
    let entries = [
        "linux /a\noptions a\noptions b\n",
        "linux /a\noptions a",
        "title x\r\nlinux /a\r\noptions a\r\n",
        "linux /a\r\noptions a iommu=pt\r\noptions intel_iommu=off",
        "linux /a\n",
        "# BEGIN of mine\nlinux\t/a\noptions\ta  b\n\n\n",
    ];
    for text in entries {
        let m = Machine::usual("t-entries");
        m.write("boot/loader/entries/linux.conf", text);
        let before = m.tree();
        m.run("apply", &[]).ok();
        let now = m.read("boot/loader/entries/linux.conf");
        assert!(now.starts_with(text) && now.contains("options intel_iommu=on"), "{now:?}");
        assert_eq!(now.contains("\r\n"), text.contains("\r\n"), "{now:?}");
        m.run("revert", &[]).ok();
        assert_same(&before, &m.tree(), text);
    }
    for text in ["root=1", "root=1\n", "root=1  \n# x\n", "\n", "", "root=1\r\n", "a=\"b c\" \\x\nd\n"] {
        let m = Machine::usual("t-kernel-install");
        m.write("etc/kernel/cmdline", text);
        let before = m.tree();
        m.run("apply", &[]).ok();
        let now = m.read("etc/kernel/cmdline");
        assert!(now.split_whitespace().any(|word| word == "iommu=pt"), "{now:?}");
        m.run("revert", &[]).ok();
        assert_same(&before, &m.tree(), text);
    }
}

#[test]
fn links_are_followed_below_the_root_only() {
    let outside = tempfile::tempdir().unwrap();
    let m = Machine::usual("t-block");
    // An absolute link means another place on that machine than on this one.
    let there = outside.path().strip_prefix("/").unwrap().join("grub");
    fs::write(outside.path().join("grub"), "OUTSIDE=1\n").unwrap();
    m.write(there.to_str().unwrap(), "INSIDE=1\n");
    fs::remove_file(m.root.join("etc/default/grub")).unwrap();
    m.link(outside.path().join("grub").to_str().unwrap(), "etc/default/grub");
    fs::rename(m.root.join("var/lib/systemd"), m.root.join("usr/lib/moved")).unwrap();
    m.link("../../../../../../usr/lib/moved", "var/lib/systemd");
    let before = m.tree();
    m.run("apply", &[]).ok();
    assert_eq!(fs::read_to_string(outside.path().join("grub")).unwrap(), "OUTSIDE=1\n");
    assert!(m.read(there.to_str().unwrap()).contains(BEGIN));
    assert!(m.has("usr/lib/moved/linger/mika"));
    m.run("revert", &[]).ok();
    assert_same(&before, &m.tree(), "revert");
}

#[test]
fn edits_outside_our_block_stay_and_inside_it_too() {
    let m = Machine::usual("t-block");
    m.write("etc/default/grub", "A=1");
    m.run("apply", &[]).ok();
    let ours = m.read("etc/default/grub");
    m.write("etc/default/grub", &format!("{}B=2\n", ours.replace("A=1", "A=0")));
    m.run("status", &[]).says("host: kernel-parameters: applied");
    m.run("revert", &["host"]).ok();
    assert_eq!(m.read("etc/default/grub"), "A=0\nB=2\n");

    m.write("etc/default/grub", "A=1\n");
    m.run("apply", &[]).ok();
    let edited = m.read("etc/default/grub").replace("iommu=pt", "iommu=nopt");
    m.write("etc/default/grub", &edited);
    m.run("status", &[]).no("drifted, and stays as you changed it: ").says("our lines were edited");
    m.run("apply", &[]).ok().says("left as you changed it");
    assert_eq!(m.read("etc/default/grub"), edited);
    m.run("revert", &[]).ok().says("they stay:\nonegpu: | line 4: for onegpu_word in intel_iommu=on");
    assert_eq!(m.read("etc/default/grub"), edited);
    assert!(!m.has("var/lib/onegpu"));

    let m = Machine::usual("t-block");
    let before = m.tree();
    m.run("apply", &[]).ok();
    m.write("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\nGRUB_CMDLINE_LINUX=\"\"\n");
    m.run("status", &[]).no("drifted: ").says("our lines are gone");
    m.run("apply", &[]).ok();
    assert!(m.read("etc/default/grub").contains(BEGIN), "put in again");
    m.run("revert", &[]).ok();
    let after = m.tree();
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    assert!(!m.read("etc/default/grub").contains("onegpu"));
}

#[test]
fn what_the_user_made_of_ours_stays() {
    let m = Machine::usual("debian");
    m.run("apply", &[]).ok();
    m.write("var/lib/libvirt/images/one.qcow2", "an installed system\n");
    m.write("usr/share/vgabios/onegpu.rom", "another image\n");
    m.run("status", &[]).no("onegpu.rom was changed");
    m.run("revert", &[])
        .ok()
        .says("one.qcow2 has been written to, so it stays")
        .says("was changed, so it stays");
    assert_eq!(m.read("var/lib/libvirt/images/one.qcow2"), "an installed system\n");
    assert!(m.has("usr/share/vgabios/onegpu.rom"));
    assert!(!m.has("var/lib/libvirt/images/two.raw") && !m.has("var/lib/onegpu"));

    // What was there before us is not ours, even where it is just as we would have made it.
    let m = Machine::usual("debian");
    m.write("var/lib/libvirt/images/one.qcow2", "fresh 1024M\n");
    m.write("usr/share/vgabios/onegpu.rom", "U\u{2}rom\n");
    m.write("var/lib/systemd/linger/mika", "");
    m.link(
        "/usr/lib/systemd/system/libvirtd.service",
        "etc/systemd/system/multi-user.target.wants/libvirtd.service",
    );
    let before = m.tree();
    m.run("apply", &[]).ok();
    m.run("revert", &[]).ok();
    assert_same(&before, &m.tree(), "revert");
}

#[test]
fn the_other_daemon_layout_stays() {
    let m = Machine::usual("debian");
    fs::create_dir_all(m.root.join("etc/systemd/system/sockets.target.wants")).unwrap();
    m.link(
        "/usr/lib/systemd/system/virtqemud.socket",
        "etc/systemd/system/sockets.target.wants/virtqemud.socket",
    );
    m.run("apply", &[]).ok();
    assert!(!m.has("etc/systemd/system/multi-user.target.wants/libvirtd.service"));
}

#[test]
fn guests_that_share_something_go_in_any_order() {
    for order in [["one", "two"], ["two", "one"]] {
        let guests = guest("one", "same.qcow2") + &guest("two", "same.qcow2");
        let m = Machine::new("debian", &guests);
        m.usual_fakes();
        let before = m.tree();
        m.run("apply", &[]).ok();
        m.run("revert", &["guest", order[0]]).ok();
        assert!(m.has("var/lib/systemd/linger/mika"), "{order:?}: the other guest needs it");
        assert!(m.has("var/lib/libvirt/images/same.qcow2"), "{order:?}: the other guest needs it");
        m.run("revert", &["guest", order[1]]).ok();
        assert!(!m.has("var/lib/systemd/linger/mika") && !m.has("var/lib/libvirt/images/same.qcow2"));
        m.run("revert", &["guest", order[1]]).ok();
        m.run("revert", &["host"]).ok();
        assert_same(&before, &m.tree(), "revert");
    }
}

#[test]
fn a_guest_with_the_card_keeps_everything() {
    let m = Machine::usual("debian");
    m.run("apply", &[]).ok();
    m.write("run/onegpu/one/state", "held\n");
    let lent = m.tree();
    for words in [&["guest", "one"][..], &["host"], &[], &["--check"], &["--check", "guest", "one"]] {
        m.run("revert", words).no("the guest one has the card");
        assert_same(&lent, &m.tree(), "refused");
    }
    m.run("revert", &["--check", "guest", "two"]).ok();
    assert_same(&lent, &m.tree(), "--check");
    fs::remove_file(m.root.join("run/onegpu/one/state")).unwrap();
    m.run("revert", &["--check"]).ok();
    m.run("revert", &[]).ok();
}

#[test]
fn wrong_use_is_said() {
    let m = Machine::usual("debian");
    let before = m.tree();
    for words in [
        &["--wrong"][..],
        &["host", "host"],
        &["guest"],
        &["guest", "../host"],
        &["guest", "none"],
        &["x"],
        &["--check"],
    ] {
        let done = m.run("apply", words);
        assert_eq!(done.status, Some(2), "{words:?}: {done:#?}");
        assert!(done.err.contains("Usage: apply"), "{done:#?}");
    }
    assert_eq!(m.run("apply", &["--root", "/no/such"]).status, Some(2));
    assert_eq!(m.run("apply", &["--root"]).status, Some(2));
    for program in ["apply", "revert", "status"] {
        m.run(program, &["--help"]).ok().says(&format!("Usage: {program}"));
    }
    m.run("revert", &["guest", "none"]).ok();
    assert_same(&before, &m.tree(), "wrong use");
}

#[test]
fn the_texts_of_refind_come_back_byte_for_byte() {
    let menus = [
        "\"Boot\"  \"root=UUID=1 rw\"\n\"Single\" \"root=UUID=1 single\"\n",
        "# mine\n\"Boot\"\t\"\"",
        "\"Boot\" \"root=/dev/sda1 iommu=pt\"\r\n\"Odd\"\r\n\r\n",
        "\"Boot\" \"ro initrd=\\\\boot\\\\i.img iommu=pt2 xiommu=pt\"  \n\n",
        "",
    ];
    for shell in shells() {
        for text in menus {
            let m = Machine::usual("t-refind");
            m.write("boot/refind_linux.conf", text);
            let before = m.tree();
            m.run_by(&shell, "apply", &["host"], &[]).ok();
            let now = m.read("boot/refind_linux.conf");
            for (was, is) in text.lines().zip(now.lines()) {
                let lacks = was.matches('"').count() == 4 && !was.starts_with('#');
                assert_eq!(lacks, was != is, "{is:?}");
                assert!(
                    !lacks
                        || ["intel_iommu=on", "iommu=pt"]
                            .iter()
                            .all(|word| { is.split(['"', ' ']).filter(|said| said == word).count() == 1 }),
                    "{is:?}"
                );
                assert!(is.ends_with(&was[was.rfind('"').unwrap_or(was.len())..]), "{is:?}");
            }
            m.run_by(&shell, "apply", &["host"], &[]).ok().says("kernel-parameters: already applied");
            m.run_by(&shell, "revert", &["host"], &[]).ok();
            assert_same(&before, &m.tree(), text);
        }
    }
    // Edited since: what the user wrote stays, what we wrote goes.
    let m = Machine::usual("t-refind");
    m.write("boot/refind_linux.conf", "\"Boot\" \"rw\"\n");
    m.run("apply", &["host"]).ok();
    m.write("boot/refind_linux.conf", "\"Mine\" \"rw intel_iommu=on quiet iommu=pt\"\n\"Two\" \"x\"");
    m.run("status", &["host"]).no("not every line of /boot/refind_linux.conf has");
    m.run("revert", &["host"]).ok();
    assert_eq!(m.read("boot/refind_linux.conf"), "\"Mine\" \"rw quiet\"\n\"Two\" \"x\"");
}

#[test]
fn limine_takes_a_drop_in_or_a_block_and_never_stands_alone() {
    let line = "KERNEL_CMDLINE[default]+=\" intel_iommu=on iommu=pt\"";
    let (settings, drop_in) = ("etc/default/limine", "etc/limine-entry-tool.d/50-onegpu.conf");
    for text in [
        "KERNEL_CMDLINE[default]=\"root=UUID=1 rw\"\n",
        "A=1\nKERNEL_CMDLINE[default]+=\"quiet root=UUID=1\"",
    ] {
        let m = Machine::usual("t-limine");
        m.write(settings, text);
        let before = m.tree();
        m.run("apply", &["host"]).ok();
        assert!(m.read(settings).starts_with(text) && m.read(settings).contains(&format!("\n{line}\n")));
        assert!(!m.has(drop_in));
        // Not on the machine itself, the boot entries are left for later; the block is not put in twice.
        m.run("apply", &["host"]).ok().says("apply on the machine itself has its boot entries written anew");
        assert_eq!(m.read(settings).matches(BEGIN).count(), 1);
        m.run("revert", &["host"]).ok();
        assert_same(&before, &m.tree(), text);
    }

    let m = Machine::usual("t-limine");
    m.write(settings, "ESP_PATH=/boot\n");
    m.write("etc/limine-entry-tool.d/01-default.conf", "KERNEL_CMDLINE[default]+=\"root=UUID=1\"\n");
    let before = m.tree();
    m.run("apply", &["host"]).ok();
    assert!(m.read(drop_in).ends_with(&format!("{line}\n")));
    m.run("revert", &["host"]).ok();
    assert_same(&before, &m.tree(), "drop-in");

    // Nothing says root=: a file of ours alone would be the whole command line.
    let m = Machine::usual("t-limine");
    m.write(settings, "ESP_PATH=/boot\n#KERNEL_CMDLINE[default]=\"root=UUID=1\"\n");
    let before = m.tree();
    m.run("apply", &["host"]).ok().says("no file of limine-entry-tool has root=");
    assert!(!m.has(drop_in) && m.read(settings).lines().count() == 2);
    m.run("revert", &["host"]).ok();
    assert_same(&before, &m.tree(), "alone");
}
