//! In every way in and out, the scriptlets, or all up to the package manager, are killed before one
//! of the programs that they call; then the user runs the package manager again.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use super::machine::{TRAPS, arm, disarm, remembering};
use super::setups::Variant;
use super::{Changes, Do, Family, SCENARIOS, difference, text};

/// What is tried and of how much.
#[derive(Default)]
struct Count {
    actions: usize,
    calls: usize,
    states: usize,
    /// Where the command alone was given again, and at how many of these it came to something else.
    again: usize,
    other: usize,
    /// Where the same command had been given in the same state before: what it came to is known.
    known: usize,
    pulled: usize,
    scriptlets: usize,
    failed: Vec<String>,
}

impl Count {
    /// One kill. What it fails by is kept until all are tried.
    fn tried(&mut self, tries: impl FnOnce(&mut Self)) {
        let mut caught = catch_unwind(AssertUnwindSafe(|| tries(&mut *self)));
        if let Err(why) = &mut caught {
            let why = why.downcast_mut::<String>().map(std::mem::take);
            self.failed.push(why.unwrap_or_else(|| "a test of its own went wrong".into()));
        }
    }
}

/// Where in a scenario we are.
struct At<'a, F: Family> {
    family: &'a F,
    name: &'a str,
    action: Do,
    /// What is installed before it.
    installed: Vec<(Variant, &'static str)>,
    /// Before the scenario began, and after the action.
    start: &'a Changes,
    after: Changes,
    since: i64,
    /// What a command has come to in a state, anywhere.
    ends: &'a RefCell<HashMap<(Vec<String>, u64), u64>>,
}

