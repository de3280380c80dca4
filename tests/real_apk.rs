//! Alpine's packages in the hands of apk.
//!
//! Needs root (it runs scripts in a chroot), and apk on the PATH: Debian has no
//! package of it, its source builds with meson on zlib, zstd and OpenSSL. Any root
//! with a shell will do: apk takes it for an Alpine without a database.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod chroot;
mod fakes;
mod sample;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use chroot::{Listing, Root, bounded, same, succeeded};
use fakes::{BROKEN, BUSY, START, Sample, calls, file, with_engine};
use onegpu::package::{SetupPackage, apk};
use onegpu::plan::Kind;

/// What the packages depend on and this root has not.
const LIBVIRT: &str = "libvirt-daemon";
/// What apk keeps for itself: its world, its database, its cache and its diary.
const ITS_OWN: [&str; 7] = [
    "/etc/apk/arch",
    "/etc/apk/world",
    "/lib/apk",
    "/usr/lib/apk",
    "/var/cache/apk",
    "/var/lib/apk",
    "/var/log/apk.log",
];
const BOTH: [&str; 2] = ["onegpu-guest-win11", "onegpu-host"];

struct Alpine {
    folder: tempfile::TempDir,
    root: Root,
}

impl Alpine {
    fn new() -> Self {
        let alpine = Self { folder: tempfile::tempdir().unwrap(), root: Root::copy("bookworm") };
        ran(alpine.apk().args(["add", "--initdb"]));
        alpine.install(&[base(), dummy(LIBVIRT)]);
        alpine
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.at(path)
    }

    fn apk(&self) -> Command {
        let mut command = bounded("apk");
        command.arg("--root").arg(self.root.path());
        command.args(["--no-network", "--no-progress", "--repositories-file", "/dev/null"]);
        command
    }

    fn installing(&self, packages: &[SetupPackage]) -> Command {
        let files = packages.iter().map(|package| write(self.folder.path(), package));
        let mut command = self.apk();
        command.args(["add", "--allow-untrusted"]).args(files);
        command
    }

    fn install(&self, packages: &[SetupPackage]) -> String {
        ran(&mut self.installing(packages))
    }

