//! The display manager, where each init keeps it (facts E.1 to E.3).

use serde::Serialize;

use super::evidence::Evidence;
use super::root::Root;
use crate::paths::machine as at;
use crate::profile::{DisplayManager, Init};

/// The display manager of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DisplayManagerFacts {
    /// Its name as people say it; not every one is known to onegpu.
    pub name: Option<String>,
    /// The service as it is called here: `gdm3`, `ly@tty2`.
    pub service: Option<String>,
    /// What was found, the decisive first.
    pub evidence: Vec<Evidence>,
}

impl DisplayManagerFacts {
    /// The same as a profile says it, when a profile can.
    pub fn in_profile(&self) -> Option<DisplayManager> {
        by_name(self.name.as_deref()?)
    }
}

/// Looks where this init keeps it; on a machine whose init is not known,
/// everywhere, and then all must agree.
pub fn read(root: &Root, init: Option<Init>) -> DisplayManagerFacts {
    let systemd = || systemd(root).into_iter().chain(debian(root)).chain(suse(root)).collect::<Vec<_>>();
    let openrc = || openrc(root).into_iter().chain(debian(root)).collect::<Vec<_>>();
    let runit = || runit(root).into_iter().chain(debian(root)).collect::<Vec<_>>();
    let found = match init {
        Some(Init::Systemd) => systemd(),
        Some(Init::Openrc) => openrc(),
        Some(Init::Runit) => runit(),
        None => {
            let all = [systemd(), openrc(), runit()].concat();
            let agree = all.windows(2).all(|two| common_name(&two[0].1) == common_name(&two[1].1));
            if agree { all } else { Vec::new() }
        }
    };
    let first = found.first().map(|(_, service)| service.clone());
    let mut evidence: Vec<Evidence> =
        found.into_iter().map(|(from, says)| Evidence::new(from, says)).collect();
    evidence.dedup();
    DisplayManagerFacts { name: first.as_deref().map(common_name), service: first, evidence }
}

/// Where it stands, and the service's name.
type Found = (String, String);

/// The unit's alias; then a unit of our list that a target starts, for not
/// every unit has the alias.
fn systemd(root: &Root) -> Vec<Found> {
    let alias = at::DISPLAY_MANAGER_UNITS.into_iter().filter_map(|path| {
        let unit = root.link_name(path).or_else(|| started_by_unit(&root.text(path)?))?;
        let service = unit.strip_suffix(".service").unwrap_or(&unit);
        // A unit of that very name is openSUSE's or NixOS' own, which starts any.
        // And a link to the null device is systemd's way to say never.
        (!matches!(service, "display-manager" | "null")).then(|| (path.to_owned(), service.to_owned()))
    });
    let wanted = at::UNIT_WANTS.into_iter().flat_map(|folder| {
        let units = root.names(folder).unwrap_or_default();
        let services = units.into_iter().filter_map(|unit| Some(unit.strip_suffix(".service")?.to_owned()));
        let known = services.filter(|service| by_name(&common_name(service)).is_some());
        known.map(|service| (folder.to_owned(), service)).collect::<Vec<_>>()
    });
    alias.chain(wanted).collect()
}

/// The program of a unit that is a file of its own (NixOS).
fn started_by_unit(unit: &str) -> Option<String> {
    let command = unit.lines().find_map(|line| line.trim().strip_prefix("ExecStart="))?;
    let program = command.trim_start_matches(['-', '@', ':', '+', '!']).split_whitespace().next()?;
    let name = common_name(program.rsplit('/').next()?);
    by_name(&name).map(|known| known.word().to_owned())
}

/// Debian's file has the program's path.
fn debian(root: &Root) -> Option<Found> {
    let text = root.attribute(at::DEBIAN_DISPLAY_MANAGER)?;
    let program = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    let name = program.rsplit('/').next().filter(|name| is_service(name))?;
    // Debian says `false` and `none` for no display manager.
    (!matches!(name, "false" | "true" | "none"))
        .then(|| (at::DEBIAN_DISPLAY_MANAGER.to_owned(), name.to_owned()))
}

fn suse(root: &Root) -> Option<Found> {
    let name = assigned(&root.text(at::SUSE_DISPLAY_MANAGER)?, "DISPLAYMANAGER")?;
    Some((at::SUSE_DISPLAY_MANAGER.to_owned(), name))
}

/// A service of the display manager's own in a runlevel (Alpine, Artix); or
/// Gentoo's service for any, and the name in its settings.
fn openrc(root: &Root) -> Vec<Found> {
    let mut found = Vec::new();
    let mut stands_for_any = None;
    let levels = root.names(at::RUNLEVELS);
    for level in levels.iter().flatten().take(64) {
        let folder = format!("{}/{level}", at::RUNLEVELS);
        for service in root.names(&folder).unwrap_or_default() {
            if matches!(service.as_str(), "display-manager" | "xdm") {
                stands_for_any = Some(folder.clone());
            } else if by_name(&common_name(&service)).is_some() {
                found.push((folder.clone(), service));
            }
        }
    }
    let settings = at::OPENRC_DISPLAY_MANAGER.into_iter().filter_map(|path| {
        let name = assigned(&root.text(path)?, "DISPLAYMANAGER")?;
        // What the file says when nobody has touched it, and no service starts it.
        let untouched = name == "xdm" && stands_for_any.is_none() && levels.is_some();
        (!untouched).then(|| (path.to_owned(), name))
    });
    found.extend(settings);
    if let (true, Some(folder)) = (found.is_empty(), stands_for_any) {
        // Alpine's service of that name is X's own.
        if root.is_named(&format!("{folder}/xdm")) {
            found.push((folder, "xdm".to_owned()));
        }
    }
    found
}

/// A service that is linked where runit looks, and not held down.
fn runit(root: &Root) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for folder in at::RUNIT_SERVICES {
        for service in root.names(folder).unwrap_or_default() {
            let down = root.is_named(&format!("{folder}/{service}/down"));
            if by_name(&common_name(&service)).is_some() && !down {
                found.push((folder.to_owned(), service));
            }
        }
    }
    found
}

/// The last `KEY=value` of a file of shell assignments.
pub fn assigned(text: &str, key: &str) -> Option<String> {
    let mut values = text.lines().filter_map(|line| line.trim().strip_prefix(key)?.strip_prefix('='));
    let value = values.next_back()?;
    let value = value.split('#').next()?.trim().trim_matches(['"', '\'']);
    let name = value.rsplit('/').next()?;
    is_service(name).then(|| name.to_owned())
}

fn is_service(name: &str) -> bool {
    let byte = |b: u8| b.is_ascii_alphanumeric() || b"._@-".contains(&b);
    !name.is_empty() && name.len() <= 64 && name.bytes().all(byte)
}

/// What people call the display manager of a service.
fn common_name(service: &str) -> String {
    let name = service.split('@').next().unwrap_or(service);
    match name {
        // Debian's name for GNOME's, and GNOME's old binary's.
        "gdm3" | "gdm-binary" => "gdm".to_owned(),
        "plasma-login-manager" => "plasmalogin".to_owned(),
        "lightdm-plymouth" => "lightdm".to_owned(),
        "sddm-plymouth" => "sddm".to_owned(),
        "lxdm-plymouth" | "lxdm-binary" => "lxdm".to_owned(),
        name => name.to_owned(),
    }
}

fn by_name(name: &str) -> Option<DisplayManager> {
    let known = DisplayManager::ALL.iter().copied().find(|known| known.word() == name)?;
    (known != DisplayManager::None).then_some(known)
}
