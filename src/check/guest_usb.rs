//! USB devices that go to the guests.

use super::{Answer, Check, Context, Needs, all_of, does_not_apply, unknown, warn};
use crate::paths::machine as at;

pub(super) const CHECK: Check = Check {
    id: "guest-usb",
    title: "Are the guests' USB devices plugged in?",
    looks_at: "idVendor and idProduct below /sys/bus/usb/devices; usb and evdev of each guest",
    why: "While the guest has the card, the only keyboard is the one that went along. \
          A wrong id leaves you before a screen without one.",
    failures: &["evdev-not-permitted"],
    more: &[],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let Some(setup) = context.setup else { return does_not_apply("no profile was given") };
    let blind =
        setup.guests.iter().filter(|guest| guest.usb.is_empty() && guest.evdev.is_empty()).map(|guest| {
            warn(
                format!("{} gets no keyboard and no mouse", guest.name),
                "name them: usb = [\"vendor:product\"] (see `onegpu detect`) or evdev = [\"…-event-kbd\"]; \
             or hand over a whole USB controller in [gpu] devices",
            )
        });
    let blind: Vec<Vec<Answer>> = blind.collect();
    let asked = setup.guests.iter().any(|guest| !guest.usb.is_empty());
    let Some(names) = context.root.names(at::USB_DEVICES).filter(|names| !names.is_empty()) else {
        let unread = match asked {
            true => unknown("the USB devices cannot be read", "`lsusb` on the PC"),
            false => Vec::new(),
        };
        return all_of(blind.into_iter().chain([unread]), "none is asked for");
    };
    let id = |name: &String| {
        let read = |what: &str| context.root.attribute(&format!("{}/{name}/{what}", at::USB_DEVICES));
        Some((read("idVendor")?.to_ascii_lowercase(), read("idProduct")?.to_ascii_lowercase()))
    };
    let plugged: Vec<(String, String)> =
        names.iter().filter(|name| !name.contains(':')).filter_map(id).collect();
    let missing = setup.guests.iter().flat_map(|guest| {
        guest.usb.iter().filter_map(|usb| {
            let there = plugged.iter().any(|(vendor, product)| *vendor == usb.vendor && *product == usb.product);
            (!there).then(|| {
                warn(
                    format!("{}:{} of {} is not plugged in", usb.vendor, usb.product, guest.name),
                    "plug it in, or write the id that `lsusb` shows: a guest starts without it, and without its keys",
                )
            })
        })
    });
    let missing: Vec<Vec<Answer>> = missing.collect();
    all_of(blind.into_iter().chain(missing), "each is plugged in")
}
