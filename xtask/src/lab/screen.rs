//! What the PC's display shows, as a picture.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

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

/// Pictures one after the other, while something goes on.
pub struct Film {
    folder: PathBuf,
    name: String,
    began: Instant,
    /// The second of each picture.
    taken: Vec<u64>,
}

impl Film {
    /// One that has no picture yet; its pictures will be `folder/name-SECOND.png`.
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { folder: folder.to_owned(), name: name.to_owned(), began: Instant::now(), taken: Vec::new() }
    }

    /// Takes one, if there is none of this second.
    pub fn shoot(&mut self, machine: &mut Machine) {
        let second = self.began.elapsed().as_secs();
        if self.taken.last() != Some(&second) {
            self.taken.push(second);
            let _ = machine.order(&format!("screendump {}-{second:02}.png -f png", self.name));
        }
    }

    /// Drops those that show the same as the one before, or are not whole.
    pub fn cut(&self) {
        let mut last = Vec::new();
        for second in &self.taken {
            let place = self.folder.join(format!("{}-{second:02}.png", self.name));
            let bytes = fs::read(&place).unwrap_or_default();
            if bytes == last || !bytes.ends_with(END) {
                let _ = fs::remove_file(place);
            } else {
                last = bytes;
            }
        }
    }
}
