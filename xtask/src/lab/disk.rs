//! The disk of one run: what lies below it is only read.

use std::path::Path;

use onegpu::diag::Result;
use xshell::Shell;

use super::emulator::Emulator;
use crate::process::failure;

/// Lays an empty disk at `place` over `below`, an image of the form `raw` or `qcow2`.
pub fn lay(sh: &Shell, emulator: &Emulator, form: &str, below: &Path, place: &Path) -> Result<()> {
    let words = emulator.program("qemu-img");
    let (program, words) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
    sh.cmd(program)
        .args(words)
        .args(["create", "-q", "-f", "qcow2", "-F", form, "-b"])
        .args([below, place])
        .quiet()
        .run()
        .map_err(failure)
}
