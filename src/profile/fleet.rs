//! One file for many machines: what is common to all, and `[machines.NAME]` with what is
//! each one's own.

use std::path::Path;

use toml::{Table, Value};

use super::read::text;
use super::{Profile, parse};
use crate::diag::{Diagnostic, Result};

/// The table of the machines.
const MACHINES: &str = "machines";

/// A machine's name and its profile's text, as merged.
#[derive(Debug, Clone)]
pub struct Member {
    /// The name of its table.
    pub name: String,
    source: String,
    text: String,
}

impl Member {
    /// Reads the profile. Places in errors are those of the merged text, which the error shows.
    ///
    /// # Errors
    /// As [`parse`].
    pub fn profile(&self) -> Result<Profile> {
        parse(&self.shown(), &self.text)
    }

    /// What diagnostics call it.
    pub fn shown(&self) -> String {
        format!("{} [{MACHINES}.{}] (merged)", self.source, self.name)
    }
}

/// The machines of the file, by name; none when it is a profile of one machine.
///
/// # Errors
/// When the file cannot be read, or the table is no table of tables.
pub fn fleet(path: &Path) -> Result<Option<Vec<Member>>> {
    let text = text(path)?;
    let source = path.display().to_string();
    // What is no TOML is told of by the profile's own reader, with its place.
    let Ok(mut common) = text.parse::<Table>() else { return Ok(None) };
    let Some(machines) = common.remove(MACHINES) else { return Ok(None) };
    let help = "a table for each machine, [machines.NAME], with what is its own: [machines.attic.gpu]";
    let wrong = |what: &str| Diagnostic::input(format!("{source}: {what}")).help(help);
    let Value::Table(machines) = machines else { return Err(wrong("`machines` is no table")) };
    if machines.is_empty() {
        return Err(wrong("`machines` has no machine"));
    }
    let mut out = Vec::new();
    for (name, own) in machines {
        let Value::Table(own) = own else { return Err(wrong(&format!("`machines.{name}` is no table"))) };
        let mut merged = common.clone();
        merge(&mut merged, own);
        out.push(Member { name, source: source.clone(), text: merged.to_string() });
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Some(out))
}

/// Tables are merged key by key; any other value, a list of guests too, takes the place of the common one.
fn merge(common: &mut Table, own: Table) {
    for (key, value) in own {
        match (common.get_mut(&key), value) {
            (Some(Value::Table(common)), Value::Table(own)) => merge(common, own),
            (_, value) => {
                common.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_machines_own_takes_the_place_of_what_is_common() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.toml");
        let own = "[machines.b.gpu]\naddress = \"0000:02:00.0\"\n[machines.a.host]\ndistro = \"arch\"\n";
        std::fs::write(&path, format!("{}\n{own}", crate::data::EXAMPLE_PROFILE)).unwrap();
        let members = fleet(&path).unwrap().unwrap();
        assert_eq!(members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let (a, b) = (members[0].profile().unwrap(), members[1].profile().unwrap());
        let common = parse("example", crate::data::EXAMPLE_PROFILE).unwrap();
        let distro = |profile: &Profile| profile.host.get_ref().distro.clone().map(toml::Spanned::into_inner);
        assert_eq!(distro(&a).as_deref(), Some("arch"));
        assert_eq!(distro(&b), distro(&common));
        assert_eq!(b.gpu.address.to_string(), "0000:02:00.0");
        assert_eq!(a.guests.len(), common.guests.len());
    }

    #[test]
    fn a_table_that_is_none_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.toml");
        for text in ["machines = 1", "[machines]", "[machines]\na = 1"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(fleet(&path).unwrap_err().exit_status(), 2, "{text}");
        }
        for text in ["machines = [", "[gpu]"] {
            std::fs::write(&path, text).unwrap();
            assert!(fleet(&path).unwrap().is_none(), "{text}");
        }
    }
}
