//! The steps on machines in a folder: in, out, twice, killed at every point,
//! failing at every point, with users' edits in between.

#[path = "steps/machine.rs"]
mod machine;

use std::fs;

use machine::{Machine, assert_same, guest, shells};

const DISTROS: [&str; 4] = ["debian", "t-block", "t-entries", "t-kernel-install"];
const BEGIN: &str = "# BEGIN onegpu";

fn two_guests() -> String {
    guest("one", "one.qcow2") + &guest("two", "two.raw")
}

fn machine(distro: &str) -> Machine {
    let machine = Machine::new(distro, &two_guests());
    machine.usual_fakes();
    if distro == "t-kernel-install" {
        machine.write("etc/kernel/cmdline", "# mine\nroot=UUID=1 rw\n\n");
    }
    machine
}

#[test]
fn in_and_out_twice_leaves_nothing() {
    for shell in shells() {
        for distro in DISTROS {
            let m = machine(distro);
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
    let m = machine("debian");
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

    let m = machine("t-block");
    m.run("apply", &[]).ok().says("on the machine: gpasswd -a mika libvirt");
    assert!(m.has("etc/runlevels/default/libvirtd"));
    assert_eq!(grub_words(&m, ""), "quiet intel_iommu=on iommu=pt");

    let m = machine("t-entries");
    m.run("apply", &[]).ok();
    assert!(m.has("etc/runit/runsvdir/default/libvirtd") && m.has("etc/runit/runsvdir/default/virtlogd"));
    let entry = m.read("boot/loader/entries/linux.conf");
    assert!(
        entry.contains("options root=UUID=1 rw\n") && entry.contains("\noptions intel_iommu=on iommu=pt\n")
    );
    assert!(!m.read("boot/loader/entries/windows.conf").contains("onegpu"));

    let m = machine("t-kernel-install");
    m.run("apply", &[]).ok();
    assert_eq!(m.read("etc/kernel/cmdline"), "# mine\nroot=UUID=1 rw intel_iommu=on iommu=pt\n\n");
    assert!(m.read("boot/loader/entries/linux.conf").contains("options intel_iommu=on iommu=pt\n"));
}

/// What grub-mkconfig would make of /etc/default/grub.
fn grub_words(m: &Machine, before: &str) -> String {
    let script = format!("{before}. \"$1\"; printf %s \"$GRUB_CMDLINE_LINUX_DEFAULT\"");
    let mut command = std::process::Command::new("sh");
    let done = machine::done(command.args(["-c", &script, "sh"]).arg(m.root.join("etc/default/grub")));
    assert_eq!(done.err, "");
    done.out
}

#[test]
fn a_command_line_file_is_never_made() {
    let m = machine("t-kernel-install");
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
    let m = machine("t-kernel-install");
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

    let m = machine("t-block");
    m.write("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT='iommu=pt'\n");
    m.run("apply", &[]).ok();
    assert_eq!(grub_words(&m, ""), "iommu=pt intel_iommu=on");
}

#[test]
fn files_of_every_shape_come_back_byte_for_byte() {
    let grubs =
        ["", "A=1", "A=1\n", "A=\"1 \\\n  2\"\nB=$A\\\n\n", "A=1\\", "A=1\r\nB=2\r\n", "A='\u{e4}'\n\n\n"];
    for text in grubs {
        let m = machine("t-block");
        m.write("etc/default/grub", text);
        let before = m.tree();
        m.run("apply", &[]).ok();
        assert!(m.read("etc/default/grub").starts_with(text));
        assert!(grub_words(&m, "").ends_with("intel_iommu=on iommu=pt"), "{text:?}");
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
        let m = machine("t-entries");
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
        let m = machine("t-kernel-install");
        m.write("etc/kernel/cmdline", text);
        let before = m.tree();
        m.run("apply", &[]).ok();
        let now = m.read("etc/kernel/cmdline");
        assert!(now.trim_end().split_whitespace().any(|word| word == "iommu=pt"), "{now:?}");
        m.run("revert", &[]).ok();
        assert_same(&before, &m.tree(), text);
    }
}

#[test]
fn links_are_followed_below_the_root_only() {
    let outside = tempfile::tempdir().unwrap();
    let m = machine("t-block");
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
    let m = machine("t-block");
    m.write("etc/default/grub", "A=1");
    m.run("apply", &[]).ok();
    let ours = m.read("etc/default/grub");
    m.write("etc/default/grub", &format!("{}B=2\n", ours.replace("A=1", "A=0")));
    m.run("status", &[]).says("host: kernel-parameters: applied");
    m.run("revert", &["host"]).ok();
    assert_eq!(m.read("etc/default/grub"), "A=0\nB=2\n");

    m.write("etc/default/grub", "A=1\n");
    m.run("apply", &[]).ok();
    let edited =
        m.read("etc/default/grub").replace("words", "words_of_mine").replace("iommu=pt", "iommu=nopt");
    m.write("etc/default/grub", &edited);
    m.run("status", &[]).no("drifted, and stays as you changed it: ").says("our lines were edited");
    m.run("apply", &[]).ok().says("left as you changed it");
    assert_eq!(m.read("etc/default/grub"), edited);
    m.run("revert", &[]).ok().says("were edited, so they stay");
    assert_eq!(m.read("etc/default/grub"), edited);
    assert!(!m.has("var/lib/onegpu"));

    let m = machine("t-block");
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
    let m = machine("debian");
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
    let m = machine("debian");
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
    let m = machine("debian");
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
fn an_upgrade_takes_the_old_back_and_the_new_in() {
    let m = machine("debian");
    let before = m.tree();
    m.run("apply", &[]).ok();
    // Another boot loader, one guest renamed, the other without its sound.
    let guests = guest("three", "one.qcow2") + &guest("two", "two.raw").replace("pipewire", "none");
    m.install("t-block", &guests, |text| text.replace("intel", "amd"));
    m.run("status", &[])
        .no("was applied by another version")
        .says("guest one: disk: drifted: is no longer part");
    m.run("apply", &[]).ok().says("guests/one is no longer installed".trim_start_matches("guests/"));
    assert_eq!(grub_words(&m, ""), "quiet iommu=pt");
    assert!(!m.has("etc/systemd/system/multi-user.target.wants/libvirtd.service"));
    assert!(m.has("etc/runlevels/default/libvirtd"));
    assert!(!m.has("var/lib/onegpu/guests/one") && !m.has("var/lib/onegpu/guests/two/linger"));
    assert!(m.has("var/lib/onegpu/guests/three/linger"));
    m.run("revert", &[]).ok();
    assert!(!m.read("etc/default/grub").contains("onegpu"));
    for path in ["etc/default/grub.d", "etc/default/grub.d/50-onegpu.cfg"] {
        assert!(before.contains_key(path));
    }
    assert_same(&before, &m.tree(), "revert");
}

#[test]
fn reverts_without_the_files_of_the_steps() {
    let m = machine("t-block");
    let before = m.tree();
    m.run("apply", &[]).ok();
    fs::remove_dir_all(m.root.join(machine::LIBEXEC).join("steps")).unwrap();
    m.run("revert", &[]).ok();
    assert_same(&before, &m.tree(), "revert");
}

#[test]
fn a_guest_with_the_card_keeps_everything() {
    let m = machine("debian");
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
    let m = machine("debian");
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
fn without_a_place_for_the_record_nothing_happens() {
    for blocked in ["var/lib/onegpu", "var"] {
        let m = machine("debian");
        if blocked == "var" {
            fs::remove_dir_all(m.root.join("var")).unwrap();
        }
        m.write(blocked, "in the way\n");
        let before = m.tree();
        m.run("apply", &[]).no("nothing was changed");
        assert_same(&before, &m.tree(), blocked);
    }
}

#[test]
fn without_a_tool_nothing_happens() {
    let m = machine("debian");
    let before = m.tree();
    let tools = m.temp.path().join("tools");
    for missing in ["awk", "cksum", "mv", "sed", "readlink"] {
        let _ = fs::remove_dir_all(&tools);
        fs::create_dir(&tools).unwrap();
        for tool in "sh timeout flock awk cat cksum cp cut date dirname grep head id ln mkdir mv readlink rm rmdir sed sort stat sync tail touch tr wc sleep".split(' ') {
            if tool != missing {
                std::os::unix::fs::symlink(format!("/usr/bin/{tool}"), tools.join(tool)).unwrap();
            }
        }
        // The programs add the usual folders to PATH: in a place where they do not exist.
        let script = fs::read_to_string(m.root.join(machine::LIBEXEC).join("lib.sh")).unwrap();
        let script = script.replace(":/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", "");
        fs::write(m.root.join(machine::LIBEXEC).join("lib.sh"), script).unwrap();
        let mut command = std::process::Command::new("/bin/sh");
        command.arg(m.root.join(machine::LIBEXEC).join("apply")).arg("--root").arg(&m.root);
        machine::done(command.env_clear().env("PATH", &tools)).no(&format!("needs `{missing}`"));
        assert_same(&before, &m.tree(), missing);
    }
}

/// Puts a counter in front of every program that changes something; at the
/// given call it kills the whole run, or fails.
fn trap(m: &Machine, tools: &str) {
    for tool in tools.split(' ') {
        let real = match m.bin.join(tool).exists() {
            true => {
                fs::rename(m.bin.join(tool), m.bin.join(format!("{tool}.real"))).unwrap();
                m.bin.join(format!("{tool}.real")).display().to_string()
            }
            false => format!("/usr/bin/{tool}"),
        };
        m.fake(
            tool,
            &format!(
                r#"n=0; [ ! -e "$PID.n" ] || read n <"$PID.n"
n=$((n + 1)); echo $n >"$PID.n"
if [ "$n" = "${{KILL_AT-}}" ]; then read pid <"$PID"; kill -9 "-$pid"; exit 9; fi
if [ "$n" = "${{FAIL_AT-}}" ]; then echo "{tool}: No space left on device" >&2; exit 1; fi
exec {real} "$@""#
            ),
        );
    }
}

const CHANGERS: &str = "mv rm rmdir mkdir cp ln touch qemu-img systemctl";

/// Which calls are tried: every one takes many minutes, so each run of the tests takes some, spread
/// over all; `ONEGPU_TEST_EVERY=1` tries all.
fn every() -> u32 {
    std::env::var("ONEGPU_TEST_EVERY").map_or(5, |every| every.parse().unwrap())
}

/// Runs with the trap set at `n`; none when the run has fewer calls.
fn at(m: &Machine, n: u32, program: &str, what: &str) -> Option<machine::Done> {
    let counter = m.temp.path().join("pid.n");
    let _ = fs::remove_file(&counter);
    let done = m.run_by(&["sh"], program, &[], &[(what, &n.to_string())]);
    // A kill may have hit the counting itself.
    let calls = fs::read_to_string(counter).unwrap().trim().parse().unwrap_or(n);
    (done.status.is_none() || calls >= n).then_some(done)
}

#[test]
fn killed_at_every_point_it_still_goes_out() {
    for (offset, distro) in ["debian", "t-kernel-install", "t-block"].into_iter().enumerate() {
        let m = machine(distro);
        trap(&m, CHANGERS);
        let before = m.tree();
        let mut n = offset as u32;
        loop {
            n += every();
            let Some(done) = at(&m, n, "apply", "KILL_AT") else { break };
            assert_eq!(done.status, None, "{n}: {done:#?}");
            if n % 2 == 0 {
                m.run("apply", &[]).ok();
            }
            m.run("revert", &[]).ok();
            assert_same(&before, &m.tree(), &format!("{distro}: apply killed at call {n}"));
        }
        assert!(n > 60, "only {n} calls");
        let mut n = offset as u32;
        loop {
            m.run("apply", &[]).ok();
            n += every();
            let Some(_) = at(&m, n, "revert", "KILL_AT") else { break };
            if n % 2 == 0 {
                m.run("apply", &[]).ok();
            }
            m.run("revert", &[]).ok();
            assert_same(&before, &m.tree(), &format!("{distro}: revert killed at call {n}"));
        }
        assert!(n > 20, "only {n} calls");
    }
}

#[test]
fn failing_at_every_point_leaves_the_machine_as_it_was() {
    for (offset, distro) in ["debian", "t-block"].into_iter().enumerate() {
        let m = machine(distro);
        trap(&m, "mv mkdir cp ln touch sync qemu-img");
        let before = m.tree();
        let (mut n, mut failures) = (offset as u32, 0);
        loop {
            n += every();
            let Some(done) = at(&m, n, "apply", "FAIL_AT") else { break };
            match done.status {
                Some(1) => {
                    failures += 1;
                    assert!(done.err.contains("apply did not finish"), "{done:#?}");
                    assert_same(&before, &m.tree(), &format!("{distro}: call {n} failed: {done:#?}"));
                }
                // A call whose failure does no harm.
                status => assert_eq!(status, Some(0), "{n}: {done:#?}"),
            }
            m.run("revert", &[]).ok();
            assert_same(&before, &m.tree(), &format!("{distro}: after call {n} failed"));
        }
        assert!(failures > 5, "only {failures} of {n} calls");
    }
}
