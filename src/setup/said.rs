//! Which keys the profile says itself: the review tells what was said from what was assumed.

use std::collections::BTreeSet;

use serde::Serialize;
use toml::Value;

use super::Host;
use crate::distro::Distro;
use crate::profile::Profile;

/// Keys as `host.init`, and of guests by their name as `guest.NAME.disk.path`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Said(BTreeSet<String>);

impl Said {
    /// The keys of the profile, but for those that this distro could not follow.
    pub(super) fn new(profile: &Profile, distro: &Distro, host: &Host) -> Self {
        let mut keys = BTreeSet::new();
        // The text was read before: what does not parse here says nothing.
        let table: toml::Table = profile.source.text.parse().unwrap_or_default();
        for (key, value) in &table {
            match value {
                Value::Array(guests) if key == "guest" => {
                    for (said, guest) in profile.guests.iter().zip(guests) {
                        walk(&format!("guest.{}", said.name.get_ref()), guest, &mut keys);
                    }
                }
                value => walk(key, value, &mut keys),
            }
        }
        let said = profile.host.get_ref();
        // `--distro` may name another one, which may have another init.
        if said.distro.as_ref().is_none_or(|id| *id.get_ref() != distro.id) {
            keys.remove("host.distro");
        }
        if said.init.as_ref().is_none_or(|init| *init.get_ref() != host.init) {
            keys.remove("host.init");
        }
        Self(keys)
    }

    /// Whether the profile says `key`; of a guest by its name.
    pub fn has(&self, key: &str, guest: Option<&str>) -> bool {
        match (key.strip_prefix("guest."), guest) {
            (Some(rest), Some(guest)) => self.0.contains(&format!("guest.{guest}.{rest}")),
            // The guests' names are said, or there would be none.
            (Some(_), None) => true,
            (None, _) => self.0.contains(key),
        }
    }
}

fn walk(key: &str, value: &Value, keys: &mut BTreeSet<String>) {
    keys.insert(key.to_owned());
    for (below, value) in value.as_table().into_iter().flatten() {
        walk(&format!("{key}.{below}"), value, keys);
    }
}
