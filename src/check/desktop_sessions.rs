//! Sessions that live on after the display manager has stopped.

use super::{Answer, Check, Context, Needs, ok, unknown, warn};
use crate::machine::sessions::Session;
use crate::paths::machine as at;
use crate::profile::Init;

pub(super) const CHECK: Check = Check {
    id: "desktop-sessions",
    title: "Which sessions outlive the display manager?",
    looks_at: "logind's sessions (type, desktop, seat)",
    why: "Plasma on Wayland, and desktops that are started as units of the user, run on when the display manager stops, \
          and hold the card. The handover asks logind to end what is on the screen; without logind it can only wait.",
    failures: &["session-outlives-display-manager"],
    more: &[],
    needs: Needs::Machine,
    run,
};

fn run(context: &Context<'_>) -> Vec<Answer> {
    let graphical: Vec<&Session> =
        context.machine.sessions.iter().filter(|session| is_graphical(session)).collect();
    let lasting: Vec<String> =
        graphical.iter().filter(|session| outlives(session)).map(|session| named(session)).collect();
    let elsewhere = graphical.iter().filter(|s| s.seat.as_deref().is_none_or(|seat| seat != "seat0")).count();
    match (lasting.as_slice(), graphical.len()) {
        ([], 0) if !context.root.is_folder(at::LOGIND) && context.machine.sessions.is_empty() => {
            // systemd has logind; another init has it only as elogind.
            let other = context.machine.init.init.is_some_and(|init| init != Init::Systemd);
            if !other || context.root.names(at::RUN).is_none_or(|names| names.is_empty()) {
                return unknown("sessions cannot be read", "run onegpu on the PC itself, in the desktop");
            }
            warn(
                "no logind runs here: the handover cannot ask for sessions to be ended",
                "install and start elogind (or seatd, and end the desktop yourself before you start the guest)",
            )
        }
        ([], 0) => ok("no desktop is open now; run this in the desktop to see its kind"),
        ([], _) if elsewhere > 0 => warn(
            "a desktop is open that is on no seat's screen (remote, or nested)",
            "end it before you start the guest, if it uses the card",
        ),
        ([], _) => ok(format!(
            "{}: ends with the display manager",
            graphical.iter().map(|s| named(s)).collect::<Vec<_>>().join(", ")
        )),
        (all, _) => warn(
            format!("{}: lives on after the display manager", all.join(", ")),
            "nothing to change: the handover ends it through logind. Save your work before you start the guest, \
             for its programs are ended with it",
        ),
    }
}

fn is_graphical(session: &Session) -> bool {
    matches!(session.kind.as_deref(), Some("wayland" | "x11" | "mir"))
        && session.class.as_deref() != Some("greeter")
}

/// Plasma on Wayland keeps kwin below the user's manager, and so do desktops that
/// uwsm starts; GNOME's and others' compositors are their session's own.
fn outlives(session: &Session) -> bool {
    let desktop = session.desktop.as_deref().unwrap_or_default().to_ascii_lowercase();
    let managed =
        ["kde", "plasma", "uwsm", "hyprland", "niri", "cosmic"].iter().any(|name| desktop.contains(name));
    session.kind.as_deref() == Some("wayland") && managed
}

fn named(session: &Session) -> String {
    let desktop = session.desktop.as_deref().unwrap_or("a desktop");
    format!("{desktop} on {}", session.kind.as_deref().unwrap_or("an unknown display"))
}
