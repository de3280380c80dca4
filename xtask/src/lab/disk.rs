//! The disk of one run: the image below it is only read.

use std::path::Path;

use onegpu::diag::Result;
use xshell::Shell;

use super::emulator::Emulator;
use crate::process::failure;

/// Lays an empty disk over the image; returns nothing, for it is at `place`.
pub fn lay(sh: &Shell, emulator: &Emulator, image: &Path, place: &Path) -> Result<()> {
    let words = emulator.program("qemu-img");
    let (program, words) = words.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
    sh.cmd(program)
        .args(words)
        .args(["create", "-q", "-f", "qcow2", "-F", "raw", "-b"])
        .args([image, place])
        .quiet()
        .run()
        .map_err(failure)
}
