//! Writing so that nothing is ever half there: a command that fails leaves its
//! output folder as it was.

mod batch;
mod folder;

use std::path::Path;

use crate::diag::{Diagnostic, Result};

pub use batch::Batch;
pub use folder::Folder;
pub(crate) use folder::MARK;

/// Writes one file whole, or leaves what was there. What is no regular file (a
/// device, a FIFO, standard output's name) is written to as it is.
///
/// # Errors
/// When it cannot be written.
pub fn file(path: &Path, bytes: &[u8]) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_dir() => {
            return Err(Diagnostic::input(format!("{}: is a folder", path.display()))
                .help("name the file that shall be written"));
        }
        Ok(meta) if !meta.is_file() => {
            return std::fs::write(path, bytes).map_err(|error| failure(path, &error));
        }
        _ => {}
    }
    // A link stays a link: the file that it leads to is replaced.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let name = target
        .file_name()
        .and_then(|name| name.to_str())
        .ok_or_else(|| Diagnostic::input(format!("{}: is no name for a file", path.display())))?;
    let folder = target.parent().unwrap_or(Path::new(""));
    let mut batch = Batch::new(if folder == Path::new("") { Path::new(".") } else { folder })?;
    batch.add(name, bytes)?;
    batch.finish()
}

/// What the machine said about a path.
pub(crate) fn failure(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::machine(format!("{}: {error}", path.display()))
}
