//! The steps with the real tools that they call: grub-mkconfig, `systemctl --root`.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

#[path = "steps/machine.rs"]
mod machine;

use std::fs;
use std::process::Command;

use machine::{LIBEXEC, Machine, assert_same};

/// The machine's folders in place of this one's, in a mount namespace. Only grub-probe is a
/// stand-in: it wants a disk.
const GRUB: &str = r#"set -e
mount --bind "$1/boot" /boot
mount --bind "$1/etc/default" /etc/default
mount --bind "$1/var/lib" /var/lib
mount --bind "$1/usr/libexec" /usr/libexec
mount --bind "$2/grub-probe" "$(command -v grub-probe)"
grub-mkconfig -o /boot/grub/grub.cfg 2>/dev/null
cp /boot/grub/grub.cfg "$3/before"
grep -q 'linux.*/vmlinuz-6.1.*quiet' "$3/before"
! grep -q iommu "$3/before"
sh /usr/libexec/onegpu/apply host
cp /boot/grub/grub.cfg "$3/applied"
sh /usr/libexec/onegpu/status host
# As a new kernel does it.
cp /boot/vmlinuz-6.1.0-1-amd64 /boot/vmlinuz-6.2.0-1-amd64
grub-mkconfig -o /boot/grub/grub.cfg 2>/dev/null
sh /usr/libexec/onegpu/revert host
cp /boot/grub/grub.cfg "$3/reverted"
rm /boot/vmlinuz-6.2.0-1-amd64
grub-mkconfig -o /boot/grub/grub.cfg 2>/dev/null
cmp /boot/grub/grub.cfg "$3/before"
sh /usr/libexec/onegpu/apply host
sh /usr/libexec/onegpu/revert host
cmp /boot/grub/grub.cfg "$3/before""#;

#[test]
#[ignore = "needs grub-mkconfig, unshare"]
fn the_words_come_and_go_with_grub_mkconfig() {
    for distro in ["debian", "t-block"] {
        let m = Machine::new(distro, "");
        for step in fs::read_dir(m.root.join(LIBEXEC).join("steps/host")).unwrap() {
            let path = step.unwrap().path();
            if !path.to_str().unwrap().ends_with("kernel-parameters") {
                fs::remove_file(path).unwrap();
            }
        }
        m.fake(
            "grub-probe",
            "case $* in *fs_uuid*) echo 1234-ABCD ;; *=fs) echo ext2 ;; *) echo /dev/sda1 ;; esac",
        );
        m.fake("update-grub", "exec grub-mkconfig -o /boot/grub/grub.cfg");
        m.write("boot/vmlinuz-6.1.0-1-amd64", "kernel\n");
        m.write("boot/initrd.img-6.1.0-1-amd64", "initrd\n");
        m.write(
            "etc/default/grub",
            "GRUB_DISTRIBUTOR=Test\nmore='splash'\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet \\\n$more\"\nGRUB_DISABLE_OS_PROBER=true",
        );
        let before = m.tree();
        let path = format!("{}:{}:/usr/sbin", m.bin.display(), std::env::var("PATH").unwrap());
        let done = machine::done(
            Command::new("timeout")
                .args(["120", "unshare", "-rm", "sh", "-c", GRUB, "sh"])
                .args([&m.root, &m.bin])
                .arg(m.temp.path())
                .env("PATH", path),
        )
        .ok();
        assert!(done.out.contains("kernel-parameters: applied"), "{done:?}");
        let read = |name: &str| fs::read_to_string(m.temp.path().join(name)).unwrap();
        let applied = read("applied");
        let lines: Vec<&str> =
            applied.lines().filter(|line| line.trim_start().starts_with("linux")).collect();
        assert!(lines.iter().any(|line| line.contains("quiet splash intel_iommu=on iommu=pt")), "{lines:?}");
        assert!(
            lines.iter().any(|line| line.contains("single") && !line.contains("iommu")),
            "recovery: {lines:?}"
        );
        let reverted = read("reverted");
        assert!(reverted.contains("6.2.0") && !reverted.contains("iommu"));
        fs::remove_file(m.root.join("boot/grub/grub.cfg")).unwrap();
        assert_same(&before, &m.tree(), distro);
    }
}

