//! Gentoo's packages in the hands of Portage: from the overlay, and as gpkg; and
//! the overlay before pkgcheck.
//!
//! Needs root, overlayfs, util-linux, and bzip2, GNU tar and zstd on the PATH; and,
//! on any distro, a venv whose folder ONEGPU_TEST_PORTAGE names:
//!
//!     apt-get install bzip2 tar zstd util-linux python3-venv
//!     python3 -m venv "$ONEGPU_TEST_PORTAGE"
//!     "$ONEGPU_TEST_PORTAGE/bin/pip" install portage==3.0.83 pkgcheck==0.10.36 pkgcore==0.12.30
//!
//! From 0.10.37 on, pkgcheck refuses to start below bash 5.3, which Debian has not
//! yet. The user `portage` is made inside the test's own namespace.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod fakes;
mod gentoo;
mod layer;

use std::fs;
use std::path::Path;
use std::process::Command;

use fakes::{BROKEN, START, Sample, calls, with_engine};
use gentoo::{DEPENDS, Gentoo, ran, text};
use layer::difference;
use onegpu::package::{SetupPackage, overlay};

const HOST: &str = "app-emulation/onegpu-host";
const GUEST: &str = "app-emulation/onegpu-guest-win11";

fn pair(sample: Sample) -> [SetupPackage; 2] {
    [sample.host(&DEPENDS), sample.guest(&[])]
}

#[test]
#[ignore = "needs portage, root"]
fn from_the_overlay_and_as_gpkg_the_same_comes_in_and_goes_out() {
    let gentoo = Gentoo::new();
    let before = gentoo.changes();
    let packages = pair(Sample::revision(1));

    gentoo.binary(&packages);
    gentoo.emerge(&["--usepkgonly", GUEST, HOST]);
    assert_eq!(calls(&gentoo.root()), ["apply host", "apply guest win11"]);
    let from_gpkg = gentoo.changes();
    gentoo.emerge(&["--depclean", HOST, GUEST]);
    assert_eq!(calls(&gentoo.root()), ["revert guest win11", "revert host"]);
    assert_eq!(difference(&before, &gentoo.changes()), "");

    gentoo.overlay(&packages);
    let before = gentoo.changes();
    gentoo.emerge(&[GUEST, HOST]);
    assert_eq!(calls(&gentoo.root()), ["apply host", "apply guest win11"]);
    let from_overlay = gentoo.changes();
    gentoo.emerge(&["--depclean", HOST, GUEST]);
    assert_eq!(calls(&gentoo.root()), ["revert guest win11", "revert host"]);
    assert_eq!(difference(&before, &gentoo.changes()), "");

    // A binary package has its own times, an ebuild those of the merge.
    let timeless = |changes: &layer::Changes| -> layer::Changes {
        let without = |about: &String| about.split(" of ").next().unwrap().to_owned();
        changes.iter().map(|(path, about)| (path.clone(), without(about))).collect()
    };
    let differ = difference(&timeless(&from_gpkg), &timeless(&from_overlay));
    let other: Vec<&str> = differ.lines().filter(|line| !line.contains("etc/portage/repos.conf")).collect();
    assert_eq!(other, Vec::<&str>::new());
    for package in &packages {
        for file in &package.files {
            let about = &from_gpkg[file.path.trim_start_matches('/')];
            let mode = format!("{:o} 0:0 ", file.kind.mode());
            assert!(
                about.starts_with("120") || about.starts_with(&format!("100{mode}")),
                "{} {about}",
                file.path
            );
        }
    }
    assert!(from_gpkg["etc/libvirt/hooks/qemu.d/50-onegpu"].ends_with("-> ../../../../usr/bin/onegpu-hook"));
}

