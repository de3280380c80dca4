//! What lies above the machines' folders: the public key, and README.md, which says how each
//! client is pointed at them.

use std::fs;
use std::path::Path;

use tera::Value;

use super::place::signed_before;
use super::{Address, KEY_FILE, Key, NAME};
use crate::diag::Result;
use crate::output::Batch;
use crate::render::Engine;

/// Refuses a repository that was signed before: without a key, it would stop being so.
///
/// # Errors
/// When it was.
pub fn must_not_be_signed(root: &Path) -> Result<()> {
    match root.join(KEY_FILE).exists() {
        true => Err(signed_before(root, None)),
        false => Ok(()),
    }
}

/// Writes both.
///
/// # Errors
/// When the folder cannot be written.
pub fn guide(engine: &mut Engine<'_>, root: &Path, address: &Address, key: Option<&Key>) -> Result<()> {
    let values = [
        ("name", Value::from_serializable(&NAME)),
        ("url", Value::from_serializable(&address.as_str())),
        ("key_url", Value::from_serializable(&address.below(KEY_FILE))),
        ("key_file", Value::from_serializable(&KEY_FILE)),
        ("fingerprint", Value::from_serializable(&key.map(Key::fingerprint))),
    ];
    let text = engine.render("repository/README.md", &values)?;
    let mut batch = Batch::new(root)?;
    let mut put = |name: &str, text: &str| -> Result<()> {
        // What is as it should be keeps its time, which clients ask for.
        if fs::read(root.join(name)).is_ok_and(|old| old == text.as_bytes()) {
            return Ok(());
        }
        batch.add(name, text.as_bytes()).map(drop)
    };
    if let Some(key) = key {
        put(KEY_FILE, key.public())?;
    }
    put("README.md", &text)?;
    batch.finish()
}
