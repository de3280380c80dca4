//! Quoting filters: the only way for a value into a generated file. One for
//! each format; `{{ guest.name | sh }}`.

use std::io;

use tera::{Kwargs, State, Tera, TeraResult, Value};

use super::template_error::NOTHING;
use super::visible::visible;
use super::wrap;

/// The filters by name, with what they quote for. A test reads this table.
pub const FILTERS: &[(&str, Quote)] = &[
    ("sh", sh),
    ("xml", xml),
    ("plist", plist),
    ("html", html),
    ("prose", prose),
    ("js", js),
    ("comment", comment),
    ("field", field),
    ("deb_description", deb_description),
    ("markdown", markdown),
    ("bash", bash),
];

/// A quoting function: the text, or why it cannot be written in this format.
pub type Quote = fn(&str) -> Result<String, String>;

/// Registers every filter.
pub(super) fn register(tera: &mut Tera) {
    for (name, quote) in FILTERS {
        let quote = *quote;
        tera.register_filter(*name, move |value: &Value, _: Kwargs, _: &State<'_>| -> TeraResult<Value> {
            if value.is_undefined() || value.is_none() {
                return Err(tera::Error::message(NOTHING));
            }
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let quoted = quote(&text).map_err(tera::Error::message)?;
            Ok(Value::safe_string(&quoted))
        });
    }
}

/// The escape function of every template: refuses, so that a value without a
/// filter is an error and not an injection.
pub(super) fn refuse(value: &str, _: &mut dyn io::Write) -> io::Result<()> {
    Err(io::Error::other(format!("a template prints the value {value:?} without a quoting filter")))
}

/// A word of POSIX shell. Plain words stay plain, for people read the result.
pub fn sh(text: &str) -> Result<String, String> {
    if text.contains('\0') {
        return Err("a shell word cannot have a NUL".into());
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_@%+:,./-".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return Ok(text.to_owned());
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

/// The inside of a double-quoted string of bash, as ebuilds write their variables.
pub fn bash(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' | '`' => out.extend(['\\', c]),
            c if c.is_control() => return Err(format!("a variable of an ebuild cannot have {c:?}")),
            c => out.push(c),
        }
    }
    Ok(out)
}

/// Text or an attribute's value in XML 1.0.
pub fn xml(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // Written out, or an attribute's reader makes spaces of them.
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                return Err(format!("XML has no way to write {c:?}"));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// A string of a property list as XBPS reads it: its reader knows names like `&amp;` and no numbers.
pub fn plist(text: &str) -> Result<String, String> {
    match text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n')) {
        Some(c) => Err(format!("a property list cannot have {c:?}")),
        None => Ok(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")),
    }
}

/// Text or an attribute's value on a page that people read: what a browser would hide is spelled out,
/// so nothing is refused, and nothing looks like what it is not.
pub fn html(text: &str) -> Result<String, String> {
    // A tab is no character that can mislead, and would be written as a number.
    Ok(xml(&visible(text))?.replace("&#9;", "\t"))
}

/// Text of a page, with what stands between two backticks as code. An odd one out is a character like
/// any other.
pub fn prose(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('`').collect();
    let mut out = String::new();
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        out.push_str(match (at % 2, last) {
            (0, true) if at == 0 => "",
            (0, _) if at > 0 => "</code>",
            (1, false) => "<code>",
            (1, true) => "`",
            _ => "",
        });
        out.push_str(&html(part)?);
    }
    Ok(out)
}

/// A string of JavaScript with its quotes: polkit's rules.
pub fn js(text: &str) -> Result<String, String> {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() || matches!(c, '<' | '\u{2028}' | '\u{2029}') => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    Ok(out)
}

/// The rest of a comment line, in any format whose comments end with the line.
pub fn comment(text: &str) -> Result<String, String> {
    Ok(text
        .chars()
        .map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect())
}

/// A one-line field of package metadata (`Name: value`, `name = value`).
pub fn field(text: &str) -> Result<String, String> {
    match text.chars().find(|c| c.is_control()) {
        Some(c) => Err(format!("a field of package metadata cannot have {c:?}")),
        None => Ok(text.trim().to_owned()),
    }
}

/// The extended description of a Debian control file, wrapped: each line is
/// indented by one space, and ` .` parts paragraphs (Debian Policy 5.6.13).
pub fn deb_description(text: &str) -> Result<String, String> {
    let mut out = Vec::new();
    for paragraph in wrap::paragraphs(text, wrap::WIDTH) {
        if !out.is_empty() {
            out.push(" .".to_owned());
        }
        // ` .` at the start is reserved; two spaces make the line a literal one.
        out.extend(paragraph.iter().map(|line| match line.starts_with('.') {
            true => format!("  {line}"),
            false => format!(" {line}"),
        }));
    }
    if out.is_empty() {
        return Err("the description of a Debian package has at least one word".into());
    }
    Ok(out.join("\n"))
}

/// Text of a Markdown page, outside of code.
pub fn markdown(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' => {
                out.extend(['\\', c])
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    Ok(out)
}
