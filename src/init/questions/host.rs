//! Questions about the PC: only where it does not tell.

use super::super::answers::{Answers, value};
use super::super::ask::{Answer, Ask};
use super::super::host::has_service;
use super::super::{Facts, propose};
use super::{one, text};
use crate::detect::toml::usual_driver;
use crate::diag::Result;
use crate::machine::gpu::Gpu;
use crate::machine::plain::plain;
use crate::profile::{CpuVendor, DisplayManager, Driver, PciAddress, User};

pub(super) fn distro(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let why = match &facts.machine.distro.id {
        Some(id) => format!("os-release says {}, which no distro file knows", plain(id)),
        None => "os-release could not be read".to_owned(),
    };
    let ids = facts.data.distro_ids();
    let mut values: Vec<_> = ids.into_iter().map(|id| (Some(id.clone()), id)).collect();
    values.insert(0, (None, "none of these: say it later, with --distro".to_owned()));
    let now = answers.distro.clone();
    let title = "Which of these is it like?";
    one(ask, (title, why), &values, |id| *id == now, |id| answers.distro = id)
}

pub(super) fn cpu(ask: &mut dyn Ask, answers: &mut Answers) -> Result<Answer<()>> {
    let values = CpuVendor::ALL.iter().map(|vendor| (*vendor, vendor.word().to_owned())).collect::<Vec<_>>();
    let why = "it decides the kernel parameters".to_owned();
    let now = answers.cpu;
    one(ask, ("Who made the CPU?", why), &values, |cpu| Some(*cpu) == now, |cpu| answers.cpu = Some(cpu))
}

pub(super) fn gpu(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let machine = facts.machine;
    let title = "Which graphics card goes to the guest?";
    let main = machine.main_gpu().map(|gpu| gpu.address);
    if machine.gpus.is_empty() {
        let shown = answers.gpu.map_or("0000:01:00.0".to_owned(), |address| address.to_string());
        let why = "none was found; `lspci -D` on the PC shows its address".to_owned();
        let read = (|text: &str| value::<PciAddress>(text).map(drop), value::<PciAddress>);
        return text(ask, (title, why), &shown, (read.0, read.1), |address| answers.gpu = Some(address));
    }
    let label = |gpu: &Gpu| {
        let id = gpu.id.map(|id| id.to_string()).unwrap_or_default();
        let name = gpu.name.clone().unwrap_or_else(|| format!("{} {id}", gpu.vendor.unwrap_or_default()));
        let name: String = plain(&name).chars().take(40).collect();
        match gpu.driver.as_deref() {
            Some(driver) => format!("{} {name}, driver {driver}", gpu.address),
            None => format!("{} {name}, no driver", gpu.address),
        }
    };
    let values: Vec<_> = machine.gpus.iter().map(|gpu| (gpu.address, label(gpu))).collect();
    let why = match main {
        Some(_) => "the firmware showed its screen on the one that is proposed".to_owned(),
        None => "nothing tells which one shows the desktop".to_owned(),
    };
    let now = answers.gpu.or(main);
    one(
        ask,
        (title, why),
        &values,
        |gpu| Some(*gpu) == now,
        |gpu| {
            answers.gpu = (Some(gpu) != main).then_some(gpu);
        },
    )
}

/// The driver that is bound to it, when a profile can say it.
pub(super) fn bound(facts: &Facts<'_>, answers: &Answers) -> Option<Driver> {
    let bound = facts.card(answers)?.driver.as_deref()?;
    Driver::ALL.iter().copied().find(|driver| driver.word() == bound)
}

pub(super) fn driver(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let card = facts.card(answers);
    let why = match card.and_then(|card| card.driver.as_deref()) {
        Some(other) => format!("{} is bound now, which shows no desktop", plain(other)),
        None => "no driver is bound now".to_owned(),
    };
    let usual = card.map_or(Driver::Nvidia, usual_driver);
    let values: Vec<_> = Driver::ALL.iter().map(|driver| (*driver, driver.word().to_owned())).collect();
    let now = answers.driver.unwrap_or(usual);
    let title = "Which driver shows the desktop on it?";
    one(ask, (title, why), &values, |driver| *driver == now, |driver| answers.driver = Some(driver))
}

pub(super) fn user(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
    let accounts = facts.machine.users.iter().take(64);
    let accounts = accounts.filter_map(|user| Some(User { name: user.name.parse().ok()?, uid: user.uid }));
    let mut values: Vec<(Option<User>, String)> =
        accounts.map(|user| (Some(user.clone()), format!("{} ({})", user.name, user.uid))).collect();
    values.push((None, "nobody but root".to_owned()));
    let proposed = propose::user(facts.machine);
    let now = answers.user.clone().unwrap_or(proposed.clone());
    let same = |a: &Option<User>, b: &Option<User>| a.as_ref().map(|u| u.uid) == b.as_ref().map(|u| u.uid);
    let why = "may use libvirt without being root".to_owned();
    one(
        ask,
        ("Who starts the guest?", why),
        &values,
        |user| same(user, &now),
        |user| {
            answers.user = (!same(&user, &proposed)).then_some(user);
        },
    )
}

/// Whether no service is known that shows the login screen.
pub(super) fn lacks_service(facts: &Facts<'_>, answers: &Answers) -> Result<bool> {
    let Some(distro) = facts.distro(answers)? else { return Ok(false) };
    let Some(init) = facts.init(answers, &distro) else { return Ok(false) };
    Ok(!has_service(&distro, init, facts.machine.display_manager.in_profile()))
}

pub(super) fn display_manager(
    ask: &mut dyn Ask,
    facts: &Facts<'_>,
    answers: &mut Answers,
) -> Result<Answer<()>> {
    let Some(distro) = facts.distro(answers)? else { return Ok(Answer::Is(())) };
    let services = facts.init(answers, &distro).and_then(|init| distro.display_manager.get(&init));
    let known = services.map(|services| services.own.keys().copied().collect::<Vec<_>>());
    let mut values = vec![(DisplayManager::None, "none: the desktop is started from a console".to_owned())];
    values.extend(known.unwrap_or_default().into_iter().map(|known| (known, known.word().to_owned())));
    let why = match &facts.machine.display_manager.name {
        Some(name) => format!("onegpu does not know how to stop {name} here"),
        None => "none was found".to_owned(),
    };
    let now = answers.display_manager.unwrap_or(DisplayManager::None);
    one(
        ask,
        ("What shows the login screen?", why),
        &values,
        |manager| *manager == now,
        |manager| {
            answers.display_manager = Some(manager);
        },
    )
}
