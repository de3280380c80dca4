//! A machine that Portage takes for a Gentoo: a layer above the host's own root, with stand-ins
//! for the main repository and its packages.

#![allow(dead_code)] // Each test takes what it needs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use onegpu::package::{SetupPackage, gpkg, overlay};
use onegpu::render::File;

use crate::fakes::with_engine;
use crate::layer::{Changes, Layer};

/// What makes the machine one that Portage takes for a Gentoo; $venv is the venv.
const MORE: &str = r#"
for dir in "$2/shared" "$venv"; do
    mkdir -p "$root$dir"
    mount --bind "$dir" "$root$dir"
done
# From PyPI, Portage looks for its defaults below /share once it is told not to
# be a Prefix in its venv.
ln -sfn "$venv/share" "$root/share"
rm -rf "$root/etc/portage" "$root/var/db/pkg"
cp -r "$2/shared/portage" "$root/etc/portage"
# Portage wants its own user, even where it stays root.
echo 'portage:x:250:250:portage:/var/tmp/portage:/bin/false' >>"$root/etc/passwd"
echo 'portage:x:250:portage' >>"$root/etc/group"
"#;

/// What the stand-in for the main repository holds.
const REPOSITORY: [(&str, &str); 13] = [
    ("profiles/repo_name", "gentoo\n"),
    ("profiles/arch.list", "amd64\n"),
    ("profiles/categories", "app-emulation\nsys-firmware\n"),
    ("profiles/profiles.desc", "amd64 minimal stable\n"),
    ("profiles/minimal/eapi", "8\n"),
    ("profiles/minimal/packages", "*app-emulation/libvirt\n*sys-firmware/edk2-bin\n"),
    ("profiles/minimal/make.defaults", "ARCH=\"amd64\"\nACCEPT_KEYWORDS=\"amd64\"\n"),
    ("metadata/layout.conf", "masters =\nthin-manifests = true\n"),
    ("licenses/MIT", "see SPDX\n"),
    ("licenses/Apache-2.0", "see SPDX\n"),
    ("app-emulation/libvirt/libvirt-12.7.0.ebuild", STAND_IN),
    ("sys-firmware/edk2/edk2-202608.ebuild", STAND_IN),
    ("sys-firmware/edk2-bin/edk2-bin-202605.ebuild", STAND_IN),
];

const STAND_IN: &str = r#"EAPI=8

DESCRIPTION="Stands in for what the setup needs"
HOMEPAGE="https://libvirt.org/"

LICENSE="MIT"
SLOT="0"
KEYWORDS="amd64"
IUSE="+qemu"
"#;

/// The dependencies of the sample: with USE flags, and one of two.
pub const DEPENDS: [&str; 2] =
    ["app-emulation/libvirt[qemu(-)]", "|| ( sys-firmware/edk2-bin sys-firmware/edk2 )"];

/// What Portage itself leaves, each with its reason.
pub const PORTAGES_OWN: &[(&str, &str)] = &[
    ("/etc/csh.env", "written anew by env-update after each removal, the same"),
    ("/etc/environment.d/10-gentoo-env.conf", "written anew by env-update after each removal, the same"),
    ("/etc/ld.so.cache", "the dynamic linker's cache, made again after each transaction"),
    ("/etc/profile.env", "written anew by env-update after each removal, the same"),
    ("/var/cache/edb", "Portage's caches"),
    ("/var/cache/ldconfig", "the dynamic linker's cache, made again after each transaction"),
    ("/var/db", "Portage's database of what is installed"),
    ("/var/lib/gentoo", "Portage's news"),
    ("/var/lib/portage", "Portage's world file and configuration memory"),
    ("/var/log", "Portage's diaries"),
    ("/var/tmp", "where Portage builds"),
];

pub struct Gentoo {
    layer: Layer,
    venv: PathBuf,
}

impl Gentoo {
    pub fn new() -> Self {
        let venv = venv("emerge");
        let quoted = onegpu::render::quote::sh(&venv.to_string_lossy()).unwrap();
        let prepare = |folder: &Path| configure(&folder.join("shared"));
        let layer = Layer::new(Path::new("/"), prepare, &format!("venv={quoted}\n{MORE}"));
        let gentoo = Self { layer, venv };
        // What the setup needs is there, as it would be on a Gentoo.
        gentoo.emerge(&["app-emulation/libvirt", "sys-firmware/edk2-bin"]);
        // Portage writes these after each removal; a Gentoo has them.
        ran(&mut gentoo.command(&["env-update"]));
        gentoo
    }

    /// The machine.
    pub fn layer(&self) -> &Layer {
        &self.layer
    }

    /// The machine's root, seen from outside.
    pub fn root(&self) -> PathBuf {
        self.layer.root()
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.layer.path(path)
    }

