//! Where a machine's facts are read; all paths are below its root.

/// os-release(5): the administrator's, then the vendor's.
pub const OS_RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];

/// The name of the first process; every user may read it.
pub const INIT_COMM: &str = "/proc/1/comm";
/// The first process' program; a link that only root may read.
pub const INIT_EXE: &str = "/proc/1/exe";
/// What the kernel starts first when nothing else is said.
pub const INIT_PROGRAMS: [&str; 2] = ["/sbin/init", "/usr/sbin/init"];
/// sd_booted(3) looks for this folder.
pub const SYSTEMD_RUNS: &str = "/run/systemd/system";
/// OpenRC writes its runlevel here, and links the services that it started.
pub const OPENRC_RUNS: [&str; 2] = ["/run/openrc/softlevel", "/run/openrc/started"];
/// What sysvinit and busybox start.
pub const INITTAB: &str = "/etc/inittab";
/// Runit's stages leave these: Void and Artix, then runit(8) itself.
pub const RUNIT_RUNS: [&str; 4] =
    ["/run/runit", "/run/runit.stopit", "/etc/runit/stopit", "/run/runit/stopit"];

/// EFI variables, a file each: NAME-GUID.
pub const EFI_VARIABLES: &str = "/sys/firmware/efi/efivars";
/// There when the machine was booted by UEFI.
pub const EFI: &str = "/sys/firmware/efi";
/// There in every sysfs.
pub const FIRMWARE: &str = "/sys/firmware";
/// Where the EFI system partition, or the boot partition, may be mounted.
pub const BOOT_MOUNTS: [&str; 4] = ["/boot", "/efi", "/boot/efi", "/esp"];
/// Files that a boot loader's installation leaves below one of [`BOOT_MOUNTS`].
pub const SYSTEMD_BOOT_FILES: [&str; 3] =
    ["EFI/systemd/systemd-bootx64.efi", "EFI/systemd/systemd-bootaa64.efi", "loader/loader.conf"];
/// GRUB's generated menu below one of [`BOOT_MOUNTS`].
pub const GRUB_FILES: [&str; 2] = ["grub/grub.cfg", "grub2/grub.cfg"];
/// Vendors' folders below one of [`BOOT_MOUNTS`], and GRUB's program in them.
pub const EFI_VENDORS: (&str, &str) = ("EFI", "grubx64.efi");
/// GRUB's folders below `/boot`; Fedora lets nobody but root look into its own.
pub const GRUB_FOLDERS: [&str; 2] = ["/boot/grub", "/boot/grub2"];
/// GRUB's settings.
pub const GRUB_DEFAULTS: &str = "/etc/default/grub";
/// BLS entries below one of [`BOOT_MOUNTS`]; GRUB reads them too (Fedora).
pub const BLS_ENTRIES: &str = "loader/entries";
/// Limine's menu below one of [`BOOT_MOUNTS`].
pub const LIMINE_FILES: [&str; 5] = [
    "limine.conf",
    "limine/limine.conf",
    "EFI/limine/limine.conf",
    "EFI/BOOT/limine.conf",
    "limine/limine.cfg",
];
/// The settings of limine-entry-tool.
pub const LIMINE_DEFAULTS: &str = "/etc/default/limine";
/// Our drop-in of limine-entry-tool.
pub const LIMINE_DROP_IN: &str = "/etc/limine-entry-tool.d/50-onegpu.conf";
/// Our addon for unified kernel images, below one of [`BOOT_MOUNTS`].
pub const UKI_ADDON: &str = "loader/addons/50-onegpu.addon.efi";
/// rEFInd's menu below one of [`BOOT_MOUNTS`].
pub const REFIND_FILES: [&str; 2] = ["refind_linux.conf", "EFI/refind/refind.conf"];
/// Syslinux' menu below one of [`BOOT_MOUNTS`].
pub const SYSLINUX_FILES: [&str; 4] =
    ["syslinux/syslinux.cfg", "extlinux/extlinux.conf", "extlinux.conf", "EFI/syslinux/syslinux.cfg"];
