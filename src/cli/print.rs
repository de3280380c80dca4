//! A command's result: to standard output, or whole into a file.

use std::io::{self, ErrorKind, IsTerminal, Write};
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

/// <https://no-color.org>: any value but the empty one means no.
pub(super) fn wants_colour() -> bool {
    let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !no_colour && !dumb
}
