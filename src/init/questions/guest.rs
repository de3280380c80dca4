//! Questions about the guest: nothing but its user knows what it shall be.

use super::super::answers::{Answers, NONE, optional, several, value};
use super::super::ask::{Answer, Ask, Check};
use super::super::guest::{short, sound};
use super::super::propose::{self, Proposed};
use super::super::{Facts, guest};
use super::{any, one, text};
use crate::diag::Result;
use crate::machine::usb_input::InputKind;
use crate::profile::{Audio, Cpus, DiskSize, GuestName, GuestOs, HostPath, Memory, UsbId, size};

/// Kept when it is not what is proposed anyway.
fn changed<T: PartialEq>(said: T, proposed: &T) -> Option<T> {
    (said != *proposed).then_some(said)
}

pub(super) fn os(ask: &mut dyn Ask, answers: &mut Answers) -> Result<Answer<()>> {
    let label = |os: GuestOs| match os {
        GuestOs::Windows11 => "windows-11: with a TPM, and Secure Boot where the distro has it".to_owned(),
        os => os.word().to_owned(),
    };
    let values: Vec<_> = GuestOs::ALL.iter().map(|os| (*os, label(*os))).collect();
    let proposed = propose::os(answers);
    let now = answers.os.unwrap_or(proposed.value);
    one(
        ask,
        ("What runs in the guest?", proposed.why),
        &values,
        |os| *os == now,
        |os| {
            answers.os = changed(os, &proposed.value);
        },
    )
}

pub(super) fn name(ask: &mut dyn Ask, answers: &mut Answers) -> Result<Answer<()>> {
    let os = guest::os(answers).value;
    // The name must not talk the system over that was said before it.
    answers.os = Some(os);
    let proposed = propose::name(os);
    let now = answers.name.clone().or(proposed.value.clone());
    let shown = now.map(|name| name.to_string()).unwrap_or_default();
    let check: Check = |text| value::<GuestName>(text).map(drop);
    text(ask, ("Its name in libvirt", proposed.why), &shown, (check, value::<GuestName>), |name| {
        answers.name = changed(Some(name), &proposed.value).flatten();
    })
}

pub(super) fn memory(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let proposed = propose::memory(facts.machine);
    let shown = size(answers.memory.unwrap_or(proposed.value).mib);
    let check: Check = |text| value::<Memory>(text).map(drop);
    text(ask, ("Its memory", proposed.why), &shown, (check, value::<Memory>), |memory| {
        answers.memory = changed(memory, &proposed.value);
    })
}

/// A number within one of a guest's limits.
fn number(text: &str, at: usize) -> std::result::Result<u32, String> {
    let fits = |number: &u32| Cpus::LIMITS[at].contains(number);
    text.trim().parse().ok().filter(fits).ok_or_else(|| format!("`{text}`: {}", Cpus::RULE))
}

pub(super) fn cores(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let Proposed { value: proposed, why } = propose::cpus(facts.machine);
    let shown = answers.cores.unwrap_or(proposed.cores).to_string();
    let check: Check = |text| number(text, 0).map(drop);
    text(ask, ("Its cores", why), &shown, (check, |text| number(text, 0)), |cores| {
        answers.cores = changed(cores, &proposed.cores);
    })
}

pub(super) fn threads(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let proposed = propose::cpus(facts.machine).value.threads;
    let shown = answers.threads.unwrap_or(proposed).to_string();
    let check: Check = |text| number(text, 1).map(drop);
    let why = "as many as this CPU's own cores have".to_owned();
    text(ask, ("Threads of each core", why), &shown, (check, |text| number(text, 1)), |threads| {
        answers.threads = changed(threads, &proposed);
    })
}

/// What is proposed for the disk, after the answers so far.
fn proposed_disk(answers: &Answers) -> Proposed<Option<HostPath>> {
    match guest::name(answers).value {
        Some(name) => propose::disk(&name),
        None => Proposed { value: None, why: String::new() },
    }
}

pub(super) fn disk(ask: &mut dyn Ask, answers: &mut Answers) -> Result<Answer<()>> {
    let proposed = proposed_disk(answers);
    let now = answers.disk.clone().or(proposed.value.clone());
    let shown = now.map(|path| path.to_string()).unwrap_or_default();
    let check: Check = |text| value::<HostPath>(text).map(drop);
    text(ask, ("Its disk", proposed.why), &shown, (check, value::<HostPath>), |disk| {
        answers.disk = changed(Some(disk), &proposed.value).flatten();
    })
}

/// What is proposed for the disk's size.
pub(super) fn disk_size(facts: &Facts<'_>, answers: &Answers) -> Proposed<Option<DiskSize>> {
    match answers.disk.clone().or_else(|| proposed_disk(answers).value) {
        Some(path) => propose::disk_size(facts, &path, guest::os(answers).value),
        None => Proposed { value: None, why: String::new() },
    }
}

pub(super) fn size_of_disk(
    ask: &mut dyn Ask,
    facts: &Facts<'_>,
    answers: &mut Answers,
) -> Result<Answer<()>> {
    let proposed = disk_size(facts, answers);
    let now = answers.disk_size.or(proposed.value);
    let shown = now.map(|now| size(now.mib)).unwrap_or_default();
    let check: Check = |text| value::<DiskSize>(text).map(drop);
    text(ask, ("Size of the disk", proposed.why), &shown, (check, value::<DiskSize>), |size| {
        answers.disk_size = changed(Some(size), &proposed.value).flatten();
    })
}

