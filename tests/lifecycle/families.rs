//! The four package managers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use onegpu::diag::Result;
use onegpu::package::{Built, SetupPackage, deb, pacman, rpm};
use onegpu::render::Engine;

use super::Family;
use super::machine::{OPENRC_SERVICES, TRAPS, furnish};
use crate::fakes::with_engine;
use crate::gentoo::{Gentoo, PORTAGES_OWN};
use crate::layer::Layer;

/// The root with Debian's real tools for boot loaders, services and disks.
fn loaders() -> PathBuf {
    let roots = std::env::var_os("ONEGPU_TEST_ROOTS")
        .unwrap_or_else(|| panic!("ONEGPU_TEST_ROOTS names no folder of roots"));
    PathBuf::from(roots).join("loaders")
}

pub fn layer(prepare: impl FnOnce(&Path)) -> Layer {
    let layer = Layer::new(&loaders(), prepare, "");
    furnish(&layer);
    // These machines have systemd alone.
    OPENRC_SERVICES.iter().for_each(|script| drop(fs::remove_file(layer.path(script))));
    layer
}

/// Writes the package files into a folder, each once, and gives their paths.
pub fn built(
    folder: &Path,
    packages: &[SetupPackage],
    build: fn(&mut Engine<'_>, &SetupPackage) -> Result<Built>,
) -> Vec<PathBuf> {
    let write = |package: &SetupPackage| {
        let (name, revision) = (&package.name, package.revision);
        let known = folder.join(format!("{name}-{revision}.name"));
        if !known.exists() {
            let built = with_engine(|engine| build(engine, package)).unwrap();
            fs::write(folder.join(&built.file_name), built.bytes).unwrap();
            fs::write(&known, built.file_name).unwrap();
        }
        folder.join(fs::read_to_string(known).unwrap())
    };
    packages.iter().map(write).collect()
}

fn path() -> String {
    format!("{TRAPS}/on:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
}

pub struct Dpkg(Layer);

impl Dpkg {
    fn dpkg(&self, words: &[&str]) -> Command {
        let mut command = self.0.command(&["dpkg"]);
        command.args(words).env("PATH", path()).env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
}

impl Family for Dpkg {
    const DISTRO: &'static str = "debian";
    const OWN: &'static [(&'static str, &'static str)] = &[
        ("/var/lib/dpkg/status", "written anew; the entries of purged packages are gone"),
        ("/var/lib/dpkg/status-old", "the status before the last change"),
        ("/var/lib/dpkg/available", "made by dpkg's first run"),
        ("/var/lib/dpkg/lock", "made by dpkg's first run"),
        ("/var/lib/dpkg/lock-frontend", "made by dpkg's first run"),
        ("/var/lib/dpkg/triggers", "dpkg's own list of triggers"),
        ("/var/log/dpkg.log", "dpkg's diary"),
        ("/var/cache/man", "man-db's index, by its trigger"),
        ("/debs", "where the test puts the packages"),
    ];

    fn new() -> Self {
        let layer = layer(|_| ());
        fs::create_dir(layer.path("/debs")).unwrap();
        Self(layer)
    }

    fn layer(&self) -> &Layer {
        &self.0
    }

    fn install(&self, packages: &[SetupPackage]) -> Command {
        let mut command = self.dpkg(&["--force-confold", "-i"]);
        for path in built(&self.0.path("/debs"), packages, deb::build) {
            command.arg(Path::new("/debs").join(path.file_name().unwrap()));
        }
        command
    }

    fn remove(&self, names: &[String]) -> Command {
        let mut command = self.dpkg(&["-P"]);
        command.args(names);
        command
    }

    fn force_out(&self, name: &str) -> Command {
        self.dpkg(&["--force-depends", "-P", name])
    }

    fn remove_keeping(&self, names: &[String]) -> Command {
        let mut command = self.dpkg(&["-r"]);
        command.args(names);
        command
    }

    fn kept(path: &str) -> String {
        path.to_owned()
    }

    fn mend(&self) {
        // Whatever it says: what is half installed is removed or installed next.
        self.run(self.dpkg(&["--configure", "-a"]));
    }
}

pub struct Rpm(Layer);

impl Rpm {
    fn rpm(&self, words: &[&str]) -> Command {
        let mut command = self.0.beside(180);
        command.args(["rpm", "--root"]).arg(self.0.inside());
        // Debian's rpm looks for a user's home otherwise.
        command.args([
            "--define",
            "_dbpath /var/lib/rpm",
            "--define",
            &format!("_install_script_path {}", path()),
        ]);
        command.args(words);
        command
    }
}

impl Family for Rpm {
    const DISTRO: &'static str = "fedora";
    const OWN: &'static [(&'static str, &'static str)] = &[
        ("/var/lib/rpm", "rpm's database"),
        ("/var/tmp", "rpm's copy of a scriptlet stays there when rpm is killed"),
    ];

    fn new() -> Self {
        let layer = layer(|_| ());
        let family = Self(layer);
        let mut command = family.rpm(&["--initdb"]);
        assert!(command.status().unwrap().success());
        family
    }

    fn layer(&self) -> &Layer {
        &self.0
    }

    fn install(&self, packages: &[SetupPackage]) -> Command {
        let mut command = self.rpm(&["-U", "--nodeps", "--replacepkgs", "--oldpackage"]);
        command.args(built(self.0.folder(), packages, rpm::build));
        command
    }

    fn remove(&self, names: &[String]) -> Command {
        let mut command = self.rpm(&["-e"]);
        command.args(names);
        command
    }

    fn force_out(&self, name: &str) -> Command {
        self.rpm(&["-e", "--nodeps", name])
    }

    fn remove_keeping(&self, names: &[String]) -> Command {
        self.remove(names)
    }

    fn kept(path: &str) -> String {
        format!("{path}.rpmsave")
    }

    fn mend(&self) {}
}

pub struct Pacman(Layer);

impl Pacman {
    fn pacman(&self, words: &[&str]) -> Command {
        let mut command = self.0.beside(180);
        command.args(["pacman", "--noconfirm", "--root"]).arg(self.0.inside());
        command.arg("--config").arg(self.0.folder().join("pacman.conf"));
        command.arg("--cachedir").arg(self.0.folder().join("cache"));
        command.args(words).env("PATH", path()).env("LC_ALL", "C");
        command
    }
}

impl Family for Pacman {
    const DISTRO: &'static str = "arch";
    const OWN: &'static [(&'static str, &'static str)] = &[
        ("/etc/ld.so.cache", "the dynamic linker's cache, made again after each transaction"),
        ("/var/cache/ldconfig", "the dynamic linker's cache, made again after each transaction"),
        ("/tmp", "pacman's copy of a scriptlet stays there when pacman is killed"),
        ("/var/cache/pacman", "pacman's cache"),
        ("/var/lib/pacman", "pacman's database"),
        ("/var/log/pacman.log", "pacman's diary"),
    ];

    fn new() -> Self {
        let layer = layer(|folder| {
            let conf = "[options]\nArchitecture = auto\nSigLevel = Never\nLocalFileSigLevel = Never\n";
            fs::write(folder.join("pacman.conf"), conf).unwrap();
        });
        fs::create_dir_all(layer.path("/var/lib/pacman")).unwrap();
        Self(layer)
    }

    fn layer(&self) -> &Layer {
        &self.0
    }

    fn install(&self, packages: &[SetupPackage]) -> Command {
        let mut command = self.pacman(&["-U"]);
        command.args(built(self.0.folder(), packages, pacman::build));
        command
    }

    fn install_over(&self, packages: &[SetupPackage]) -> Command {
        let mut command = self.install(packages);
        command.args(["--overwrite", "*"]);
        command
    }

    fn remove(&self, names: &[String]) -> Command {
        let mut command = self.pacman(&["-Rn"]);
        command.args(names);
        command
    }

    fn force_out(&self, name: &str) -> Command {
        self.pacman(&["-Rndd", name])
    }

    fn remove_keeping(&self, names: &[String]) -> Command {
        let mut command = self.pacman(&["-R"]);
        command.args(names);
        command
    }

    fn kept(path: &str) -> String {
        format!("{path}.pacsave")
    }

    fn mend(&self) {
        // As pacman itself says: "if you're sure a package manager is not already running".
        let _ = fs::remove_file(self.0.path("/var/lib/pacman/db.lck"));
        // A file that it had no room for is there with zeros; in /etc it then takes that for the user's.
        for path in self.changes().keys().filter(|path| path.starts_with("etc/")) {
            let path = self.0.path(path);
            if fs::read(&path).is_ok_and(|bytes| bytes.ends_with(&[0])) {
                fs::remove_file(&path).unwrap();
            }
        }
    }
}

