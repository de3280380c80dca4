//! Files that stand for the whole command line of the next kernel.

use super::{Answer, Check, Context, Needs, all_of, does_not_apply, fail, ok, unknown, warn};
use crate::machine::bootloader::Loader;
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "command-line-file",
    title: "Will the next kernel find its root?",
    looks_at: "the files /etc/kernel/cmdline, /usr/lib/kernel/cmdline and /etc/cmdline.d/*.conf, beside /proc/cmdline",
    why: "kernel-install, ukify and mkinitcpio take the next kernel's command line from these files, and from the \
          running one only when there are none. A lone file with the IOMMU's words leaves out root=, and the next kernel \
          does not boot.",
    failures: &["entry-overwritten"],
    more: &["https://man.archlinux.org/man/kernel-install.8"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let root = context.root;
    let files = at::KERNEL_CMDLINE.into_iter().filter(|path| root.is_named(path));
    let names = match root.names(at::CMDLINE_PARTS) {
        Some(names) => names,
        None if root.is_absent(at::CMDLINE_PARTS) => Vec::new(),
        None => return unknown(format!("{} cannot be read", at::CMDLINE_PARTS), "run onegpu as root"),
    };
    let parts = names.iter().filter(|name| name.ends_with(".conf")).take(64);
    let parts: Vec<String> = parts.map(|name| format!("{}/{name}", at::CMDLINE_PARTS)).collect();
    // The first of the two stands for both.
    let all: Vec<String> = files.take(1).map(str::to_owned).chain(parts).collect();
    if all.is_empty() {
        return nothing(context);
    }
    let texts: Vec<Option<String>> = all.iter().map(|path| root.text(path)).collect();
    if texts.iter().any(Option::is_none) {
        return unknown(
            format!("{} cannot be read", all.join(", ")),
            "run onegpu as root, or look into them yourself: they must have root=",
        );
    }
    let lines = texts
        .iter()
        .flatten()
        .flat_map(|text| text.lines())
        .filter(|line| !line.trim_start().starts_with('#'));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).collect();
    let has = |key: &str| words.iter().any(|word| word.starts_with(key));
    let booted = context.machine.kernel.parameters();
    let booted_root = booted.iter().find(|word| word.starts_with("root="));
    let rootless = !has("root=") && !has("systemd.volatile=") && !has("mount.usr=");
    let lost = match booted_root {
        Some(word) if rootless => fail(
            format!("{} has no root=, and this kernel was booted with `{word}`", all.join(" and ")),
            format!(
                "put the whole running command line into it: `cat {}` shows it, without BOOT_IMAGE= and initrd=",
                at::CMDLINE
            ),
        ),
        _ => Vec::new(),
    };
    let lacking: Vec<String> =
        context.wanted_parameters().into_iter().filter(|word| !words.contains(&word.as_str())).collect();
    // What was booted and does not stand there is lost with the next kernel.
    let fleeting = match lacking.iter().find(|word| context.machine.kernel.has(word) == Some(true)) {
        Some(word) if by_these_files(context) => warn(
            format!(
                "`{word}` was booted, and does not stand in {}: the next kernel is without it",
                all.join(" or ")
            ),
            context.set_parameters(&lacking),
        ),
        _ => Vec::new(),
    };
    all_of([lost, fleeting], &format!("{} has what the next kernel needs", all.join(" and ")))
}

/// Whether the boot loader's entries are made of these files at all.
fn by_these_files(context: &Context<'_>) -> bool {
    context.machine.boot.uki == Some(true) || context.machine.boot.loader == Some(Loader::SystemdBoot)
}

fn nothing(context: &Context<'_>) -> Vec<Answer> {
    let absent = at::KERNEL_CMDLINE.iter().all(|path| context.root.is_absent(path));
    match (by_these_files(context), absent) {
        (true, true) => ok(
            "there is none: the next kernel takes over what was booted. Do not make one with the IOMMU's words alone",
        ),
        (true, false) => unknown("the files cannot be seen", "run onegpu as root"),
        (false, _) => does_not_apply("the boot loader's entries are not made of such a file"),
    }
}
