//! The same setup packages for others to build: our own, unpacked, with what
//! each builder wants to be told beside them.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use onegpu::data::DataDirs;
use onegpu::diag::Result;
use onegpu::distro::Distro;
use onegpu::plan::{PackagePlan, Plan};
use onegpu::profile;
use onegpu::setup::Setup;

use super::ground::Ground;
use super::run::{Line, Work};
use crate::process::failure;

/// A format, and the distro that stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Format {
    /// As nfpm calls it.
    pub name: &'static str,
    /// As onegpu calls the distro.
    pub distro: &'static str,
    /// Who else makes it.
    pub native: &'static str,
    /// A package's name ends so.
    pub ending: &'static str,
}

/// The formats that somebody else makes, too.
pub const FORMATS: [Format; 3] = [
    Format { name: "deb", distro: "ubuntu", native: "dpkg-deb", ending: ".deb" },
    Format { name: "rpm", distro: "fedora", native: "rpmbuild", ending: ".rpm" },
    Format { name: "archlinux", distro: "arch", native: "makepkg", ending: ".pkg.tar.zst" },
];

/// Who runs makepkg, which refuses to be run by root.
const NOBODY: u32 = 65534;

/// One package, unpacked.
pub struct Tree {
    /// Its name.
    pub name: String,
    /// Its format.
    format: Format,
    /// Its files.
    root: PathBuf,
    /// What its builders read.
    inputs: PathBuf,
    /// The folders that a package of this format has to name; the others' builders find them.
    folders: Vec<String>,
}

/// Both packages of the example in a format: built by onegpu, unpacked by bsdtar.
pub fn trees(ground: &Ground, format: Format) -> Result<Vec<Tree>> {
    let place = ground.at(&format!("trees/{}", format.name));
    let packages = place.join("packages");
    ground.package(&["--distro", format.distro], &packages).run()?;
    let profile = profile::read(&ground.profile)?;
    let data = DataDirs::embedded();
    let plan = Plan::new(Setup::new(&profile, Distro::load(&data, format.distro)?)?);
    plan.packages
        .iter()
        .map(|package| {
            let inputs = place.join(&package.name);
            let mut tree = Tree {
                name: package.name.clone(),
                format,
                root: inputs.join("root"),
                inputs,
                folders: Vec::new(),
            };
            let built = find(&packages, &package.name, format.ending)?;
            tree.unpack(ground, &built)?;
            if format.name == "rpm" {
                tree.folders = folders(ground, &built)?;
            }
            tree.describe(ground, package)?;
            Ok(tree)
        })
        .collect()
}

/// The package file in a folder.
pub fn find(folder: &Path, name: &str, ending: &str) -> Result<PathBuf> {
    let found = files(folder)?.into_iter().find(|path| {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        file.starts_with(name) && file.ends_with(ending) && !file.contains("-debuginfo")
    });
    found.ok_or_else(|| failure(format!("{}: has no package {name}", folder.display())))
}

/// All files below a folder, sorted.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut out = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failure(format!("{}: {error}", folder.display())))? {
        let path = entry.map_err(failure)?.path();
        match path.symlink_metadata().map_err(failure)?.is_dir() {
            true => out.extend(files(&path)?),
            false => out.push(path),
        }
    }
    out.sort();
    Ok(out)
}

/// The folders that are a package's own.
fn folders(ground: &Ground, package: &Path) -> Result<Vec<String>> {
    let list = ground.sh.cmd("bsdtar").arg("-tvf").arg(package).quiet().read().map_err(failure)?;
    let own = list.lines().filter(|line| line.starts_with('d'));
    let path = |line: &str| Some(line.split_whitespace().last()?.trim_start_matches('.').to_owned());
    Ok(own.filter_map(path).collect())
}

impl Tree {
    /// Files, and the maintainer scripts that a .deb has.
    fn unpack(&self, ground: &Ground, package: &Path) -> Result<()> {
        let sh = &ground.sh;
        fs::create_dir_all(&self.root).map_err(failure)?;
        if self.format.name == "deb" {
            for (member, folder) in [("data", self.root.clone()), ("control", self.root.join("DEBIAN"))] {
                let archive = self.inputs.join(format!("{member}.tar.gz"));
                fs::create_dir_all(&folder).map_err(failure)?;
                let name = format!("{member}.tar.gz");
                let bytes =
                    sh.cmd("bsdtar").arg("-xOf").arg(package).arg(name).quiet().output().map_err(failure)?;
                fs::write(&archive, bytes.stdout).map_err(failure)?;
                sh.cmd("bsdtar")
                    .arg("-xpf")
                    .arg(&archive)
                    .arg("-C")
                    .arg(&folder)
                    .quiet()
                    .run()
                    .map_err(failure)?;
            }
            return Ok(());
        }
        let unpack = sh.cmd("bsdtar").arg("-xpf").arg(package).arg("-C").arg(&self.root);
        unpack.args(["--exclude", ".[A-Z]*"]).quiet().run().map_err(failure)
    }

