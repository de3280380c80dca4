//! The scriptlets, or all up to the package manager, are killed before one of the programs that
//! they call; then the user runs the package manager again.

use std::fs;
use std::io::Write;

use super::machine::TRAPS;
use super::setups::Variant;
use super::{ALL, Family, applied, difference, text};

/// What is interrupted.
#[derive(Clone, Copy, Debug)]
enum Phase {
    Install,
    Upgrade,
    Remove,
}

/// Kills at `points` of the programs in each phase, spread over all of them; or at every one that
/// ONEGPU_TEST_EVERY says, where 1 is each.
pub fn killed_it_is_finished_or_taken_back<F: Family>(points: usize) {
    let family = F::new();
    let before = family.changes();
    let (mut tried, mut of) = (0, 0);
    for phase in [Phase::Install, Phase::Upgrade, Phase::Remove] {
        // How many there are.
        prepare(&family, phase);
        arm(&family, 0, "");
        family.ok(command(&family, phase));
        let calls = disarm(&family);
        assert!(calls > 20, "{}: {phase:?}: only {calls} programs are called", F::DISTRO);
        of += calls;
        take_out(&family);
        assert_eq!(difference(&before, &family.changes()), "", "{}: {phase:?}", F::DISTRO);
        for (at, n) in chosen(calls, points).into_iter().enumerate() {
            let whom = ["all", "scriptlet"][at % 2];
            let when = format!("{}: {phase:?}: {whom} killed at program {n} of {calls}", F::DISTRO);
            prepare(&family, phase);
            arm(&family, n, whom);
            let out = family.run(command(&family, phase));
            assert!(whom != "all" || !out.status.success(), "{when}: {}", text(&out));
            disarm(&family);
            let killed = family.layer().path(&format!("{TRAPS}/killed"));
            assert!(killed.exists(), "{when}: {}", text(&out));
            fs::remove_file(killed).unwrap();
            tried += 1;
            family.mend();
            match phase {
                Phase::Remove => (),
                // Removed as it is, or finished first.
                _ if at % 3 == 2 => (),
                _ => {
                    family.ok(command(&family, phase));
                    applied(&family.status(), &when, ALL);
                }
            }
            take_out(&family);
            assert_eq!(difference(&before, &family.changes()), "", "{when}: {}", text(&out));
        }
    }
    // Past the test harness, which would keep it for itself.
    let _ = writeln!(std::io::stderr(), "{}: killed at {tried} of {of} programs", F::DISTRO);
}

fn chosen(calls: usize, points: usize) -> Vec<usize> {
    match std::env::var("ONEGPU_TEST_EVERY") {
        Ok(every) => (1..=calls).step_by(every.parse().unwrap()).collect(),
        Err(_) => (0..points).map(|at| (2 * at + 1) * calls / (2 * points)).collect(),
    }
}

fn prepare<F: Family>(family: &F, phase: Phase) {
    match phase {
        Phase::Install => (),
        _ => drop(family.ok(family.install(&Variant::First.packages(F::DISTRO, ALL)))),
    }
}

fn command<F: Family>(family: &F, phase: Phase) -> std::process::Command {
    match phase {
        Phase::Install => family.install(&Variant::First.packages(F::DISTRO, ALL)),
        Phase::Upgrade => family.install(&Variant::Profile.packages(F::DISTRO, ALL)),
        Phase::Remove => family.remove(&Variant::First.names(F::DISTRO, ALL)),
    }
}

/// Removes all. Some package managers take the files away whatever the scriptlet says; it says
/// then that a new installation and removal takes back the rest.
fn take_out<F: Family>(family: &F) {
    let names = Variant::First.names(F::DISTRO, ALL);
    family.run(family.remove(&names));
    if family.layer().path("/var/lib/onegpu").exists() {
        family.ok(family.install(&Variant::First.packages(F::DISTRO, ALL)));
        family.ok(family.remove(&names));
    }
}

fn arm<F: Family>(family: &F, n: usize, whom: &str) {
    family.layer().write(&format!("{TRAPS}/at"), format!("{n} {whom}\n"));
    family.layer().write(&format!("{TRAPS}/calls"), "0\n");
}

/// How many programs were called.
fn disarm<F: Family>(family: &F) -> usize {
    let calls = family.layer().read(&format!("{TRAPS}/calls")).unwrap();
    for name in ["at", "calls"] {
        fs::remove_file(family.layer().path(&format!("{TRAPS}/{name}"))).unwrap();
    }
    calls.trim().parse().unwrap()
}
