//! The host's part: dispatcher, access, kernel parameters, libvirt's services.

use super::{
    Artifact, Because, Content, Key, Kind, NOT_IN_THE_GUIDE, PackagePlan, Step, dependencies, libexec, share,
};
use crate::distro::{AccessMethod, Mechanism};
use crate::paths;
use crate::profile::Audio;
use crate::setup::Setup;

/// Plans `onegpu-host`.
pub(super) fn package(setup: &Setup) -> PackagePlan {
    PackagePlan {
        name: "onegpu-host".into(),
        guest: None,
        summary: "single-GPU passthrough: the host's part".into(),
        description: format!(
            "Hands the graphics card {} ({}) over to a virtual machine and takes it back: \
             libvirt's service, access for the user, kernel parameters and the hook dispatcher.",
            setup.gpu.address, setup.gpu.driver
        ),
        depends: dependencies::host(setup),
        artifacts: artifacts(setup),
        steps: steps(setup),
    }
}

/// What `apply`, `revert` and `status` share: the template, and what it is for.
const LIBRARY: [(&str, &str, Key); 11] = [
    ("host/lib.sh", "What `apply`, `revert` and `status` share; explains what a step is.", Key::Distro),
    ("host/lib/paths.sh", "Follows links as the machine itself would, also below --root.", Key::Distro),
    (
        "host/lib/commands.sh",
        "Bounds every outside command, so that none can hang an installation.",
        Key::Distro,
    ),
    ("host/lib/record.sh", "Keeps what was there before, so that it survives a crash.", Key::Distro),
    (
        "host/lib/blocks.sh",
        "Puts a marked block into a file and takes it out again, byte for byte.",
        Key::Bootloader,
    ),
    ("host/lib/snapshots.sh", "Puts back files that another program has written for us.", Key::Bootloader),
    ("host/lib/links.sh", "Puts back the links by which an init enables services.", Key::Init),
    ("host/lib/machine.sh", "Tells whether the machine runs, and whether a guest has the card.", Key::Init),
    ("host/lib/drift.sh", "Tells when a file was changed, and what is known of who did it.", Key::Distro),
    ("host/lib/steps.sh", "Takes a step, gives it back, and tells how it stands.", Key::Distro),
    ("host/lib/verbs.sh", "The three verbs, the lock, and the command line.", Key::Distro),
];

/// Why `apply`, `revert` and `status` are there at all.
const GOES_AS_IT_CAME: &str = "a setup must go out as it came in";