    /// The maintainer scripts: those of the .deb for every format, for they call the same.
    fn scripts(&self, ground: &Ground) -> [PathBuf; 2] {
        let control = ground.at("trees/deb").join(&self.name).join("root/DEBIAN");
        ["postinst", "prerm"].map(|name| control.join(name))
    }

    fn describe(&self, ground: &Ground, package: &PackagePlan) -> Result<()> {
        ground.write(&self.inputs.join("nfpm.yaml"), self.nfpm(ground, package)?)?;
        match self.format.name {
            "rpm" => ground.write(&self.inputs.join("package.spec"), self.spec(ground, package)?),
            "archlinux" => self.pkgbuild(ground, package),
            _ => Ok(()),
        }
    }

    /// The package's own files, from `/`.
    fn paths(&self) -> Result<Vec<(PathBuf, String)>> {
        let control = self.root.join("DEBIAN");
        let own = files(&self.root)?.into_iter().filter(|path| !path.starts_with(&control));
        own.map(|path| {
            let name = path.strip_prefix(&self.root).map_err(failure)?.display().to_string();
            Ok((path, format!("/{name}")))
        })
        .collect()
    }

    /// Names alone: how a format spells a version is not what is measured.
    fn depends(package: &PackagePlan) -> Vec<&str> {
        let plain = |depend: &&str| depend.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+._".contains(&b));
        package.depends.iter().map(String::as_str).filter(plain).collect()
    }

    fn nfpm(&self, ground: &Ground, package: &PackagePlan) -> Result<String> {
        let arch = if self.format.name == "rpm" { "noarch" } else { "all" };
        let [postinst, prerm] = self.scripts(ground);
        let mut out = format!(
            "name: {}\narch: {arch}\nversion: 0.1.0\nrelease: \"1\"\nmaintainer: onegpu <setup@onegpu.invalid>\n\
             description: {:?}\nlicense: MIT OR Apache-2.0\nscripts:\n  postinstall: {}\n  preremove: {}\ndepends:\n",
            package.name,
            format!("{}\n{}", package.summary, package.description),
            postinst.display(),
            prerm.display(),
        );
        Self::depends(package).iter().for_each(|depend| {
            let _ = writeln!(out, "  - {depend}");
        });
        out.push_str("contents:\n");
        self.folders.iter().for_each(|folder| {
            let _ = writeln!(out, "  - {{dst: {folder:?}, type: dir}}");
        });
        for (path, name) in self.paths()? {
            let config = package.artifacts.iter().any(|file| file.path == name && file.kind.is_config());
            let (source, kind) = match fs::read_link(&path) {
                Ok(target) => (target, "symlink"),
                Err(_) => (path, if config { "config|noreplace" } else { "file" }),
            };
            let _ = writeln!(out, "  - {{src: {source:?}, dst: {name:?}, type: {kind:?}}}");
        }
        Ok(out)
    }

    fn spec(&self, ground: &Ground, package: &PackagePlan) -> Result<String> {
        let [postinst, prerm] = self.scripts(ground);
        let mut out = format!(
            "Name: {}\nVersion: 0.1.0\nRelease: 1\nSummary: {}\nLicense: MIT OR Apache-2.0\nBuildArch: noarch\n\
             AutoReqProv: no\n",
            package.name, package.summary,
        );
        Self::depends(package).iter().for_each(|depend| {
            let _ = writeln!(out, "Requires: {depend}");
        });
        let _ = write!(
            out,
            "%description\n{}\n%install\ncp -a {}/. %{{buildroot}}/\n%post -f {}\n%preun -f {}\n%files\n",
            package.description,
            self.root.display(),
            postinst.display(),
            prerm.display(),
        );
        self.folders.iter().for_each(|folder| {
            let _ = writeln!(out, "%dir \"{folder}\"");
        });
        for (_, name) in self.paths()? {
            let config = package.artifacts.iter().any(|file| file.path == name && file.kind.is_config());
            let _ = writeln!(out, "{}\"{name}\"", if config { "%config(noreplace) " } else { "" });
        }
        Ok(out)
    }

