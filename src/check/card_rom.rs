//! UEFI in the card's own ROM.

use super::{Answer, Check, Context, Needs, fail, no_card, ok, unknown};
use crate::machine::option_rom::{self, Code, OptionRom};
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "card-rom",
    title: "Has the card's ROM a part for UEFI?",
    looks_at: "the images in /sys/bus/pci/devices/ADDRESS/rom, where it can be read",
    why: "The guest boots by UEFI. A card whose ROM is for BIOS alone shows nothing before the guest's own driver runs.",
    failures: &["rom-header"],
    more: &["https://github.com/awilliam/rom-parser"],
    needs: Needs::Pc,
    run,
};

/// The kinds of images, for a sentence.
pub(super) fn kinds(rom: &OptionRom) -> String {
    let kind = |code: &Code| match code {
        Code::Bios => "BIOS".to_owned(),
        Code::OpenFirmware => "Open Firmware".to_owned(),
        Code::Efi(0x8664) => "UEFI".to_owned(),
        Code::Efi(machine) => format!("UEFI for the machine {machine:#06x}"),
        Code::BrokenEfi => "a broken one for UEFI".to_owned(),
        Code::Other(number) => format!("type {number:#04x}"),
    };
    rom.images.iter().map(|image| kind(&image.code)).collect::<Vec<_>>().join(", ")
}

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(card) = context.card() else {
        return no_card(context);
    };
    let path = format!("{}/{}/rom", at::PCI_DEVICES, card.address);
    let how = format!(
        "as root, while no guest has the card: `cd {}/{}; echo 1 >rom; cat rom >{}; echo 0 >rom`, and write \
         rom = \"{}\" under [gpu] for this check alone: a guest rarely needs it",
        at::PCI_DEVICES,
        card.address,
        SAVED,
        SAVED,
    );
    let Some(rom) =
        context.root.bytes(&path, option_rom::LARGEST).and_then(|bytes| option_rom::parse(&bytes))
    else {
        return unknown(
            "the card's ROM cannot be read without switching it on, which a check never does",
            how,
        );
    };
    match (rom.has_efi(), context.machine.firmware.uefi) {
        (true, _) => ok(format!("the card's ROM has images for: {}", kinds(&rom))),
        // The firmware's copy in memory is what a PC's BIOS used; the chip may have more.
        (false, Some(false)) => unknown(
            "this PC was booted by BIOS: the kernel shows the BIOS' copy of the ROM, without the part for UEFI",
            "boot the PC by UEFI, and look again",
        ),
        (false, _) => fail(
            format!("the card's ROM has no image for UEFI, only: {}", kinds(&rom)),
            "look for a firmware update of the card's maker; cards since about 2013 have one. Without it, give the guest a \
             patched image by [gpu] rom, or no picture before its driver",
        ),
    }
}

/// Where a saved ROM may lie.
const SAVED: &str = at::SAVED_ROM;
