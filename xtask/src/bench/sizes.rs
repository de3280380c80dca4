//! The sizes of the packages, which are the same each time.

use std::fs;
use std::path::Path;

use onegpu::diag::Result;

use super::ground::Ground;
use super::peers;
use super::report::{Report, Row};
use super::trees::{FORMATS, find, trees};

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
                fs::metadata(file).map(|meta| meta.len()).map_err(crate::process::failure)
            };
            let ours = size(&own)?;
            for program in ["nfpm", format.native] {
                let Some(path) = peers::find(&ground.sh, report, program) else { continue };
                let folder = output.join(program);
                fs::create_dir_all(&folder).map_err(crate::process::failure)?;
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
                    }
                    Err(error) => report.missing(format!("{program} fails here: {}", error.message())),
                }
            }
        }
    }
    Ok(())
}
