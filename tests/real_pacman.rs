//! The Arch packages in the hands of pacman, makepkg's own readers and bsdtar.
//!
//! Needs root (pacman runs scriptlets in a chroot) and, on the Debian family:
//!
//!     apt-get install pacman-package-manager libarchive-tools shellcheck
//!     mmdebstrap --variant=minbase bookworm "$ONEGPU_TEST_ROOTS/bookworm"
//!
//! Any root with a bash will do: pacman takes it for an Arch that has nothing of
//! its own database yet. namcap is not among the checks: neither the Debian
//! family nor PyPI has it.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod chroot;
mod fakes;
mod sample;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chroot::{Listing, Root, same};
use fakes::{BROKEN, BUSY, START, Sample, calls, file, with_engine};
use onegpu::package::{SetupPackage, pacman};
use onegpu::plan::Kind;

/// What the packages depend on and this root has not.
const LIBVIRT: &str = "libvirt";

/// What pacman itself leaves: its database and log, and the cache of the dynamic
/// linker, which it makes again after each transaction.
const PACMANS_OWN: [&str; 5] = [
    "/etc/ld.so.cache",
    "/var/cache/ldconfig",
    "/var/cache/pacman",
    "/var/lib/pacman",
    "/var/log/pacman.log",
];

/// A root of pacman's own, thrown away at the end.
struct Arch {
    folder: tempfile::TempDir,
    root: Root,
}

impl Arch {
    fn new() -> Self {
        let (folder, root) = (tempfile::tempdir().unwrap(), Root::copy("bookworm"));
        fs::create_dir_all(root.at("/var/lib/pacman")).unwrap();
        let conf = "[options]\nArchitecture = auto\nSigLevel = Never\nLocalFileSigLevel = Never\n";
        fs::write(folder.path().join("pacman.conf"), conf).unwrap();
        Self { folder, root }
    }

    fn root(&self) -> PathBuf {
        self.root.path()
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.at(path)
    }

    fn pacman(&self) -> Command {
        let mut command = Command::new("timeout");
        command.args(["120", "pacman", "--noconfirm", "--root"]).arg(self.root());
        command.arg("--config").arg(self.folder.path().join("pacman.conf"));
        command.arg("--cachedir").arg(self.folder.path().join("cache"));
        command.env("LC_ALL", "C");
        command
    }

    /// Writes the packages beside the root and installs them in one transaction.
    fn install(&self, packages: &[SetupPackage]) -> Output {
        let files = packages.iter().map(|package| write(self.folder.path(), package));
        let mut command = self.pacman();
        command.args(["-U", "--assume-installed", LIBVIRT]).args(files);
        ran(&mut command)
    }

    fn snapshot(&self) -> Listing {
        self.root.listing(&PACMANS_OWN)
    }
}

/// Runs a command that has to succeed.
fn ran(command: &mut Command) -> Output {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(out.status.success(), "{command:?}: {}", text(&out));
    out
}

fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn write(folder: &Path, package: &SetupPackage) -> PathBuf {
    let built = with_engine(|engine| pacman::build(engine, package)).unwrap();
    let path = folder.join(built.file_name);
    fs::write(&path, built.bytes).unwrap();
    path
}

/// Both packages, with the hook that the plan gives every pacman package.
fn pair(sample: Sample) -> [SetupPackage; 2] {
    let mut host = sample.host(&[LIBVIRT]);
    let mut guest = sample.guest(&[]);
    for (package, name) in [(&mut host, "onegpu-host"), (&mut guest, "onegpu-guest-win11")] {
        let who = package
            .guest
            .as_ref()
            .map(|guest| BTreeMap::from([("name", guest.clone()), ("package", package.name.clone())]));
        let extra = [("guest", tera::Value::from_serializable(&who))];
        let hook = with_engine(|engine| engine.render("package/pacman/removal.hook", &extra)).unwrap();
        let path = format!("{}/50-{name}.hook", onegpu::paths::ALPM_HOOK_DIR);
        package.files.push(file(&path, Kind::Plain, &hook));
        package.files.sort_by(|a, b| a.path.cmp(&b.path));
    }
    [host, guest]
}

const BOTH: [&str; 2] = ["onegpu-guest-win11", "onegpu-host"];