/// The same where grub-probe, too, is the real one: on a disk.
#[test]
#[ignore = "needs loaders, mkfs.ext4, unshare, root"]
fn the_words_come_and_go_on_a_disk() {
    let m = Machine::new("debian", "");
    let setup = m.temp.path().join("rendered/root");
    for step in fs::read_dir(setup.join(LIBEXEC).join("steps/host")).unwrap() {
        let path = step.unwrap().path();
        if !path.to_str().unwrap().ends_with("kernel-parameters") {
            fs::remove_file(path).unwrap();
        }
    }
    let roots = std::path::PathBuf::from(std::env::var_os("ONEGPU_TEST_ROOTS").unwrap());
    let script = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/steps/disk.sh");
    let mut command = Command::new("timeout");
    command.args(["120", "unshare", "--mount", "sh"]).arg(script).arg(roots.join("loaders"));
    let done = machine::done(command.arg(m.temp.path()).arg(setup))
        .ok()
        .says("host: kernel-parameters: applied\nonegpu: in force after the next reboot\n");
    assert!(
        done.out
            .ends_with("host: kernel-parameters: reverted\nonegpu: in force after the next reboot\nsame\n"),
        "{done:?}"
    );
}

#[test]
#[ignore = "needs systemctl"]
fn services_come_and_go_with_systemctl() {
    for (distro, more) in [("debian", ""), ("debian", "socket"), ("t-grubby", "")] {
        let m = Machine::new(distro, "");
        if more == "socket" {
            // Enabled before, and named by Also= of what we enable.
            m.write("etc/systemd/system/sockets.target.wants/.keep", "");
            m.link(
                "/usr/lib/systemd/system/libvirtd.socket",
                "etc/systemd/system/sockets.target.wants/libvirtd.socket",
            );
        }
        let before = m.tree();
        m.run("apply", &["host"]).ok().says("host: libvirt-service: applied");
        let wanted = match distro {
            "debian" => "etc/systemd/system/multi-user.target.wants/libvirtd.service",
            _ => "etc/systemd/system/sockets.target.wants/virtqemud.socket",
        };
        assert!(m.has(wanted), "{:?}", m.tree());
        m.run("apply", &["host"]).ok().says("host: libvirt-service: already applied");
        m.run("revert", &["host"]).ok();
        assert_same(&before, &m.tree(), distro);

        // Masked by the user: that stays, and is named.
        fs::create_dir_all(m.root.join("etc/systemd/system")).unwrap();
        for unit in ["libvirtd.service", "virtqemud.socket"] {
            m.link("/dev/null", &format!("etc/systemd/system/{unit}"));
        }
        let before = m.tree();
        m.run("apply", &["host"]).ok().says("is masked: systemctl unmask");
        m.run("revert", &["host"]).ok();
        assert_same(&before, &m.tree(), "masked");
    }
}

#[test]
#[ignore = "needs trixie, unshare and root"]
fn domains_and_networks_come_and_go_with_libvirtd() {
    let scripts = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let folder = tempfile::tempdir().unwrap();
    let work = folder.path();
    fs::copy(scripts.join("steps/libvirtd.sh"), work.join("ask.sh")).unwrap();
    let rendered = work.join("rendered");
    machine::render("debian", &machine::guest("one", "one.qcow2"), |text| text, &rendered);
    fs::rename(rendered.join("root"), work.join("setup")).unwrap();
    let roots = std::path::PathBuf::from(std::env::var_os("ONEGPU_TEST_ROOTS").unwrap());
    let done = machine::done(
        Command::new("timeout")
            .args(["--kill-after=10", "300", "unshare"])
            .args(["--mount", "--net", "--pid", "--fork", "--kill-child", "sh"])
            .arg(scripts.join("libvirt/machine.sh"))
            .arg(roots.join("trixie"))
            .arg(work),
    );
    assert!(done.out.ends_with("done\n"), "{}\n{}", done.out, done.err);
}
