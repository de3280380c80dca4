//! `groups` for the terminal: a tree, coloured where colours are wanted.

use super::{Group, Groups, Member, Role};

/// How a role is shown: SGR numbers, and the words that say the same without colour.
fn style(role: Role) -> (&'static str, &'static str) {
    match role {
        Role::Gpu => ("1;32", "the card's"),
        Role::Lost => ("1;31", "lost to the host"),
        Role::Bridge => ("2", "bridge, stays"),
        Role::Host => ("", ""),
    }
}

/// The groups as a tree, with a newline at the end.
pub fn render(groups: &Groups<'_>, colour: bool) -> String {
    let mut text = groups.summary() + "\n";
    for group in &groups.groups {
        branch(&mut text, &heading(groups, group), &group.devices, colour);
    }
    if !groups.ungrouped.is_empty() {
        branch(&mut text, "In no group", &groups.ungrouped, colour);
    }
    if groups.loses() {
        text.push_str("\nWhat is lost must go to the guest with the card, for a group goes as a whole.\n");
    }
    text
}

fn heading(groups: &Groups<'_>, group: &Group) -> String {
    let mark = groups.mark(group).map(|mark| format!("  <- {mark}")).unwrap_or_default();
    format!("Group {}{mark}", group.group)
}

fn branch(text: &mut String, heading: &str, members: &[Member], colour: bool) {
    text.push_str(&format!("\n{heading}\n"));
    for (at, member) in members.iter().enumerate() {
        let limb = if at + 1 == members.len() { "└─" } else { "├─" };
        let (sgr, words) = style(member.role);
        let driver = member.driver.as_ref().map(|driver| format!(" ({driver})")).unwrap_or_default();
        let words = if words.is_empty() { String::new() } else { format!("  [{words}]") };
        let line = format!("{} {}{driver}{words}", member.address, member.title());
        match colour && !sgr.is_empty() {
            true => text.push_str(&format!("{limb} \x1b[{sgr}m{line}\x1b[0m\n")),
            false => text.push_str(&format!("{limb} {line}\n")),
        }
    }
}
