//! No path of a machine in Rust outside `src/paths.rs`: what is not spelled
//! out cannot be missed when the root of the machine is a parameter.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{Finding, Tree};

const TOPS: &[&str] = &["etc", "sys", "usr", "var", "run", "proc", "dev", "boot"];

/// No string of `src` outside `src/paths.rs`, tests and comments starts with `/etc` and its like.
pub fn paths(tree: &Tree) -> Vec<Finding> {
    let rust = tree.iter().filter(|(path, _)| path.starts_with("src/") && path.ends_with(".rs"));
    let mut out = Vec::new();
    let theirs = |path: &str| path == "src/paths.rs" || path.starts_with("src/paths/");
    for (path, text) in rust.filter(|(path, _)| !theirs(path)) {
        match text.parse::<TokenStream>() {
            Ok(tokens) => for_each(tokens, &mut |piece| {
                let Piece::Token(token @ TokenTree::Literal(literal)) = piece else { return };
                let text = literal.to_string();
                if is_machine_path(&text) {
                    let what = format!("{text}: paths of a machine stand in src/paths.rs");
                    out.push(Finding::new(path, token.span().start().line, what));
                }
            }),
            Err(error) => out.push(Finding::new(path, 0, format!("is no Rust: {error}"))),
        }
    }
    out
}

/// A piece of code. Comments are none, and doc comments are attributes.
pub enum Piece<'a> {
    /// What stands between the brackets of `#[…]` or `#![…]`, with them.
    Attribute(&'a TokenTree),
    /// Anything else.
    Token(&'a TokenTree),
}

/// Walks over code that is not for tests.
pub fn for_each(tokens: TokenStream, each: &mut impl FnMut(Piece<'_>)) {
    let mut tokens = tokens.into_iter().peekable();
    let mut of_tests = false;
    while let Some(token) = tokens.next() {
        if matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#') {
            tokens.next_if(|next| matches!(next, TokenTree::Punct(mark) if mark.as_char() == '!'));
            if let Some(attribute) = tokens.next_if(|next| matches!(next, TokenTree::Group(_))) {
                of_tests |= attribute.to_string().replace(' ', "") == "[cfg(test)]";
                if !of_tests {
                    each(Piece::Attribute(&attribute));
                }
            }
            continue;
        }
        if of_tests {
            // The item ends with its braces or a semicolon.
            of_tests = match &token {
                TokenTree::Group(group) => group.delimiter() != Delimiter::Brace,
                TokenTree::Punct(mark) => mark.as_char() != ';',
                _ => true,
            };
            continue;
        }
        each(Piece::Token(&token));
        if let TokenTree::Group(group) = token {
            for_each(group.stream(), each);
        }
    }
}

/// Whether the string starts with such a path, or has one behind a placeholder.
fn is_machine_path(literal: &str) -> bool {
    let text = literal.trim_start_matches(['b', 'c', 'r', '#']);
    let Some(text) = text.strip_prefix('"') else { return false };
    TOPS.iter().any(|top| {
        text.match_indices(&format!("/{top}")).any(|(at, found)| {
            let before = text[..at].chars().next_back();
            let after = text[at + found.len()..].chars().next();
            before.is_none_or(|c| c == '}')
                && after.is_none_or(|c| !c.is_ascii_alphanumeric() && !"_-".contains(c))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::tree;
    use super::*;

    #[test]
    fn a_path_is_caught_where_it_stands() {
        for bad in
            ["\"/etc/fstab\"", "\"/dev\"", "r#\"/sys/class\"#", "b\"/proc/1\"", "format!(\"{root}/usr/lib\")"]
        {
            let code = format!("//! Good.\nfn f() {{ let a = {bad}; }}");
            let found = paths(&tree(&[("src/a.rs", &code)]));
            assert_eq!(found.len(), 1, "{bad}");
            assert_eq!((found[0].path.as_str(), found[0].line), ("src/a.rs", 2));
        }
    }

    #[test]
    fn comments_tests_and_other_words_are_left_alone() {
        let good = "/// Reads \"/etc/x\".\n// \"/etc\"\n#[doc = \"/etc\"]\nfn f() { g(\"/etcetera\", \"{}/boot_vga\", \"reads /etc\", '/'); }\n\
                    #[cfg(test)]\nmod tests { fn f() { g(\"/etc\"); } }";
        assert_eq!(paths(&tree(&[("src/a.rs", good), ("src/paths.rs", "const A: &str = \"/etc\";")])), []);
        let behind = "#[cfg(test)]\nuse a::b;\nconst A: &str = \"/etc\";";
        assert_eq!(paths(&tree(&[("src/a.rs", behind)])).len(), 1, "only the item itself is for tests");
    }
}