/// Asks for an image, which may be none.
fn media(
    ask: &mut dyn Ask,
    title: &'static str,
    proposed: Proposed<Option<HostPath>>,
    said: &mut Option<Option<HostPath>>,
) -> Result<Answer<()>> {
    let now = said.clone().unwrap_or(proposed.value.clone());
    let shown = now.map_or(NONE.to_owned(), |path| path.to_string());
    let check: Check = |text| optional::<HostPath>(text).map(drop);
    text(ask, (title, proposed.why), &shown, (check, optional::<HostPath>), |path| {
        *said = changed(path, &proposed.value);
    })
}

pub(super) fn install_media(
    ask: &mut dyn Ask,
    facts: &Facts<'_>,
    answers: &mut Answers,
) -> Result<Answer<()>> {
    let proposed = propose::install_media(facts, guest::os(answers).value);
    media(ask, "The installer's image (path or none)", proposed, &mut answers.install_media)
}

pub(super) fn virtio_media(
    ask: &mut dyn Ask,
    facts: &Facts<'_>,
    answers: &mut Answers,
) -> Result<Answer<()>> {
    let proposed = propose::virtio_media(facts, guest::os(answers).value);
    media(ask, "virtio-win.iso, the drivers (path or none)", proposed, &mut answers.virtio_media)
}

/// How keyboard and mouse get to the guest.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    Handed,
    Shared,
    Neither,
}

pub(super) fn sharing(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let values = [
        (Way::Handed, "handed over: they leave the host, and come back with the card".to_owned()),
        (Way::Shared, "shared by evdev: both Ctrl keys at once switch over".to_owned()),
        (Way::Neither, "neither: the guest gets others".to_owned()),
    ];
    let now = match (&answers.evdev, &answers.usb) {
        (Some(_), _) => Way::Shared,
        (None, Some(usb)) if usb.is_empty() => Way::Neither,
        _ => Way::Handed,
    };
    let links = propose::shareable(facts.machine);
    let why = "without the card, the host has no screen to use them on".to_owned();
    one(
        ask,
        ("Keyboard and mouse", why),
        &values,
        |way| *way == now,
        |way| {
            if way != now {
                answers.usb = (way == Way::Neither).then(Vec::new);
                answers.evdev =
                    (way == Way::Shared).then(|| links.into_iter().map(|(path, _)| path).collect());
            }
        },
    )
}

pub(super) fn usb(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let proposed = propose::usb(facts.machine, answers);
    let now = answers.usb.clone().unwrap_or(proposed.value.clone());
    let kinds = |kinds: &[InputKind]| match kinds {
        [InputKind::Keyboard] => "keyboard",
        [InputKind::Mouse] => "mouse",
        _ => "keyboard and mouse",
    };
    let values: Vec<(UsbId, String)> = propose::inputs(facts.machine)
        .filter_map(|input| {
            let name = short(input.name.as_deref());
            Some((input.id.parse().ok()?, format!("{} {name} ({})", input.id, kinds(&input.kinds))))
        })
        .collect();
    if values.is_empty() {
        let ids: Vec<&str> = now.iter().map(UsbId::as_str).collect();
        let shown = if ids.is_empty() { NONE.to_owned() } else { ids.join(", ") };
        let check: Check = |text| several::<UsbId>(text).map(drop);
        let title = "USB devices for it (vendor:product, …)";
        return text(ask, (title, proposed.why), &shown, (check, several::<UsbId>), |ids| {
            answers.usb = changed(ids, &proposed.value);
        });
    }
    let title = "Which keyboards and mice go to the guest?";
    any(
        ask,
        (title, proposed.why),
        &values,
        |id| now.contains(id),
        |ids| {
            answers.usb = changed(ids, &proposed.value);
        },
    )
}

pub(super) fn evdev(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let values: Vec<(HostPath, String)> = propose::shareable(facts.machine)
        .into_iter()
        .map(|(path, _)| {
            let link = path.as_str().rsplit('/').next().unwrap_or_default();
            let shown: String = link.chars().take(64).collect();
            (path.clone(), shown)
        })
        .collect();
    let now = answers.evdev.clone().unwrap_or_default();
    let why = "udev's lasting names of what is plugged in".to_owned();
    any(
        ask,
        ("Which are shared?", why),
        &values,
        |path| now.contains(path),
        |paths| {
            answers.evdev = Some(paths);
        },
    )
}

pub(super) fn audio(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let mut values = vec![(Audio::None, "none: what the card and its USB devices bring along".to_owned())];
    let user = answers.user.clone().unwrap_or_else(|| propose::user(facts.machine));
    if let Some(user) = user {
        values.push((Audio::Pipewire, format!("pipewire: the one of {}, beside the card's own", user.name)));
    }
    let now = answers.audio.unwrap_or_default();
    one(
        ask,
        ("Its sound", sound(facts, answers)),
        &values,
        |audio| *audio == now,
        |audio| {
            answers.audio = changed(audio, &Audio::None);
        },
    )
}
