//! Where package managers and libvirt keep what they know of our files; all
//! paths are below a machine's root.

/// dpkg's lists of each package's files: `NAME.list`, `NAME.md5sums`.
pub const DPKG_INFO: &str = "/var/lib/dpkg/info";
/// dpkg's own record; only here are the sums of configuration files.
pub const DPKG_STATUS: &str = "/var/lib/dpkg/status";
/// rpm's database: in Fedora since 36, and before.
pub const RPM_DATABASES: [&str; 2] = ["/usr/lib/sysimage/rpm/rpmdb.sqlite", "/var/lib/rpm/rpmdb.sqlite"];
/// pacman's record: a folder for each package, `NAME-VERSION-RELEASE`.
pub const PACMAN_LOCAL: &str = "/var/lib/pacman/local";
/// Portage's record of the category that our ebuilds are in, `NAME-VERSION`.
pub const PORTAGE_CATEGORY: &str = "/var/db/pkg/app-emulation";
/// libvirt's own copy of each domain, `NAME.xml`.
pub const DOMAINS: &str = "/etc/libvirt/qemu";
/// Where administrators' units and their links lie.
pub const SYSTEMD_UNITS: &str = "/etc/systemd/system";
/// Where units lie, the administrator's first.
pub const UNIT_FOLDERS: [&str; 3] = [SYSTEMD_UNITS, "/usr/lib/systemd/system", "/lib/systemd/system"];
/// Init scripts of OpenRC.
pub const INIT_SCRIPTS: &str = "/etc/init.d";
/// Which policy of SELinux the machine has.
pub const SELINUX_CONFIG: &str = "/etc/selinux/config";
/// Where the modules of each policy are.
pub const SELINUX_STORE: &str = "/var/lib/selinux";
/// What git calls the side of a diff that has no file.
pub const NOTHING: &str = "/dev/null";
