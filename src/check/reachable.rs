//! Whether QEMU, which runs as a user of its own, gets to a file.

use super::{Answer, Context, fail, unknown, warn};
use crate::machine::root::Kind;
use crate::profile::Audio;
use crate::setup::Guest;

/// Whether the folders above `path` let QEMU through; nothing when they do.
///
/// Libvirt makes the file itself QEMU's own, and the folders above it stay as they
/// are: each needs its x bit for everybody, or a list that names QEMU's user.
pub(super) fn through(context: &Context<'_>, guest: &Guest, path: &str) -> Vec<Answer> {
    let user = context.setup.and_then(|setup| setup.host.user.as_ref());
    // With sound to PipeWire, QEMU runs as the desktop's user.
    let runs_as = user.filter(|_| guest.audio == Audio::Pipewire).map(|user| user.uid);
    let folders: Vec<&str> = path.match_indices('/').skip(1).map(|(at, _)| &path[..at]).collect();
    for folder in folders {
        if !context.root.is_folder(folder) {
            return Vec::new();
        }
        let Some(access) = context.root.access(folder) else {
            return unknown(
                format!("whether QEMU may pass through {folder} cannot be told"),
                format!("`sudo ls -ld {folder}`"),
            );
        };
        let owns = runs_as == Some(access.uid);
        let bit = if owns { 0o100 } else { 0o001 };
        if access.mode & bit != 0 {
            continue;
        }
        let what = format!("{folder} (mode {:04o}) does not let QEMU through to {path}", access.mode);
        let who = match user.filter(|_| runs_as.is_some()) {
            Some(user) => user.name.to_string(),
            None => "the user that QEMU runs as".to_owned(),
        };
        return match access.list || access.mode & 0o010 != 0 && access.uid == 0 {
            // A list, or a group of root's making, may be made for it.
            true => warn(
                format!("{what}, unless its list or its group does"),
                format!("`getfacl {folder}` must show x for {who}"),
            ),
            false => fail(
                what,
                format!("move the file to {}, or `sudo chmod o+x {folder}`", crate::paths::IMAGE_DIR),
            ),
        };
    }
    Vec::new()
}

/// Whether a file that must be there is; nothing when it is.
pub(super) fn there(context: &Context<'_>, path: &str, what: &str) -> Vec<Answer> {
    match context.root.kind(path) {
        Some(Kind::File { .. }) => Vec::new(),
        Some(Kind::Special) if path.starts_with(crate::paths::DEVICE_DIR) => Vec::new(),
        Some(Kind::Folder | Kind::Special) => {
            fail(format!("{what} is no file: {path}"), "name the image itself in the profile")
        }
        None if context.root.is_absent(path) => fail(
            format!("{what} is not there: {path}"),
            "put it there, or write where it is; a path is the host's, not the guest's",
        ),
        None => unknown(format!("{what} cannot be seen: {path}"), "run onegpu as root"),
    }
}
