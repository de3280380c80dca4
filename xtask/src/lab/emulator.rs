//! QEMU from an unpacked Debian root: with its own loader and libraries, nothing mounted.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The unpacked root.
#[derive(Clone)]
pub struct Emulator {
    root: PathBuf,
}

impl Emulator {
    /// The emulator below `root`.
    pub fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// One of its programs: the words, to be put behind others.
    pub fn program(&self, name: &str) -> Vec<String> {
        let at = |path: &str| self.root.join(path).display().to_string();
        vec![
            at("usr/lib64/ld-linux-x86-64.so.2"),
            "--library-path".to_owned(),
            at("usr/lib/x86_64-linux-gnu"),
            at(&format!("usr/bin/{name}")),
        ]
    }

    /// A file of the firmware package.
    pub fn firmware(&self, name: &str) -> PathBuf {
        self.root.join("usr/share/OVMF").join(name)
    }

    /// QEMU itself, with the folders of its data, and no more.
    ///
    /// It ends after `bound` seconds, and when this process does, however that comes.
    pub fn system(&self, bound: u64) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "timeout", "--kill-after=10", &bound.to_string()]);
        command.args(["setpriv", "--pdeathsig", "KILL"]);
        command.args(self.program("qemu-system-x86_64"));
        for data in ["usr/share/qemu", "usr/share/seabios"] {
            command.arg("-L").arg(self.root.join(data));
        }
        command.env("QEMU_MODULE_DIR", self.root.join("usr/lib/x86_64-linux-gnu/qemu"));
        command.args(["-nodefaults", "-no-user-config", "-display", "none"]);
        command
    }
}
