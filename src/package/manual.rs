//! Manual pages: one for every program that a package puts on the PATH.

use flate2::Compression;
use flate2::GzBuilder;
use std::io::Write;

use super::{SetupPackage, unwritable};
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
        out.push(File { path, kind: Kind::Plain, bytes: gzip(package, text.as_bytes())? });
    }
    Ok(out)
}

/// `gzip -9n`: neither name nor time.
///
/// # Errors
/// Never in practice: it writes to memory.
pub fn gzip(package: &SetupPackage, bytes: &[u8]) -> Result<Vec<u8>> {
    let mut out = GzBuilder::new().write(Vec::new(), Compression::best());
    out.write_all(bytes).and_then(|()| out.finish()).map_err(|error| unwritable(package, error))
}
