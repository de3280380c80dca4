//! Two small setup packages whose `apply` and `revert` are fakes that log their
//! calls: what package managers do with a package is tried apart from what the
//! real scripts do.

#![allow(dead_code)]

use std::path::Path;

use onegpu::data::{DataDirs, EXAMPLE_PROFILE};
use onegpu::distro::Distro;
use onegpu::package::SetupPackage;
use onegpu::plan::Kind;
use onegpu::profile;
use onegpu::render::{Engine, File};
use onegpu::setup::Setup;

/// Where the fakes log, from the root.
pub const LOG: &str = "var/onegpu-calls";
/// While this exists, a guest has the card.
pub const BUSY: &str = "var/guest-has-the-card";
/// While this exists, `revert` fails at its work.
pub const BROKEN: &str = "var/revert-is-broken";

const APPLY: &str = r#"#!/bin/sh
root=
[ "$1" != --root ] || root=$2
echo "apply $*" >>"$root/var/onegpu-calls"
"#;

const REVERT: &str = r#"#!/bin/sh
root=
[ "$1" != --root ] || root=$2
if [ "$1" = --check ]; then
    [ ! -e /var/guest-has-the-card ] || { echo "a guest has the card" >&2; exit 1; }
    exit 0
fi
echo "revert $*" >>"$root/var/onegpu-calls"
[ ! -e "$root/var/revert-is-broken" ]
"#;

pub const LIBEXEC: &str = "/usr/libexec/onegpu";
pub const START: &str = "/etc/libvirt/hooks/qemu.d/win11/prepare/begin/start.sh";

/// What changes between two tries.
#[derive(Clone, Copy)]
pub struct Sample {
    pub revision: u32,
    pub auto_apply: bool,
}

impl Sample {
    pub fn revision(revision: u32) -> Self {
        Self { revision, auto_apply: true }
    }

    /// The host's part.
    pub fn host(self, depends: &[&str]) -> SetupPackage {
        let status = format!("#!/bin/sh\necho revision {}\n", self.revision);
        let files = vec![
            file("/etc/default/onegpu", Kind::Config, "# may be edited\n"),
            file("/etc/libvirt/hooks/qemu.d/50-onegpu", Kind::Link, "/usr/bin/onegpu-hook"),
            file("/usr/bin/onegpu-hook", Kind::Executable, "#!/bin/sh\nexit 0\n"),
            file("/usr/libexec/onegpu/apply", Kind::Executable, APPLY),
            file("/usr/libexec/onegpu/revert", Kind::Executable, REVERT),
            file("/usr/libexec/onegpu/status", Kind::Executable, &status),
            file("/usr/libexec/onegpu/steps/host/10-libvirt-service", Kind::Plain, "# a step\n"),
        ];
        self.package("onegpu-host", "single-GPU passthrough: the host's part", None, depends, files)
    }

    /// A guest's part.
    pub fn guest(self, depends: &[&str]) -> SetupPackage {
        let start = format!("#!/bin/sh\n# revision {}\n", self.revision);
        let files = vec![
            file(START, Kind::ConfigExecutable, &start),
            file(
                "/etc/libvirt/hooks/qemu.d/win11/release/end/stop.sh",
                Kind::ConfigExecutable,
                "#!/bin/sh\n",
            ),
            file("/usr/libexec/onegpu/steps/guests/win11/10-domain", Kind::Plain, "# a step\n"),
            file("/usr/share/onegpu/guests/win11/win11.xml", Kind::Plain, "<domain/>\n"),
        ];
        let summary = "single-GPU passthrough: the guest win11";
        self.package("onegpu-guest-win11", summary, Some("win11"), depends, files)
    }

    fn package(
        self,
        name: &str,
        summary: &str,
        guest: Option<&str>,
        depends: &[&str],
        files: Vec<File>,
    ) -> SetupPackage {
        SetupPackage {
            name: name.into(),
            version: "0.1.0".into(),
            revision: self.revision,
            summary: summary.into(),
            description: "Lends the \"one\" card & <takes> it back; costs $0, `really`. It is long enough \
                          for those who find a description short of a hundred characters redundant."
                .into(),
            depends: depends.iter().map(|name| (*name).to_owned()).collect(),
            guest: guest.map(str::to_owned),
            files,
            libexec: LIBEXEC.into(),
            auto_apply: self.auto_apply,
            epoch: 1_700_000_000,
        }
    }
}

pub fn file(path: &str, kind: Kind, text: &str) -> File {
    File { path: path.into(), kind, bytes: text.as_bytes().to_vec() }
}

/// Calls `f` with an engine over the example profile.
pub fn with_engine<T>(f: impl FnOnce(&mut Engine<'_>) -> T) -> T {
    let data = DataDirs::embedded();
    let profile = profile::parse("example.toml", EXAMPLE_PROFILE).unwrap();
    let setup = Setup::new(&profile, Distro::load(&data, "debian").unwrap()).unwrap();
    f(&mut Engine::new(&data, &setup).unwrap())
}

/// The calls that the fakes logged below `root`, and an empty log for the next.
pub fn calls(root: &Path) -> Vec<String> {
    let log = root.join(LOG);
    let text = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(log);
    text.lines().map(str::to_owned).collect()
}
