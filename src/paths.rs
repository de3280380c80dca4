//! Every path of a machine that onegpu knows by name. No other Rust file of
//! this crate spells one out.

pub mod installed;
pub mod machine;

/// Libvirt's own drop-in directory for QEMU hooks (since libvirt 6.5.0).
pub const HOOK_DIR: &str = "/etc/libvirt/hooks/qemu.d";
/// The same for what libvirt runs when it starts.
pub const DAEMON_HOOK_DIR: &str = "/etc/libvirt/hooks/daemon.d";
/// What runit runs in a service's folder.
pub const RUN_SCRIPT: &str = "run";
/// The dispatcher's name in [`HOOK_DIR`]; it answers to no other name.
pub const HOOK_LINK: &str = "50-onegpu";
/// The dispatcher. AppArmor lets libvirtd's hooks run programs of `/usr/bin`
/// unconfined, and nothing below `/usr/libexec` (facts D.10).
pub const HOOK_PROGRAM: &str = "/usr/bin/onegpu-hook";
/// A folder for each guest: what the user wants to run before the handover and after the return.
pub const OWN_HOOKS: &str = "/etc/onegpu/guests";
/// Debian's drop-in directory of `/etc/default/grub`.
pub const GRUB_DROP_IN: &str = "/etc/default/grub.d/50-onegpu.cfg";
/// Rules of packages for polkit.
pub const POLKIT_RULE: &str = "/usr/share/polkit-1/rules.d/50-onegpu.rules";
/// What libvirt's AppArmor profile of every guest includes (Debian's libvirt 9.6 and later, facts F.7).
pub const APPARMOR_DIR: &str = "/etc/apparmor.d/abstractions/libvirt-qemu.d";
/// Hooks of packages for pacman (alpm-hooks(5)).
pub const ALPM_HOOK_DIR: &str = "/usr/share/libalpm/hooks";
/// What apk runs before and after each transaction (run_commit_hooks of its src/commit.c).
pub const APK_COMMIT_HOOK: &str = "/etc/apk/commit_hooks.d/onegpu-host";
/// What `apply` did, so that `revert` can undo exactly that.
pub const STATE_DIR: &str = "/var/lib/onegpu";
/// Where handovers and returns are logged, `NAME.log` for each guest; the one before it is `NAME.log.1`.
pub const LOG_DIR: &str = "/var/log/onegpu";
/// Where libvirt has QEMU's messages, `NAME.log` for each guest.
pub const LIBVIRT_LOG_DIR: &str = "/var/log/libvirt/qemu";
/// Where a vBIOS may lie so that AppArmor lets QEMU read it (facts F.6).
pub const ROM_DIR: &str = "/usr/share/vgabios";
/// Where libvirt keeps disks unless told otherwise.
pub const IMAGE_DIR: &str = "/var/lib/libvirt/images";
/// Where libvirt keeps a guest's UEFI variables.
pub const NVRAM_DIR: &str = "/var/lib/libvirt/qemu/nvram";
/// Where libvirt keeps a guest's TPM.
pub const TPM_DIR: &str = "/var/lib/libvirt/swtpm";
/// Where block devices are: a disk below it is no image file.
pub const DEVICE_DIR: &str = "/dev/";
/// Overrides of distro files and templates: the machine's own, then the vendor's.
pub const DATA_DIRS: [&str; 2] = ["/etc/onegpu", "/usr/share/onegpu"];
/// The machine's configuration: what the user may edit lies here.
pub const CONFIG_DIR: &str = "/etc";
/// Where dnf looks for a file that a package depends on before it reads the long list: below the
/// first, in a folder for programs, or the last itself (createrepo_c, `cr_is_primary`).
pub const DEPENDED_ON: [&str; 3] = ["/etc/", "bin/", "/usr/lib/sendmail"];
/// Programs on the PATH.
pub const BIN_DIR: &str = "/usr/bin";
/// Manual pages of section 8, for administrators.
pub const MAN_DIR: &str = "/usr/share/man/man8";
/// Packages' own documents.
pub const DOC_DIR: &str = "/usr/share/doc";
/// What a package has to say to Debian's lintian.
pub const LINTIAN_DIR: &str = "/usr/share/lintian/overrides";
/// Licence texts, where they are not among the documents.
pub const LICENSE_DIR: &str = "/usr/share/licenses";
/// Folders that the distro's own packages (`filesystem`, libvirt, polkit, GRUB)
/// own: where folders have owners, ours own all others.
pub const SHARED_DIRS: [&str; 17] = [
    "/etc",
    "/etc/default",
    "/etc/default/grub.d",
    "/etc/libvirt",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/libexec",
    "/usr/share",
    "/usr/share/doc",
    "/usr/share/licenses",
    "/usr/share/man",
    "/usr/share/man/man8",
    "/usr/share/polkit-1",
    "/usr/share/polkit-1/rules.d",
    "/var",
    "/var/lib",
];