#[test]
#[ignore = "needs portage, root"]
fn an_upgrade_applies_reverts_nothing_and_keeps_edits() {
    let gentoo = Gentoo::new();
    gentoo.binary(&pair(Sample::revision(1)));
    gentoo.emerge(&["--usepkgonly", GUEST, HOST]);
    let mine = "#!/bin/sh\n# mine\n";
    fs::write(gentoo.path(START), mine).unwrap();
    calls(&gentoo.root());

    gentoo.binary(&pair(Sample::revision(2)));
    gentoo.emerge(&["--usepkgonly", "--update", GUEST, HOST]);
    assert_eq!(calls(&gentoo.root()), ["apply host", "apply guest win11"]);
    assert_eq!(fs::read_to_string(gentoo.path(START)).unwrap(), mine);
    let aside = gentoo.path(START).with_file_name("._cfg0000_start.sh");
    assert!(fs::read_to_string(aside).unwrap().contains("revision 2"));
    let status = ran(&mut gentoo.command(&["/usr/libexec/onegpu/status"]));
    assert_eq!(status, "revision 2\n");

    // What the user has edited stays behind, as everywhere on Gentoo.
    gentoo.emerge(&["--depclean", HOST, GUEST]);
    assert_eq!(calls(&gentoo.root()), ["revert guest win11", "revert host"]);
    assert_eq!(fs::read_to_string(gentoo.path(START)).unwrap(), mine);
    assert!(!gentoo.path("/usr/libexec/onegpu").exists());
}

#[test]
#[ignore = "needs portage, root"]
fn another_root_is_applied_and_reverted_as_such() {
    let gentoo = Gentoo::new();
    gentoo.overlay(&pair(Sample::revision(1)));
    fs::create_dir_all(gentoo.path("/target/var")).unwrap();
    gentoo.emerge(&["--root", "/target", GUEST, HOST]);
    assert_eq!(
        calls(&gentoo.path("/target")),
        ["apply --root /target host", "apply --root /target guest win11"]
    );
    assert!(gentoo.path("/target/usr/libexec/onegpu/apply").exists());
    gentoo.emerge(&["--root", "/target", "--unmerge", GUEST, HOST]);
    assert_eq!(
        calls(&gentoo.path("/target")),
        ["revert --root /target guest win11", "revert --root /target host"]
    );
    assert!(!gentoo.path("/target/usr/libexec/onegpu").exists());
    assert_eq!(calls(&gentoo.root()), Vec::<String>::new());
}

#[test]
#[ignore = "needs portage, root"]
fn the_host_may_go_first() {
    let gentoo = Gentoo::new();
    gentoo.binary(&pair(Sample::revision(1)));
    gentoo.emerge(&["--usepkgonly", GUEST, HOST]);
    calls(&gentoo.root());
    // Of several names, --unmerge takes the first one first. The host's revert
    // takes back every guest (the fake does not), so the guest's has nothing to say.
    let said = gentoo.emerge(&["--unmerge", HOST, GUEST]);
    assert_eq!(calls(&gentoo.root()), ["revert host"]);
    assert!(!said.contains("No such file") && !said.contains("not taken back"), "{said}");
    assert!(!gentoo.path("/usr/libexec/onegpu").exists());
}

/// Portage takes the files away whatever pkg_prerm returns: all the ebuild can do
/// is to say it.
#[test]
#[ignore = "needs portage, root"]
fn a_failing_revert_is_said_and_a_failing_apply_fails_the_merge() {
    let gentoo = Gentoo::new();
    gentoo.binary(&pair(Sample::revision(1)));
    gentoo.emerge(&["--usepkgonly", HOST]);
    fs::write(gentoo.path(BROKEN), "").unwrap();
    let said = gentoo.emerge(&["--unmerge", HOST]);
    assert!(said.contains("not taken back: mend what revert says"), "{said}");
    assert!(!gentoo.path("/usr/libexec/onegpu/revert").exists());

    let mut host = Sample::revision(2).host(&DEPENDS);
    let apply = host.files.iter_mut().find(|file| file.path.ends_with("/apply")).unwrap();
    apply.bytes = b"#!/bin/sh\nexit 1\n".to_vec();
    gentoo.binary(&[host]);
    let out = gentoo.command(&["emerge", "--usepkgonly", HOST]).output().unwrap();
    assert!(!out.status.success() && text(&out).contains("mend what apply says"), "{}", text(&out));
}

#[test]
#[ignore = "needs portage, root"]
fn a_manual_setup_says_how_to_apply() {
    let gentoo = Gentoo::new();
    gentoo.binary(&pair(Sample { revision: 1, auto_apply: false }));
    let said = gentoo.emerge(&["--usepkgonly", GUEST, HOST]);
    assert!(said.contains("As root: /usr/libexec/onegpu/apply host"), "{said}");
    assert!(said.contains("As root: /usr/libexec/onegpu/apply guest win11"), "{said}");
    assert_eq!(calls(&gentoo.root()), Vec::<String>::new());
    gentoo.emerge(&["--depclean", HOST, GUEST]);
    assert_eq!(calls(&gentoo.root()), ["revert guest win11", "revert host"]);
}

