//! Packages go into a system that has nothing of what the steps need yet: an image that is being
//! built, an installer's chroot, a machine without systemd, libvirt or boot loader.

use super::setups::Variant;
use super::{ALL, Family, applied, difference};

/// What is not there at first.
const MISSING: &[&str] = &[
    "/boot/grub",
    "/boot/loader",
    "/etc/default/grub",
    "/etc/kernel",
    "/etc/init.d/libvirtd",
    "/etc/init.d/virtlogd",
    "/etc/libvirt/qemu",
    "/etc/runit",
    "/etc/runlevels",
    "/etc/sv",
    "/etc/systemd/system",
    "/root/card.rom",
    "/usr/bin/qemu-img",
    "/usr/bin/systemctl",
    "/usr/bin/virsh",
    "/usr/lib/systemd/system",
    "/usr/local/sbin/grubby",
    "/usr/local/sbin/qemu-img",
    "/usr/sbin/grub-mkconfig",
    "/usr/sbin/update-grub",
    "/var/lib/libvirt",
    "/var/lib/systemd",
];

/// They go in, say what was left for later, and go out again; in once more, the system is
/// completed, a later `apply` does what was left, and nothing of it all stays.
pub fn what_is_left_for_later_is_done_later<F: Family>() {
    let family = F::new();
    let layer = family.layer();
    let whole = family.changes();
    let there: Vec<&str> = MISSING.iter().copied().filter(|path| layer.path(path).exists()).collect();
    let moved = |script: &str| {
        for (at, path) in there.iter().enumerate() {
            let out =
                layer.command(&["sh", "-c", script, "sh", path, &format!("/away/{at}")]).output().unwrap();
            assert!(out.status.success(), "{path}: {out:?}");
        }
    };
    moved("mkdir -p /away && mv \"$1\" \"$2\"");
    let bare = family.changes();

    let packages = Variant::First.packages(F::DISTRO, ALL);
    let names = Variant::First.names(F::DISTRO, ALL);
    let said = family.ok(family.install(&packages));
    for step in [
        "host: libvirt-service",
        "host: rom",
        "host: default-network",
        "guest one: disk",
        "guest one: linger",
        "guest two: domain",
    ] {
        assert!(said.contains(&format!("{step}: left for later: ")), "{}: {step}:\n{said}", F::DISTRO);
    }
    assert!(family.status().contains("host: libvirt-service: left for later: "), "{}", family.status());
    family.ok(family.remove(&names));
    assert_eq!(difference(&bare, &family.changes()), "", "{}: bare", F::DISTRO);

    family.ok(family.install(&packages));
    moved("mv \"$2\" \"$1\"");
    let out = layer.command(&["rmdir", "/away"]).output().unwrap();
    assert!(out.status.success(), "{out:?}");
    let apply = ["/usr/libexec", "/usr/lib"].map(|folder| format!("{folder}/onegpu/apply"));
    let apply = apply.iter().find(|path| layer.path(path).exists()).unwrap();
    family.ok(layer.command(&[apply]));
    applied(&family.status(), "completed", ALL);
    super::in_force(&family, "completed", Variant::First);
    family.ok(family.remove(&names));
    assert_eq!(difference(&whole, &family.changes()), "", "{}: completed", F::DISTRO);
}