/// In every scenario and at every action of it that no other scenario takes from the same state,
/// `points` kills: of everything and of the scriptlet alone by turns, spread over all programs that
/// are called. With `ONEGPU_TEST_EVERY=1` the scriptlet's command is given again besides in each
/// state that a kill can leave, with `=2` in every other; `ONEGPU_TEST_KILL` names one scenario,
/// `ONEGPU_TEST_FROM` the first of several: in those before it nobody is killed.
pub fn killed_it_is_finished_or_taken_back<F: Family>(points: usize) {
    let family = F::new();
    let layer = family.layer();
    let start = family.changes();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as i64;
    let (mut count, mut seen) = (Count::default(), BTreeSet::new());
    let ends = RefCell::default();
    let only = std::env::var("ONEGPU_TEST_KILL").ok();
    let mut from = std::env::var("ONEGPU_TEST_FROM").ok();
    for (name, actions) in SCENARIOS {
        from = from.filter(|from| from != name);
        let points = match F::SLOW {
            true if every() && !SLOW.contains(name) => 0,
            false if every() => 2 * points,
            _ => points,
        };
        if only.as_ref().is_some_and(|only| only != name)
            || (only.is_none() && !every() && F::SLOW && !SLOW.contains(name))
        {
            continue;
        }
        let mut installed: Vec<(Variant, &'static str)> = Vec::new();
        for action in *actions {
            let state = format!("{:?} {action:?}", timeless(&family.changes(), since));
            layer.freeze();
            let was = installed.clone();
            // What was written then can no longer be mended: it goes in, and out, by itself.
            let of_then = match action {
                Do::In(setup, _) => *setup == Variant::Old,
                Do::Out(_) | Do::ForceOut(_) => was.iter().any(|(setup, _)| *setup == Variant::Old),
            };
            if !seen.insert(state) || from.is_some() || of_then {
                family.ok(command(&family, *action, &was));
                becomes(&mut installed, *action);
            } else {
                arm(layer, "photo");
                family.ok(command(&family, *action, &was));
                let (calls, _) = disarm(layer);
                becomes(&mut installed, *action);
                layer.keep_image(0);
                let after = timeless(&family.changes(), since);
                let at = At {
                    family: &family,
                    name,
                    action: *action,
                    installed: was,
                    start: &start,
                    after,
                    since,
                    ends: &ends,
                };
                kill(&at, calls, points, &mut count);
                layer.become_image(0);
            }
        }
        assert_eq!(difference(&start, &family.changes()), "", "{}: {name}", F::DISTRO);
        actions.iter().for_each(|_| layer.thaw());
        tell::<F>(&count, name);
    }
    assert!(count.failed.is_empty(), "{} failed:\n{}", count.failed.len(), count.failed.join("\n\n"));
}

/// Whether every state is asked for.
fn every() -> bool {
    std::env::var_os("ONEGPU_TEST_EVERY").is_some()
}

/// Of a package manager that takes its time.
const SLOW: &[&str] = &["in and out", "another profile", "the host first"];

fn tell<F: Family>(count: &Count, name: &str) {
    let Count { actions, calls, states, again, other, known, pulled, scriptlets, failed } = count;
    // Past the test harness, which would keep it for itself.
    let _ = writeln!(
        std::io::stderr(),
        "{}: up to `{name}`: {actions} actions, {calls} programs, {states} states between them; the command again at {again} (another way at {other}, known at {known}), all killed at {pulled}, the scriptlet at {scriptlets}; failed {}",
        F::DISTRO,
        failed.len()
    );
}

/// Kills one action, which has been recorded in images.
fn kill<F: Family>(at: &At<'_, F>, calls: usize, points: usize, count: &mut Count) {
    let layer = at.family.layer();
    let mut states = Vec::new();
    let mut last = None;
    for call in 1..=calls {
        let image = layer.image(call, &|path| path == TRAPS.trim_start_matches('/') || swept(path));
        assert!(image.is_some(), "no image of call {call}");
        if image != last {
            states.push(call);
            last = image;
        }
    }
    count.actions += 1;
    count.calls += calls;
    count.states += states.len();
    if every() {
        every_state(at, &states, count);
    }
    // Of an odd number, the half and a bit goes to one kind in every other action.
    let pulls = (points + count.actions % 2) / 2;
    for (nth, call) in chosen(&states, pulls, count.actions, 0) {
        count.tried(|count| {
            layer.back(Some(call));
            disarm(layer);
            finished(at, nth, &format!("all killed at program {call} of {calls}"), "");
            count.pulled += 1;
        });
    }
    for (nth, call) in chosen(&states, points - pulls, count.actions, 1) {
        count.tried(|count| {
            layer.back(None);
            arm(layer, &format!("{call} scriptlet"));
            let out = at.family.run(command(at.family, at.action, &at.installed));
            let (_, killed) = disarm(layer);
            let when = format!("the scriptlet killed at program {call} of {calls}");
            assert!(killed, "{} {:?}: {when}: {}", F::DISTRO, at.action, text(&out));
            finished(at, nth, &when, &text(&out));
            count.scriptlets += 1;
        });
    }
}

/// Whether it lies in a record that is not yet one, or no longer: whatever is in it, the first thing
/// that `apply` and `revert` do is to sweep it away, so that one kill stands for all that differ there.
fn swept(path: &str) -> bool {
    path.strip_prefix("var/lib/onegpu/").is_some_and(|below| {
        let folders = below.rsplit_once('/').map_or("", |(folders, _)| folders);
        folders.split('/').any(|name| name.starts_with(".new-") || name.starts_with(".gone-"))
    })
}

/// Which of them, each with a number of its own: elsewhere in each action.
fn chosen(states: &[usize], points: usize, turn: usize, kind: usize) -> Vec<(usize, usize)> {
    let all = states.len();
    // 7 and 11 share nothing with most numbers.
    let place = |at| (at * all / points + turn * 7 + kind * 11) % all;
    (0..points.min(all)).map(|at| (at + turn, states[place(at)])).collect()
}

/// In each state, the command of the scriptlet that was killed there is given again, and has to come
/// to what it comes to when it is not killed. The package manager's own part is left to the others.
fn every_state<F: Family>(at: &At<'_, F>, states: &[usize], count: &mut Count) {
    let layer = at.family.layer();
    let every: usize = std::env::var("ONEGPU_TEST_EVERY").unwrap().parse().unwrap();
    let now = || timeless(&at.family.changes(), at.since);
    let mut whole: Option<(Vec<String>, Changes)> = None;
    let mut begun = 0;
    for (nth, call) in states.iter().enumerate() {
        let words = layer.words(*call);
        let when = format!("{}: {:?}: {words:?} killed at program {call}", F::DISTRO, at.action);
        // The package manager's own files say nothing to it, so that the same state comes again.
        let state = || {
            layer.back(Some(*call));
            disarm(layer);
            (words.clone(), sum(&now()))
        };
        let run = |count: &mut Count| {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let out = layer.command(&words).env("PATH", remembering()).output().unwrap();
            assert!(out.status.success(), "{when}: {}", text(&out));
            count.again += 1;
            (now(), text(&out))
        };
        // Of each command, the first image is of before it has done anything.
        if whole.as_ref().is_none_or(|(of, _)| *of != words) {
            count.tried(|count| {
                let state = state();
                let (ends, _) = run(count);
                at.ends.borrow_mut().insert(state, sum(&ends));
                whole = Some((words.clone(), ends));
                begun = *call;
            });
        } else if nth % every == 0 {
            count.tried(|count| {
                let state = state();
                let expected = &whole.as_ref().unwrap().1;
                if at.ends.borrow().get(&state) == Some(&sum(expected)) {
                    count.known += 1;
                    return;
                }
                let (ends, said) = run(count);
                at.ends.borrow_mut().insert(state, sum(&ends));
                if ends != *expected {
                    // Whatever it looks like in between, it has to go without a trace.
                    count.other += 1;
                    let _ = writeln!(
                        std::io::stderr(),
                        "{when}: not as from program {begun}: {}: {said}",
                        difference(expected, &ends)
                    );
                    layer.back(Some(*call));
                    disarm(layer);
                    finished(at, 0, &when, "");
                }
            });
        }
    }
}

fn sum(of: &impl Hash) -> u64 {
    let mut sum = DefaultHasher::new();
    of.hash(&mut sum);
    sum.finish()
}

/// After a kill: the same again or, every third time, all is taken out as it is.
fn finished<F: Family>(at: &At<'_, F>, nth: usize, when: &str, said: &str) {
    let family = at.family;
    family.mend();
    let mut log = said.to_owned();
    if nth % 3 != 2 || !matches!(at.action, Do::In(..)) {
        let out = logged(family, command(family, at.action, &at.installed), &mut log);
        if matches!(at.action, Do::In(..)) {
            assert!(out.status.success(), "{}: {}: {when}: {log}", F::DISTRO, at.name);
        }
        // As it is without a kill: what follows is shown where nobody is killed.
        if timeless(&family.changes(), at.since) == at.after {
            return;
        }
    }
    let mut installed = at.installed.clone();
    if let Do::In(setup, parts) = at.action {
        installed.retain(|(_, part)| !parts.contains(part));
        installed.extend(parts.iter().map(|part| (setup, *part)));
    }
    all_out(family, &installed, &mut log);
    let differ = difference(at.start, &family.changes());
    assert_eq!(differ, "", "{}: {}: {:?}: {when}: {log}", F::DISTRO, at.name, at.action);
}

fn logged<F: Family>(family: &F, command: Command, log: &mut String) -> Output {
    let words = format!("{command:?}");
    let out = family.run(command);
    *log += &format!("\n$ {words}\n{}", text(&out));
    out
}

/// Takes out what is installed, or is partly, by whatever way the package manager has.
pub fn all_out<F: Family>(family: &F, installed: &[(Variant, &'static str)], log: &mut String) {
    let names: Vec<String> =
        installed.iter().flat_map(|(setup, part)| setup.names(F::DISTRO, &[part])).collect();
    let left = || {
        ["/var/lib/onegpu", "/usr/lib/onegpu", "/usr/libexec/onegpu"]
            .iter()
            .any(|path| family.layer().path(path).exists())
    };
    logged(family, family.remove(&names), log);
    if left() {
        // Not all of them are there.
        for name in names.iter().rev() {
            logged(family, family.force_out(name), log);
        }
    }
    // Some package managers take the files away whatever the scriptlet says; it says then that a new
    // installation and removal takes back the rest.
    if left() {
        let packages =
            installed.iter().flat_map(|(setup, part)| setup.packages(F::DISTRO, &[part])).collect::<Vec<_>>();
        logged(family, family.install_over(&packages), log);
        logged(family, family.remove(&names), log);
    }
}

fn command<F: Family>(family: &F, action: Do, installed: &[(Variant, &'static str)]) -> Command {
    let names = |parts: &[&str]| -> Vec<String> {
        let those = installed.iter().filter(|(_, part)| parts.contains(part));
        those.flat_map(|(setup, part)| setup.names(F::DISTRO, &[part])).collect()
    };
    match action {
        Do::In(setup, parts) => family.install(&setup.packages(F::DISTRO, parts)),
        Do::Out(parts) => family.remove(&names(parts)),
        Do::ForceOut(part) => family.force_out(&names(&[part])[0]),
    }
}

fn becomes(installed: &mut Vec<(Variant, &'static str)>, action: Do) {
    let gone = match action {
        Do::In(_, parts) | Do::Out(parts) => parts.to_vec(),
        Do::ForceOut(part) => vec![part],
    };
    installed.retain(|(_, part)| !gone.contains(part));
    if let Do::In(setup, parts) = action {
        installed.extend(parts.iter().map(|part| (setup, *part)));
    }
}

/// Without the times of what was written by the test.
fn timeless(changes: &Changes, since: i64) -> Changes {
    let without = |about: &str| match about.rsplit_once(" of ") {
        Some((head, time)) if time.parse::<i64>().is_ok_and(|time| time >= since) => head.to_owned(),
        _ => about.to_owned(),
    };
    changes.iter().map(|(path, about)| (path.clone(), without(about))).collect()
}