#[test]
#[ignore = "needs pacman, root"]
fn what_came_in_goes_out_without_a_trace() {
    let arch = Arch::new();
    let before = arch.snapshot();

    arch.install(&pair(Sample::revision(1)));
    assert_eq!(calls(&arch.root()), ["apply host", "apply guest win11"]);
    let check = text(&ran(arch.pacman().arg("-Qkk").args(BOTH)));
    assert_eq!(check.matches(", 0 altered files").count(), 2, "{check}");
    let installed = arch.snapshot();
    let about = |path: &str| installed[Path::new(path)].split(' ').take(2).collect::<Vec<_>>().join(" ");
    assert_eq!(about("/etc/default/onegpu"), "100644 0:0");
    assert_eq!(about("/usr/bin/onegpu-hook"), "100755 0:0");
    assert_eq!(about("/usr/share/onegpu/guests/win11"), "40755 0:0");
    assert_eq!(about(START), "100755 0:0");
    assert!(installed[Path::new("/etc/libvirt/hooks/qemu.d/50-onegpu")].ends_with("-> /usr/bin/onegpu-hook"));

    ran(arch.pacman().arg("-Rn").args(BOTH));
    assert_eq!(calls(&arch.root()), ["revert guest win11", "revert host"]);
    same(&before, &arch.snapshot());
}

/// With the real `apply` and `revert`, in a root where nothing runs.
#[test]
#[ignore = "needs pacman, root"]
fn the_example_goes_in_and_out_of_arch_without_a_trace() {
    let arch = Arch::new();
    let before = arch.snapshot();
    let packages = sample::planned("arch");
    let mut install = arch.pacman();
    install.arg("-U");
    for name in packages.iter().flat_map(|package| &package.depends).filter(|name| *name != "onegpu-host") {
        install.args(["--assume-installed", name]);
    }
    install.args(packages.iter().map(|package| write(arch.folder.path(), package)));
    for _ in ["first", "again"] {
        ran(&mut install);
        let check = text(&ran(arch.pacman().arg("-Qkk").args(BOTH)));
        assert_eq!(check.matches(", 0 altered files").count(), 2, "{check}");
        let status = Command::new("chroot").arg(arch.root()).arg("/usr/lib/onegpu/status").output().unwrap();
        assert!(text(&status).contains("guest win11: domain: left for later"), "{}", text(&status));
    }
    ran(arch.pacman().arg("-Rn").args(BOTH));
    same(&before, &arch.snapshot());
}

#[test]
#[ignore = "needs pacman, root"]
fn an_upgrade_applies_reverts_nothing_and_keeps_edits() {
    let arch = Arch::new();
    arch.install(&pair(Sample::revision(1)));
    let mine = "#!/bin/sh\n# mine\n";
    fs::write(arch.path(START), mine).unwrap();
    calls(&arch.root());

    arch.install(&pair(Sample::revision(2)));
    assert_eq!(calls(&arch.root()), ["apply host", "apply guest win11"]);
    assert_eq!(fs::read_to_string(arch.path(START)).unwrap(), mine);
    let new = fs::read_to_string(arch.path(&format!("{START}.pacnew"))).unwrap();
    assert!(new.contains("revision 2"), "{new}");
    let query = text(&ran(arch.pacman().arg("-Q").args(BOTH)));
    assert_eq!(query, "onegpu-guest-win11 0.1.0-2\nonegpu-host 0.1.0-2\n");

    // The plain -R keeps an edit aside.
    ran(arch.pacman().arg("-R").args(BOTH));
    assert!(arch.path(&format!("{START}.pacsave")).exists());
    assert!(!arch.path("/usr/libexec/onegpu").exists());
}

#[test]
#[ignore = "needs pacman, root"]
fn the_host_stays_while_a_guest_is_installed() {
    let arch = Arch::new();
    arch.install(&pair(Sample::revision(1)));
    calls(&arch.root());
    let out = arch.pacman().args(["-R", "onegpu-host"]).output().unwrap();
    assert!(!out.status.success());
    assert!(text(&out).contains("breaks dependency 'onegpu-host=0.1.0-1'"), "{}", text(&out));
    assert_eq!(calls(&arch.root()), Vec::<String>::new());
}

