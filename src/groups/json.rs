//! `groups --format json`.

use super::Groups;

/// The groups as JSON, with a newline at the end.
///
/// # Errors
/// Never: every value of a group has a form in JSON.
pub fn render(groups: &Groups<'_>) -> serde_json::Result<String> {
    serde_json::to_string_pretty(groups).map(|text| text + "\n")
}
