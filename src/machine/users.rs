//! People who use the machine's desktop.

use serde::Serialize;

use super::root::Root;
use crate::paths::machine as at;
use crate::profile::UserName;

/// Accounts of people; below are the system's, above are containers' and nobody.
/// shadow's defaults, which every distro of ours keeps (login.defs, UID_MIN and UID_MAX).
const PEOPLE: std::ops::RangeInclusive<u32> = 1000..=60000;

/// One person's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UserFacts {
    /// The login name.
    pub name: String,
    /// The numeric id.
    pub uid: u32,
    /// The primary group's id.
    pub gid: Option<u32>,
    /// The home folder.
    pub home: String,
    /// Further groups.
    pub groups: Vec<String>,
    /// Whether the user's services run without a session.
    pub lingers: bool,
}

/// Reads the accounts that can log in, by uid.
pub fn read(root: &Root) -> Vec<UserFacts> {
    let mut users = root.text(at::PASSWD).map(|text| parse(&text)).unwrap_or_default();
    let groups = root.text(at::GROUP).unwrap_or_default();
    let lingering = root.names(at::LINGER).unwrap_or_default();
    for user in &mut users {
        user.groups = groups_of(&groups, &user.name);
        user.lingers = lingering.contains(&user.name);
    }
    users
}

/// Reads the text of passwd(5).
pub fn parse(text: &str) -> Vec<UserFacts> {
    let mut users: Vec<UserFacts> = text.lines().filter_map(account).collect();
    users.sort_by_key(|user| user.uid);
    users.dedup_by(|a, b| a.uid == b.uid && a.name == b.name);
    users
}

fn account(line: &str) -> Option<UserFacts> {
    let fields: Vec<&str> = line.split(':').collect();
    let [name, _, uid, gid, _, home, shell] = fields.as_slice() else { return None };
    let uid = uid.parse().ok().filter(|uid| PEOPLE.contains(uid))?;
    let person = name.parse::<UserName>().is_ok() && is_real_shell(shell.trim());
    person.then(|| UserFacts {
        name: (*name).to_owned(),
        uid,
        gid: gid.parse().ok(),
        home: super::plain::plain(home),
        groups: Vec::new(),
        lingers: false,
    })
}

/// An empty field means `/bin/sh` (passwd(5)).
fn is_real_shell(shell: &str) -> bool {
    let program = shell.rsplit('/').next().unwrap_or(shell);
    !matches!(program, "nologin" | "false" | "true" | "sync" | "halt" | "shutdown" | "git-shell")
}

/// The groups of group(5) that name the user.
fn groups_of(text: &str, user: &str) -> Vec<String> {
    let lists = text.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        let members = fields.nth(2)?;
        members.split(',').any(|member| member.trim() == user).then(|| super::plain::plain(name))
    });
    lists.take(1024).collect()
}
