//! Running commands: in the workspace's root, and with their output both shown and read.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use onegpu::diag::{Diagnostic, Result};
use xshell::{Cmd, Shell};

/// The workspace's root.
pub fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own)
}

/// A shell that stands in the workspace's root.
pub fn shell() -> Result<Shell> {
    let sh = Shell::new().map_err(failure)?;
    sh.change_dir(root());
    Ok(sh)
}

/// Any error of the machine, as a diagnostic.
pub fn failure(error: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::machine(error.to_string())
}

/// Runs a command, shows its output and hands each line to `each`. Standard
/// error goes the same way, so that cargo's headings stay in their places.
pub fn watch(command: Cmd<'_>, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
    let (reader, writer) = std::io::pipe().map_err(failure)?;
    let mut command = Command::from(command);
    command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(failure)?).stderr(writer);
    let mut child = command.spawn().map_err(failure)?;
    // The command holds our writing ends; with them open the reader would never end.
    drop(command);
    let (send, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(std::io::Result::ok) {
            if send.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    let mut ended = false;
    loop {
        match lines.recv_timeout(Duration::from_secs(1)) {
            Ok(line) => {
                println!("{line}");
                each(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            // A daemon that a test left behind may hold the pipe for ever:
            // once the command has ended and a second was silent, that was all.
            Err(RecvTimeoutError::Timeout) if ended => break,
            Err(RecvTimeoutError::Timeout) => ended = child.try_wait().map_err(failure)?.is_some(),
        }
    }
    child.wait().map_err(failure)
}
