//! Text that shows all there is in it.

/// The text with what nobody would see spelled out: control characters, on which terminals act, and
/// those that turn the direction of writing, by which a line can look like another one.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => out.push(c),
            '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                out.extend(c.escape_unicode());
            }
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::visible;

    #[test]
    fn what_nobody_would_see_is_spelled_out() {
        assert_eq!(visible("a\tb é"), "a\tb é");
        assert_eq!(visible("\u{1b}[2J\r\n\0"), "\\u{1b}[2J\\r\\n\\u{0}");
        assert_eq!(visible("x\u{202e}y\u{2066}\u{feff}"), "x\\u{202e}y\\u{2066}\u{feff}");
    }
}
