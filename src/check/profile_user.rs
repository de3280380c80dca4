//! The profile's user.

use super::{Answer, Check, Context, Needs, does_not_apply, fail, ok, unknown};
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "profile-user",
    title: "Does the profile's user exist, with this uid?",
    looks_at: "the accounts in /etc/passwd; the profile's host.user",
    why: "The right to use libvirt goes to the name, and PipeWire's folder is called after the uid.",
    failures: &["pipewire-context"],
    more: &[],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let user = context.setup.and_then(|setup| setup.host.user.as_ref());
    let Some(user) = user else { return does_not_apply("no profile names a user") };
    let Some(text) = context.root.text(at::PASSWD) else {
        return unknown("the accounts cannot be read", format!("`id {}`", user.name));
    };
    let accounts = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        Some((fields.next()?, fields.nth(1)?.parse::<u32>().ok()?))
    });
    let accounts: Vec<(&str, u32)> = accounts.collect();
    let (name, uid) = (user.name.as_str(), user.uid);
    if let Some((_, found)) = accounts.iter().find(|(known, _)| *known == name) {
        return match *found == uid {
            true => ok(format!("{name}, {uid}")),
            false => fail(
                format!("{name} has the uid {found}, and the profile says {uid}"),
                format!("write under [host]: user = {{ name = \"{name}\", uid = {found} }}"),
            ),
        };
    }
    match accounts.iter().find(|(_, known)| *known == uid) {
        Some((other, _)) => fail(
            format!("there is no {name}; the uid {uid} is {other}'s"),
            format!(
                "write under [host]: user = {{ name = \"{}\", uid = {uid} }}",
                crate::machine::plain::plain(other)
            ),
        ),
        // A directory service may know more people than the file does.
        None => unknown(
            format!("{name} is not in the file of accounts"),
            format!("`id {name}` knows people of a directory too"),
        ),
    }
}