fn artifacts(setup: &Setup) -> Vec<Artifact> {
    let libexec = libexec(setup);
    let because = |keys: &[Key], rule| Because::new(setup, None, keys, rule);
    let mut out = vec![
        Artifact {
            path: paths::HOOK_PROGRAM.into(),
            kind: Kind::Executable,
            content: Content::Template("host/onegpu-hook"),
            reason: "The dispatcher that libvirt calls: it runs the two scripts of a known guest and no other file, \
                     and answers every other call with success."
                .into(),
            because: because(
                &[Key::GuestName],
                "libvirt runs every executable of qemu.d for every guest and every operation",
            ),
            guide: "Libvirt hooks",
        },
        Artifact {
            path: format!("{}/{}", paths::HOOK_DIR, paths::HOOK_LINK),
            kind: Kind::Link,
            content: Content::Target(paths::HOOK_PROGRAM.into()),
            reason: "Puts the dispatcher into libvirt's own drop-in directory. A link: a removed package leaves \
                     nothing that runs, and a main hook that is already there stays untouched."
                .into(),
            because: because(&[Key::GuestName], "libvirt reads qemu.d since 6.5.0"),
            guide: "Libvirt hooks",
        },
    ];
    if setup.guests.iter().any(|guest| guest.audio == Audio::Pipewire) {
        out.push(Artifact {
            path: format!("{}/{}", paths::DAEMON_HOOK_DIR, paths::HOOK_LINK),
            kind: Kind::Link,
            content: Content::Target(paths::HOOK_PROGRAM.into()),
            reason: "Has libvirt run the dispatcher when it starts, too: what a handover let the desktop's user do on \
                     the disk is taken back after a power loss."
                .into(),
            because: because(
                &[Key::GuestName],
                "a guest's sound goes to PipeWire, and libvirt reads daemon.d since 6.5.0, at boot with every init system",
            ),
            guide: NOT_IN_THE_GUIDE,
        });
    }
    out.push(Artifact {
        path: format!("{libexec}/handover.sh"),
        kind: Kind::Plain,
        content: Content::Template("host/handover.sh"),
        reason: "What the two scripts of every guest share: the record, bounds, waiting, the log.".into(),
        because: because(&[Key::Init, Key::GpuDriver], ""),
        guide: "Libvirt hooks",
    });
    for (name, reason) in [
        ("apply", "Takes every step that is not yet taken, and records what was there before."),
        ("revert", "Undoes every recorded step, the last one first, as far as it is still ours."),
        ("status", "Shows which steps are applied and which have drifted."),
    ] {
        out.push(Artifact {
            path: format!("{libexec}/{name}"),
            kind: Kind::Executable,
            content: Content::Template(match name {
                "apply" => "host/apply",
                "revert" => "host/revert",
                _ => "host/status",
            }),
            reason: reason.into(),
            because: because(&[Key::Apply, Key::Distro], GOES_AS_IT_CAME),
            guide: "All of it, which is done by hand there",
        });
    }
    out.extend(LIBRARY.iter().map(|(template, reason, key)| Artifact {
        path: format!("{libexec}/{}", template.trim_start_matches("host/")),
        kind: Kind::Plain,
        content: Content::Template(template),
        reason: (*reason).into(),
        because: because(&[*key], GOES_AS_IT_CAME),
        guide: "All of it, which is done by hand there",
    }));
    if let (AccessMethod::Polkit, Some(user)) = (setup.distro.access.method, &setup.host.user) {
        out.push(Artifact {
            path: paths::POLKIT_RULE.into(),
            kind: Kind::Plain,
            content: Content::Template("host/polkit.rules"),
            reason: format!("Lets {} use libvirt without being root and without joining a group.", user.name),
            because: because(&[Key::User, Key::Distro], "libvirt asks polkit there"),
            guide: "Configuring libvirt: user and groups",
        });
    }
    out.extend(run_scripts(setup));
    if setup.distro.security.selinux {
        out.push(Artifact {
            path: format!("{}/selinux/onegpu-hook.cil", share(setup)),
            kind: Kind::Plain,
            content: Content::Template("host/onegpu-hook.cil"),
            reason: "The policy module by which SELinux lets libvirt run the dispatcher.".into(),
            because: selinux_cause(setup),
            guide: NOT_IN_THE_GUIDE,
        });
    }
    if mechanism(setup) == Some(Mechanism::GrubDropIn) {
        out.push(Artifact {
            path: paths::GRUB_DROP_IN.into(),
            kind: Kind::Config,
            content: Content::Template("host/grub.cfg"),
            reason: format!(
                "Adds `{}` to the kernel's command line while the step `kernel-parameters` is applied.",
                setup.host.kernel_parameters.join(" ")
            ),
            because: because(
                &[Key::Distro, Key::Bootloader, Key::Cpu],
                "its GRUB reads drop-ins, so no file of the machine is edited",
            ),
            guide: "Enabling IOMMU",
        });
    }
    out
}

/// Run scripts for runit, where the distro has none for libvirt.
fn run_scripts(setup: &Setup) -> impl Iterator<Item = Artifact> {
    let services = setup.distro.libvirt.get(&setup.host.init);
    let folder = services.and_then(|services| services.available.clone()).unwrap_or_default();
    let programs = services.map(|services| services.programs.clone()).unwrap_or_default();
    programs.into_iter().map(move |(name, program)| Artifact {
        path: format!("{folder}/{name}/{}", paths::RUN_SCRIPT),
        kind: Kind::ConfigExecutable,
        content: Content::RunScript { service: name.clone(), program },
        reason: format!("runit's service `{name}`, which {} has not.", setup.distro.name),
        because: Because::new(
            setup,
            None,
            &[Key::Init, Key::Distro],
            "libvirt's init scripts start no guest under this runit",
        ),
        guide: "Enabling libvirt",
    })
}

