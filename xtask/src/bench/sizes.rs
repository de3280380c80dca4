//! The sizes of the packages, which are the same each time.

use std::fs;
use std::path::Path;

use onegpu::diag::Result;

use super::ground::Ground;
use super::peers;
use super::report::{Report, Row};
use super::run::{Line, Work, alternate};
use super::trees::{FORMATS, find, trees};
use crate::process::failure;

/// One row for each package and each who makes it.
pub fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    if peers::find(&ground.sh, report, "bsdtar").is_none() {
        return Ok(());
    }
    for format in FORMATS {
        let output = ground.at(&format!("sizes/{}", format.name));
        let own = output.join("onegpu");
        ground.package(&["--distro", format.distro], &own).run()?;
        for tree in trees(ground, format)? {
            let size = |folder: &Path| -> Result<u64> {
                let file = find(folder, &tree.name, format.ending)?;
                fs::metadata(file).map(|meta| meta.len()).map_err(failure)
            };
            let ours = size(&own)?;
            for program in ["nfpm", format.native] {
                let Some(path) = peers::find(&ground.sh, report, program) else { continue };
                let folder = output.join(program);
                fs::create_dir_all(&folder).map_err(failure)?;
                let work = match program {
                    "nfpm" => tree.by_nfpm(&path, &folder),
                    _ => tree.by_native(ground, &path, &folder),
                };
                let folder = if program == "nfpm" { folder } else { tree.native_output(&folder) };
                let made = work.run();
                match made.and_then(|_| size(&folder)) {
                    Ok(other) => {
                        let what = format!("{}: size of {}", format.name, tree.name);
                        report.row(Row::of_sizes(&what, program, ours, other, Some(1.0)));
                        if program == "dpkg-deb" && ours > other {
                            let package = find(&own, &tree.name, format.ending)?;
                            as_small(ground, report, (&tree.name, &package), ours - other)?;
                        }
                    }
                    Err(error) => report.missing(format!("{program} fails here: {}", error.message())),
                }
            }
        }
    }
    Ok(())
}

/// What it takes to save so many bytes of a .deb: its data by xz, as dpkg-deb has them, and nothing else.
/// The parameters are the quickest of 1,700 that were tried and do; that they still do is seen each time.
fn as_small(ground: &Ground, report: &mut Report, (name, package): (&str, &Path), bytes: u64) -> Result<()> {
    let folder = ground.at(&format!("sizes/xz/{name}"));
    let (gz, tar, xz) = (folder.join("data.tar.gz"), folder.join("data.tar"), folder.join("data.tar.xz"));
    fs::create_dir_all(&folder).map_err(failure)?;
    let unpack = ground.sh.cmd("bsdtar").arg("-xf").arg(package).arg("-C").arg(&folder);
    unpack.quiet().run().map_err(failure)?;
    ground.sh.cmd("gzip").arg("-dk").arg(&gz).quiet().run().map_err(failure)?;
    let words = ["--keep", "--lzma2=dict=128KiB,pb=0,mode=normal,mf=bt4,nice=24,depth=16"];
    let line = Line::new("xz", words.map(String::from).into_iter().chain([tar.display().to_string()]));
    let work = Work::new(format!("`xz` of {name}'s data alone, for dpkg-deb's size")).line(line).fresh(&xz);
    work.run()?;
    let size = |path: &Path| fs::metadata(path).map(|meta| meta.len()).map_err(failure);
    if size(&xz)? + bytes > size(&gz)? {
        report.missing(format!("xz for dpkg-deb's size: of {name} these parameters make more"));
        return Ok(());
    }
    let ours = ground.package(&["--distro", "ubuntu"], &folder.join("onegpu"));
    let series = alternate(&[&ours, &work], ground.budget)?;
    let what = "deb: host's and guest's package";
    report.row(Row::of_times(what, (&ours, &series[0]), (&work, &series[1]), None));
    Ok(())
}