/// LILO's settings.
pub const LILO_CONFIG: &str = "/etc/lilo.conf";
/// Pop!_OS's tool, which keeps systemd-boot's entries.
pub const KERNELSTUB: &str = "/etc/kernelstub/configuration";
/// Where an image of bootc's names kernel parameters.
pub const BOOTC_KARGS: &str = "/usr/lib/bootc/kargs.d";
/// There on a machine that was booted from an ostree deployment.
pub const OSTREE_BOOTED: &str = "/run/ostree-booted";

/// The CPUs.
pub const CPUINFO: &str = "/proc/cpuinfo";
/// A folder for each CPU, `cpuN`.
pub const CPUS: &str = "/sys/devices/system/cpu";
/// The list of CPUs that are not for efficiency, where a processor of Intel's has both kinds.
pub const PERFORMANCE_CPUS: &str = "/sys/devices/cpu_core/cpus";
/// Memory.
pub const MEMINFO: &str = "/proc/meminfo";
/// A folder for each size of huge pages, `hugepages-2048kB`.
pub const HUGEPAGES: &str = "/sys/kernel/mm/hugepages";
/// What the kernel was booted with.
pub const CMDLINE: &str = "/proc/cmdline";
/// The kernel's version.
pub const KERNEL_RELEASE: &str = "/proc/sys/kernel/osrelease";

/// Signs that a sysfs is mounted at all.
pub const SYSFS: [&str; 4] = ["/sys/bus", "/sys/class", "/sys/devices", "/sys/kernel"];
/// A folder for each IOMMU group.
pub const IOMMU_GROUPS: &str = "/sys/kernel/iommu_groups";
/// A link for each IOMMU unit.
pub const IOMMU_UNITS: &str = "/sys/class/iommu";
/// A link for each PCI function.
pub const PCI_DEVICES: &str = "/sys/bus/pci/devices";
/// Names of PCI devices: hwdata's place, then Debian's, Alpine's and Gentoo's older ones.
pub const PCI_IDS: [&str; 4] = [
    "/usr/share/hwdata/pci.ids",
    "/usr/share/misc/pci.ids",
    "/var/lib/pciutils/pci.ids",
    "/usr/share/pci.ids",
];
/// A link for each USB device and each of its interfaces.
pub const USB_DEVICES: &str = "/sys/bus/usb/devices";
/// udev's lasting names of input devices.
pub const INPUT_BY_ID: &str = "/dev/input/by-id";
/// A link for each input device.
pub const INPUT_CLASS: &str = "/sys/class/input";

/// The display manager's unit, whichever it is.
pub const DISPLAY_MANAGER_UNITS: [&str; 3] = [
    "/etc/systemd/system/display-manager.service",
    "/usr/lib/systemd/system/display-manager.service",
    "/lib/systemd/system/display-manager.service",
];
/// Units that a target starts.
pub const UNIT_WANTS: [&str; 4] = [
    "/etc/systemd/system/graphical.target.wants",
    "/etc/systemd/system/multi-user.target.wants",
    "/etc/systemd/system/sockets.target.wants",
    "/etc/systemd/system/getty.target.wants",
];
/// Debian's choice of the display manager, under every init: a program's path.
pub const DEBIAN_DISPLAY_MANAGER: &str = "/etc/X11/default-display-manager";
/// openSUSE's choice.
pub const SUSE_DISPLAY_MANAGER: &str = "/etc/sysconfig/displaymanager";
/// Gentoo's choice, now and before 2021.
pub const OPENRC_DISPLAY_MANAGER: [&str; 2] = ["/etc/conf.d/display-manager", "/etc/conf.d/xdm"];
/// OpenRC's runlevels, a folder each.
pub const RUNLEVELS: &str = "/etc/runlevels";
/// Where enabled runit services are linked: Void, Artix, Debian.
pub const RUNIT_SERVICES: [&str; 6] = [
    "/var/service",
    "/run/runit/service",
    "/etc/runit/runsvdir/current",
    "/etc/runit/runsvdir/default",
    "/etc/service",
    "/service",
];

/// Accounts.
pub const PASSWD: &str = "/etc/passwd";
/// Groups.
pub const GROUP: &str = "/etc/group";
/// A file for each user whose services outlive the session.
pub const LINGER: &str = "/var/lib/systemd/linger";
/// A file for each session, of systemd-logind and of elogind.
pub const SESSIONS: &str = "/run/systemd/sessions";

