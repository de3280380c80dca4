//! Which boot loader boots the machine, and whether the evidence agrees.

use super::{Answer, Check, Context, Needs, ok, unknown, warn};

pub(super) const CHECK: Check = Check {
    id: "boot-loader",
    title: "Does the evidence of the boot loader agree?",
    looks_at: "LoaderInfo and StubInfo among the EFI variables, /proc/cmdline, the boot loaders' own files",
    why: "Kernel parameters go to the boot loader that boots the machine. Another one's files, left behind, take them \
          and nothing changes.",
    failures: &["grub-not-regenerated", "entry-overwritten"],
    more: &["https://systemd.io/BOOT_LOADER_INTERFACE/"],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let boot = &context.machine.boot;
    let Some(loader) = boot.loader else {
        let seen: Vec<&str> = boot.evidence.iter().map(|evidence| evidence.loader.word()).collect();
        let what = match seen.as_slice() {
            [] => "no boot loader's traces can be read".to_owned(),
            seen => format!("it cannot be told which of these boots the machine: {}", seen.join(", ")),
        };
        return unknown(
            what,
            "`bootctl status` or `efibootmgr -v` shows it; write it into the profile: bootloader, under [host]",
        );
    };
    let others: Vec<String> =
        boot.disagreeing().map(|other| format!("{} ({})", other.loader.word(), other.from)).collect();
    let why = boot.evidence.iter().find(|evidence| evidence.loader == loader);
    let why = why.map(|evidence| format!(" ({})", evidence.from)).unwrap_or_default();
    match others.as_slice() {
        [] => ok(format!("{}{why}", loader.word())),
        others => warn(
            format!("{}{why} boots the machine, and there is also: {}", loader.word(), others.join(", ")),
            "remove what is left of the other one; or, if it is the one that you choose at boot, write it into the profile: \
             bootloader, under [host]",
        ),
    }
}
