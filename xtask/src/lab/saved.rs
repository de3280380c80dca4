//! A PC on which the setup is installed and which was switched off then: the other scenarios
//! begin there, so that not each of them costs an installation.

use std::fs;
use std::path::{Path, PathBuf};

use onegpu::diag::Result;

use super::store::{self, Images};
use super::{Init, Iommu};
use crate::process::failure;

/// What lies in its folder beside the disk: the firmware's variables, and what was before.
const BESIDE: &[&str] = &["vars.fd", "share/before.listing", "share/before.packages"];

/// The saved PC of one kind.
pub struct Saved {
    folder: PathBuf,
    /// What it was made of.
    recipe: String,
}

impl Saved {
    /// The place for it. It counts as long as onegpu, the PC's disk before it and the scripts that
    /// install are the same.
    pub fn of(init: Init, iommu: Iommu, onegpu: &Path, images: &Images) -> Result<Self> {
        let scripts = ["lib", "settle", "package", "install", "listing"];
        let mut parts: Vec<_> =
            scripts.iter().map(|name| store::data().join(format!("vm/{name}.sh"))).collect();
        parts.push(onegpu.to_owned());
        let folder = store::folder().join(format!("installed-{}-{}", init.word(), iommu.word()));
        Ok(Self { folder, recipe: store::hash(&parts)? + &images.stamp })
    }

    /// Its disk.
    pub fn disk(&self) -> PathBuf {
        self.folder.join("disk.qcow2")
    }

    /// Whether it is there and current.
    pub fn is_there(&self) -> bool {
        fs::read_to_string(self.folder.join("recipe")).is_ok_and(|text| text == self.recipe)
    }

    /// Takes the disk and what belongs to it out of the folder of a run that is switched off.
    pub fn keep(&self, run: &Path) -> Result<()> {
        let _ = fs::remove_dir_all(&self.folder);
        fs::create_dir_all(self.folder.join("share")).map_err(failure)?;
        fs::rename(run.join("disk.qcow2"), self.disk()).map_err(failure)?;
        for name in BESIDE {
            fs::copy(run.join(name), self.folder.join(name)).map_err(failure)?;
        }
        fs::write(self.folder.join("recipe"), &self.recipe).map_err(failure)
    }

    /// Gives a new run what belongs to the disk.
    pub fn lend(&self, run: &Path) -> Result<()> {
        for name in BESIDE {
            fs::copy(self.folder.join(name), run.join(name)).map_err(failure)?;
        }
        Ok(())
    }
}
