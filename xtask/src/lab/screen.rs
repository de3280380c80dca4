//! What the PC's display shows, as a picture.

use std::fs;
use std::path::Path;
use std::time::Duration;

use onegpu::diag::Result;

use super::machine::Machine;
use crate::process::failure;

/// Every picture of this form ends so.
const END: &[u8] = b"IEND\xaeB`\x82";

/// Writes `folder/name.png` by QEMU's monitor. `folder` is the machine's own.
pub fn shoot(machine: &mut Machine, folder: &Path, name: &str) -> Result<()> {
    let file = format!("{name}.png");
    machine.order(&format!("screendump {file} -f png"))?;
    for _ in 0..100 {
        if fs::read(folder.join(&file)).is_ok_and(|bytes| bytes.ends_with(END)) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Err(failure(format!("QEMU made no picture {file}")))
}
