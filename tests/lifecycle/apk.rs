//! Alpine's package manager, on a machine with OpenRC. It gives its scripts a PATH of its own, so that
//! no trap can be set: nobody is killed here.

use std::process::Command;

use onegpu::package::{SetupPackage, apk};
use onegpu::plan::Kind;
use onegpu::render::File;

use super::Family;
use super::families::{built, layer};
use super::machine::OPENRC_SERVICES;
use crate::fakes::Sample;
use crate::layer::Layer;

pub struct Apk(Layer);

/// Folders of Alpine's own packages: apk removes a folder with the last package that has it.
const FOLDERS: [&str; 12] = [
    "/etc/apk/commit_hooks.d",
    "/etc/apparmor.d/local",
    "/etc/default/grub.d",
    "/etc/libvirt/hooks",
    "/usr/bin",
    "/usr/lib",
    "/usr/libexec",
    "/usr/share/licenses",
    "/usr/share/man/man5",
    "/usr/share/polkit-1/rules.d",
    "/usr/share/vgabios",
    "/var/lib",
];

impl Apk {
    fn apk(&self, words: &[&str]) -> Command {
        let mut command = self.0.beside(180);
        command.args(["apk", "--root"]).arg(self.0.inside());
        command.args(["--no-network", "--no-progress", "--repositories-file", "/dev/null"]).args(words);
        command
    }
}

impl Family for Apk {
    const DISTRO: &'static str = "alpine";
    const OWN: &'static [(&'static str, &'static str)] = &[
        ("/etc/apk/arch", "made by apk's first run"),
        ("/etc/apk/world", "apk's list of what was asked for"),
        ("/lib/apk", "apk's database"),
        ("/usr/lib/apk", "apk's database"),
        ("/var/cache/apk", "apk's cache"),
        ("/var/lib/apk", "apk's database"),
        ("/var/log/apk.log", "apk's diary"),
    ];

    fn new() -> Self {
        let family = Self(layer(|_| ()));
        OPENRC_SERVICES.iter().for_each(|script| family.0.write(script, "#!/sbin/openrc-run\n"));
        family.0.write("/etc/init.d/dbus", "#!/sbin/openrc-run\n");
        family.ok(family.apk(&["add", "--initdb"]));
        let file =
            |folder: &&str| File { path: format!("{folder}/.base"), kind: Kind::Plain, bytes: Vec::new() };
        let base = Sample { revision: 1, auto_apply: false }.host(&[]);
        let base = SetupPackage { name: "base".into(), files: FOLDERS.iter().map(file).collect(), ..base };
        family.ok(family.install(&[base]));
        family
    }

    fn layer(&self) -> &Layer {
        &self.0
    }

    fn install(&self, packages: &[SetupPackage]) -> Command {
        let mut command = self.apk(&["add", "--allow-untrusted"]);
        command.args(built(self.0.folder(), packages, apk::build));
        command
    }

    fn remove(&self, names: &[String]) -> Command {
        let mut command = self.apk(&["del", "--purge"]);
        command.args(names);
        command
    }

    fn force_out(&self, name: &str) -> Command {
        self.apk(&["del", "--purge", "--force-broken-world", name])
    }

    fn remove_keeping(&self, names: &[String]) -> Command {
        let mut command = self.apk(&["del"]);
        command.args(names);
        command
    }

    fn kept(path: &str) -> String {
        path.to_owned()
    }

    fn mend(&self) {}
}
