//! The steps on machines that run: a folder with busybox as its system, entered by
//! chroot, and stand-ins with a state for systemctl, virsh and their like. And the
//! real tools on what the steps are made of.

#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;
#[path = "steps/running.rs"]
mod running;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use machine::{Machine, assert_same, guest, render};
use running::Running;

#[test]
#[ignore = "needs busybox"]
fn a_running_machine_in_and_out() {
    for distro in ["debian", "t-block", "t-entries", "t-grubby"] {
        let r = Running::new(distro);
        r.0.write("boot/grub/grub.cfg", "linux /vmlinuz root=UUID=1  quiet\n");
        let before = r.0.tree();
        r.run("status", &[]).no("not applied");
        r.run("apply", &[]).ok().says("guest one: domain: applied").says("in force after the next reboot");
        r.run("status", &[]).ok().says("host: kernel-parameters: applied");
        let log = r.log();
        for said in match distro {
            "debian" => {
                &["systemctl enable libvirtd.service", "systemctl start libvirtd.socket", "update-grub"][..]
            }
            "t-block" => {
                &["rc-update add libvirtd default", "rc-service libvirtd start", "gpasswd -a mika libvirt"]
            }
            "t-entries" => &["sv -w 10 check /etc/runit/runsvdir/default/libvirtd"],
            _ => &[
                "systemctl start virtqemud.socket",
                "grubby --update-kernel=ALL --args=intel_iommu=on iommu=pt",
            ],
        } {
            assert!(log.contains(said), "{distro}: {said} is not in\n{log}");
        }
        r.run("apply", &[]).ok().says("guest one: domain: already applied");
        let log = r.log();
        for silent in ["define", "enable ", "start", "--args", "grub-mkconfig", "gpasswd"] {
            assert!(!log.contains(silent), "{distro}: applied again: {log}");
        }
        r.run("revert", &[]).ok();
        assert_same(&before, &r.0.tree(), distro);
        assert!(!r.0.has("state/active/libvirtd.socket") && !r.0.has("state/domains/one.xml"));
    }
}

/// Silverblue and its like: the packages go in as a layer, and the boot entries stay ostree's.
#[test]
#[ignore = "needs busybox"]
fn an_image_keeps_its_boot_entries() {
    let r = Running::new("t-grubby");
    r.0.write("boot/grub/grub.cfg", "linux /vmlinuz root=UUID=1  quiet\n");
    r.0.write("run/ostree-booted", "");
    r.0.write("sysroot/ostree/deploy/fedora/.keep", "");
    let before = r.0.tree();
    let words = "rpm-ostree kargs --append-if-missing=WORD";
    r.run("apply", &[]).ok().says("guest one: domain: applied").says(words);
    r.run("status", &[]).says("host: kernel-parameters: left for later").says(words);
    assert!(!r.log().contains("grubby"), "{}", r.log());
    r.run("revert", &[]).ok();
    assert_same(&before, &r.0.tree(), "an image");
}

#[test]
#[ignore = "needs busybox"]
fn a_generated_file_is_made_again_when_the_kernels_have_changed() {
    let r = Running::new("debian");
    r.0.write("boot/grub/grub.cfg", "linux /vmlinuz root=UUID=1 quiet # as of then\n");
    r.run("apply", &["host"]).ok();
    assert!(r.0.read("boot/grub/grub.cfg").contains("quiet intel_iommu=on iommu=pt"));
    let old = r.0.read("boot/grub/grub.cfg");
    r.0.write(
        "boot/grub/grub.cfg",
        &(old + "linux /vmlinuz-new root=UUID=1 quiet intel_iommu=on iommu=pt\n"),
    );
    r.run("revert", &[]).ok();
    assert_eq!(r.0.read("boot/grub/grub.cfg"), "linux /vmlinuz root=UUID=1  quiet\n");
}

/// Killed while update-grub writes; then the package manager puts our files there once more.
#[test]
#[ignore = "needs busybox"]
fn a_package_that_comes_again_is_no_edit() {
    for edited in [false, true] {
        let r = Running::new("debian");
        r.0.write("boot/grub/grub.cfg", "linux /vmlinuz root=UUID=1 quiet # as of then\n");
        let before = r.0.tree();
        let update = r.0.root.join("bin/update-grub");
        let real = fs::read(&update).unwrap();
        // All that our `timeout` has started is one group.
        r.fake("update-grub", "echo 'linux /vmlinuz' >/boot/grub/grub.cfg; kill -9 0");
        assert_ne!(r.run("apply", &["host"]).status, Some(1));
        assert_eq!(r.0.read("boot/grub/grub.cfg"), "linux /vmlinuz\n");
        fs::write(update, real).unwrap();
        let drop_in = r.0.root.join("etc/default/grub.d/50-onegpu.cfg");
        std::thread::sleep(std::time::Duration::from_millis(1100));
        fs::copy(&drop_in, drop_in.with_extension("new")).unwrap();
        fs::rename(drop_in.with_extension("new"), drop_in).unwrap();
        if edited {
            r.0.write("etc/default/grub", "GRUB_CMDLINE_LINUX_DEFAULT=\"mine\"\n");
        }
        r.run("apply", &["host"]).ok();
        r.run("revert", &[]).ok();
        if edited {
            assert_eq!(r.0.read("boot/grub/grub.cfg"), "linux /vmlinuz root=UUID=1  mine\n");
        } else {
            assert_eq!(before["boot/grub/grub.cfg"], r.0.tree()["boot/grub/grub.cfg"]);
        }
    }
}

