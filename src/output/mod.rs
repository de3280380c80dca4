//! Writing so that nothing is ever half there: a command that fails leaves its
//! output folder as it was.

mod batch;
mod folder;

use std::path::Path;

use crate::diag::Diagnostic;

pub use batch::Batch;
pub use folder::Folder;

fn failure(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::machine(format!("{}: {error}", path.display()))
}
