//! The questions: when each is asked, and in which words.

mod guest;
mod host;

use super::answers::Answers;
use super::ask::{Answer, Ask, Check, Prompt};
use super::{Facts, propose};
use crate::diag::{Diagnostic, Result};

/// Everything that detection cannot know, in the order in which it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Which distro, when no file knows the machine's.
    Distro,
    /// Who made the CPU, when nothing tells.
    Cpu,
    /// Which card, when there are several.
    Gpu,
    /// Which driver, when none that shows a desktop is bound.
    Driver,
    /// Which account, when there are several.
    User,
    /// Which display manager, when none was found that onegpu can stop.
    DisplayManager,
    /// What runs in the guest.
    Os,
    /// Its name.
    Name,
    /// Its memory.
    Memory,
    /// Its cores.
    Cores,
    /// The threads of each, on a host whose cores have several.
    Threads,
    /// Its disk.
    Disk,
    /// How large the disk is made.
    DiskSize,
    /// The installer.
    InstallMedia,
    /// Windows' drivers.
    VirtioMedia,
    /// Whether keyboard and mouse are handed over or shared.
    Sharing,
    /// Which are handed over.
    Usb,
    /// Which are shared.
    Evdev,
    /// Where its sound goes.
    Audio,
}

impl Question {
    /// All, in order.
    pub const ALL: [Self; 19] = [
        Self::Distro,
        Self::Cpu,
        Self::Gpu,
        Self::Driver,
        Self::User,
        Self::DisplayManager,
        Self::Os,
        Self::Name,
        Self::Memory,
        Self::Cores,
        Self::Threads,
        Self::Disk,
        Self::DiskSize,
        Self::InstallMedia,
        Self::VirtioMedia,
        Self::Sharing,
        Self::Usb,
        Self::Evdev,
        Self::Audio,
    ];

    /// Whether nothing answers it yet: no flag (`given`), and not the machine.
    ///
    /// # Errors
    /// When a distro file is broken.
    pub fn is_open(self, facts: &Facts<'_>, given: &Answers, answers: &Answers) -> Result<bool> {
        let machine = facts.machine;
        Ok(match self {
            Self::Distro => given.distro.is_none() && machine.distro.known_as.is_none(),
            Self::Cpu => given.cpu.is_none() && machine.cpu.vendor.is_none(),
            Self::Gpu => given.gpu.is_none() && machine.gpus.len() != 1,
            Self::Driver => given.driver.is_none() && host::bound(facts, answers).is_none(),
            Self::User => given.user.is_none() && machine.users.len() > 1,
            Self::DisplayManager => given.display_manager.is_none() && host::lacks_service(facts, answers)?,
            Self::Os => given.os.is_none(),
            Self::Name => given.name.is_none(),
            Self::Memory => given.memory.is_none(),
            Self::Cores => given.cores.is_none(),
            Self::Threads => given.threads.is_none() && propose::cpus(machine).value.threads > 1,
            Self::Disk => given.disk.is_none(),
            Self::DiskSize => given.disk_size.is_none() && guest::disk_size(facts, answers).value.is_some(),
            Self::InstallMedia => given.install_media.is_none(),
            Self::VirtioMedia => given.virtio_media.is_none() && super::guest::os(answers).value.is_windows(),
            Self::Sharing => {
                given.usb.is_none() && given.evdev.is_none() && !propose::shareable(machine).is_empty()
            }
            Self::Usb => {
                let handed = answers.usb.as_ref().is_none_or(|usb| !usb.is_empty());
                given.usb.is_none() && answers.evdev.is_none() && handed
            }
            Self::Evdev => given.evdev.is_none() && answers.evdev.is_some(),
            Self::Audio => given.audio.is_none(),
        })
    }

    /// Asks it, and keeps the answer when it is not what was proposed: what is
    /// only a proposal goes on to follow the other answers.
    ///
    /// # Errors
    /// When the terminal is gone, or a distro file is broken.
    pub fn put(self, ask: &mut dyn Ask, facts: &Facts<'_>, answers: &mut Answers) -> Result<Answer<()>> {
        match self {
            Self::Distro => host::distro(ask, facts, answers),
            Self::Cpu => host::cpu(ask, answers),
            Self::Gpu => host::gpu(ask, facts, answers),
            Self::Driver => host::driver(ask, facts, answers),
            Self::User => host::user(ask, facts, answers),
            Self::DisplayManager => host::display_manager(ask, facts, answers),
            Self::Os => guest::os(ask, answers),
            Self::Name => guest::name(ask, answers),
            Self::Memory => guest::memory(ask, facts, answers),
            Self::Cores => guest::cores(ask, facts, answers),
            Self::Threads => guest::threads(ask, facts, answers),
            Self::Disk => guest::disk(ask, answers),
            Self::DiskSize => guest::size_of_disk(ask, facts, answers),
            Self::InstallMedia => guest::install_media(ask, facts, answers),
            Self::VirtioMedia => guest::virtio_media(ask, facts, answers),
            Self::Sharing => guest::sharing(ask, facts, answers),
            Self::Usb => guest::usb(ask, facts, answers),
            Self::Evdev => guest::evdev(ask, facts, answers),
            Self::Audio => guest::audio(ask, facts, answers),
        }
    }
}

/// Makes a value of a text, or says why not.
type Read<T> = fn(&str) -> std::result::Result<T, String>;

/// Asks for a text that `read` takes, and gives what it read to `keep`.
fn text<T>(
    ask: &mut dyn Ask,
    (title, why): (&'static str, String),
    proposed: &str,
    (check, read): (Check, Read<T>),
    keep: impl FnOnce(T),
) -> Result<Answer<()>> {
    Ok(match ask.text(&Prompt { title, why }, proposed, check)? {
        Answer::Is(text) => {
            keep(read(text.trim()).map_err(Diagnostic::input)?);
            Answer::Is(())
        }
        Answer::Back => Answer::Back,
        Answer::Quit => Answer::Quit,
    })
}

/// Asks for one of `values`, each shown as the text beside it.
fn one<T: Clone>(
    ask: &mut dyn Ask,
    (title, why): (&'static str, String),
    values: &[(T, String)],
    proposed: impl Fn(&T) -> bool,
    keep: impl FnOnce(T),
) -> Result<Answer<()>> {
    let choices: Vec<String> = values.iter().map(|(_, text)| text.clone()).collect();
    let first = values.iter().position(|(value, _)| proposed(value)).unwrap_or(0);
    Ok(match ask.one(&Prompt { title, why }, &choices, first)? {
        Answer::Is(at) => {
            if let Some((value, _)) = values.get(at) {
                keep(value.clone());
            }
            Answer::Is(())
        }
        Answer::Back => Answer::Back,
        Answer::Quit => Answer::Quit,
    })
}

/// Asks for any of `values`.
fn any<T: Clone>(
    ask: &mut dyn Ask,
    (title, why): (&'static str, String),
    values: &[(T, String)],
    proposed: impl Fn(&T) -> bool,
    keep: impl FnOnce(Vec<T>),
) -> Result<Answer<()>> {
    let choices: Vec<String> = values.iter().map(|(_, text)| text.clone()).collect();
    let chosen: Vec<usize> = (0..values.len()).filter(|at| proposed(&values[*at].0)).collect();
    Ok(match ask.any(&Prompt { title, why }, &choices, &chosen)? {
        Answer::Is(places) => {
            keep(places.iter().filter_map(|at| values.get(*at)).map(|(value, _)| value.clone()).collect());
            Answer::Is(())
        }
        Answer::Back => Answer::Back,
        Answer::Quit => Answer::Quit,
    })
}
