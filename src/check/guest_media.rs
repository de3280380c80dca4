//! The images to install from.

use super::Outcome;
use super::{Answer, Check, Context, Needs, all_of, does_not_apply, reachable, warn};

pub(super) const CHECK: Check = Check {
    id: "guest-media",
    title: "Are the images to install from there?",
    looks_at: "install-media and virtio-media of each guest, and the x bits of the folders above them",
    why: "The setup twin boots from the installer's image, and Windows needs the VirtIO drivers to see its disk.",
    failures: &["apparmor-stops-file"],
    more: &["https://fedorapeople.org/groups/virt/virtio-win/direct-downloads/"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(setup) = context.setup else { return does_not_apply("no profile was given") };
    let answers = setup.guests.iter().flat_map(|guest| {
        let images = [
            ("the installer's image", &guest.install_media),
            ("the image of the VirtIO drivers", &guest.virtio_media),
        ];
        let named = images.into_iter().filter_map(|(what, path)| Some((what, path.as_deref()?)));
        let found = named.flat_map(|(what, path)| {
            let what = format!("{what} of {}", guest.name);
            [reachable::there(context, path, &what), reachable::through(context, guest, path)]
        });
        let mut found: Vec<Vec<Answer>> = found.collect();
        if guest.windows && guest.install_media.is_some() && guest.virtio_media.is_none() {
            found.push(warn(
                format!("{} installs Windows without the VirtIO drivers: it will see no disk", guest.name),
                "download virtio-win.iso and name it: virtio-media = \"…\"",
            ));
        }
        found
    });
    let answers = answers.map(soften);
    all_of(answers, "each image that is named is there")
}

/// Once installed, the guest starts without them: they are no reason to say no.
fn soften(mut answers: Vec<Answer>) -> Vec<Answer> {
    for answer in &mut answers {
        if answer.result == Outcome::Fail {
            answer.result = Outcome::Warn;
        }
    }
    answers
}
