//! Sessions that logind (systemd's or elogind's) knows: which kind of desktop
//! must end before the card is free.

use serde::Serialize;

use super::plain::plain_word;
use super::root::Root;
use crate::paths::machine as at;

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Session {
    /// Whose it is.
    pub uid: Option<u32>,
    /// `wayland`, `x11`, `tty`, `mir`, `unspecified`.
    pub kind: Option<String>,
    /// `user`, `greeter`, `manager`.
    pub class: Option<String>,
    /// `seat0` is the one at the screen.
    pub seat: Option<String>,
    /// `KDE`, `GNOME`, as the session says it.
    pub desktop: Option<String>,
    /// The service that opened it: `sddm`, `gdm-password`, `login`.
    pub service: Option<String>,
}

/// Reads the sessions' files; sd-login(3) calls them private, yet their keys
/// have been the same since 2011, and no library is needed.
pub fn read(root: &Root) -> Vec<Session> {
    let names = root.names(at::SESSIONS).unwrap_or_default();
    let files = names.iter().filter(|name| !name.contains('.')).take(256);
    files.filter_map(|name| root.text(&format!("{}/{name}", at::SESSIONS))).map(|text| parse(&text)).collect()
}

/// Reads the text of a session's file.
pub fn parse(text: &str) -> Session {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        plain_word(line)
    };
    Session {
        uid: value("UID").and_then(|uid| uid.parse().ok()),
        kind: value("TYPE"),
        class: value("CLASS"),
        seat: value("SEAT"),
        desktop: value("DESKTOP"),
        service: value("SERVICE"),
    }
}
