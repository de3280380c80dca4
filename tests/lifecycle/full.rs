//! The disk is full while a package manager works: at one number of free pages after the other, so
//! that each thing that takes room is once the first to find none.

use std::io::Write;

use super::kills::all_out;
use super::setups::Variant;
use super::{ALL, Family, applied, difference, text};

/// In, up and out with so many pages free and, until there is room for all, with `by` more of them.
/// What fails is told; once there is room again, the package manager's own ways lead back.
pub fn a_full_disk_is_told_and_survived<F: Family>(by: u64) {
    let by = std::env::var("ONEGPU_TEST_EVERY").map_or(by, |by| by.parse().unwrap());
    let family = F::new();
    let layer = family.layer();
    // Built while there is room.
    let first = Variant::First.packages(F::DISTRO, ALL);
    let second = Variant::Profile.packages(F::DISTRO, ALL);
    let names = Variant::First.names(F::DISTRO, ALL);
    drop((family.install(&first), family.install(&second)));
    // What a package manager makes at its first run is not the matter here.
    family.ok(family.install(&first));
    family.ok(family.remove(&names));
    let before = family.changes();
    for what in ["in", "up", "out"] {
        let (mut free, mut failed, mut tried) = (0, 0, 0);
        loop {
            let installed = if what == "in" { Vec::new() } else { first.clone() };
            if !installed.is_empty() {
                family.ok(family.install(&installed));
            }
            let mut command = match what {
                "in" => family.install(&first),
                "up" => family.install(&second),
                _ => family.remove(&names),
            };
            layer.leave(Some(free));
            let out = command.output().unwrap();
            layer.leave(None);
            let mut log = format!("{}: {what} with {free} pages free: {}", F::DISTRO, text(&out));
            tried += 1;
            // rpm has its status say that a scriptlet failed, and not that it could not begin.
            let lower = log.to_lowercase();
            let told = TOLD.iter().any(|words| lower.contains(words));
            let whole = out.status.success() && !told;
            if whole && what != "out" {
                applied(&family.status(), &log, ALL);
            }
            if !whole {
                failed += 1;
                assert!(told, "the full disk is not named: {log}");
                family.mend();
            }
            let variant = if what == "up" { Variant::Profile } else { Variant::First };
            let parts: Vec<_> = ALL.iter().map(|part| (variant, *part)).collect();
            all_out(&family, &parts, &mut log);
            assert_eq!(difference(&before, &family.changes()), "", "{log}");
            if whole {
                break;
            }
            free += by;
        }
        let _ = writeln!(
            std::io::stderr(),
            "{}: {what}: by {by} pages up to {free}: {tried} tried, {failed} of them failed and came back",
            F::DISTRO
        );
    }
}

/// How programs, package managers among them, name it: `no room` is ours, the others are pacman's,
/// rpm's, its database's and Python's, in which emerge is written.
const TOLD: &[&str] = &[
    "no space left",
    "no room",
    "write failed",
    "more space on",
    "database or disk is full",
    "no usable temporary directory",
];