/// What the firmware says of the machine.
pub const DMI: &str = "/sys/class/dmi/id";
/// Batteries and chargers.
pub const POWER_SUPPLIES: &str = "/sys/class/power_supply";
/// systemd's word for the container it runs in.
pub const CONTAINER: &str = "/run/systemd/container";
/// Marks of Docker and Podman.
pub const CONTAINER_MARKS: [(&str, &str); 2] = [("/.dockerenv", "docker"), ("/run/.containerenv", "podman")];
/// TPM chips.
pub const TPMS: &str = "/sys/class/tpm";

/// The security modules in use, separated by commas.
pub const LSMS: &str = "/sys/kernel/security/lsm";
/// SELinux' own file system.
pub const SELINUX: &str = "/sys/fs/selinux";
/// `1` when SELinux refuses, `0` when it only reports.
pub const SELINUX_ENFORCE: &str = "/sys/fs/selinux/enforce";
/// `Y` when AppArmor is on.
pub const APPARMOR_ENABLED: &str = "/sys/module/apparmor/parameters/enabled";

/// Where libraries lie.
pub const LIBRARY_DIRS: [&str; 4] =
    ["/usr/lib64", "/usr/lib/x86_64-linux-gnu", "/usr/lib", "/usr/lib/aarch64-linux-gnu"];
/// Where programs lie.
pub const PROGRAM_DIRS: [&str; 4] = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];
/// Where QEMU lies on Fedora.
pub const QEMU_KVM: &str = "/usr/libexec/qemu-kvm";
/// Libvirt's sockets.
pub const LIBVIRT_RUN: &str = "/run/libvirt";
/// Libvirt's configuration.
pub const LIBVIRT_ETC: &str = "/etc/libvirt";
/// Libvirt's hooks.
pub const HOOKS: &str = "/etc/libvirt/hooks";
/// The main hook of QEMU guests: the user's own, never ours.
pub const MAIN_HOOK: &str = "/etc/libvirt/hooks/qemu";
/// Networks that start with the daemon.
pub const NETWORK_AUTOSTART: &str = "/etc/libvirt/qemu/networks/autostart";
/// Descriptions of UEFI images for guests.
pub const GUEST_FIRMWARE: &str = "/usr/share/qemu/firmware";

/// The firmware's ACPI tables; everybody may see which there are.
pub const ACPI_TABLES: &str = "/sys/firmware/acpi/tables";
/// A folder for each module that is loaded, or built in and has parameters.
pub const MODULES: &str = "/sys/module";
/// Modules of the installed kernels, a folder for each release.
pub const KERNEL_MODULES: [&str; 2] = ["/usr/lib/modules", "/lib/modules"];
/// Platform drivers that hold the firmware's framebuffer, and their devices.
pub const FRAMEBUFFERS: [&str; 2] = [
    "/sys/bus/platform/drivers/simple-framebuffer/simple-framebuffer.0",
    "/sys/bus/platform/drivers/efi-framebuffer/efi-framebuffer.0",
];
/// The one command line for kernel-install, ukify and mkinitcpio.
pub const KERNEL_CMDLINE: [&str; 2] = ["/etc/kernel/cmdline", "/usr/lib/kernel/cmdline"];
/// Parts of a unified kernel image's command line (mkinitcpio).
pub const CMDLINE_PARTS: &str = "/etc/cmdline.d";
/// Libvirt's networks: their definitions.
pub const NETWORKS: &str = "/etc/libvirt/qemu/networks";
/// Settings of units, below one of these as `UNIT.d/*.conf`.
pub const UNIT_SETTINGS: [&str; 3] =
    ["/etc/systemd/system", "/usr/lib/systemd/system", "/usr/local/lib/systemd/system"];
/// Where NVIDIA's udev rules load the modules again.
pub const NVIDIA_RULES: [&str; 2] =
    ["/usr/lib/udev/rules.d/71-nvidia.rules", "/lib/udev/rules.d/71-nvidia.rules"];
/// logind's own folder, systemd's or elogind's.
pub const LOGIND: &str = "/run/systemd/seats";
/// Policies of SELinux' stores; a module is a folder below `active/modules/400`.
pub const SELINUX_STORE: &str = "/var/lib/selinux";
/// Where the advice of `check` saves a card's ROM.
pub const SAVED_ROM: &str = "/var/tmp/card.rom";
/// What a running machine keeps until it is switched off.
pub const RUN: &str = "/run";
