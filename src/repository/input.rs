//! The checksum of all that decides what a machine's repository holds.

use sha2::{Digest, Sha256};

use super::{Address, Key};
use crate::data::DataDirs;
use crate::diag::Result;
use crate::package::archive::hex;

/// What is the same for all machines of a run.
#[derive(Debug, Clone)]
pub struct Input(Sha256);

impl Input {
    /// The program and its data, with every override; when, where and by whom.
    ///
    /// # Errors
    /// When an override cannot be read.
    pub fn new(data: &DataDirs, epoch: u32, address: &Address, key: Option<&Key>) -> Result<Self> {
        let mut input = Self(Sha256::new());
        input.add(env!("CARGO_PKG_VERSION").as_bytes());
        for (name, text) in crate::data::embedded() {
            input.add(name.as_bytes());
            input.add(text.as_bytes());
        }
        for (path, bytes) in data.overrides()? {
            input.add(path.as_os_str().as_encoded_bytes());
            input.add(&bytes);
        }
        input.add(&epoch.to_be_bytes());
        input.add(address.as_str().as_bytes());
        input.add(key.map_or("", Key::fingerprint).as_bytes());
        Ok(input)
    }

    /// With what is this machine's own.
    #[must_use]
    pub fn of(&self, machine: &str, distro: &str, profile: &str) -> String {
        let mut own = self.clone();
        [machine, distro, profile].iter().for_each(|part| own.add(part.as_bytes()));
        hex(&own.0.finalize())
    }

    /// Each part with its length, so that no two lists of parts look alike.
    fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_be_bytes());
        self.0.update(part);
    }
}
