//! The host's part of a setup: what the profile leaves out is what the distro does.

use std::ops::Range;

use toml::Spanned;

use super::{Host, wrong};
use crate::diag::{Diagnostic, Result};
use crate::distro::Distro;
use crate::profile::{Bootloader, CpuVendor, DisplayManager, Init, Profile};

/// Resolves `[host]` on this distro; `notes` takes what had to be assumed.
pub(super) fn resolve(profile: &Profile, distro: &Distro, notes: &mut Vec<String>) -> Result<Host> {
    let said = profile.host.get_ref();
    let init = init(profile, distro, notes)?;
    let cpu = said.cpu.ok_or_else(|| {
        let message = "`host.cpu` is missing: it decides the kernel parameters".to_owned();
        wrong(profile, profile.host.span(), message)
            .more("host.cpu")
            .help("write under [host]: cpu = \"intel\" or cpu = \"amd\"")
    })?;
    Ok(Host {
        init,
        bootloader: bootloader(profile, distro, notes)?,
        cpu,
        user: said.user.clone(),
        display_manager: said.display_manager.as_ref().map(|dm| *dm.get_ref()),
        display_service: display_service(profile, distro, init)?,
        kernel_parameters: kernel_parameters(cpu),
    })
}

/// Whether the profile was made for this distro, or is silent about it.
fn own(profile: &Profile, distro: &Distro) -> bool {
    profile.host.get_ref().distro.as_ref().is_none_or(|id| *id.get_ref() == distro.id)
}

fn init(profile: &Profile, distro: &Distro, notes: &mut Vec<String>) -> Result<Init> {
    let name = &distro.name;
    let usual = *distro
        .inits
        .first()
        .ok_or_else(|| Diagnostic::input(format!("distros/{}.toml: `inits` is empty", distro.id)))?;
    let Some(said) = &profile.host.get_ref().init else {
        notes.push(format!("host.init is not said: {usual}, as {name} installs it"));
        return Ok(usual);
    };
    let init = *said.get_ref();
    if distro.inits.contains(&init) {
        return Ok(init);
    }
    if own(profile, distro) {
        let message = format!("{name} has no init system `{init}` that onegpu knows");
        return Err(
            wrong(profile, said.span(), message).help(format!("known there: {}", words(&distro.inits)))
        );
    }
    // A profile made for another distro is built for this one.
    notes.push(format!("{name} has no {init}: {usual} was taken"));
    Ok(usual)
}

fn bootloader(profile: &Profile, distro: &Distro, notes: &mut Vec<String>) -> Result<Bootloader> {
    let name = &distro.name;
    let usual = distro.default_bootloader;
    let Some(said) = &profile.host.get_ref().bootloader else {
        notes.push(format!("host.bootloader is not said: {usual}, as {name} installs it"));
        return Ok(usual);
    };
    let loader = *said.get_ref();
    if distro.bootloader.contains_key(&loader) {
        return Ok(loader);
    }
    if !own(profile, distro) {
        // A profile made for another distro is built for this one.
        notes.push(format!("onegpu does not know {name} with {loader}: {usual} was taken"));
        return Ok(usual);
    }
    let message = format!("onegpu does not know how {name} sets kernel parameters with {loader}");
    let known: Vec<Bootloader> = distro.bootloader.keys().copied().collect();
    Err(wrong(profile, said.span(), message).help(format!("known there: {}", words(&known))))
}

/// The words that this CPU's kernel needs, and no others (facts C.1). AMD's
/// IOMMU is on by itself and `amd_iommu=on` is no value the kernel knows;
/// `iommu=pt` spares the host's own devices the translation that VFIO brings.
fn kernel_parameters(cpu: CpuVendor) -> Vec<String> {
    let words: &[&str] = match cpu {
        CpuVendor::Intel => &["intel_iommu=on", "iommu=pt"],
        CpuVendor::Amd => &["iommu=pt"],
    };
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The service to stop: the display manager's own, or the one that stands for any.
fn display_service(profile: &Profile, distro: &Distro, init: Init) -> Result<Option<String>> {
    let said = profile.host.get_ref().display_manager.as_ref();
    let dm = said.map(|dm| *dm.get_ref());
    if dm == Some(DisplayManager::None) {
        return Ok(None);
    }
    let services = distro.display_manager.get(&init);
    let own = dm.and_then(|dm| services?.own.get(&dm).cloned());
    if let Some(service) = own.or_else(|| services?.any.clone()) {
        return Ok(Some(service));
    }
    let known = services.map(|services| words(services.own.keys())).unwrap_or_default();
    let (name, span) = (&distro.name, said.map_or(profile.host.span(), Spanned::span));
    let message = match dm {
        Some(dm) => format!("onegpu does not know the service of {dm} on {name} with {init}"),
        None => format!("`host.display-manager` is missing: no service of {name} with {init} stands for any"),
    };
    Err(missing(profile, span, message, &known))
}

fn missing(profile: &Profile, span: Range<usize>, message: String, known: &str) -> Diagnostic {
    wrong(profile, span, message).more("host.display-manager").help(format!("known there: {known}, none"))
}

/// A list for a sentence.
fn words<'a, T: ToString + 'a>(all: impl IntoIterator<Item = &'a T>) -> String {
    all.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
