//! Void's package manager, on a machine with runit. It gives its scripts a PATH of its own, so that no
//! trap can be set: nobody is killed here. Nor can an older package meet a newer one's records: to
//! downgrade, XBPS removes the newer one first.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use onegpu::package::{SetupPackage, xbps};

use super::Family;
use super::families::{built, layer};
use crate::layer::Layer;

pub struct Xbps(Layer);

/// Folders of Void's own packages, which a package of ours does not claim.
const FOLDERS: [&str; 2] = ["/usr/libexec", "/etc/runit/runsvdir/default"];
/// What has a service there.
const SERVICES: [&str; 3] = ["dbus", "virtlogd", "libvirtd"];

impl Xbps {
    fn xbps(&self, tool: &str, words: &[&str]) -> Command {
        let mut command = self.0.beside(180);
        command.arg(format!("xbps-{tool}")).arg("-r").arg(self.0.inside()).args(words);
        command
    }
}

impl Family for Xbps {
    const DISTRO: &'static str = "void";
    const OWN: &'static [(&'static str, &'static str)] =
        &[("/var/db/xbps", "XBPS's database"), ("/var/cache/xbps", "XBPS's cache")];

    fn new() -> Self {
        let layer = layer(|_| ());
        FOLDERS.iter().for_each(|folder| fs::create_dir_all(layer.path(folder)).unwrap());
        symlink("/etc/sv/agetty-tty1", layer.path("/etc/runit/runsvdir/default/agetty-tty1")).unwrap();
        SERVICES.iter().for_each(|name| layer.write(&format!("/etc/sv/{name}/run"), "#!/bin/sh\n"));
        layer
            .write("/etc/default/systemd-boot", "# mine\nmore='splash'\nCMDLINE=\"root=UUID=1 quiet $more\"");
        fs::create_dir_all(layer.path("/var/db/xbps")).unwrap();
        Self(layer)
    }

    fn layer(&self) -> &Layer {
        &self.0
    }

    /// From a repository of the packages, as the printed command does it; forced, for XBPS does not
    /// install again what is there.
    fn install(&self, packages: &[SetupPackage]) -> Command {
        let folder = self.0.folder().join(format!("repository-{}", packages[0].revision));
        fs::create_dir_all(&folder).unwrap();
        let files = built(&folder, packages, xbps::build);
        let out = Command::new("xbps-rindex").args(["-f", "-a"]).args(files).output().unwrap();
        assert!(out.status.success(), "{}", super::text(&out));
        let mut command = self.xbps("install", &["-y", "-i", "-f", "-R"]);
        command.arg(&folder).arg("-c").arg(self.0.folder().join("cache"));
        command.args(packages.iter().map(|package| &package.name));
        command
    }

    fn remove(&self, names: &[String]) -> Command {
        let mut command = self.xbps("remove", &["-y"]);
        command.args(names);
        command
    }

    fn force_out(&self, name: &str) -> Command {
        self.xbps("remove", &["-y", "-F", name])
    }

    fn remove_keeping(&self, names: &[String]) -> Command {
        self.remove(names)
    }

    fn kept(path: &str) -> String {
        path.to_owned()
    }

    fn mend(&self) {}
}
