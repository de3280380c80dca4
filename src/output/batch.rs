//! Single files that go into a folder which may hold other files too.

use std::fs;
use std::path::{Path, PathBuf};

use super::failure;
use crate::diag::Result;

/// Files under construction: all are written under passing names first, and take
/// their places when the last one is there.
pub struct Batch {
    folder: PathBuf,
    made: Vec<PathBuf>,
    waiting: Vec<(PathBuf, PathBuf)>,
}

impl Batch {
    /// Starts a batch in `folder`, which is made when it does not exist.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        let mut batch = Self { folder: folder.to_path_buf(), made: Vec::new(), waiting: Vec::new() };
        batch.make(folder)?;
        Ok(batch)
    }

    /// Makes a folder, and remembers which of those above it are new.
    fn make(&mut self, folder: &Path) -> Result<()> {
        let new = |dir: &&Path| *dir != Path::new("") && !dir.exists();
        self.made.extend(folder.ancestors().take_while(new).map(Path::to_path_buf));
        fs::create_dir_all(folder).map_err(|error| failure(folder, &error))
    }

    /// Adds the file `name`, and tells the path it will have.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> Result<PathBuf> {
        let target = self.folder.join(name);
        self.make(&target.parent().map_or_else(|| self.folder.clone(), Path::to_path_buf))?;
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
        self.made.clear();
        Ok(())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for (passing, _) in &self.waiting {
            let _ = fs::remove_file(passing);
        }
        // The deepest first, and only what is empty: another onegpu may have written there.
        self.made.sort();
        for made in self.made.iter().rev() {
            let _ = fs::remove_dir(made);
        }
    }
}
