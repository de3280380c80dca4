//! Where clients find a repository: a URL, which goes into every client's configuration.

use std::path::Path;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::diag::{Diagnostic, Result};
use crate::output::failure;

/// What a path's URL may not have as it is (RFC 3986, 3.3), and `$`, which dnf and pacman expand.
const SPECIAL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The repository's URL, without a slash at the end.
#[derive(Debug, Clone)]
pub struct Address(String);

impl Address {
    /// The one that was given, or the folder's own.
    ///
    /// # Errors
    /// When what was given is no URL that every client takes.
    pub fn new(given: Option<&str>, folder: &Path) -> Result<Self> {
        let Some(url) = given else {
            let folder = std::path::absolute(folder).map_err(|error| failure(folder, &error))?;
            let path = folder.to_str().ok_or_else(|| {
                Diagnostic::input(format!("{}: has a name that is no text", folder.display()))
            })?;
            return Ok(Self(format!("file://{}", utf8_percent_encode(path.trim_end_matches('/'), SPECIAL))));
        };
        let known = ["https://", "http://", "file:///"].iter().any(|scheme| {
            url.strip_prefix(scheme).is_some_and(|rest| scheme.starts_with("file") || !rest.starts_with('/'))
        });
        let plain = |c: char| c.is_ascii_graphic() && !"\"#$<>?[\\]^`{|}".contains(c);
        match known && url.len() > "https://".len() && url.chars().all(plain) {
            true => Ok(Self(url.trim_end_matches('/').to_owned())),
            false => Err(Diagnostic::input(format!("--url {url:?} is no address for a repository"))
                .help("like https://packages.example.org/onegpu; anything but letters, digits and -._~:/@+,=%& is written as %XX")),
        }
    }

    /// That of something below.
    pub fn below(&self, path: &str) -> String {
        format!("{}/{}", self.0, utf8_percent_encode(path, SPECIAL))
    }

    /// The folder behind a `file://` address, for clients that take nothing but its path.
    ///
    /// # Errors
    /// When the path has what a line of their configuration cannot.
    pub fn plain(url: &str) -> Result<String> {
        let Some(path) = url.strip_prefix("file://") else { return Ok(url.to_owned()) };
        let path = percent_decode_str(path).decode_utf8_lossy().into_owned();
        match path.contains(|c: char| c.is_whitespace() || c.is_control() || "#$".contains(c)) {
            false => Ok(path),
            true => Err(Diagnostic::input(format!("{path}: apk and XBPS have no way to write this path"))
                .help("name a folder without blanks, # and $ with --repo; or say by which http:// address it is reached, with --url")),
        }
    }

    /// As it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_an_address_whatever_it_is_called() {
        let of = |path: &str| Address::new(None, Path::new(path)).unwrap().as_str().to_owned();
        assert_eq!(of("/srv/one gpu/$arch#1/"), "file:///srv/one%20gpu/%24arch%231");
        assert_eq!(of("/srv/é"), "file:///srv/%C3%A9");
    }

    #[test]
    fn a_path_is_one_again_where_it_can_be_written() {
        let plain = |url: &str| Address::plain(url).ok();
        assert_eq!(plain("file:///srv/%C3%A9/x").as_deref(), Some("/srv/é/x"));
        assert_eq!(plain("https://example.org/a%20b").as_deref(), Some("https://example.org/a%20b"));
        assert_eq!(plain("file:///srv/one%20gpu"), None);
        assert_eq!(plain("file:///srv/$HOME"), None);
    }

    #[test]
    fn nothing_but_a_url_is_taken_for_one() {
        let of = |url: &str| Address::new(Some(url), Path::new("/")).map(|address| address.0);
        assert_eq!(of("https://example.org/onegpu/").unwrap(), "https://example.org/onegpu");
        assert_eq!(of("http://[::1]/x").unwrap_err().exit_status(), 2);
        for bad in [
            "",
            "https://",
            "http:///x",
            "ftp://x/y",
            "/srv/x",
            "https://x/$y",
            "https://x/a b",
            "https://x\ny",
        ] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }
}