    /// A command inside, with nothing of the caller's environment.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = self.layer.command(words);
        command.env("PATH", self.search_path());
        // Not a Prefix in the venv, but the system itself.
        command.env("PORTAGE_OVERRIDE_EPREFIX", "");
        // Or Portage believes the index of PKGDIR and sees no file that was put there.
        command.env("FEATURES", "-pkgdir-index-trusted");
        command
    }

    /// The PATH of its commands.
    pub fn search_path(&self) -> String {
        format!("{}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", self.venv.display())
    }

    /// emerge, which has to succeed; what it said.
    pub fn emerge(&self, words: &[&str]) -> String {
        ran(self.command(&["emerge", "--color=n"]).args(words))
    }

    /// Puts the overlay of these packages into its place.
    pub fn overlay(&self, packages: &[SetupPackage]) -> PathBuf {
        let place = self.shared().join("onegpu");
        let _ = fs::remove_dir_all(&place);
        write_tree(&place, &with_engine(|engine| overlay::files(engine, packages)).unwrap());
        let conf = format!("[onegpu]\nlocation = {}\n", place.display());
        let repos = fs::read_to_string(self.path("/etc/portage/repos.conf")).unwrap();
        if !repos.contains(&conf) {
            fs::write(self.path("/etc/portage/repos.conf"), repos + &conf).unwrap();
        }
        place
    }

    /// Puts the binary packages where Portage looks for them.
    pub fn binary(&self, packages: &[SetupPackage]) {
        for package in packages {
            let built = with_engine(|engine| gpkg::build(engine, package)).unwrap();
            put(&self.path_of_binary(&gpkg::folder(package)).join(built.file_name), &built.bytes);
        }
    }

    /// The folder that both see at the same path.
    pub fn shared(&self) -> PathBuf {
        self.layer.folder().join("shared")
    }

    /// Puts stand-ins into the main repository for all that the overlay's ebuilds
    /// depend on, with the USE flags that they ask for.
    pub fn stand_in_for_dependencies(&self, overlay: &Path) {
        let mut flags: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for package in fs::read_dir(overlay.join(overlay::CATEGORY)).unwrap() {
            for file in fs::read_dir(package.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_none_or(|extension| extension != "ebuild") {
                    continue;
                }
                let ebuild = fs::read_to_string(path).unwrap();
                let depends = ebuild.split("RDEPEND=\"").nth(1).unwrap().split('"').next().unwrap();
                for atom in depends.split_whitespace().filter(|word| word.contains('/')) {
                    let (name, wanted) = atom.trim_end_matches(']').split_once('[').unwrap_or((atom, ""));
                    if !name.contains("/onegpu-") {
                        let known = flags.entry(name.to_owned()).or_default();
                        known.extend(
                            wanted.split(',').filter(|flag| !flag.is_empty()).map(|flag| format!("+{flag}")),
                        );
                    }
                }
            }
        }
        assert!(flags.contains_key("app-emulation/libvirt"), "{flags:?}");
        let repository = self.shared().join("gentoo");
        let mut categories = String::new();
        for (name, flags) in flags {
            let (category, package) = name.split_once('/').unwrap();
            categories.push_str(&format!("{category}\n"));
            let text = STAND_IN.replace("+qemu", &flags.join(" "));
            let _ = fs::remove_dir_all(repository.join(&name));
            put(&repository.join(&name).join(format!("{package}-999.ebuild")), text.as_bytes());
        }
        put(&repository.join("profiles/categories"), categories.as_bytes());
    }

    /// A file of PKGDIR.
    pub fn path_of_binary(&self, name: &str) -> PathBuf {
        self.shared().join("binpkgs").join(name)
    }

    /// What was written into the machine so far, without what is Portage's own.
    pub fn changes(&self) -> Changes {
        let own: Vec<&str> = PORTAGES_OWN.iter().map(|(path, _)| path.trim_start_matches('/')).collect();
        self.layer.changes(&own)
    }
}

/// The venv with Portage's tools, `tool` among them.
pub fn venv(tool: &str) -> PathBuf {
    let venv = std::env::var("ONEGPU_TEST_PORTAGE").expect("ONEGPU_TEST_PORTAGE names a venv with Portage");
    assert!(Path::new(&venv).join("bin").join(tool).exists(), "{venv} has no {tool}");
    PathBuf::from(venv)
}

/// Writes the main repository's stand-in and Portage's configuration.
pub fn configure(shared: &Path) {
    for (path, text) in REPOSITORY {
        put(&shared.join("gentoo").join(path), text.as_bytes());
    }
    let here = shared.display();
    let conf = format!(
        // Debian has no Gentoo sandbox, and the namespaces are this test's own.
        "FEATURES=\"-sandbox -usersandbox -userpriv -ipc-sandbox -mount-sandbox -network-sandbox -pid-sandbox\"\n\
         PKGDIR=\"{here}/binpkgs\"\nDISTDIR=\"{here}/distfiles\"\nPORTAGE_TMPDIR=\"/var/tmp\"\nCLEAN_DELAY=\"0\"\n"
    );
    put(&shared.join("portage/make.conf"), conf.as_bytes());
    let repos = format!("[DEFAULT]\nmain-repo = gentoo\n[gentoo]\nlocation = {here}/gentoo\n");
    put(&shared.join("portage/repos.conf"), repos.as_bytes());
    let profile = shared.join("gentoo/profiles/minimal");
    std::os::unix::fs::symlink(profile, shared.join("portage/make.profile")).unwrap();
}

pub fn put(path: &Path, bytes: &[u8]) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

pub fn write_tree(root: &Path, files: &[File]) {
    for file in files {
        put(&root.join(file.path.trim_start_matches('/')), &file.bytes);
    }
}

/// Runs a command that has to succeed; what it said.
pub fn ran(command: &mut Command) -> String {
    let out = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = text(&out);
    assert!(out.status.success(), "{command:?}: {text}");
    text
}

pub fn text(out: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr))
}