#[test]
#[ignore = "needs pacman, root"]
fn nothing_is_removed_while_a_guest_has_the_card() {
    let arch = Arch::new();
    arch.install(&pair(Sample::revision(1)));
    calls(&arch.root());
    fs::write(arch.path(BUSY), "").unwrap();
    let before = arch.snapshot();

    let out = arch.pacman().arg("-Rn").args(BOTH).output().unwrap();
    assert!(!out.status.success());
    assert!(text(&out).contains("a guest has the card"), "{}", text(&out));
    assert_eq!(calls(&arch.root()), Vec::<String>::new());
    same(&before, &arch.snapshot());
    ran(arch.pacman().arg("-Q").args(BOTH));

    // An upgrade is no removal.
    arch.install(&pair(Sample::revision(2)));
    assert_eq!(calls(&arch.root()), ["apply host", "apply guest win11"]);

    fs::remove_file(arch.path(BUSY)).unwrap();
    ran(arch.pacman().arg("-Rn").args(BOTH));
    assert_eq!(calls(&arch.root()), ["revert guest win11", "revert host"]);
}

#[test]
#[ignore = "needs pacman, root"]
fn the_host_may_go_first() {
    let arch = Arch::new();
    arch.install(&pair(Sample::revision(1)));
    calls(&arch.root());
    ran(arch.pacman().args(["-Rdd", "onegpu-host"]));
    // The host's revert takes back every guest (the fake does not).
    let out = ran(arch.pacman().args(["-R", "onegpu-guest-win11"]));
    assert_eq!(calls(&arch.root()), ["revert host"]);
    assert!(!text(&out).contains("No such file"), "{}", text(&out));
}

/// Why there is a hook: should this fail one day, the hook is no longer needed.
#[test]
#[ignore = "needs pacman, root"]
fn pacman_ignores_what_pre_remove_returns() {
    let arch = Arch::new();
    arch.install(&pair(Sample::revision(1)));
    fs::write(arch.path(BROKEN), "").unwrap();
    let out = ran(arch.pacman().arg("-Rn").args(BOTH));
    assert!(text(&out).contains("command failed to execute correctly"), "{}", text(&out));
    assert!(!arch.path("/usr/libexec/onegpu/revert").exists());
}

#[test]
#[ignore = "needs pacman, root"]
fn a_manual_setup_says_how_to_apply() {
    let arch = Arch::new();
    let sample = Sample { revision: 1, auto_apply: false };
    let out = text(&arch.install(&pair(sample)));
    assert!(out.contains("As root: /usr/libexec/onegpu/apply host"), "{out}");
    assert!(out.contains("As root: /usr/libexec/onegpu/apply guest win11"), "{out}");
    assert_eq!(calls(&arch.root()), Vec::<String>::new());
    ran(arch.pacman().arg("-Rn").args(BOTH));
    assert_eq!(calls(&arch.root()), ["revert guest win11", "revert host"]);
}

#[test]
#[ignore = "needs bsdtar"]
fn the_archive_lists_as_makepkg_orders_it() {
    let folder = tempfile::tempdir().unwrap();
    let [host, _] = pair(Sample::revision(1));
    let path = write(folder.path(), &host);
    assert_eq!(path.file_name().and_then(OsStr::to_str), Some("onegpu-host-0.1.0-1-any.pkg.tar.zst"));
    let list = text(&ran(Command::new("bsdtar").arg("-tf").arg(&path)));
    let names: Vec<&str> = list.lines().collect();
    assert_eq!(names[..6], [".BUILDINFO", ".INSTALL", ".MTREE", ".PKGINFO", "etc/", "etc/default/"]);
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(names, sorted);
    let long = text(&ran(Command::new("bsdtar").arg("-tvf").arg(&path).env("TZ", "UTC")));
    assert!(long.lines().all(|line| line.contains(" 0 root   root ") && line.contains("2023")), "{long}");
}

#[test]
#[ignore = "needs shellcheck"]
fn the_scriptlets_are_plain_sh() {
    let folder = tempfile::tempdir().unwrap();
    for auto_apply in [true, false] {
        for package in pair(Sample { revision: 1, auto_apply }) {
            let path = write(folder.path(), &package);
            ran(Command::new("bsdtar").arg("-xf").arg(&path).arg("-C").arg(folder.path()).arg(".INSTALL"));
            ran(Command::new("shellcheck").args(["-s", "sh"]).arg(folder.path().join(".INSTALL")));
        }
    }
}
