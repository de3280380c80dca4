//! rpm's database: which files a package put there. It is SQLite's (Fedora since 33), and is read page by
//! page as it lies there: rpm itself need not be at hand, and nothing is locked or written.

mod header;
mod sqlite;

use sqlite::{Database, Value};

use crate::machine::root::Root;
use crate::paths::installed as at;

pub use header::Listed;

/// The files of the installed package `name`; none when it is not installed or cannot be read.
pub fn files(root: &Root, name: &str) -> Vec<Listed> {
    let databases = at::RPM_DATABASES.iter().filter_map(|path| Some((root.file(path)?, path)));
    let Some((file, path)) = databases.into_iter().next() else { return Vec::new() };
    blob(Database::open(file, root.file(&format!("{path}-wal"))), name)
        .and_then(|blob| header::files(&blob))
        .unwrap_or_default()
}

/// The header of the newest package of this name.
fn blob(database: Option<Database>, name: &str) -> Option<Vec<u8>> {
    let database = database?;
    let mut number = None;
    database.each(database.table("Name")?, &mut |_, row| {
        if let [Value::Text(key), Value::Number(found), ..] = row
            && key == name
        {
            number = number.max(Some(*found));
        }
    })?;
    match database.row(database.table("Packages")?, number?)?.into_iter().nth(1)? {
        Value::Blob(bytes) => Some(bytes),
        _ => None,
    }
}
