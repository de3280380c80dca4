//! The timeline of the review against the scripts that act: every step that
//! `start.sh` and `stop.sh` take is a moment's, in the same order, and no moment
//! tells of a step that no script takes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by a panic")]

mod support;

use onegpu::data::DataDirs;
use onegpu::plan::Plan;
use onegpu::profile;
use onegpu::render;
use onegpu::review::timeline::{Holder, Moment, Timeline};
use onegpu::setup::Setup;

/// What each step of a script is called in its log, in the order of the script.
fn steps(script: &str) -> Vec<String> {
    let mut out = Vec::new();
    for line in script.lines() {
        let words = words(line);
        for (at, (word, quoted)) in words.iter().enumerate() {
            let which = match word.as_str() {
                "take" | "try" => 3,
                "step" | "undo" => 1,
                _ => continue,
            };
            let name = words.get(at + which).map(|(name, _)| name.clone());
            // The functions that take any step call it `$what` or `$@`.
            out.extend(name.filter(|name| !quoted && name != "$what" && name != "$@"));
        }
    }
    out
}

/// Words of a shell command with their quotes taken off, and whether they had any; none of a comment.
fn words(line: &str) -> Vec<(String, bool)> {
    let (mut out, mut word, mut quote, mut quoted) = (Vec::new(), String::new(), None, false);
    for c in line.trim_start().chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => (quote, quoted) = (Some(c), true),
            (None, ' ') if quoted || !word.is_empty() => {
                out.push((std::mem::take(&mut word), quoted));
                quoted = false;
            }
            (None, ' ') => {}
            (None, '#') if word.is_empty() && !quoted => return out,
            (_, c) => word.push(c),
        }
    }
    out.push((word, quoted));
    out
}

fn marks(moments: &[Moment]) -> Vec<String> {
    moments.iter().flat_map(|moment| moment.marks).map(|mark| (*mark).to_owned()).collect()
}

/// `start.sh` and `stop.sh` of a guest.
fn scripts(packages: &[(String, Vec<render::File>)], guest: &str) -> [String; 2] {
    ["prepare/begin/start.sh", "release/end/stop.sh"].map(|name| {
        let ending = format!("/{guest}/{name}");
        let file =
            packages.iter().flat_map(|(_, files)| files).find(|file| file.path.ends_with(&ending)).unwrap();
        String::from_utf8(file.bytes.clone()).unwrap()
    })
}

#[test]
fn every_step_of_every_cell_is_a_moment() {
    for rendered in support::matrix() {
        let plan = rendered.cell.plan().unwrap();
        for guest in &plan.setup.guests {
            let timeline = Timeline::new(&plan.setup, guest);
            let [start, stop] = scripts(&rendered.packages, &guest.name);
            assert!(steps(&start).len() > 3, "the reader of scripts finds nothing:\n{start}");
            assert_eq!(marks(&timeline.handover), steps(&start), "{}: {}", rendered.cell, guest.name);
            assert_eq!(marks(&timeline.back), steps(&stop), "{}: {}", rendered.cell, guest.name);
        }
    }
}

/// Every option of a guest at once, under the init that has all of them.
#[test]
fn also_with_every_option() {
    let golden = "tests/golden/debian-systemd-grub-intel-nvidia-all-options/profile.toml";
    let text =
        std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(golden)).unwrap();
    let data = DataDirs::embedded();
    let profile = profile::parse("p", &text).unwrap();
    let distro = onegpu::distro::Distro::load(&data, "debian").unwrap();
    let plan = Plan::new(Setup::new(&profile, distro).unwrap());
    let packages = render::all(&data, &plan).unwrap();
    let mut told = Vec::new();
    for guest in &plan.setup.guests {
        let timeline = Timeline::new(&plan.setup, guest);
        let [start, stop] = scripts(&packages, &guest.name);
        assert_eq!(marks(&timeline.handover), steps(&start), "{}", guest.name);
        assert_eq!(marks(&timeline.back), steps(&stop), "{}", guest.name);
        told.extend(marks(&timeline.handover));
    }
    for step in ["keep the host awake", "keep the clock up", "compact memory", "run before-handover"] {
        assert!(told.iter().any(|mark| mark == step), "{step}");
    }
}

/// What the matrix does not vary: no display manager, no second function.
#[test]
fn also_where_there_is_little_to_do() {
    let data = DataDirs::embedded();
    let text = "[host]\ndistro = \"debian\"\ncpu = \"amd\"\ndisplay-manager = \"none\"\n\
                [gpu]\naddress = \"0000:01:00.0\"\ndriver = \"radeon\"\n[[guest]]\nname = \"a\"\n";
    let profile = profile::parse("p", text).unwrap();
    let distro = onegpu::distro::Distro::load(&data, "debian").unwrap();
    let plan = Plan::new(Setup::new(&profile, distro).unwrap());
    let packages = render::all(&data, &plan).unwrap();
    let timeline = Timeline::new(&plan.setup, &plan.setup.guests[0]);
    let [start, stop] = scripts(&packages, "a");
    assert_eq!(marks(&timeline.handover), steps(&start));
    assert_eq!(marks(&timeline.back), steps(&stop));
}

#[test]
fn the_card_changes_hands_there_and_back() {
    for rendered in support::matrix() {
        let plan = rendered.cell.plan().unwrap();
        for guest in &plan.setup.guests {
            let timeline = Timeline::new(&plan.setup, guest);
            let hands = |moments: &[Moment]| {
                let mut hands: Vec<Holder> = moments.iter().map(|moment| moment.holder).collect();
                hands.dedup();
                hands
            };
            let there = hands(&timeline.handover);
            assert_eq!((there.first(), there.last()), (Some(&Holder::Desktop), Some(&Holder::Guest)));
            let mut once = there.clone();
            once.dedup();
            assert_eq!(there.len(), once.len(), "{}: it never goes back on the way", rendered.cell);
            let back = hands(&timeline.back);
            assert_eq!(back.last(), Some(&Holder::Desktop), "{}", rendered.cell);
            assert!(!back.contains(&Holder::Guest), "{}", rendered.cell);
        }
    }
}

#[test]
fn the_reader_of_scripts_reads() {
    let script = "take() {\n\tstep \"$@\" || fail\n}\n# step \"no\"\ntake \"a-$b\" '' \"do it\" x \"$y\"\n\
                  if a; then\n\tundo \"one\" b || step \"two\" c\nfi\n\t[ ! -e \"$s\" ] || step \"three ${s##*/}\" d\n";
    assert_eq!(steps(script), ["do it", "one", "two", "three ${s##*/}"]);
}
