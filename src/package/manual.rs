//! Manual pages: one for every program that a package puts on the PATH.

use super::SetupPackage;
use super::archive::gzip;
use crate::diag::Result;
use crate::paths;
use crate::plan::Kind;
use crate::render::{Engine, File};

/// The pages of `package`, compressed as every distro has them.
///
/// # Errors
/// When a program has no page in the templates.
pub fn pages(engine: &mut Engine<'_>, package: &SetupPackage) -> Result<Vec<File>> {
    let mut out = Vec::new();
    for file in &package.files {
        let Some(program) = file.path.strip_prefix(paths::BIN_DIR).and_then(|rest| rest.strip_prefix('/'))
        else {
            continue;
        };
        let text = engine.render(&format!("package/man/{program}.8"), &[])?;
        let path = format!("{}/{program}.8.gz", paths::MAN_DIR);
        out.push(File { path, kind: Kind::Plain, bytes: gzip(text.as_bytes())? });
    }
    Ok(out)
}
