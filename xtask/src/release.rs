//! Version and date of a release: one place each, `Cargo.toml` and `CHANGELOG.md`.

use std::fs;
use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use onegpu::diag::{Diagnostic, Result};

use crate::process::{failure, root};

/// What is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// `0.1.0`.
    pub version: String,
    /// `2026-11-22`, of the changelog's heading for this version.
    pub date: String,
}

impl Release {
    /// The checkout's.
    ///
    /// # Errors
    /// When the changelog has no heading for the version of `Cargo.toml`.
    pub fn read() -> Result<Self> {
        Self::of(root(), env!("CARGO_PKG_VERSION"))
    }

    fn of(root: &Path, version: &str) -> Result<Self> {
        let changelog = fs::read_to_string(root.join("CHANGELOG.md")).map_err(failure)?;
        let head = format!("## {version}, ");
        let date = changelog.lines().find_map(|line| line.strip_prefix(&head)).map(str::trim);
        match date {
            Some(date) if date.parse::<Date>().is_ok() => {
                Ok(Self { version: version.to_owned(), date: date.to_owned() })
            }
            _ => Err(Diagnostic::input(format!("CHANGELOG.md says nothing of {version}"))
                .help(format!("give it a heading like `{head}2026-11-22`"))),
        }
    }

    /// Midnight of the day, in seconds since 1970: the time of every file in the tarball.
    pub fn epoch(&self) -> u64 {
        self.date
            .parse::<Date>()
            .and_then(|day| day.to_zoned(TimeZone::UTC))
            .map(|time| u64::try_from(time.timestamp().as_second()).unwrap_or_default())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_the_changelogs() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("CHANGELOG.md"), "# Changelog\n\n## 1.2.3, 2026-11-22\n").unwrap();
        let release = Release::of(dir.path(), "1.2.3").unwrap();
        assert_eq!(release.date, "2026-11-22");
        assert!(Release::of(dir.path(), "1.2.4").is_err());
        assert!(Release::read().is_ok());
    }

    #[test]
    fn the_epoch_is_midnight() {
        let epoch = |date: &str| Release { version: String::new(), date: date.into() }.epoch();
        assert_eq!(epoch("2000-02-29"), 951_782_400);
        assert_eq!(epoch("2026-11-22"), 1_795_305_600);
    }
}
