//! Void's packages in the hands of XBPS.
//!
//! Needs root (it runs scripts in a chroot), and XBPS on the PATH: Debian has no
//! package of it, its source builds with `./configure && make` on libarchive and OpenSSL.
//! Any root with a shell will do: XBPS takes it for a Void without a database.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod chroot;
mod fakes;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chroot::{Listing, Root, bounded, same, succeeded};
use fakes::{BROKEN, BUSY, START, Sample, calls, with_engine};
use onegpu::package::{SetupPackage, xbps};

/// What the packages depend on and this root has not.
const LIBVIRT: &str = "libvirt";
/// XBPS's database and its cache.
const ITS_OWN: [&str; 2] = ["/var/db", "/var/cache/xbps"];
/// Folders of Void's own packages, which a package of ours does not claim.
const FOLDERS: [&str; 4] =
    ["/etc/libvirt", "/usr/libexec", "/usr/share/licenses", "/usr/share/polkit-1/rules.d"];
const BOTH: [&str; 2] = ["onegpu-guest-win11", "onegpu-host"];

struct Void {
    folder: tempfile::TempDir,
    root: Root,
}

impl Void {
    fn new() -> Self {
        let void = Self { folder: tempfile::tempdir().unwrap(), root: Root::copy("bookworm") };
        FOLDERS.iter().for_each(|folder| fs::create_dir_all(void.root.at(folder)).unwrap());
        void.install(&[dummy(LIBVIRT)]);
        void
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.at(path)
    }

    fn xbps(&self, tool: &str) -> Command {
        let mut command = bounded(&format!("xbps-{tool}"));
        command.arg("-r").arg(self.root.path());
        command
    }

    /// Makes a repository of the packages and installs them from it, as the printed command does.
    fn installing(&self, packages: &[SetupPackage]) -> Command {
        let files: Vec<PathBuf> = packages.iter().map(|package| write(self.folder.path(), package)).collect();
        ran(bounded("xbps-rindex").args(["-f", "-a"]).args(files));
        let mut command = self.xbps("install");
        command.args(["-y", "-i", "-R"]).arg(self.folder.path());
        command.arg("-c").arg(self.folder.path().join("cache"));
        command.args(packages.iter().map(|package| &package.name));
        command
    }

    fn install(&self, packages: &[SetupPackage]) -> String {
        ran(&mut self.installing(packages))
    }

    fn removing(&self, names: &[&str]) -> Command {
        let mut command = self.xbps("remove");
        command.arg("-y").args(names);
        command
    }

    fn snapshot(&self) -> Listing {
        self.root.listing(&ITS_OWN)
    }
}

/// Runs a command that has to succeed; what it printed.
fn ran(command: &mut Command) -> String {
    succeeded(&[&format!("{command:?}")], &command.output().unwrap())
}

fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}

fn write(folder: &Path, package: &SetupPackage) -> PathBuf {
    let built = with_engine(|engine| xbps::build(engine, package)).unwrap();
    let path = folder.join(built.file_name);
    fs::write(&path, built.bytes).unwrap();
    path
}

/// A package that others depend on; it is never removed.
fn dummy(name: &str) -> SetupPackage {
    let manual = Sample { revision: 1, auto_apply: false };
    SetupPackage { name: name.into(), files: Vec::new(), ..manual.host(&[]) }
}

/// The calls so far. All packages are unpacked before the first is configured, and an upgrade
/// configures them in the order of their names.
fn in_any_order(void: &Void) -> Vec<String> {
    let mut called = calls(&void.root.path());
    called.sort();
    called
}

fn pair(sample: Sample) -> [SetupPackage; 2] {
    [sample.host(&[LIBVIRT]), sample.guest(&[])]
}

#[test]
#[ignore = "needs xbps-install, bookworm, root"]
fn what_came_in_goes_out_without_a_trace() {
    let void = Void::new();
    let before = void.snapshot();
    void.install(&pair(Sample::revision(1)));
    assert_eq!(calls(&void.root.path()), ["apply host", "apply guest win11"]);
    // XBPS holds every file and link against what we said of it.
    ran(void.xbps("pkgdb").args(BOTH));
    let about = ran(void.xbps("query").args(["-S", "onegpu-guest-win11"]));
    for line in ["pkgver: onegpu-guest-win11-0.1.0_1", "architecture: noarch", "\tonegpu-host-0.1.0_1"] {
        assert!(about.contains(line), "{about}");
    }
    assert!(about.contains("Lends the \"one\" card & <takes> it back; costs $0, `really`."), "{about}");
    let installed = void.snapshot();
    let mode = |path: &str| installed[Path::new(path)].split(' ').take(2).collect::<Vec<_>>().join(" ");
    assert_eq!(mode("/etc/default/onegpu"), "100644 0:0");
    assert_eq!(mode("/usr/bin/onegpu-hook"), "100755 0:0");
    assert_eq!(mode(START), "100755 0:0");
    assert!(installed[Path::new("/etc/libvirt/hooks/qemu.d/50-onegpu")].ends_with("-> /usr/bin/onegpu-hook"));

    ran(&mut void.removing(&BOTH));
    assert_eq!(in_any_order(&void), ["revert guest win11", "revert host"]);
    same(&before, &void.snapshot());
}

