//! Every fact of a distro file names its source. The rule: **a comment covers
//! the lines below it up to the next empty line**, table heads included, and a
//! comment behind a value covers that value. What covers a value must say how it
//! is known: [T] tried, [P] a primary source was read, [S] second hand, [own] no
//! fact but our own decision; or [K] recalled, and then the word `unverified`.

const MARKS: [&str; 4] = ["[T", "[P", "[S", "[own]"];

/// Values without a source, each with its line.
pub(super) fn missing(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut above = String::new();
    let mut open = 0;
    for (at, line) in text.lines().enumerate() {
        let trimmed = line.trim();
        if open > 0 {
            // Within a list of several lines; the value's first line was judged.
            open = (open + brackets(trimmed)).max(0);
            continue;
        }
        if trimmed.is_empty() {
            above.clear();
        } else if let Some(comment) = trimmed.strip_prefix('#') {
            above.push_str(comment);
        } else if let Some(key) = key(trimmed) {
            let behind = comment_behind(trimmed);
            let known = |comment: &str| {
                MARKS.iter().any(|mark| comment.contains(mark))
                    || (comment.contains("[K]") && comment.contains("unverified"))
            };
            if !known(&above) && !known(behind) {
                let line = at + 1;
                let what = match above.contains("[K]") || behind.contains("[K]") {
                    true => "is recalled and not marked `unverified`",
                    false => "has no source: a comment above (or behind) with [T], [P], [S] or [own]",
                };
                wrong.push(format!("line {line}: `{key}` {what}"));
            }
            open = brackets(trimmed).max(0);
        }
    }
    wrong
}

/// The key of a `key = value` line.
fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (!key.is_empty() && key.chars().all(plain)).then_some(key)
}

/// What stands behind the value: the part after a `#` outside of quotes.
fn comment_behind(line: &str) -> &str {
    let mut quote = None;
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (None, '#') => return &line[at..],
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    ""
}

/// How many more lists a line opens than it closes.
fn brackets(line: &str) -> i32 {
    let mut quote = None;
    let mut open = 0;
    for c in line.chars() {
        match (quote, c) {
            (None, '#') => break,
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            (None, '[') => open += 1,
            (None, ']') => open -= 1,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn a_comment_covers_up_to_the_next_empty_line() {
        assert!(missing("# [P] its manual\na = 1\nb = [\n  \"x=y\",\n]\n[t]\nc = 2\n").is_empty());
        assert_eq!(
            missing("# [P] its manual\na = 1\n\nb = 2\n"),
            ["line 4: `b` has no source: a comment above (or behind) with [T], [P], [S] or [own]"]
        );
    }

    #[test]
    fn a_comment_behind_covers_its_value_alone() {
        let found = missing("a = \"#[P]\" # [T] tried\nb = \"# [P]\"\n");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("line 2: `b`"));
    }

    #[test]
    fn what_is_recalled_says_so() {
        assert!(missing("# [K] unverified\na = 1\n").is_empty());
        assert_eq!(missing("# [K]\na = 1\n"), ["line 2: `a` is recalled and not marked `unverified`"]);
    }
}
