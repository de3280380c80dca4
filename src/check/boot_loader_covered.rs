//! Whether onegpu has a way to set parameters with this boot loader.

use super::{Answer, Check, Context, Needs, ok, unknown, warn};
use crate::distro::Distro;
use crate::machine::bootloader::Loader;

pub(super) const CHECK: Check = Check {
    id: "boot-loader-covered",
    title: "Can onegpu set kernel parameters here?",
    looks_at: "the boot loader, whether the kernel is a unified image or an ostree deployment; the distro's file",
    why: "Each boot loader, and each distro, keeps the kernel's parameters in another place. \
          Where onegpu knows no way that can be undone, it leaves them to you.",
    failures: &["entry-overwritten"],
    more: &["https://wiki.archlinux.org/title/Kernel_parameters"],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let words = context.wanted_parameters().join(" ");
    let words = if words.is_empty() { "iommu=pt".to_owned() } else { words };
    let boot = &context.machine.boot;
    if boot.ostree {
        let each = |option: &str, between: &str| {
            words.split(' ').map(|word| format!("{option}{word}")).collect::<Vec<_>>().join(between)
        };
        return warn(
            "this is an image-based system (ostree, bootc): no package of onegpu's may edit its boot entries",
            format!(
                "`sudo rpm-ostree kargs {}`, and reboot; where the image is made with bootc, a file of it: \
                 {}/50-onegpu.toml with kargs = [\"{}\"], which bootc alone reads and rpm-ostree does not",
                each("--append-if-missing=", " "),
                crate::paths::machine::BOOTC_KARGS,
                each("", "\", \""),
            ),
        );
    }
    if boot.uki == Some(true) && context.machine.distro.knows_images {
        return ok("onegpu adds the words by an addon of the unified kernel image");
    }
    if boot.uki == Some(true) {
        return warn(
            "the kernel is a unified image (UKI): its command line is inside the image",
            format!(
                "add `{words}` where the image is made of: {} where it exists, or the *_cmdline of mkinitcpio's preset; \
                 make the image anew (`sudo mkinitcpio -P`, `sudo kernel-install add-all`), and reboot",
                crate::paths::machine::KERNEL_CMDLINE[0]
            ),
        );
    }
    let Some(loader) = boot.loader else {
        return unknown("the boot loader is not known", "see the check `boot-loader`");
    };
    let in_file =
        |distro: &Distro| loader.in_profile().is_some_and(|word| distro.bootloader.contains_key(&word));
    if context.distro.is_some_and(in_file) {
        return ok(format!("onegpu knows how this distro does it with {}", loader.word()));
    }
    let by_hand = match loader {
        Loader::Grub | Loader::SystemdBoot => {
            return match context.distro {
                None => unknown(
                    "the distro is not known, and so how it sets parameters",
                    "name it in the profile, [host] distro; `onegpu distros` lists those known",
                ),
                Some(_) => warn(
                    format!("onegpu does not know how this distro does it with {}", loader.word()),
                    context.set_parameters(&context.wanted_parameters()),
                ),
            };
        }
        Loader::Limine => format!(
            "with limine-entry-tool, a line in {}: KERNEL_CMDLINE[default]+=\" {words}\", then `sudo limine-update`; \
             else on the `cmdline:` lines of limine.conf",
            crate::paths::machine::LIMINE_DEFAULTS
        ),
        Loader::Refind => {
            "in refind_linux.conf beside the kernel, into the second text of each line".to_owned()
        }
        Loader::Efistub => "with `efibootmgr`, in the boot entry's own options".to_owned(),
        Loader::Syslinux => "on the APPEND line of syslinux.cfg or extlinux.conf".to_owned(),
        Loader::Lilo => "on the append= line of lilo.conf, then `sudo lilo`".to_owned(),
    };
    warn(
        format!("onegpu has no step for {}: the parameters stay yours to set", loader.word()),
        format!("add `{words}` {by_hand}. Then reboot"),
    )
}
