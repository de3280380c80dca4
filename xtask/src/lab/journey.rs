//! The journey as a user walks it: in, three times there and back, and out.

use onegpu::diag::Result;

use super::bench::Bench;
use super::{Iommu, facts, leftovers};
use crate::process::failure;

/// A word among the kernel's parameters that only the setup puts there.
pub fn parameter(iommu: Iommu) -> &'static str {
    match iommu {
        Iommu::Amd => "iommu=pt",
        Iommu::Intel => "intel_iommu=on",
    }
}

/// From a PC without onegpu to one that is ready to lend its card. Every scenario begins with it.
pub fn go_in(bench: &mut Bench) -> Result<()> {
    bench.step("its desktop", 10, "settle", &[])?;
    bench.picture("before")?;
    bench.step("onegpu detect, groups", 2, "detect", &[])?;
    let wrong = facts::differences(&bench.share(), bench.init)?;
    if !wrong.is_empty() {
        return Err(failure(format!("onegpu detect: {}", wrong.join("; "))));
    }
    bench.step("onegpu check", 2, "check", &[])?;
    bench.step("list every file", 15, "listing", &["before"])?;
    bench.step("onegpu init --yes, package", 3, "package", &[bench.iommu.word(), "setup", "1"])?;
    bench.step("apt install ./onegpu-*.deb", 35, "install", &["setup"])?;
    bench.save()?;
    ready(bench)
}

/// What has to be true after the restart.
pub fn ready(bench: &mut Bench) -> Result<()> {
    bench.step("parameters, groups, access, status", 10, "ready", &[parameter(bench.iommu)])?;
    bench.step("onegpu check, of the profile too", 2, "check", &["/home/mika/setup/lab.toml"])?;
    Ok(())
}

/// Once there and back.
pub fn round(bench: &mut Bench, name: &str) -> Result<()> {
    bench.film("virsh start, as the user", 15, "start", &format!("{name}-start"))?;
    bench.step("the guest with the card", 30, "guest", &[])?;
    bench.picture(&format!("{name}-guest"))?;
    bench.film("the guest goes off, the desktop comes back", 25, "off", &format!("{name}-off"))?;
    bench.picture(&format!("{name}-desktop"))
}

/// Three rounds.
pub fn rounds(bench: &mut Bench) -> Result<()> {
    ["first", "second", "third"].iter().try_for_each(|name| round(bench, name))
}

/// Takes it out; nothing may be left.
pub fn go_out(bench: &mut Bench) -> Result<()> {
    bench.step("apt purge", 15, "purge", &[])?;
    bench.reboot()?;
    bench.step("parameters and desktop as before", 10, "gone", &[parameter(bench.iommu)])?;
    bench.step("list every file", 15, "listing", &["after"])?;
    let left = leftovers::compare(&bench.share())?;
    match left.is_empty() {
        true => Ok(()),
        false => Err(failure(format!("{} files are not as before:\n{}", left.len(), left.join("\n")))),
    }
}
