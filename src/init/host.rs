//! `[host]` and `[gpu]`: what detection tells, what was said instead, and what
//! onegpu cannot do on this distro.

use super::Facts;
use super::answers::Answers;
use super::draft::{Draft, Missing};
use crate::detect::text::function;
use crate::detect::toml::{self, Line, quoted};
use crate::diag::{Diagnostic, Result};
use crate::distro::Distro;
use crate::profile::{DisplayManager, Init};

/// What stands as the reason of what was said.
pub(super) const ASKED: &str = "as asked for";

/// The line becomes what was said; a machine's other choices are of no use then.
fn say(lines: &mut [Line], key: &str, value: Option<String>) {
    let Some(value) = value else { return };
    if let Some(line) = lines.iter_mut().find(|line| line.key == key && line.value.as_ref() != Some(&value)) {
        *line = Line::said(line.key, value, ASKED);
    }
}

/// The line keeps its value as a comment.
fn unsay(lines: &mut [Line], key: &str, why: String) {
    if let Some(line) = lines.iter_mut().find(|line| line.key == key) {
        let more = std::mem::take(&mut line.more);
        let example = line.value.take().unwrap_or_default();
        *line = Line { more, ..Line::unsaid(line.key, &example, why) };
    }
}

/// The lines of `[host]`.
pub(super) fn host(facts: &Facts<'_>, answers: &Answers, draft: &mut Draft) -> Result<Vec<Line>> {
    let machine = facts.machine;
    let mut lines = toml::host(machine);
    say(&mut lines, "distro", answers.distro.as_deref().map(quoted));
    say(&mut lines, "init", answers.init.map(|init| quoted(init.word())));
    say(&mut lines, "bootloader", answers.bootloader.map(|loader| quoted(loader.word())));
    say(&mut lines, "cpu", answers.cpu.map(|cpu| quoted(cpu.word())));
    say(&mut lines, "display-manager", answers.display_manager.map(|manager| quoted(manager.word())));
    match &answers.user {
        Some(Some(user)) => say(&mut lines, "user", Some(toml::user(user.name.as_str(), user.uid))),
        Some(None) => unsay(&mut lines, "user", "nobody, as asked for".to_owned()),
        None => {}
    }
    if answers.cpu.is_none() && machine.cpu.vendor.is_none() {
        draft.missing.push(Missing {
            key: "host.cpu",
            why: "nothing tells who made the CPU".to_owned(),
            flag: "--cpu intel or --cpu amd".to_owned(),
        });
    }
    match facts.distro(answers)? {
        Some(distro) => fit(facts, answers, &distro, &mut lines, draft),
        None => {
            let warning = "no distro file knows this machine: name one when you render, with --distro ID";
            draft.warnings.push(warning.to_owned());
            // Not every distro has it, and which one it will be is not said.
            if let (None, Some(init)) = (answers.init, machine.init.init) {
                unsay(
                    &mut lines,
                    "init",
                    format!("{init} runs; while no distro is said, it is the usual one"),
                );
            }
        }
    }
    Ok(lines)
}

/// Takes back what the machine has and onegpu cannot handle on its distro; what
/// was said by the user stays, and is complained about when the profile is read.
fn fit(facts: &Facts<'_>, answers: &Answers, distro: &Distro, lines: &mut [Line], draft: &mut Draft) {
    let (machine, name) = (facts.machine, &distro.name);
    if let (None, Some(init)) = (answers.init, machine.init.init)
        && !distro.inits.contains(&init)
    {
        unsay(lines, "init", format!("{init} runs, and onegpu does not know {name} with it"));
    }
    let loader = machine.boot.loader;
    match (answers.bootloader, loader, machine.boot.in_profile(&machine.distro)) {
        (None, Some(_), Some(known)) if !distro.bootloader.contains_key(&known) => {
            let why = format!("onegpu does not know how {name} sets kernel parameters with {known}");
            unsay(lines, "bootloader", why.clone());
            draft.warnings.push(why);
        }
        (None, Some(other), None) => draft.warnings.push(format!(
            "{} boots this machine: onegpu cannot set kernel parameters there, do it by hand",
            other.word()
        )),
        _ => {}
    }
    let init = facts.init(answers, distro);
    let manager = answers.display_manager.or(machine.display_manager.in_profile());
    let Some(init) = init.filter(|init| !has_service(distro, *init, manager)) else { return };
    if answers.display_manager.is_some() {
        return;
    }
    let missing = |why: String| Missing {
        key: "host.display-manager",
        why,
        flag: "--display-manager with what shows the login screen, or none".to_owned(),
    };
    match (&machine.display_manager.name, manager) {
        // Nothing shows a login screen, and no service stands for any.
        (None, _) => {
            let none = quoted(DisplayManager::None.word());
            let why = "none was found: the desktop is taken to be started from a console";
            if let Some(line) = lines.iter_mut().find(|line| line.key == "display-manager") {
                *line = Line::said("display-manager", none, why);
            }
        }
        (Some(other), None) => draft.missing.push(missing(format!("onegpu does not know {other}"))),
        (Some(_), Some(known)) => draft
            .missing
            .push(missing(format!("onegpu does not know the service of {known} on {name} with {init}"))),
    }
}

