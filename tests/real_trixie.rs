//! Debian's own polkitd, kernel-install and bootctl on what the setup installs.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod layer;
#[path = "steps/machine.rs"]
mod machine;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use layer::{Layer, difference};

/// A root of trixie with the files of a setup in it.
fn trixie(root: &str, distro: &str) -> Layer {
    let roots = std::env::var_os("ONEGPU_TEST_ROOTS").unwrap();
    let layer = Layer::new(&PathBuf::from(roots).join(root), |_| (), "");
    let out = layer.folder().join("rendered");
    machine::render(distro, "", |text| text, &out);
    machine::done(Command::new("cp").arg("-a").arg(out.join("root/.")).arg(layer.root())).ok();
    layer
}

/// Each user is asked about, by polkitd, as libvirt asks.
const ASK: &str = r#"set -e
useradd --uid 1000 mika
useradd --uid 1001 eve
mkdir -p /run/dbus
dbus-daemon --system --fork
/usr/lib/polkit-1/polkitd --no-debug 2>/polkitd.log &
tries=0
until pkcheck --action-id org.libvirt.unix.manage --process $$ >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { cat /polkitd.log; exit 1; }
    sleep 0.1
done
for user in mika eve; do
    for action in org.libvirt.unix.manage org.libvirt.unix.monitor org.freedesktop.policykit.exec; do
        answer=0
        setpriv --reuid "$user" --clear-groups sh -c "pkcheck --action-id $action --process \$\$" >/dev/null 2>&1 || answer=$?
        echo "$user $action $answer"
    done
done
cat /polkitd.log"#;

#[test]
#[ignore = "needs trixie, unshare, root"]
fn polkitd_lets_in_one_user_for_one_thing() {
    let layer = trixie("trixie", "debian");
    layer.write("/ask.sh", ASK);
    let words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "/ask.sh"];
    let done = machine::done(&mut layer.command(&words)).ok();
    // 0 is yes; 2 is "a password would have to be asked for".
    assert_eq!(
        done.out,
        "mika org.libvirt.unix.manage 0\nmika org.libvirt.unix.monitor 0\nmika org.freedesktop.policykit.exec 2\n\
         eve org.libvirt.unix.manage 2\neve org.libvirt.unix.monitor 0\neve org.freedesktop.policykit.exec 2\n"
    );
}

/// Kernels come and go, as zz-systemd-boot has them, before, while and after the words are there.
const KERNELS: &str = r#"set -e
export BOOT_ROOT=/boot
add() { kernel-install --entry-token=literal:debian add "$1" "/boot/vmlinuz-$1"; }
show() { cat "/boot/loader/entries/debian-$1.conf"; }
options() { show "$1" | grep ^options; }
add 6.12.1
show 6.12.1 >/tmp/before
! options 6.12.1 | grep iommu
options 6.12.1 | grep 'root=UUID=1 rw'
echo ready >/tmp/ready
/usr/libexec/onegpu/apply host
options 6.12.1 | grep 'intel_iommu=on iommu=pt'
# A new kernel, and the old one written anew over our lines.
add 6.12.2
options 6.12.2 | grep 'root=UUID=1 rw intel_iommu=on iommu=pt'
add 6.12.1
options 6.12.1 | grep 'root=UUID=1 rw intel_iommu=on iommu=pt'
/usr/libexec/onegpu/status host
/usr/libexec/onegpu/revert host
! options 6.12.1 | grep iommu
! options 6.12.2 | grep iommu
add 6.12.1
show 6.12.1 | cmp - /tmp/before"#;

#[test]
#[ignore = "needs trixie, unshare, root"]
fn kernel_install_takes_the_words_over_and_loses_them_again() {
    let layer = trixie("trixie", "t-kernel-install");
    layer.write("/etc/kernel/cmdline", "root=UUID=1 rw\n");
    layer.write("/etc/kernel/install.conf", "layout=bls\n");
    layer.write("/etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    for version in ["6.12.1", "6.12.2"] {
        layer.write(&format!("/boot/vmlinuz-{version}"), "a kernel\n");
        layer.write(&format!("/usr/lib/modules/{version}/modules.order"), "");
    }
    layer.write("/boot/debian/.keep", "");
    layer.write("/root/card.rom", "U\u{2}rom\n");
    layer.write("/kernels.sh", KERNELS);
    let before = layer.changes(&["boot", "tmp"]);
    let done = machine::done(&mut layer.command(&["sh", "/kernels.sh"])).ok();
    done.says("host: kernel-parameters: applied");
    assert_eq!(difference(&before, &layer.changes(&["boot", "tmp"])), "");
}

/// The entries lie where bootctl says and nobody else would look. Nothing here can start services:
/// the kernel's parameters are all that this machine has of the setup.
const ELSEWHERE: &str = r#"set -e
# What says that this machine runs: t-entries is one with runit.
mkdir -p /run/runit
entry=/volumes/esp/loader/entries/linux.conf
cp -a "$entry" /tmp/before
bootctl --print-boot-path
/usr/libexec/onegpu/apply host
grep '^options intel_iommu=on iommu=pt' "$entry"
/usr/libexec/onegpu/status host
/usr/libexec/onegpu/revert host
cmp "$entry" /tmp/before"#;

#[test]
#[ignore = "needs loaders, unshare, root"]
fn bootctl_says_where_the_entries_lie() {
    let layer = trixie("loaders", "t-entries");
    layer.write(
        "/volumes/esp/loader/entries/linux.conf",
        "title Linux\nlinux /vmlinuz\noptions root=UUID=1 rw\n",
    );
    layer.write("/elsewhere.sh", ELSEWHERE);
    for step in fs::read_dir(layer.path("/usr/libexec/onegpu/steps/host")).unwrap() {
        let path = step.unwrap().path();
        if !path.ends_with("20-kernel-parameters") {
            fs::remove_file(path).unwrap();
        }
    }
    let before = layer.changes(&["run", "tmp"]);
    let mut command = layer.command(&["sh", "/elsewhere.sh"]);
    command.envs([("SYSTEMD_ESP_PATH", "/volumes/esp"), ("SYSTEMD_RELAX_ESP_CHECKS", "1")]);
    let done = machine::done(&mut command).ok();
    done.says("/volumes/esp\n").says("host: kernel-parameters: applied");
    assert_eq!(difference(&before, &layer.changes(&["run", "tmp"])), "");
}
