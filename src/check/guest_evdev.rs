//! Keyboards and mice that a guest shares by evdev.

use super::{Answer, Check, Context, Needs, all_of, does_not_apply, fail, unknown, warn};
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "guest-evdev",
    title: "Are the shared keyboards and mice there?",
    looks_at: "the links in /dev/input/by-id; evdev of each guest",
    why: "A guest whose evdev link leads nowhere does not start. The number of an event device changes with every boot: \
          only udev's lasting names do.",
    failures: &["evdev-not-permitted"],
    more: &["https://libvirt.org/formatdomain.html#input-devices"],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(setup) = context.setup else { return does_not_apply("no profile was given") };
    let links: Vec<(&str, &str)> = setup
        .guests
        .iter()
        .flat_map(|g| g.evdev.iter().map(|path| (g.name.as_str(), path.as_str())))
        .collect();
    if links.is_empty() {
        return does_not_apply("no guest shares one");
    }
    let seen = context.root.names(at::INPUT_BY_ID);
    all_of(
        links.into_iter().map(|(guest, path)| {
            if context.root.kind(path).is_some() && !path.starts_with(at::INPUT_BY_ID) {
                return warn(
                    format!("{path} of {guest} is a name that may change with the next boot"),
                    format!("write the one in {} that leads to it", at::INPUT_BY_ID),
                );
            }
            match (context.root.is_named(path), &seen) {
                (true, _) => Vec::new(),
                (false, None) if !context.root.is_absent(at::INPUT_BY_ID) || !context.runs() => {
                    unknown(format!("{path} of {guest} cannot be seen"), "run onegpu on the PC itself")
                }
                (false, _) => fail(
                    format!("{path} of {guest} is not there"),
                    format!(
                        "plug it in, or write one of those in {}: `onegpu detect --format json` lists them",
                        at::INPUT_BY_ID
                    ),
                ),
            }
        }),
        "each is there",
    )
}