    fn removing(&self, words: &[&str]) -> Command {
        let mut command = self.apk();
        command.arg("del").args(words);
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
    let built = with_engine(|engine| apk::build(engine, package)).unwrap();
    let path = folder.join(built.file_name);
    fs::write(&path, built.bytes).unwrap();
    path
}

/// A package that others depend on; it is never removed.
fn dummy(name: &str) -> SetupPackage {
    let manual = Sample { revision: 1, auto_apply: false };
    SetupPackage { name: name.into(), files: Vec::new(), ..manual.host(&[]) }
}

/// Something in each folder that Alpine's own packages have: apk removes a folder
/// with the last package that has it.
fn base() -> SetupPackage {
    let folders = ["/etc/apk/commit_hooks.d", "/etc/default", "/etc/libvirt", "/usr/bin", "/usr/libexec"];
    let more = ["/usr/share/polkit-1/rules.d", "/var/lib"];
    let files = folders.iter().chain(&more).map(|folder| file(&format!("{folder}/.base"), Kind::Plain, ""));
    SetupPackage { files: files.collect(), ..dummy("base") }
}

/// Both packages, with the hook that the plan gives the host's.
fn pair(sample: Sample) -> [SetupPackage; 2] {
    let mut host = sample.host(&[LIBVIRT]);
    let hook = with_engine(|engine| engine.render("package/apk/removal.hook", &[])).unwrap();
    host.files.push(file(onegpu::paths::APK_COMMIT_HOOK, Kind::Executable, &hook));
    [host, sample.guest(&[])]
}

#[test]
#[ignore = "needs apk, bookworm, root"]
fn what_came_in_goes_out_without_a_trace() {
    let alpine = Alpine::new();
    let before = alpine.snapshot();
    alpine.install(&pair(Sample::revision(1)));
    assert_eq!(calls(&alpine.root.path()), ["apply host", "apply guest win11"]);
    // Nothing that apk would call changed: modes, owners and sums are as it was told.
    let audit = ran(alpine.apk().args(["audit", "--system", "--check-permissions"]));
    assert!(!audit.contains("onegpu"), "{audit}");
    let about = ran(alpine.apk().args(["info", "-a", "onegpu-guest-win11"]));
    assert!(about.contains("onegpu-host=0.1.0-r1"), "{about}");
    let installed = alpine.snapshot();
    let mode = |path: &str| installed[Path::new(path)].split(' ').take(2).collect::<Vec<_>>().join(" ");
    assert_eq!(mode("/etc/default/onegpu"), "100644 0:0");
    assert_eq!(mode("/usr/bin/onegpu-hook"), "100755 0:0");
    assert_eq!(mode("/usr/share/onegpu/guests/win11"), "40755 0:0");
    assert_eq!(mode(START), "100755 0:0");
    assert!(installed[Path::new("/etc/libvirt/hooks/qemu.d/50-onegpu")].ends_with("-> /usr/bin/onegpu-hook"));

    ran(&mut alpine.removing(&[&["--purge"][..], &BOTH].concat()));
    assert_eq!(calls(&alpine.root.path()), ["revert guest win11", "revert host"]);
    same(&before, &alpine.snapshot());
}

/// With the real `apply` and `revert`, in a root where nothing runs.
#[test]
#[ignore = "needs apk, bookworm, root"]
fn the_example_goes_in_and_out_of_alpine_without_a_trace() {
    let alpine = Alpine::new();
    let packages = sample::planned("alpine");
    let needs = packages.iter().flat_map(|package| &package.depends);
    let dummies: Vec<SetupPackage> = needs
        .filter(|name| !["onegpu-host", LIBVIRT].contains(&name.as_str()))
        .map(|name| dummy(name))
        .collect();
    alpine.install(&dummies);
    let before = alpine.snapshot();
    for _ in ["first", "again"] {
        alpine.install(&packages);
        let status = text(&alpine.root.run(&["/usr/libexec/onegpu/status"]));
        assert!(status.contains("guest win11: domain: left for later"), "{status}");
    }
    ran(&mut alpine.removing(&[&["--purge"][..], &BOTH].concat()));
    same(&before, &alpine.snapshot());
}

#[test]
#[ignore = "needs apk, bookworm, root"]
fn an_upgrade_applies_reverts_nothing_and_keeps_edits() {
    let alpine = Alpine::new();
    alpine.install(&pair(Sample::revision(1)));
    let mine = "#!/bin/sh\n# mine\n";
    fs::write(alpine.path(START), mine).unwrap();
    calls(&alpine.root.path());

    alpine.install(&pair(Sample::revision(2)));
    assert_eq!(calls(&alpine.root.path()), ["apply host", "apply guest win11"]);
    assert_eq!(fs::read_to_string(alpine.path(START)).unwrap(), mine);
    let new = fs::read_to_string(alpine.path(&format!("{START}.apk-new"))).unwrap();
    assert!(new.contains("revision 2"), "{new}");
    let status = fs::read_to_string(alpine.path("/usr/libexec/onegpu/status")).unwrap();
    assert!(status.contains("revision 2"), "{status}");

    // Without --purge an edit stays.
    ran(&mut alpine.removing(&BOTH));
    assert_eq!(fs::read_to_string(alpine.path(START)).unwrap(), mine);
    assert!(!alpine.path("/usr/libexec/onegpu").exists());
}

#[test]
#[ignore = "needs apk, bookworm, root"]
fn nothing_is_removed_while_a_guest_has_the_card() {
    let alpine = Alpine::new();
    alpine.install(&pair(Sample::revision(1)));
    calls(&alpine.root.path());
    fs::write(alpine.path(BUSY), "").unwrap();
    let before = alpine.snapshot();
    let out = alpine.removing(&[&["--purge"][..], &BOTH].concat()).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
    assert!(text(&out).contains("a guest has the card"), "{}", text(&out));
    assert_eq!(calls(&alpine.root.path()), Vec::<String>::new());
    same(&before, &alpine.snapshot());
    // An upgrade is no removal, nor is a package of somebody else's.
    alpine.install(&pair(Sample::revision(2)));
    assert_eq!(calls(&alpine.root.path()), ["apply host", "apply guest win11"]);
    alpine.install(&[dummy("other")]);

    fs::remove_file(alpine.path(BUSY)).unwrap();
    ran(&mut alpine.removing(&[&["--purge"][..], &BOTH].concat()));
    assert_eq!(calls(&alpine.root.path()), ["revert guest win11", "revert host"]);
}

/// Why there is a commit hook: should this fail one day, it is no longer needed.
#[test]
#[ignore = "needs apk, bookworm, root"]
fn apk_ignores_what_pre_deinstall_returns() {
    let alpine = Alpine::new();
    alpine.install(&pair(Sample::revision(1)));
    fs::write(alpine.path(BROKEN), "").unwrap();
    let _ = alpine.removing(&BOTH).output().unwrap();
    assert!(!alpine.path("/usr/libexec/onegpu/revert").exists());
}

#[test]
#[ignore = "needs apk, bookworm, root"]
fn a_guest_needs_the_host_of_its_version() {
    let alpine = Alpine::new();
    let [host, guest] = pair(Sample::revision(1));
    let out = alpine.installing(std::slice::from_ref(&guest)).output().unwrap();
    assert!(!out.status.success() && text(&out).contains("onegpu-host"), "{}", text(&out));
    alpine.install(&[host, guest]);
    let [newer, _] = pair(Sample::revision(2));
    let out = alpine.installing(&[newer]).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
    // apk keeps what is needed, and says by whom.
    let said = text(&alpine.removing(&["onegpu-host"]).output().unwrap());
    assert!(said.contains("onegpu-guest-win11"), "{said}");
    assert!(alpine.path("/usr/libexec/onegpu/revert").exists());
}

#[test]
#[ignore = "needs apk, bookworm, root"]
fn a_manual_setup_says_how_to_apply_and_a_failing_one_is_mended() {
    let alpine = Alpine::new();
    let said = alpine.install(&pair(Sample { revision: 1, auto_apply: false }));
    assert!(said.contains("/usr/libexec/onegpu/apply guest win11"), "{said}");
    assert_eq!(calls(&alpine.root.path()), Vec::<String>::new());
    ran(&mut alpine.removing(&BOTH));

    let [mut host, _] = pair(Sample::revision(3));
    let apply = host.files.iter_mut().find(|file| file.path.ends_with("/apply")).unwrap();
    apply.bytes = b"#!/bin/sh\n[ -e /tmp/mended ] && : >/tmp/applied\n".to_vec();
    let out = alpine.installing(&[host]).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
    assert!(text(&out).contains("1 error"), "{}", text(&out));
    // apk has no file to install again from (`apk fix`): the line of the script is run by hand.
    fs::write(alpine.path("/tmp/mended"), "").unwrap();
    alpine.root.ok(&["/usr/libexec/onegpu/apply", "host"]);
    assert!(alpine.path("/tmp/applied").exists());
}

/// A changed byte of the data or the control segment is refused.
#[test]
#[ignore = "needs apk, bookworm, root"]
fn a_changed_byte_is_refused() {
    let alpine = Alpine::new();
    let [host, _] = pair(Sample::revision(1));
    let path = write(alpine.folder.path(), &host);
    ran(bounded("apk").args(["verify", "--allow-untrusted"]).arg(&path));
    let mut bytes = fs::read(&path).unwrap();
    let near_the_end = bytes.len() - 40;
    bytes[near_the_end] ^= 1;
    fs::write(&path, bytes).unwrap();
    let out = bounded("apk").args(["verify", "--allow-untrusted"]).arg(&path).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
}

/// Names beyond the hundred characters of a tar header, as a guest's name of 64 makes them.
#[test]
#[ignore = "needs apk, bookworm, root"]
fn long_names_come_in_whole() {
    let alpine = Alpine::new();
    let [mut host, _] = pair(Sample::revision(1));
    let path = format!("/usr/share/onegpu/guests/{0}/{0}-setup.xml", "d".repeat(64));
    host.files.push(file(&path, Kind::Plain, "long\n"));
    alpine.install(&[host]);
    assert_eq!(fs::read_to_string(alpine.path(&path)).unwrap(), "long\n");
    let audit = ran(alpine.apk().args(["audit", "--system"]));
    assert!(!audit.contains("ddd"), "{audit}");
}
