//! Words of a machine, made fit to be shown: a device may call itself anything,
//! and a terminal obeys some of it.

/// One line without control characters and without runs of spaces.
pub fn plain(text: &str) -> String {
    let shown = |c: char| if c.is_control() || is_invisible(c) { ' ' } else { c };
    let text: String = text.chars().map(shown).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// As [`plain`], and nothing when nothing is left.
pub fn plain_word(text: &str) -> Option<String> {
    let text = plain(text);
    (!text.is_empty()).then_some(text)
}

/// Marks that turn the direction of text, or that XML has no way to write.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        assert_eq!(plain("Evil\x1b[2J\u{202e} \t mouse\0\n"), "Evil [2J mouse");
        assert_eq!(plain_word(" \0\x07 "), None);
    }
}