/// With the real `apply` and `revert`, in a root where nothing runs.
#[test]
#[ignore = "needs xbps-install, bookworm, root"]
fn the_example_goes_in_and_out_of_void_without_a_trace() {
    let void = Void::new();
    let packages = sample::planned("void");
    let needs = packages.iter().flat_map(|package| &package.depends);
    let dummies: Vec<SetupPackage> = needs
        .filter(|name| !["onegpu-host", LIBVIRT].contains(&name.as_str()))
        .map(|name| dummy(name))
        .collect();
    void.install(&dummies);
    let before = void.snapshot();
    for _ in ["first", "again"] {
        // Forced, XBPS takes a package out and puts it in again.
        ran(void.installing(&packages).arg("-f"));
        ran(void.xbps("pkgdb").args(BOTH));
        let status = text(&void.root.run(&["/usr/libexec/onegpu/status"]));
        assert!(status.contains("guest win11: domain: left for later"), "{status}");
    }
    ran(&mut void.removing(&BOTH));
    same(&before, &void.snapshot());
}

#[test]
#[ignore = "needs xbps-install, bookworm, root"]
fn an_upgrade_applies_reverts_nothing_and_keeps_edits() {
    let void = Void::new();
    void.install(&pair(Sample::revision(1)));
    let mine = "#!/bin/sh\n# mine\n";
    fs::write(void.path(START), mine).unwrap();
    calls(&void.root.path());

    void.install(&pair(Sample::revision(2)));
    assert_eq!(in_any_order(&void), ["apply guest win11", "apply host"]);
    assert_eq!(fs::read_to_string(void.path(START)).unwrap(), mine);
    let new = fs::read_to_string(void.path(&format!("{START}.new-0.1.0_2"))).unwrap();
    assert!(new.contains("revision 2"), "{new}");
    let status = fs::read_to_string(void.path("/usr/libexec/onegpu/status")).unwrap();
    assert!(status.contains("revision 2"), "{status}");

    ran(&mut void.removing(&BOTH));
    assert_eq!(fs::read_to_string(void.path(START)).unwrap(), mine);
    assert!(!void.path("/usr/libexec/onegpu").exists());
}

#[test]
#[ignore = "needs xbps-install, bookworm, root"]
fn the_host_stays_while_a_guest_is_installed_and_both_have_one_version() {
    let void = Void::new();
    void.install(&pair(Sample::revision(1)));
    calls(&void.root.path());
    let out = void.removing(&["onegpu-host"]).output().unwrap();
    assert!(!out.status.success() && text(&out).contains("onegpu-guest-win11"), "{}", text(&out));
    let [host, _] = pair(Sample::revision(2));
    let out = void.installing(&[host]).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
    assert_eq!(calls(&void.root.path()), Vec::<String>::new());
}

#[test]
#[ignore = "needs xbps-install, bookworm, root"]
fn nothing_is_removed_while_a_guest_has_the_card() {
    let void = Void::new();
    void.install(&pair(Sample::revision(1)));
    calls(&void.root.path());
    // The sample's revert refuses as the real one does: before it does anything.
    fs::write(void.path(BROKEN), "").unwrap();
    fs::write(void.path(BUSY), "").unwrap();
    let before = void.snapshot();
    let out = void.removing(&BOTH).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
    calls(&void.root.path());
    same(&before, &void.snapshot());
    ran(void.xbps("query").args(["-S", "onegpu-host"]));
    // An upgrade is no removal.
    void.install(&pair(Sample::revision(2)));
    assert_eq!(in_any_order(&void), ["apply guest win11", "apply host"]);

    fs::remove_file(void.path(BROKEN)).unwrap();
    ran(&mut void.removing(&BOTH));
}

#[test]
#[ignore = "needs xbps-install, bookworm, root"]
fn a_manual_setup_says_how_to_apply() {
    let void = Void::new();
    let said = void.install(&pair(Sample { revision: 1, auto_apply: false }));
    assert!(said.contains("/usr/libexec/onegpu/apply host"), "{said}");
    assert!(said.contains("/usr/libexec/onegpu/apply guest win11"), "{said}");
    assert_eq!(calls(&void.root.path()), Vec::<String>::new());
}

#[test]
#[ignore = "needs xbps-install, bookworm, root"]
fn an_apply_that_fails_leaves_the_package_to_be_configured() {
    let void = Void::new();
    let [mut host, _] = pair(Sample::revision(1));
    let apply = host.files.iter_mut().find(|file| file.path.ends_with("/apply")).unwrap();
    apply.bytes = b"#!/bin/sh\n[ -e /tmp/mended ]\n".to_vec();
    let out = void.installing(&[host]).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
    let state = ran(void.xbps("query").args(["-p", "state", "onegpu-host"]));
    assert_eq!(state, "unpacked\n");
    fs::write(void.path("/tmp/mended"), "").unwrap();
    ran(void.xbps("reconfigure").arg("onegpu-host"));
    assert_eq!(ran(void.xbps("query").args(["-p", "state", "onegpu-host"])), "installed\n");
}

#[test]
#[ignore = "needs xbps-install, bookworm, root"]
fn names_and_versions_are_told_apart() {
    let void = Void::new();
    for name in ["onegpu-guest-a-1.2-3", "onegpu-guest-1-1", "onegpu-guest-a.b+c", "onegpu-guest-9"] {
        let guest = SetupPackage { name: name.into(), ..Sample::revision(1).guest(&[]) };
        let [host, _] = pair(Sample::revision(1));
        void.install(&[host, guest]);
        let version = ran(void.xbps("query").args(["-p", "pkgver", name]));
        assert_eq!(version, format!("{name}-0.1.0_1\n"));
        ran(&mut void.removing(&[name, "onegpu-host"]));
    }
    let newer = |a: &str, b: &str| {
        let out = bounded("xbps-uhelper").args(["cmpver", a, b]).output().unwrap();
        assert_eq!(out.status.code(), Some(1), "{a} is newer than {b}");
    };
    newer("0.2.0_1", "0.2.0rc.1_1");
    newer("0.1.0_2", "0.1.0_1");
}
