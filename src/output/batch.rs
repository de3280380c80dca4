//! Single files that go into a folder which may hold other files too.

use std::fs;
use std::path::{Path, PathBuf};

use super::failure;
use crate::diag::Result;

/// Files under construction: all are written under passing names first, and take
/// their places when the last one is there.
pub struct Batch {
    folder: PathBuf,
    made: Option<PathBuf>,
    waiting: Vec<(PathBuf, PathBuf)>,
}

impl Batch {
    /// Starts a batch in `folder`, which is made when it does not exist.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        // The topmost folder that will be new: what a failure has to take away again.
        let made = folder.ancestors().take_while(|dir| *dir != Path::new("") && !dir.exists()).last();
        let made = made.map(Path::to_path_buf);
        fs::create_dir_all(folder).map_err(|error| failure(folder, &error))?;
        Ok(Self { folder: folder.to_path_buf(), made, waiting: Vec::new() })
    }

    /// Adds the file `name`, and tells the path it will have.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let target = self.folder.join(name);
        let parent = target.parent().unwrap_or(&self.folder);
        fs::create_dir_all(parent).map_err(|error| failure(parent, &error))?;
        let base = target.file_name().unwrap_or_default().to_string_lossy();
        let passing = target.with_file_name(format!(".{base}.{}.new", std::process::id()));
        self.waiting.push((passing.clone(), target.clone()));
        fs::write(&passing, bytes).map_err(|error| failure(&passing, &error))?;
        Ok(target)
    }

    /// Puts every file in its place.
    ///
    /// # Errors
    /// When one cannot take its place.
    pub fn finish(mut self) -> Result<()> {
        for (passing, target) in &self.waiting {
            fs::rename(passing, target).map_err(|error| failure(target, &error))?;
        }
        self.waiting.clear();
        self.made = None;
        Ok(())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for (passing, _) in &self.waiting {
            let _ = fs::remove_file(passing);
        }
        if let Some(made) = &self.made {
            let _ = fs::remove_dir_all(made);
        }
    }
}