#[test]
#[ignore = "needs portage, root"]
fn a_changed_byte_is_noticed() {
    let gentoo = Gentoo::new();
    gentoo.binary(&pair(Sample::revision(1)));
    let file = gentoo.path_of_binary("app-emulation/onegpu-host/onegpu-host-0.1.0-r1-1.gpkg.tar");
    let mut bytes = fs::read(&file).unwrap();
    // In the image, the last of the two zstd streams.
    let at = bytes.windows(4).rposition(|four| four == [0x28, 0xb5, 0x2f, 0xfd]).unwrap() + 64;
    bytes[at] ^= 1;
    fs::write(&file, bytes).unwrap();
    let out = gentoo.command(&["emerge", "--usepkgonly", HOST]).output().unwrap();
    assert!(!out.status.success(), "{}", text(&out));
    assert!(!gentoo.path("/usr/libexec/onegpu").exists());
}

#[test]
#[ignore = "needs pkgcheck"]
fn pkgcheck_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    gentoo::configure(folder.path());
    let place = folder.path().join("onegpu");
    let packages = pair(Sample::revision(1));
    gentoo::write_tree(&place, &with_engine(|engine| overlay::files(engine, &packages)).unwrap());
    let scan = || pkgcheck(folder.path(), &place);
    assert_eq!(scan(), "");
    // That it looks at all:
    let ebuild = place.join("app-emulation/onegpu-host/onegpu-host-0.1.0-r1.ebuild");
    let spoilt = fs::read_to_string(&ebuild).unwrap().replace("libvirt[qemu(-)]", "libvrt");
    fs::write(&ebuild, spoilt).unwrap();
    assert!(scan().contains("NonexistentDeps"), "{}", scan());
}

/// The example as a user has it: built, and installed by the very command that
/// `onegpu package` prints.
#[test]
#[ignore = "needs portage, pkgcheck, root"]
fn the_example_goes_in_by_the_printed_command_and_out_again() {
    let gentoo = Gentoo::new();
    let out = gentoo.shared().join("out");
    let mut onegpu = Command::new(env!("CARGO_BIN_EXE_onegpu"));
    onegpu.arg("package").arg("templates/example.toml").args(["--distro", "gentoo", "-o"]).arg(&out);
    let printed = ran(&mut onegpu);
    let command = printed.lines().find_map(|line| line.trim().strip_prefix("sudo ")).unwrap();
    gentoo.stand_in_for_dependencies(&out.join("overlay"));
    let before = gentoo.changes();

    ran(&mut gentoo.command(&["sh", "-euc", &command.replace(" --ask", "")]));
    let status = gentoo.command(&["/usr/libexec/onegpu/status"]).output().unwrap();
    assert!(text(&status).contains("kernel-parameters"), "{}", text(&status));
    gentoo.emerge(&["--depclean", HOST, GUEST]);
    assert_eq!(difference(&before, &gentoo.changes()), "");

    let scanned = pkgcheck(&gentoo.shared(), &out.join("overlay"));
    assert_eq!(scanned, "");
}

/// What pkgcheck says of the overlay at `place`.
fn pkgcheck(shared: &Path, place: &Path) -> String {
    let repos = shared.join("portage/repos.conf");
    let mut text = fs::read_to_string(&repos).unwrap();
    if !text.contains("[onegpu]") {
        text.push_str(&format!("[onegpu]\nlocation = {}\n", place.display()));
        fs::write(&repos, text).unwrap();
    }
    let mut command = Command::new("timeout");
    command.arg("120").arg(gentoo::venv("pkgcheck").join("bin/pkgcheck"));
    command.arg("--config").arg(shared.join("portage")).args(["scan", "--color", "n"]);
    command.arg("--cache-dir").arg(shared.join("cache")).arg("--repo").arg(place);
    // BadHomepage: it has a homepage when onegpu has one. SizeViolation, TotalSizeViolation: what is over
    // 20 KiB, or 50 together, belongs on a mirror in Gentoo's own repository; nobody mirrors this one.
    command.arg("--keywords=-BadHomepage,-SizeViolation,-TotalSizeViolation");
    ran(&mut command)
}
