//! `[[guest]]`: what was said, and a proposal for what was not.

use super::Facts;
use super::answers::Answers;
use super::draft::{Draft, Missing};
use super::host::ASKED;
use super::propose::{self, Proposed};
use crate::detect::toml::{Line, list, quoted};
use crate::paths::{self, machine as at};
use crate::pinning;
use crate::profile::keys;
use crate::profile::{Audio, Cpus, GuestName, GuestOs, size};

/// The answer, or else the proposal with its reason.
pub(super) fn settle<T: PartialEq>(said: Option<T>, proposed: Proposed<T>) -> Proposed<T> {
    match said {
        Some(said) if said != proposed.value => Proposed { value: said, why: ASKED.to_owned() },
        _ => proposed,
    }
}

/// The guest's operating system.
pub(super) fn os(answers: &Answers) -> Proposed<GuestOs> {
    settle(answers.os, propose::os(answers))
}

/// The guest's name. Only `None` in a version whose proposals no longer are names.
pub(super) fn name(answers: &Answers) -> Proposed<Option<GuestName>> {
    settle(answers.name.clone().map(Some), propose::name(os(answers).value))
}

/// The guest's processors.
pub(super) fn cpus(facts: &Facts<'_>, answers: &Answers) -> Proposed<Cpus> {
    let mut proposed = propose::cpus(facts.machine);
    let said = [
        answers
            .cores
            .filter(|cores| *cores != proposed.value.cores)
            .map(|cores| proposed.value.cores = cores),
        answers
            .threads
            .filter(|threads| *threads != proposed.value.threads)
            .map(|threads| proposed.value.threads = threads),
    ];
    if said.iter().any(Option::is_some) {
        proposed.why = ASKED.to_owned();
    }
    proposed
}

/// What the host must keep for itself at the very least, MiB.
const HOST_NEEDS: u64 = 2 << 10;

/// The lines of `[[guest]]`.
pub(super) fn guest(facts: &Facts<'_>, answers: &Answers, draft: &mut Draft) -> Vec<Line> {
    let os = os(answers);
    let Proposed { value: Some(name), why: why_name } = name(answers) else {
        let why = "no name fits".to_owned();
        draft.missing.push(Missing { key: "guest.name", why, flag: "--guest NAME".to_owned() });
        return Vec::new();
    };
    let memory = settle(answers.memory, propose::memory(facts.machine));
    let cpus = cpus(facts, answers);
    warn(facts, &memory.value.mib, cpus.value, draft);
    let mut lines = vec![
        Line::said("name", quoted(name.as_str()), why_name),
        Line::said("os", quoted(os.value.word()), os.why),
        Line::said("memory", quoted(&size(memory.value.mib)), memory.why),
        Line {
            more: vec![pins(facts)],
            ..Line::said(
                "cpus",
                format!("{{ cores = {}, threads = {} }}", cpus.value.cores, cpus.value.threads),
                cpus.why,
            )
        },
    ];
    lines.extend(storage(facts, answers, &name, os.value));
    lines.extend(inputs(facts, answers, draft));
    lines.push(match answers.audio {
        Some(Audio::Pipewire) => Line::said("audio", quoted(Audio::Pipewire.word()), ASKED),
        _ => Line::said("audio", quoted(Audio::None.word()), sound(facts, answers)),
    });
    lines.extend(["hugepages", "governor", "inhibit-sleep", "own-hooks"].map(optional));
    lines
}

/// Which of the host's CPUs would suit the guest: its cores would never be moved.
fn pins(facts: &Facts<'_>) -> String {
    match pinning::proposal(&facts.machine.cpu) {
        Some(proposal) => format!("This machine's cores, pinned: cpus = {}", proposal.toml()),
        None => "Pinned to cores of the host: cpus = { cores = 2, threads = 1, pin = [\"2\", \"3\"], host = \"0-1\" }"
            .to_owned(),
    }
}

/// What is off unless it is asked for.
fn optional(key: &'static str) -> Line {
    let example =
        keys::find(&format!("guest.{key}")).and_then(|key| key.example.as_deref()).unwrap_or_default();
    Line::unsaid(key, example, "off unless you want it")
}

/// Why no sound of the host's is needed.
pub(super) fn sound(facts: &Facts<'_>, answers: &Answers) -> String {
    let machine = facts.machine;
    let card = facts.card(answers);
    // Class 04: multimedia.
    let is_sound = |address| machine.function(address).and_then(|d| d.class).is_some_and(|c| c >> 16 == 4);
    let own = card.and_then(|card| card.passthrough.iter().find(|address| is_sound(**address)));
    match own {
        Some(address) => {
            format!("the card's own sound ({address}) goes along, by HDMI or DisplayPort")
        }
        None => "the simplest that always works".to_owned(),
    }
}

