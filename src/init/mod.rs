//! `onegpu init`: from what the machine tells, and what only its user knows, to
//! a profile whose every line says why it is there.
//!
//! [`answers`] is what was said by flags or in the [`conversation`]; [`propose`]
//! has a value for what was not; [`draft`] puts both together and writes them.

pub mod answers;
pub mod ask;
pub mod conversation;
pub mod draft;
mod guest;
mod host;
pub mod plain;
pub mod propose;
mod questions;
pub mod rich;
pub mod summary;

use crate::data::DataDirs;
use crate::diag::Result;
use crate::distro::Distro;
use crate::machine::Machine;
use crate::machine::gpu::Gpu;
use crate::machine::root::Root;
use crate::profile::Init;
use answers::Answers;

/// What is known before anybody is asked.
pub struct Facts<'a> {
    /// The machine.
    pub machine: &'a Machine,
    /// Its files: what lies among the disk images.
    pub root: &'a Root,
    /// Where distros are known from.
    pub data: &'a DataDirs,
}

impl Facts<'_> {
    /// The distro that was said, or else the machine's.
    ///
    /// # Errors
    /// When no file knows it, or the file is broken.
    pub fn distro(&self, answers: &Answers) -> Result<Option<Distro>> {
        let id = answers.distro.as_ref().or(self.machine.distro.known_as.as_ref());
        id.map(|id| Distro::load(self.data, id)).transpose()
    }

    /// The card that was said, or else the one that shows the desktop.
    pub fn card(&self, answers: &Answers) -> Option<&Gpu> {
        match answers.gpu {
            Some(said) => self.machine.gpus.iter().find(|gpu| gpu.address == said),
            None => self.machine.main_gpu(),
        }
    }

    /// The init system that the profile will have on this distro.
    pub fn init(&self, answers: &Answers, distro: &Distro) -> Option<Init> {
        let known = answers.init.or(self.machine.init.init).filter(|init| distro.inits.contains(init));
        known.or_else(|| distro.inits.first().copied())
    }
}
