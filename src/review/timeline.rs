//! A handover and a return, moment by moment, with what holds the card when.
//!
//! `start.sh` and `stop.sh` are templates of their own; `tests/timeline.rs` holds
//! this model against them: every step that they take is one moment's here, in
//! the same order, in every cell of the matrix.

mod options;

use serde::Serialize;

use crate::profile::{Audio, Driver, GuestOs};
use crate::setup::{Guest, Setup};

/// Who has the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Holder {
    /// The desktop draws on it.
    Desktop,
    /// Its driver is bound, and nobody uses it.
    Driver,
    /// No driver has it.
    Nobody,
    /// vfio-pci has it for the guest.
    Guest,
}

/// One thing that happens.
#[derive(Debug, Clone, Serialize)]
pub struct Moment {
    /// In a few words.
    pub title: String,
    /// What is done, and what is done when it fails.
    pub text: String,
    /// What the scripts' log calls it; empty where libvirt acts. In the order of the script.
    pub marks: &'static [&'static str],
    /// Who has the card when it is done.
    pub holder: Holder,
}

/// Both ways of one guest.
#[derive(Debug, Clone, Serialize)]
pub struct Timeline {
    /// The guest's name.
    pub guest: String,
    /// From the desktop to the guest.
    pub handover: Vec<Moment>,
    /// And back.
    pub back: Vec<Moment>,
}

impl Timeline {
    /// The timeline of a guest.
    pub fn new(setup: &Setup, guest: &Guest) -> Self {
        Self { guest: guest.name.clone(), handover: handover(setup, guest), back: back(setup, guest) }
    }
}

fn moment(
    title: impl Into<String>,
    text: impl Into<String>,
    marks: &'static [&'static str],
    holder: Holder,
) -> Moment {
    Moment { title: title.into(), text: text.into(), marks, holder }
}

/// What QEMU has to get through when it runs as the user.
fn folders(guest: &Guest) -> &'static str {
    match guest.os == GuestOs::Windows11 {
        true => "libvirt's folders of guests and of TPMs",
        false => "libvirt's folder of guests",
    }
}

fn handover(setup: &Setup, guest: &Guest) -> Vec<Moment> {
    let driver = setup.gpu.driver;
    let nvidia = driver == Driver::Nvidia;
    let mut out = vec![moment(
        format!("{} is started", guest.name),
        "Libvirt calls the hook before it touches anything. One handover at a time: another one waits. \
         Whatever fails below, everything is taken back and the guest does not start.",
        &[],
        Holder::Desktop,
    )];
    out.extend(options::first(guest));
    if let (Audio::Pipewire, Some(user)) = (guest.audio, &setup.host.user) {
        out.push(moment(
            "QEMU is let through",
            format!("For its sound, QEMU runs as {}, who gets an entry on {}.", user.name, folders(guest)),
            &["let QEMU through"],
            Holder::Desktop,
        ));
    }
    if nvidia {
        out.push(moment(
            "NVIDIA's daemons stop",
            "nvidia-persistenced and nvidia-powerd, where they run: they keep the card open.",
            &["stop $daemon"],
            Holder::Desktop,
        ));
    }
    if let Some(service) = &setup.host.display_service {
        out.push(moment(
            "The desktop ends",
            format!("The service {service} is stopped, if it runs. The screen goes dark."),
            &["stop $display"],
            Holder::Desktop,
        ));
    }
    out.push(moment(
        "Sessions on the screen end",
        "Graphical sessions of seat0 are ended: some outlive their display manager.",
        &["end the graphical sessions"],
        Holder::Desktop,
    ));
    out.push(moment(
        "Nobody holds the card",
        "It is waited until no process has one of the card's nodes open. Who stays is asked to end, then killed; \
         a virtual machine is never killed. After that, the handover gives up.",
        &["wait until nobody holds the card"],
        Holder::Driver,
    ));
    out.extend(options::memory_again(guest));
    if setup.gpu.devices.len() > 1 {
        out.push(moment(
            "The card's sound is let go",
            "Its driver is taken from each function that has sound, so that PipeWire lets go of it in time.",
            &["take its driver from $device", "wait until nobody holds its sound"],
            Holder::Driver,
        ));
    }
    if driver == Driver::Amdgpu {
        out.push(moment(
            "The card is kept awake",
            "Not every card comes back from its deepest sleep. What was allowed before is put down.",
            &["keep $device out of D3cold", "keep $device awake"],
            Holder::Driver,
        ));
    }
    out.push(moment(
        "Text consoles are released",
        "Those that are drawn on a frame buffer, by their name.",
        &["release ${console##*/}"],
        Holder::Driver,
    ));
    if nvidia {
        out.push(moment(
            "The driver is unloaded",
            "First udev's rule that would load it again is masked, then all of NVIDIA's modules go at once. \
             They are not unbound: a driver in use would hang there.",
            &["mask udev's 71-nvidia.rules", "unload $*"],
            Holder::Nobody,
        ));
    }
    if driver != Driver::Amdgpu {
        let holder = if nvidia { Holder::Nobody } else { Holder::Driver };
        out.push(moment(
            "The firmware's screen is released",
            "Where the kernel still has it. It does not come back until the next boot.",
            &["release ${screen##*/}"],
            holder,
        ));
    }
    let free = if nvidia { Holder::Nobody } else { Holder::Driver };
    out.extend(options::last(setup, guest, free));
    let count = setup.gpu.devices.len();
    out.push(moment(
        "Libvirt takes the card",
        format!(
            "{} from the host's drivers, {} to vfio-pci.",
            if count == 1 { "The device goes".to_owned() } else { format!("All {count} devices go") },
            if count == 1 { "and is bound" } else { "and are bound" },
        ),
        &[],
        Holder::Guest,
    ));
    out.push(moment(
        format!("{} has the screen", guest.name),
        "What was done so far stands in a record in /run/onegpu, which the way back goes by.",
        &[],
        Holder::Guest,
    ));
    out
}