fn storage(facts: &Facts<'_>, answers: &Answers, name: &GuestName, os: GuestOs) -> Vec<Line> {
    let mut lines = Vec::new();
    let disk = settle(answers.disk.clone().map(Some), propose::disk(name));
    if let Some(path) = &disk.value {
        let size_of = settle(answers.disk_size.map(Some), propose::disk_size(facts, path, os));
        let quoted_path = quoted(path.as_str());
        let mut line = match size_of.value {
            Some(wanted) => {
                let value = format!("{{ path = {quoted_path}, size = {} }}", quoted(&size(wanted.mib)));
                Line::said("disk", value, format!("the path: {}", disk.why))
            }
            None => {
                Line::said("disk", format!("{{ path = {quoted_path} }}"), format!("the path: {}", disk.why))
            }
        };
        line.more.push(format!("The size: {}.", size_of.why));
        lines.push(line);
    }
    let install = settle(answers.install_media.clone(), propose::install_media(facts, os));
    let example = |file: &str| quoted(&format!("{}/{file}", paths::IMAGE_DIR));
    lines.push(match &install.value {
        Some(path) => Line::said("install-media", quoted(path.as_str()), install.why),
        None => Line::unsaid("install-media", &example("installer.iso"), install.why),
    });
    let drivers = settle(answers.virtio_media.clone(), propose::virtio_media(facts, os));
    lines.push(match &drivers.value {
        Some(path) => Line::said("virtio-media", quoted(path.as_str()), drivers.why),
        None => Line::unsaid("virtio-media", &example("virtio-win.iso"), drivers.why),
    });
    lines
}

/// A device's own name, cut to what a comment has room for.
pub(super) fn short(name: Option<&str>) -> String {
    let name = name.unwrap_or("without a name");
    let cut: String = name.chars().take(40).collect();
    if cut.len() < name.len() { format!("{cut}…") } else { cut }
}

fn inputs(facts: &Facts<'_>, answers: &Answers, draft: &mut Draft) -> [Line; 2] {
    let machine = facts.machine;
    let usb = settle(answers.usb.clone(), propose::usb(machine, answers));
    let mut handed = match usb.value.as_slice() {
        [] => Line::unsaid("usb", "[\"046d:c33f\"]", usb.why),
        ids => Line::said("usb", list(&ids.iter().map(|id| id.as_str()).collect::<Vec<_>>()), usb.why),
    };
    let known = |id: &str| machine.usb_input.iter().find(|input| input.id.eq_ignore_ascii_case(id));
    let named = usb.value.iter().filter_map(|id| known(id.as_str()));
    handed.more = named.map(|input| format!("{} is {}", input.id, short(input.name.as_deref()))).collect();
    let shared = answers.evdev.clone().unwrap_or_default();
    if shared.is_empty() && usb.value.is_empty() {
        draft
            .warnings
            .push("the guest gets neither keyboard nor mouse: say which, with --usb or --evdev".to_owned());
    }
    let shared = match shared.as_slice() {
        [] => {
            let links = propose::shareable(machine);
            let example = format!("{}/usb-Maker_Model-event-kbd", at::INPUT_BY_ID);
            let first = links.first().map_or(example, |(path, _)| path.to_string());
            Line::unsaid("evdev", &list(&[first]), "nothing is shared")
        }
        paths => {
            Line::said("evdev", list(&paths.iter().map(|path| path.as_str()).collect::<Vec<_>>()), ASKED)
        }
    };
    [handed, shared]
}

/// What was asked for and this PC has not.
fn warn(facts: &Facts<'_>, memory: &u64, cpus: Cpus, draft: &mut Draft) {
    let machine = facts.machine;
    if let Some(total) = machine.memory.total_mib.filter(|total| memory + HOST_NEEDS > *total) {
        draft.warnings.push(format!(
            "the guest's {} of {total} MiB leave the host less than {}",
            size(*memory),
            size(HOST_NEEDS)
        ));
    }
    let wanted = cpus.cores.saturating_mul(cpus.threads);
    if let Some(threads) = machine.cpu.threads.filter(|threads| wanted > *threads) {
        draft
            .warnings
            .push(format!("the guest's {wanted} virtual CPUs are more than the host's {threads} threads"));
    }
}
