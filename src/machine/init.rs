//! Which init runs; not which is merely installed.

use serde::Serialize;

use super::evidence::Evidence;
use super::plain::plain_word;
use super::root::{Kind, Root};
use crate::paths::machine as at;
use crate::profile::Init;

/// The init of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct InitFacts {
    /// The one that runs, when onegpu knows it.
    pub init: Option<Init>,
    /// The name of the first process when it is none of those: `dinit`, `s6-svscan`, `bash`.
    pub other: Option<String>,
    /// What was found, the decisive first.
    pub evidence: Vec<Evidence>,
}

/// Names of a first process that do not tell who it is.
const NAMELESS: [&str; 4] = ["init", "busybox", "sysvinit", "linuxrc"];

/// Asks the first process, then what the inits leave in `/run`, then, on a
/// machine that does not run, where `/sbin/init` leads.
pub fn read(root: &Root) -> InitFacts {
    let mut facts = InitFacts::default();
    let comm = root.attribute(at::INIT_COMM).and_then(|comm| plain_word(&comm));
    let program = root.link_name(at::INIT_EXE);
    let named = [(at::INIT_COMM, &comm), (at::INIT_EXE, &program)];
    for (from, name) in named.iter().filter_map(|(from, name)| Some((*from, name.as_ref()?))) {
        facts.see(from, name, by_name(name));
    }
    // A first process of another name is the init, whatever others left in `/run`:
    // containers inherit such leftovers from their images. `init` is the name of
    // many: sysvinit and busybox start OpenRC.
    let nameless = comm.as_deref().is_none_or(|name| NAMELESS.contains(&name));
    for (from, init) in running(root) {
        facts.see(from, "exists", Some(init).filter(|_| nameless));
    }
    if facts.init.is_none() && nameless && root.text(at::INITTAB).is_some_and(|text| starts_openrc(&text)) {
        facts.see(at::INITTAB, "starts openrc", Some(Init::Openrc));
    }
    if facts.init.is_none() && nameless {
        for path in at::INIT_PROGRAMS {
            if let Some(name) = root.link_name(path) {
                facts.see(path, &name, by_name(&name));
            }
        }
    }
    if facts.init.is_none() {
        facts.other = comm.or(program).filter(|name| !NAMELESS.contains(&name.as_str()));
    }
    facts
}

impl InitFacts {
    /// The first that tells decides.
    fn see(&mut self, from: &str, says: &str, init: Option<Init>) {
        let evidence = Evidence::new(from, says);
        if self.init.is_none() && init.is_some() {
            self.init = init;
            self.evidence.insert(0, evidence);
        } else {
            self.evidence.push(evidence);
        }
    }
}

/// The init that a program of this name is.
fn by_name(name: &str) -> Option<Init> {
    match name {
        "systemd" => Some(Init::Systemd),
        "runit" | "runit-init" => Some(Init::Runit),
        "openrc-init" | "openrc" => Some(Init::Openrc),
        _ => None,
    }
}

/// `si::sysinit:/sbin/openrc sysinit`.
fn starts_openrc(inittab: &str) -> bool {
    let actions = inittab.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut programs = actions.filter_map(|line| line.rsplit(':').next()?.split_whitespace().next());
    programs.any(|program| program.rsplit('/').next() == Some("openrc"))
}

/// What the inits leave while they run, the surest first.
fn running(root: &Root) -> Vec<(&'static str, Init)> {
    let mut found = Vec::new();
    if root.is_folder(at::SYSTEMD_RUNS) {
        found.push((at::SYSTEMD_RUNS, Init::Systemd));
    }
    if let Some(path) = at::OPENRC_RUNS.into_iter().find(|path| root.kind(path).is_some()) {
        found.push((path, Init::Openrc));
    }
    // Runit also supervises under other inits, so it is asked last; a folder
    // with nothing but `supervise` is made for its package, runit running or not.
    let runs = |path: &&str| match root.kind(path) {
        Some(Kind::Folder) => root.names(path).is_some_and(|names| names != ["supervise"]),
        other => other.is_some(),
    };
    if let Some(path) = at::RUNIT_RUNS.into_iter().find(runs) {
        found.push((path, Init::Runit));
    }
    found
}
