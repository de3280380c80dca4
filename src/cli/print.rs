//! A command's result: to standard output, or whole into a file.

use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::diag::{Diagnostic, Result};
use crate::output;

/// Writes `text` to `file`, or to standard output when there is none.
pub(super) fn to(file: Option<&Path>, text: &str) -> Result<ExitCode> {
    if let Some(file) = file {
        output::file(file, text.as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(ExitCode::SUCCESS),
        // Who closes the pipe has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        Err(error) => Err(Diagnostic::machine(format!("standard output: {error}"))),
    }
}
