//! What the user has changed in the meantime stays, and is named.

use std::fs;

use super::setups::Variant;
use super::{Changes, Family, applied, difference};

const START: &str = "/etc/libvirt/hooks/qemu.d/one/prepare/begin/start.sh";
const DISK: &str = "/var/lib/libvirt/images/one.qcow2";
const GRUB: &str = "/etc/default/grub";
const PARTS: &[&str] = &["host", "one", "two"];

/// In, edited, up, edited, out as users remove who keep their configuration.
pub fn edits_are_kept<F: Family>() {
    let family = F::new();
    let layer = family.layer();
    let before = family.changes();
    family.ok(family.install(&Variant::First.packages(F::DISTRO, PARTS)));
    layer.write(START, "#!/bin/sh\n# mine\n");
    layer.write(DISK, "an installed system\n");
    let grub = layer.read(GRUB).unwrap() + "\nMINE=1\n";
    layer.write(GRUB, &grub);

    let said = family.ok(family.install(&Variant::Profile.packages(F::DISTRO, PARTS)));
    assert_eq!(layer.read(START).unwrap(), "#!/bin/sh\n# mine\n", "{said}");
    assert_eq!(layer.read(DISK).unwrap(), "an installed system\n", "{said}");
    assert!(layer.read(GRUB).unwrap().contains("\nMINE=1\n"));
    applied(&family.status(), "edited", PARTS);

    let names = Variant::Profile.names(F::DISTRO, PARTS);
    let said = family.ok(family.remove_keeping(&names));
    assert!(said.contains("one.qcow2 has been written to, so it stays"), "{said}");
    assert_eq!(layer.read(&F::kept(START)).as_deref(), Some("#!/bin/sh\n# mine\n"), "{said}");
    assert_eq!(layer.read(DISK).unwrap(), "an installed system\n");
    let left = layer.read(GRUB).unwrap();
    assert!(left.ends_with("\nMINE=1\n") && !left.contains("iommu") && !left.contains("onegpu"), "{left}");

    // Nothing else is left, once those who ask for it have it swept.
    family.run(family.remove(&names));
    for path in [START.to_owned(), F::kept(START), DISK.to_owned()] {
        let _ = fs::remove_file(layer.path(&path));
    }
    for beside in ["start.sh.rpmnew", "start.sh.pacnew", "._cfg0000_start.sh"] {
        let _ = fs::remove_file(layer.path(START).with_file_name(beside));
    }
    for folder in ["prepare/begin", "prepare"] {
        let _ = fs::remove_dir(layer.path(&format!("/etc/libvirt/hooks/qemu.d/one/{folder}")));
    }
    // Where a program wrote around an edit, the bytes are as before, and the time is not.
    let timeless = |changes: Changes| {
        let without = |about: String| about.split(" of ").next().unwrap().to_owned();
        changes.into_iter().map(|(path, about)| (path, without(about))).collect::<Changes>()
    };
    let differ = difference(&timeless(before), &timeless(family.changes()));
    let other: Vec<&str> = differ.lines().filter(|line| !line.starts_with("etc/default/grub:")).collect();
    assert!(other.is_empty(), "{}: {other:#?}", F::DISTRO);
}
