//! The guests' disks.

use super::{Answer, Check, Context, Needs, all_of, does_not_apply, fail, reachable, unknown};
use crate::machine::root::Kind;
use crate::setup::Guest;

pub(super) const CHECK: Check = Check {
    id: "guest-disk",
    title: "Can QEMU read each guest's disk?",
    looks_at: "the disk's file or device, and the x bits of the folders above it",
    why: "QEMU runs as a user of its own. Libvirt lends it the disk, and not the folders above: \
          below a home that nobody else may enter, the guest does not start.",
    failures: &["apparmor-stops-file"],
    more: &["https://libvirt.org/drvqemu.html#posix-users-groups"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(setup) = context.setup else { return does_not_apply("no profile was given") };
    let answers = setup
        .guests
        .iter()
        .flat_map(|guest| [place(context, guest), reachable::through(context, guest, &guest.disk.path)]);
    all_of(answers, "each is there or can be made, and QEMU gets to it")
}

fn place(context: &Context<'_>, guest: &Guest) -> Vec<Answer> {
    let path = &guest.disk.path;
    let of = format!("the disk of {}", guest.name);
    match context.root.kind(path) {
        Some(Kind::Folder) => return fail(format!("{of} is a folder: {path}"), "name the image file in it"),
        Some(_) => return Vec::new(),
        None if !context.root.is_absent(path) => {
            return unknown(format!("{of} cannot be seen: {path}"), "run onegpu as root");
        }
        None if guest.disk.kind == "block" && context.runs() => {
            return fail(
                format!("{of} is not there: {path}"),
                "see `ls -l` on the folder of the disk's own names, by-id, and write one of them",
            );
        }
        // A disk that is not plugged into the folder that was given is no news.
        None if guest.disk.kind == "block" => {
            return unknown(format!("{of} cannot be seen: {path}"), "run onegpu on the PC itself");
        }
        None => {}
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let made_by_libvirt = folder == crate::paths::IMAGE_DIR;
    if !made_by_libvirt && !folder.is_empty() && context.root.is_absent(folder) {
        return fail(
            format!("the folder for {of} is not there: {folder}"),
            format!("`sudo mkdir -p {folder}`, or choose another"),
        );
    }
    if guest.disk.size_mib.is_none() {
        return fail(
            format!("{of} is not there, and no size is said: {path}"),
            "write a size, and the setup makes it: disk = { path = \"…\", size = \"120 GiB\" }",
        );
    }
    Vec::new()
}
