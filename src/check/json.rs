//! `check --format json`.

use super::Finding;

/// The findings as a list of objects, with a newline at the end.
///
/// # Errors
/// Never: every value of a finding has a form in JSON.
pub fn render(findings: &[Finding]) -> serde_json::Result<String> {
    serde_json::to_string_pretty(findings).map(|text| text + "\n")
}
