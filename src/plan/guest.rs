//! A guest's part: the two scripts, the domain and its twin.

use super::{Artifact, Because, Content, Key, Kind, PackagePlan, Step, dependencies, share};
use crate::paths;
use crate::profile::{Audio, size};
use crate::setup::{Guest, Setup};

/// Plans `onegpu-guest-NAME`.
pub(super) fn package(setup: &Setup, guest: &Guest) -> PackagePlan {
    let name = &guest.name;
    PackagePlan {
        name: guest.package.clone(),
        guest: Some(guest.clone()),
        summary: format!("single-GPU passthrough: the guest {name}"),
        description: format!(
            "The virtual machine {name}, which borrows the graphics card {}: its domain, \
             the twin for installing and maintenance, and the scripts for handover and return.",
            setup.gpu.address
        ),
        depends: dependencies::guest(setup, guest),
        artifacts: artifacts(setup, guest),
        steps: steps(setup, guest),
    }
}

fn artifacts(setup: &Setup, guest: &Guest) -> Vec<Artifact> {
    let name = &guest.name;
    let hooks = format!("{}/{name}", paths::HOOK_DIR);
    let domains = format!("{}/guests/{name}", share(setup));
    let because = |keys: &[Key], rule| Because::new(setup, Some(guest), keys, rule);
    let scripts =
        because(&[Key::GpuAddress, Key::GpuDriver, Key::Init, Key::DisplayManager, Key::GuestAudio], "");
    let mut out = vec![
        Artifact {
            path: format!("{hooks}/prepare/begin/start.sh"),
            kind: Kind::ConfigExecutable,
            content: Content::Template("guest/start.sh"),
            reason: "The handover: stops the desktop and releases the card before libvirt takes it.".into(),
            because: scripts.clone(),
            guide: "Start script",
        },
        Artifact {
            path: format!("{hooks}/release/end/stop.sh"),
            kind: Kind::ConfigExecutable,
            content: Content::Template("guest/stop.sh"),
            reason: "The return: undoes what the handover did, in reverse, and starts the desktop.".into(),
            because: scripts,
            guide: "Stop script",
        },
        Artifact {
            path: format!("{domains}/{name}.xml"),
            kind: Kind::Plain,
            content: Content::Template("guest/domain.xml"),
            reason: "The domain with the card.".into(),
            because: because(&[Key::GpuDevices, Key::GuestOs, Key::GuestDisk, Key::Cpu], ""),
            guide: "Attaching PCI devices",
        },
        Artifact {
            path: format!("{domains}/{name}-setup.xml"),
            kind: Kind::Plain,
            content: Content::Template("guest/domain-setup.xml"),
            reason: "The twin on the same disk, with a virtual screen and the install media.".into(),
            because: because(
                &[Key::GuestDisk, Key::GuestInstallMedia],
                "a guest is installed and mended without the card",
            ),
            guide: "Creating the virtual machine",
        },
    ];
    if setup.distro.security.apparmor && guest.audio == Audio::Pipewire {
        out.push(Artifact {
            path: format!("{}/onegpu-{name}", paths::APPARMOR_DIR),
            kind: Kind::Config,
            content: Content::Template("guest/apparmor"),
            reason: "Lets QEMU reach the user's PipeWire through AppArmor.".into(),
            because: because(
                &[Key::GuestAudio, Key::User, Key::Distro],
                "its libvirt gives each guest an AppArmor profile",
            ),
            guide: "Audio passthrough",
        });
    }
    out
}

fn steps(setup: &Setup, guest: &Guest) -> Vec<Step> {
    let because = |keys: &[Key], rule| Because::new(setup, Some(guest), keys, rule);
    let name = &guest.name;
    let mut out = Vec::new();
    if let Some(mib) = guest.disk.size_mib {
        out.push(Step {
            id: "disk",
            template: "steps/disk",
            reason: format!("Creates the disk {} of {}, if it does not exist.", guest.disk.path, size(mib)),
            because: because(&[Key::GuestDisk, Key::GuestDiskSize], ""),
            undo: "A disk that nobody has written to since is removed; any other is kept.",
            guide: "Creating the virtual machine",
            reboot: false,
        });
    }
    if guest.audio == Audio::Pipewire {
        out.push(Step {
            id: "linger",
            template: "steps/linger",
            reason: "Keeps the user's services, PipeWire among them, running while the desktop is stopped."
                .into(),
            because: because(&[Key::GuestAudio, Key::User], "the session ends with the display manager"),
            undo: "Lingering is switched off again if it was off before.",
            guide: "Audio passthrough",
            reboot: false,
        });
    }
    out.push(Step {
        id: "domain",
        template: "steps/domain",
        reason: format!("Defines `{name}` and `{name}-setup` in libvirt."),
        because: because(&[Key::GuestName], "a domain must be defined before it can be started"),
        undo: "Both are undefined if they are still as they were defined; disk and NVRAM are kept.",
        guide: "Creating the virtual machine",
        reboot: false,
    });
    out
}