fn steps(setup: &Setup) -> Vec<Step> {
    let because = |keys: &[Key], rule| Because::new(setup, None, keys, rule);
    let mut out = vec![Step {
        id: "libvirt-service",
        template: "steps/libvirt-service",
        reason: format!("Starts libvirt now and at every boot, the way {} does it.", setup.host.init),
        because: because(&[Key::Init, Key::Distro], ""),
        undo: "Services that were not enabled before are disabled again; those that did not run are stopped.",
        guide: "Enabling libvirt",
        reboot: false,
    }];
    if let (AccessMethod::Group, Some(user)) = (setup.distro.access.method, &setup.host.user) {
        out.push(Step {
            id: "libvirt-group",
            template: "steps/libvirt-group",
            reason: format!("Puts {} into the group that may use libvirt.", user.name),
            because: because(&[Key::User, Key::Distro], "libvirt asks nobody but its group there"),
            undo: "The membership is taken back if it was not there before.",
            guide: "Configuring libvirt: user and groups",
            reboot: true,
        });
    }
    if let Some(mechanism) = mechanism(setup) {
        out.push(Step {
            id: "kernel-parameters",
            template: mechanism.template(),
            reason: format!(
                "Puts `{}` on the kernel's command line, by the way {} has for {}.",
                setup.host.kernel_parameters.join(" "),
                setup.distro.name,
                setup.host.bootloader
            ),
            because: because(&[Key::Cpu, Key::Bootloader, Key::Distro], ""),
            undo: "The words that were not there before are taken away, and the boot loader's files are made again.",
            guide: "Enabling IOMMU",
            reboot: true,
        });
    }
    if let (Some(from), Some(to)) = (&setup.gpu.rom_source, &setup.gpu.rom)
        && from != to
    {
        out.push(Step {
            id: "rom",
            template: "steps/rom",
            reason: format!("Copies the card's vBIOS to {to}, where QEMU may read it."),
            because: because(&[Key::GpuRom], "QEMU may not read everywhere"),
            undo: "The copy is removed if it is still the one that was made.",
            guide: "vBIOS patching",
            reboot: false,
        });
    }
    if setup.distro.security.selinux {
        out.push(Step {
            id: "selinux-policy",
            template: "steps/selinux-policy",
            reason: "Loads the policy module by which SELinux lets libvirt run the dispatcher, where a policy is installed."
                .into(),
            because: selinux_cause(setup),
            undo: "The module is taken out again if it was not loaded before, and the dispatcher gets its old label.",
            guide: NOT_IN_THE_GUIDE,
            reboot: false,
        });
    }
    out.push(Step {
        id: "libvirt-hooks",
        template: "steps/libvirt-hooks",
        reason: "Has the running daemon look for hooks again: it sees a first hook only then.".into(),
        because: because(&[Key::GuestName, Key::Init], "libvirt looks for hooks only when it starts or reloads"),
        undo: "Nothing: the daemon reads the folder of hooks at every call, and the hook goes with its package.",
        guide: "Libvirt hooks",
        reboot: false,
    });
    out.push(Step {
        id: "default-network",
        template: "steps/default-network",
        reason: "Starts libvirt's default network now and at boot: the guests are on it.".into(),
        because: because(&[Key::GuestName, Key::Distro], "not every distro starts it by itself"),
        undo: "Its autostart is switched off again if it was off before.",
        guide: "Enabling libvirt",
        reboot: false,
    });
    out
}

fn selinux_cause(setup: &Setup) -> Because {
    let rule = "it confines libvirt by SELinux, whose policy runs no hook of virtqemud's";
    Because::new(setup, None, &[Key::Distro], rule)
}

fn mechanism(setup: &Setup) -> Option<Mechanism> {
    setup.distro.bootloader.get(&setup.host.bootloader).map(|way| way.mechanism)
}