pub struct Portage(Gentoo);

impl Portage {
    fn emerge(&self, words: &[&str]) -> Command {
        let mut command = self.0.command(&["emerge", "--color=n"]);
        command.args(words).env("PATH", format!("{TRAPS}/on:{}", self.0.search_path()));
        command
    }
}

impl Family for Portage {
    const DISTRO: &'static str = "gentoo";
    const SLOW: bool = true;
    const OWN: &'static [(&'static str, &'static str)] = PORTAGES_OWN;

    fn new() -> Self {
        let gentoo = Gentoo::new();
        furnish(gentoo.layer());
        OPENRC_SERVICES.iter().for_each(|script| gentoo.layer().write(script, "#!/sbin/openrc-run\n"));
        Self(gentoo)
    }

    fn layer(&self) -> &Layer {
        self.0.layer()
    }

    fn install(&self, packages: &[SetupPackage]) -> Command {
        for package in packages {
            let pf = format!("{}-{}-r{}", package.name, package.version, package.revision);
            if !self.0.path_of_binary(&format!("app-emulation/{}/{pf}-1.gpkg.tar", package.name)).exists() {
                self.0.binary(std::slice::from_ref(package));
            }
        }
        let mut command = self.emerge(&["--usepkgonly", "--nodeps"]);
        command.args(packages.iter().map(|package| {
            format!("=app-emulation/{}-{}-r{}", package.name, package.version, package.revision)
        }));
        command
    }

    fn remove(&self, names: &[String]) -> Command {
        let mut command = self.emerge(&["--unmerge"]);
        // It takes them in the order of their names here; the guests' parts need the host's.
        let (host, guests): (Vec<_>, Vec<_>) = names.iter().partition(|name| *name == "onegpu-host");
        command.args(guests.into_iter().chain(host).map(|name| format!("app-emulation/{name}")));
        command
    }

    fn force_out(&self, name: &str) -> Command {
        self.remove(&[name.to_owned()])
    }

    fn remove_keeping(&self, names: &[String]) -> Command {
        self.remove(names)
    }

    fn kept(path: &str) -> String {
        path.to_owned()
    }

    fn mend(&self) {}
}
