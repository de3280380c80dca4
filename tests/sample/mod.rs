//! Two small setup packages, so that the writers' tests depend on no template
//! but the writers' own: a host's part whose `apply` and `revert` write down how
//! they were called, and a guest's part. And the example's own packages.

#![allow(dead_code)] // Each writer's test takes what it needs.

use onegpu::data::{DataDirs, EXAMPLE_PROFILE};
use onegpu::diag::Result;
use onegpu::distro::Distro;
use onegpu::package::{Built, SetupPackage, assemble};
use onegpu::plan::{Kind, Plan};
use onegpu::profile;
use onegpu::render::{Engine, File};
use onegpu::setup::Setup;

/// What `apply` and `revert` of the sample append to: `apply host`.
pub const CALLS: &str = "/tmp/onegpu-calls";
/// While it exists, `apply` fails.
pub const APPLY_FAILS: &str = "/tmp/onegpu-apply-fails";
/// While it exists, `revert` refuses.
pub const CARD_IS_AWAY: &str = "/tmp/onegpu-card-is-away";
/// The user's conffile of the host's part.
pub const GRUB: &str = "/etc/default/grub.d/50-onegpu.cfg";
/// The guest's handover script.
pub const START: &str = "/etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh";

/// The samples' time: 2026-09-21.
const EPOCH: u32 = 1_790_000_000;

/// A writer's `build`.
pub type Build = fn(&mut Engine<'_>, &SetupPackage) -> Result<Built>;

fn example(distro: &str) -> Setup {
    let profile = profile::parse("example", EXAMPLE_PROFILE).unwrap();
    Setup::new(&profile, Distro::load(&DataDirs::embedded(), distro).unwrap()).unwrap()
}

/// Builds with an engine of the example's.
pub fn try_build(build: Build, package: &SetupPackage) -> Result<Built> {
    let data = DataDirs::embedded();
    let mut engine = Engine::new(&data, &example("debian")).unwrap();
    build(&mut engine, package)
}

/// Builds what can be built.
pub fn build(build: Build, package: &SetupPackage) -> Built {
    try_build(build, package).unwrap()
}

/// The example's packages on a distro, as they are planned.
pub fn planned(distro: &str) -> Vec<SetupPackage> {
    let data = DataDirs::embedded();
    let plan = Plan::new(example(distro));
    let mut engine = Engine::new(&data, &plan.setup).unwrap();
    assemble(&mut engine, &plan, EPOCH).unwrap()
}

fn file(path: &str, kind: Kind, text: &str) -> File {
    File { path: path.into(), kind, bytes: text.into() }
}

fn script(name: &str, refuses: &str) -> String {
    format!("#!/bin/sh\n[ ! -e {refuses} ] || exit 1\necho \"{name} $*\" >>{CALLS}\n")
}

fn package(name: &str, revision: u32, files: Vec<File>) -> SetupPackage {
    SetupPackage {
        name: name.into(),
        version: "0.1.0".into(),
        revision,
        summary: "single-GPU passthrough: a sample".into(),
        description: "A package of the test suite, with a description that is long enough to be \
                      wrapped into more than one line of the control file.\n\nAnd a second paragraph."
            .into(),
        depends: Vec::new(),
        guest: None,
        files,
        libexec: "/usr/libexec/onegpu".into(),
        auto_apply: true,
        epoch: EPOCH,
    }
}

/// The host's part. From revision 2 on, one file is another and one is gone.
pub fn host(revision: u32) -> SetupPackage {
    let libexec = "/usr/libexec/onegpu";
    let mut files = vec![
        file(GRUB, Kind::Config, &format!("# grub of revision {revision}\n")),
        file("/etc/libvirt/hooks/qemu.d/50-onegpu", Kind::Link, "/usr/bin/onegpu-hook"),
        file("/usr/bin/onegpu-hook", Kind::Executable, "#!/bin/sh\nexit 0\n"),
        file(&format!("{libexec}/apply"), Kind::Executable, &script("apply", APPLY_FAILS)),
        file(&format!("{libexec}/lib.sh"), Kind::Plain, &format!("# revision {revision}\n")),
        file(&format!("{libexec}/revert"), Kind::Executable, &script("revert", CARD_IS_AWAY)),
    ];
    if revision == 1 {
        files.push(file(&format!("{libexec}/steps/host/10-old"), Kind::Plain, "# old\n"));
    }
    package("onegpu-host", revision, files)
}

/// The guest's part.
pub fn guest(revision: u32) -> SetupPackage {
    let share = "/usr/share/onegpu/guests/win11";
    let files = vec![
        file(START, Kind::ConfigExecutable, &format!("#!/bin/sh\n# revision {revision}\n")),
        file(
            "/etc/libvirt/hooks/qemu.d/win11/release/end/stop.sh",
            Kind::ConfigExecutable,
            "#!/bin/sh\n# stop\n",
        ),
        file(&format!("{share}/win11-setup.xml"), Kind::Plain, "<domain type='kvm'/>\n"),
        file(&format!("{share}/win11.xml"), Kind::Plain, "<domain/>\n"),
    ];
    let package = package("onegpu-guest-win11", revision, files);
    SetupPackage { guest: Some("win11".into()), ..package }
}