/// Whether the distro's file tells which service to stop.
pub(super) fn has_service(distro: &Distro, init: Init, manager: Option<DisplayManager>) -> bool {
    let Some(services) = distro.display_manager.get(&init) else { return false };
    manager == Some(DisplayManager::None)
        || services.any.is_some()
        || manager.is_some_and(|manager| services.own.contains_key(&manager))
}

/// The lines of `[gpu]`.
pub(super) fn gpu(facts: &Facts<'_>, answers: &Answers, draft: &mut Draft) -> Result<Vec<Line>> {
    let machine = facts.machine;
    let card = facts.card(answers);
    if let (None, Some(said), false) = (card, answers.gpu, machine.gpus.is_empty()) {
        let cards: Vec<String> = machine.gpus.iter().map(|gpu| gpu.address.to_string()).collect();
        return Err(Diagnostic::input(format!("there is no graphics card at {said}"))
            .help(format!("this machine has {}", cards.join(", "))));
    }
    let mut lines = match card {
        Some(card) => {
            for lost in &card.shared {
                let lost = function(machine, *lost);
                draft.warnings.push(format!("the host would lose {lost}: it is in the card's IOMMU group"));
            }
            if machine.gpus.len() > 1 {
                draft.warnings.push(
                    "there is another card: if it can show the desktop, none of this is needed".to_owned(),
                );
            }
            if card.group.is_none() {
                draft.warnings.push(
                    "the IOMMU is off, so nobody knows yet what else goes along with the card: `onegpu check` \
                     says how to switch it on; then run init again"
                        .to_owned(),
                );
            }
            toml::gpu(machine, card).to_vec()
        }
        None => nowhere(facts, answers, draft),
    };
    say(&mut lines, "driver", answers.driver.map(|driver| quoted(driver.word())));
    if let Some(line) = lines.iter().find(|line| line.key == "driver" && line.value.is_none()) {
        draft.missing.push(Missing {
            key: "gpu.driver",
            why: line.why.split(';').next().unwrap_or_default().to_owned(),
            flag: format!(
                "--driver with the one that shows the desktop, like {}",
                line.example.replace('"', "")
            ),
        });
    }
    lines.push(Line::unsaid("rom", "\"/home/mika/card.rom\"", "the card's own"));
    Ok(lines)
}

/// The lines of a card that this machine has not, or of which it has too many.
fn nowhere(facts: &Facts<'_>, answers: &Answers, draft: &mut Draft) -> Vec<Line> {
    let cards: Vec<String> = facts.machine.gpus.iter().map(|gpu| gpu.address.to_string()).collect();
    let why = match cards.len() {
        0 => "no graphics card was found (lspci -D)".to_owned(),
        _ => format!("nothing tells which of {} shows the desktop", cards.join(", ")),
    };
    let address = match answers.gpu {
        Some(said) => Line::said("address", quoted(&said.to_string()), ASKED),
        None => {
            let example = cards.first().map_or("0000:01:00.0", String::as_str);
            let flag = format!("--gpu with its address, like {example}");
            draft.missing.push(Missing { key: "gpu.address", why: why.clone(), flag });
            Line::unsaid("address", &quoted(example), why)
        }
    };
    let alone = "not known of a card that was not found: only the address goes";
    vec![
        address,
        Line::unsaid("driver", "\"nvidia\"", "no card was found that would tell"),
        Line::unsaid("devices", "[\"0000:01:00.0\", \"0000:01:00.1\"]", alone),
    ]
}
