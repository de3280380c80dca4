//! The profile's vBIOS file.

use super::card_rom::kinds;
use super::{Answer, Check, Context, Needs, all_of, does_not_apply, fail, unknown, warn};
use crate::machine::option_rom;

pub(super) const CHECK: Check = Check {
    id: "profile-rom",
    title: "Is the profile's vBIOS this card's, whole, and for UEFI?",
    looks_at: "the file of gpu.rom: where its first image starts, each image's kind and card, whether the last is there",
    why: "What a flash tool saves has a header of the maker's before the signature 55 AA, and the guest's firmware does not find \
          the image behind it. An image of another card, or for BIOS alone, does nothing.",
    failures: &["rom-header", "apparmor-stops-file"],
    more: &["https://github.com/awilliam/rom-parser"],
    needs: Needs::Files,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(path) = context.setup.and_then(|setup| setup.gpu.rom_source.as_deref()) else {
        return does_not_apply("no profile names one; most cards need none");
    };
    if context.root.is_absent(path) {
        return fail(
            format!("it is not there: {path}"),
            "save it from the card (see the check `card-rom`), or leave `rom` out: most cards need none",
        );
    }
    let Some(bytes) = context.root.bytes(path, option_rom::LARGEST) else {
        return unknown(
            format!("{path} cannot be read, or is no file of at most 16 MiB"),
            format!("run onegpu as root, or look yourself: `head -c 2 {path} | od -tx1` shows 55 aa"),
        );
    };
    let Some(rom) = option_rom::parse(&bytes) else {
        return fail(
            format!("{path} has no image: nowhere in it stand 55 AA and a PCI header"),
            "save it anew from the card (see the check `card-rom`), or leave `rom` out",
        );
    };
    let header = match rom.offset {
        0 => Vec::new(),
        offset => fail(
            format!("{path} has {offset} bytes before its first image"),
            format!("cut them off: `tail -c +{} {path} >trimmed.rom`, and name that one", offset + 1),
        ),
    };
    let efi = match rom.has_efi() {
        true => Vec::new(),
        false => fail(
            format!("it has no image for UEFI, only: {}", kinds(&rom)),
            "leave `rom` out, or use an image with UEFI (GOP)",
        ),
    };
    let found = rom.images.first().map(|image| image.id.to_string()).unwrap_or_default();
    let card = match context.card().and_then(|card| card.id) {
        Some(id) if !rom.is_for(id) => fail(
            format!("it is for the card {found}, and this one is {id}"),
            "save it from this very card, or leave `rom` out",
        ),
        _ => Vec::new(),
    };
    let whole = match rom.complete {
        true => Vec::new(),
        false => warn(
            "its last image is cut off, or says that another follows",
            "save it anew; `cat` on the card's rom stops where the chip does",
        ),
    };
    all_of([header, efi, card, whole], &format!("whole, for {found}: {}", kinds(&rom)))
}