    fn pkgbuild(&self, ground: &Ground, package: &PackagePlan) -> Result<()> {
        let depends = Self::depends(package).join(" ");
        let backup: Vec<&str> = package
            .artifacts
            .iter()
            .filter(|file| file.kind.is_config())
            .map(|file| file.path.trim_start_matches('/'))
            .collect();
        let text = format!(
            "pkgname={}\npkgver=0.1.0\npkgrel=1\npkgdesc={}\narch=(any)\nlicense=('MIT OR Apache-2.0')\n\
             depends=({depends})\nbackup=({})\ninstall=package.install\npackage() {{\n  cp -a {}/. \"$pkgdir/\"\n}}\n",
            package.name,
            onegpu::render::quote::sh(&package.summary).map_err(failure)?,
            backup.join(" "),
            self.root.display(),
        );
        ground.write(&self.inputs.join("PKGBUILD"), text)?;
        let [postinst, prerm] = self.scripts(ground).map(std::fs::read_to_string);
        let (postinst, prerm) = (postinst.map_err(failure)?, prerm.map_err(failure)?);
        let install = format!("post_install() {{\n{postinst}\n}}\npre_remove() {{\n{prerm}\n}}\n");
        ground.write(&self.inputs.join("package.install"), install)?;
        if fs::metadata(&ground.scratch).is_ok_and(|_| is_root(ground)) {
            chown(&self.inputs, Some(NOBODY), Some(NOBODY)).map_err(failure)?;
            for name in ["PKGBUILD", "package.install"] {
                chown(self.inputs.join(name), Some(NOBODY), Some(NOBODY)).map_err(failure)?;
            }
        }
        Ok(())
    }

    /// nfpm at its defaults, or with another compression.
    pub fn by_nfpm(&self, nfpm: &Path, output: &Path) -> Work {
        let target = output.join(format!("{}{}", self.name, self.format.ending));
        let config = self.inputs.join("nfpm.yaml");
        let words = ["package", "-p", self.format.name, "-f"].map(str::to_owned);
        let files = [config.display().to_string(), "-t".into(), target.display().to_string()];
        Work::new("nfpm").line(Line::new(nfpm, words.into_iter().chain(files))).fresh(&target)
    }

    /// The format's own builder.
    pub fn by_native(&self, ground: &Ground, builder: &Path, output: &Path) -> Work {
        let work = Work::new(self.format.native);
        let target = output.join(format!("{}{}", self.name, self.format.ending));
        let text = |path: &Path| path.display().to_string();
        match self.format.name {
            "deb" => {
                let words = ["--build".into(), "--root-owner-group".into(), text(&self.root), text(&target)];
                work.line(Line::new(builder, words)).fresh(&target)
            }
            "rpm" => {
                let top = format!("_topdir {}", text(&self.inputs.join("rpmbuild")));
                let folder = format!("_rpmdir {}", text(output));
                let words = ["-bb".into(), "--quiet".into(), "-D".into(), top, "-D".into(), folder];
                let spec = text(&self.inputs.join("package.spec"));
                let target = output.join("noarch").join(format!("{}-0.1.0-1.noarch.rpm", self.name));
                work.line(Line::new(builder, words.into_iter().chain([spec]))).fresh(&target)
            }
            _ => {
                let words = ["--nodeps", "--force", "--cleanbuild", "--noconfirm"];
                let line = match is_root(ground) {
                    false => Line::new(builder, words),
                    true => {
                        let who = [
                            format!("--reuid={NOBODY}"),
                            format!("--regid={NOBODY}"),
                            "--clear-groups".into(),
                        ];
                        let words = words.into_iter().map(str::to_owned);
                        Line::new("setpriv", who.into_iter().chain([text(builder)]).chain(words))
                    }
                };
                // Where PKGEXT is not said, makepkg.conf has its word: .zst is Arch's.
                let line = line.env("PKGEXT", ".pkg.tar.zst").env("PKGDEST", &self.inputs);
                let target = self.inputs.join(format!("{}-0.1.0-1-any.pkg.tar.zst", self.name));
                work.line(line.within(&self.inputs)).fresh(&target)
            }
        }
    }

    /// Where [`Tree::by_native`] puts the package.
    pub fn native_output(&self, output: &Path) -> PathBuf {
        if self.format.name == "archlinux" { self.inputs.clone() } else { output.to_path_buf() }
    }
}

fn is_root(ground: &Ground) -> bool {
    crate::tools::is_superuser(&ground.sh)
}