fn back(setup: &Setup, guest: &Guest) -> Vec<Moment> {
    let driver = setup.gpu.driver;
    let nvidia = driver == Driver::Nvidia;
    let mut out = vec![moment(
        format!("{} ends", guest.name),
        "It was shut down, or it crashed. Libvirt takes the card from vfio-pci, offers it to the host's drivers, \
         and calls the hook. Whatever fails below, the rest is done all the same.",
        &[],
        if nvidia { Holder::Nobody } else { Holder::Driver },
    )];
    let free = if nvidia { Holder::Nobody } else { Holder::Driver };
    out.extend(options::undone(setup, guest, free));
    if nvidia {
        out.push(moment(
            "The driver is loaded",
            "The modules that were unloaded, and udev's rule is unmasked.",
            &["load $modules", "unmask udev's 71-nvidia.rules"],
            Holder::Driver,
        ));
    }
    out.push(moment(
        "Every device has its driver",
        "Where libvirt could not give one back, the kernel is asked again; should that not help, a driver is loaded \
         that draws at least a console. Then it is waited for the card's node.",
        &["wait for the drivers", "load another driver", "wait for a driver", "wait for the card"],
        Holder::Driver,
    ));
    out.push(moment(
        "Text consoles are drawn again",
        "Those that were released, and no others.",
        &["draw ${console##*/} on the card"],
        Holder::Driver,
    ));
    if driver == Driver::Amdgpu {
        out.push(moment(
            "The card may sleep again",
            "What was allowed before is allowed again.",
            &["power of $device: $control", "D3cold of $device: $d3cold"],
            Holder::Driver,
        ));
    }
    if nvidia {
        out.push(moment(
            "NVIDIA's daemons start",
            "Those that ran before.",
            &["start $daemon"],
            Holder::Driver,
        ));
    }
    if let Some(service) = &setup.host.display_service {
        out.push(moment(
            "The desktop starts",
            format!("The service {service}, if it ran before. Should it not start, there is a text console instead."),
            &["start $display", "turn to the console"],
            Holder::Desktop,
        ));
    }
    if guest.audio == Audio::Pipewire {
        out.push(moment(
            "QEMU no longer gets through",
            format!("The entry on {} is taken away.", folders(guest)),
            &["QEMU no longer gets through"],
            if setup.host.display_service.is_some() { Holder::Desktop } else { Holder::Driver },
        ));
    }
    let screen = if setup.host.display_service.is_some() { Holder::Desktop } else { Holder::Driver };
    out.extend(options::own_after(guest, screen));
    out.push(moment(
        "Nothing is left",
        "The record goes; the log of both ways stays in /var/log/onegpu.",
        &["forget"],
        if setup.host.display_service.is_some() { Holder::Desktop } else { Holder::Driver },
    ));
    out
}