#[test]
#[ignore = "needs busybox"]
fn a_tool_that_fails_takes_all_back() {
    for (tool, said) in [
        ("update-grub", "`update-grub` failed with status 7"),
        ("virsh", "net-autostart default` failed"),
        ("loginctl", "loginctl enable-linger mika` failed"),
        ("qemu-img", "qemu-img create"),
    ] {
        let r = Running::new("debian");
        r.0.write("boot/grub/grub.cfg", "linux /vmlinuz\n");
        let before = r.0.tree();
        let script = match tool {
            "virsh" => {
                "case $4 in uri) echo x ;; net-info) echo 'Name: default'; echo 'Active: no' ;; *) exit 7 ;; esac"
            }
            _ => "echo it is broken; exit 7",
        };
        r.fake(tool, script);
        r.run("apply", &[]).no(said).says("failed, and is taken back");
        assert_same(&before, &r.0.tree(), tool);
        assert!(!r.0.has("state/active/libvirtd.socket"));
    }
}

#[test]
#[ignore = "needs busybox"]
fn domains_of_others_and_changed_ones_stay() {
    let r = Running::new("debian");
    r.0.write("state/domains/one.xml", "<uuid>of-somebody-else</uuid>\n");
    r.run("apply", &[]).ok().says("guest one: domain: left for later: libvirt has a domain one already");
    r.run("revert", &[]).ok();
    assert_eq!(r.0.read("state/domains/one.xml"), "<uuid>of-somebody-else</uuid>\n");

    let r = Running::new("debian");
    r.run("apply", &[]).ok();
    // Changed with virt-manager: neither an upgrade nor the removal writes over it.
    let edited = r.0.read("state/domains/one.xml").replace("filled in", "edited");
    r.0.write("state/domains/one.xml", &edited);
    r.0.write("etc/libvirt/qemu/one.xml", &edited);
    r.0.install("debian", &guest("one", "one.qcow2").replace("os =", "memory = \"2 GiB\"\nos ="), |text| {
        text
    });
    r.run("status", &[]).no("the domain one was changed");
    r.run("apply", &[]).ok().says("left as you changed it");
    r.run("revert", &[]).ok().says("the domain one was changed, so it stays");
    assert_eq!(r.0.read("state/domains/one.xml"), edited);
    assert!(!r.0.has("state/domains/one-setup.xml") && !r.0.has("var/lib/onegpu"));

    // Unchanged: an upgrade redefines it in place, so that snapshots stay.
    let r = Running::new("debian");
    r.run("apply", &[]).ok();
    r.log();
    r.0.install("debian", &guest("one", "one.qcow2").replace("os =", "memory = \"2 GiB\"\nos ="), |text| {
        text
    });
    r.run("apply", &[]).ok().says("guest one: domain: applied");
    assert!(r.0.read("state/domains/one.xml").contains("2048") && !r.log().contains("undefine"));
}

#[test]
#[ignore = "needs busybox"]
fn while_a_guest_runs_it_and_the_daemon_stay() {
    let r = Running::new("debian");
    r.run("apply", &[]).ok();
    r.0.write("run/libvirt/qemu/one-setup.xml", "");
    let applied = r.0.tree();
    r.run("revert", &[]).no("one-setup runs: shut it down first");
    assert_same(&applied, &r.0.tree(), "refused");
    fs::remove_file(r.0.root.join("run/libvirt/qemu/one-setup.xml")).unwrap();
    r.0.write("run/libvirt/qemu/other.xml", "");
    r.log();
    r.run("revert", &[]).ok().says("a guest runs: libvirt goes on running");
    assert!(!r.log().contains("systemctl stop"));
}

#[test]
#[ignore = "needs shellcheck"]
fn shellcheck_has_nothing_to_say() {
    for (distro, init) in [
        ("debian", "systemd"),
        ("debian", "openrc"),
        ("t-block", "openrc"),
        ("t-entries", "runit"),
        ("t-kernel-install", "systemd"),
        ("t-grubby", "systemd"),
        ("t-kernelstub", "systemd"),
    ] {
        let temp = tempfile::tempdir().unwrap();
        let out = temp.path().join("out");
        let with_init = |text: String| text.replace("[host]", &format!("[host]\ninit = \"{init}\""));
        render(distro, &guest("one", "it's.qcow2"), with_init, &out);
        let mut files = Vec::new();
        shell_files(&out.join("root").join(machine::LIBEXEC), &mut files);
        shell_files(&out.join("root/etc/default"), &mut files);
        assert!(files.len() > 9, "{files:?}");
        machine::done(Command::new("shellcheck").args(["-s", "sh"]).args(&files)).ok();
    }
}

fn shell_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => shell_files(&path, out),
            false => out.push(path),
        }
    }
}

#[test]
#[ignore = "needs node"]
fn the_polkit_rule_lets_in_one_user_for_one_thing() {
    let m = Machine::new("debian", "");
    let rule = m.root.join("usr/share/polkit-1/rules.d/50-onegpu.rules");
    let script = r#"let rule; const polkit = { Result: { YES: "yes" }, addRule: (f) => { rule = f; } };
eval(require("fs").readFileSync(process.argv[1], "utf8"));
const ask = (id, user) => String(rule({ id }, { user }));
console.log(ask("org.libvirt.unix.manage", "mika"), ask("org.libvirt.unix.manage", "eve"), ask("org.freedesktop.x", "mika"));"#;
    let done = machine::done(Command::new("node").args(["-e", script]).arg(rule)).ok();
    assert_eq!(done.out, "yes undefined undefined\n");
}
