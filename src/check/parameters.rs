//! Whether the kernel was really booted with the parameters that it shall have.

use super::{Answer, Check, Context, Needs, does_not_apply, fail, ok, unknown, warn};
use crate::paths::{self, machine as at};

pub(super) const CHECK: Check = Check {
    id: "parameters",
    title: "Was the kernel booted with the parameters?",
    looks_at: "what was booted, /proc/cmdline, beside the words that the profile's CPU needs",
    why: "What stands in a boot loader's file counts only when that boot loader has read it: \
          /proc/cmdline has what was really booted.",
    failures: &["grub-not-regenerated", "entry-overwritten"],
    more: &["https://docs.kernel.org/admin-guide/kernel-parameters.html"],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let wanted = context.wanted_parameters();
    if wanted.is_empty() {
        return does_not_apply("this CPU's IOMMU needs no parameter");
    }
    if context.machine.kernel.cmdline.is_none() {
        return unknown(
            "the kernel's command line cannot be read",
            format!("on the PC, `cat {}`", at::CMDLINE),
        );
    }
    let lacks = |word: &String| context.machine.kernel.has(word) == Some(false);
    let lacking: Vec<String> = wanted.iter().filter(|word| lacks(word)).cloned().collect();
    if lacking.is_empty() {
        return ok(format!("booted with `{}`", wanted.join(" ")));
    }
    let what = format!("not booted with `{}`", lacking.join(" "));
    let off = context.machine.iommu.enabled == Some(false);
    let applied = context.root.is_file(paths::GRUB_DROP_IN)
        || context.root.is_named(&format!("{}/host/kernel-parameters", paths::STATE_DIR));
    if applied {
        return fail(
            format!("{what}, though the setup packages are installed"),
            "reboot. If you did: another boot loader, or a menu that was not made again, boots this machine; \
             `onegpu detect` shows which, and `sudo apply` in onegpu's libexec folder sets them anew",
        );
    }
    let fix = context.set_parameters(&lacking);
    // Without the groups nothing works; with them, the rest is for speed.
    if off && lacking.iter().any(|word| word.starts_with("intel_iommu")) {
        return fail(what, fix);
    }
    warn(what, fix)
}
