//! The steps with OpenRC's own rc-update, and with gpasswd.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod layer;
#[path = "steps/machine.rs"]
mod machine;

use std::path::Path;
use std::process::Command;

use layer::{Layer, difference};
use machine::Machine;

const INSIDE: &str = r#"set -e
apply=/usr/libexec/onegpu/apply status=/usr/libexec/onegpu/status revert=/usr/libexec/onegpu/revert
$apply host
rc-update show default
$status host
$apply host
# Added by the user before: it stays.
$revert host
rc-update add libvirtd default
$apply host
$revert host
rc-update show default | grep libvirtd
rc-update del libvirtd default
# Taken out by the user: named, and put in again.
$apply host
rc-update del libvirtd default
! $status host
$apply host
$revert host"#;

#[test]
#[ignore = "needs openrc, unshare, root"]
fn services_and_groups_come_and_go_with_the_real_tools() {
    let m = Machine::new("t-block", "");
    m.write("etc/gshadow", "root:*::\nlibvirt:!::\n");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(m.root.join("etc/init.d/libvirtd"), executable).unwrap();
    // The root's programs, and the machine's files.
    let roots = std::env::var_os("ONEGPU_TEST_ROOTS").unwrap();
    let layer = Layer::new(&Path::new(&roots).join("openrc"), |_| (), "");
    machine::done(Command::new("cp").arg("-a").arg(m.root.join(".")).arg(layer.root())).ok();
    layer.write("/inside.sh", INSIDE);
    let before = layer.changes(&[]);
    let done = machine::done(&mut layer.command(&["sh", "/inside.sh"]))
        .ok()
        .says("libvirtd | default")
        .says("host: libvirt-service: applied")
        .says("host: libvirt-group: applied")
        .says("drifted: libvirtd is no longer in the runlevel default (something in /etc/runlevels/default came or went on 20");
    assert!(!done.err.contains("failed"), "{done:#?}");
    assert_eq!(difference(&before, &layer.changes(&[])), "");
}
