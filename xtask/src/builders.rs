//! Running a recipe with the distro's own builder, from the tarball alone. What the
//! builders would install first, the Rust toolchain, is the one that runs this.

use std::env;
use std::fs;
use std::path::Path;

use onegpu::diag::{Diagnostic, Result};
use xshell::{Cmd, Shell};

use crate::process::failure;
use crate::recipes::Format;
use crate::release::Release;
use crate::tools;

/// Builds below `folder/build`, where the results stay.
pub fn build(
    format: Format,
    release: &Release,
    folder: &Path,
    (tarball, quick): (&Path, bool),
) -> Result<()> {
    let sh = Shell::new().map_err(failure)?;
    tools::equip(&sh);
    let place = folder.join("build");
    sh.remove_path(&place).map_err(failure)?;
    fs::create_dir_all(&place).map_err(failure)?;
    sh.change_dir(&place);
    // A builder may hide the user's home, where a proxy would look for its toolchain.
    if let (Some(cargo), Some(path)) = (env::var_os("CARGO"), sh.var_os("PATH")) {
        let own = Path::new(&cargo).parent().map(Path::to_path_buf);
        if let Ok(path) = env::join_paths(own.into_iter().chain(env::split_paths(&path))) {
            sh.set_var("PATH", path);
        }
    }
    sh.set_var("SOURCE_DATE_EPOCH", release.epoch().to_string());
    if quick {
        for (key, value) in [("OPT_LEVEL", "0"), ("LTO", "off"), ("CODEGEN_UNITS", "16")] {
            sh.set_var(format!("CARGO_PROFILE_RELEASE_{key}"), value);
        }
    }
    let name = format!("onegpu-{}", release.version);
    match format {
        Format::Deb => {
            let orig = place.join(format!("onegpu_{}.orig.tar.xz", release.version));
            fs::copy(tarball, orig).map_err(failure)?;
            run(sh.cmd("tar").arg("-xf").arg(tarball))?;
            run(sh.cmd("cp").arg("-r").arg(folder.join("debian")).arg(place.join(&name)))?;
            sh.change_dir(place.join(&name));
            // -d: the toolchain need not be Debian's.
            run(sh.cmd("dpkg-buildpackage").args(["-us", "-uc", "-d"]))
        }
        Format::Rpm => {
            let sources = place.join("SOURCES");
            fs::create_dir_all(&sources).map_err(failure)?;
            fs::copy(tarball, sources.join(format!("{name}.tar.xz"))).map_err(failure)?;
            let define = format!("_topdir {}", place.display());
            let rpmbuild = sh.cmd("rpmbuild").args(["-ba", "--nodeps", "--define", &define]);
            run(rpmbuild.arg(folder.join("onegpu.spec")))
        }
        Format::Arch => {
            fs::copy(tarball, place.join(format!("{name}.tar.xz"))).map_err(failure)?;
            fs::copy(folder.join("PKGBUILD"), place.join("PKGBUILD")).map_err(failure)?;
            let words = ["makepkg", "--nodeps", "--noconfirm"];
            // makepkg refuses to be root; in a namespace of its own, it need not be.
            match tools::is_superuser(&sh) {
                true => {
                    run(sh.cmd("unshare").args(["--user", "--map-user=1000", "--map-group=1000"]).args(words))
                }
                false => run(sh.cmd(words[0]).args(&words[1..])),
            }
        }
        Format::Gentoo | Format::Void => {
            Err(Diagnostic::input(format!("{}: this recipe is built on the distro itself", format.folder()))
                .help("it needs Gentoo's repository with cargo.eclass, or a checkout of void-packages"))
        }
    }
}

fn run(command: Cmd<'_>) -> Result<()> {
    command.run().map_err(failure)
}
