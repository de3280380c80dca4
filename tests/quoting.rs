//! Every quoting filter against a reader of its format: whatever goes in comes
//! out again, and nothing else happens.

#![allow(clippy::unwrap_used, missing_docs)]

use std::io::Write;
use std::process::{Command, Stdio};

use onegpu::render::quote::{
    FILTERS, bash, comment, deb_description, field, html, js, markdown, plist, prose, sh, xml,
};
use proptest::prelude::*;

/// Text as hostile as it gets: any character, and often the ones that matter.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::sample::select(vec![
            "'",
            "\"",
            "`",
            "$(touch x)",
            "${x}",
            "\\",
            "\n",
            "\r",
            "\t",
            ";",
            "&",
            "<",
            ">",
            "|",
            "*",
            "~",
            "#",
            "!",
            "%",
            "{{",
            "]]>",
            "<!--",
            "-->",
            " ",
            "  ",
            "-",
            "--",
            "é",
            "\u{2028}",
            "\u{7f}",
            "\u{85}",
            "&amp;",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What any reader takes for the end of a line.
fn line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What the shell makes of many quoted words: one process for all of them.
fn shell(words: &[String]) -> Vec<String> {
    let mut script = String::new();
    for word in words {
        script.push_str(&format!("printf '%s\\0' {word}\n"));
    }
    let mut child =
        Command::new("sh").arg("-eu").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(script.as_bytes()).unwrap());
    let out = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(out.status.success(), "the shell refused: {words:?}");
    let text = String::from_utf8(out.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn sh_reads_back(texts in prop::collection::vec(hostile(), 40)) {
        let texts: Vec<String> = texts.into_iter().filter(|text| !text.contains('\0')).collect();
        let words: Vec<String> = texts.iter().map(|text| sh(text).unwrap()).collect();
        prop_assert_eq!(shell(&words), texts);
    }

    #[test]
    fn bash_reads_back_or_refuses(texts in prop::collection::vec(hostile(), 40)) {
        let (texts, bad): (Vec<_>, Vec<_>) = texts.into_iter().partition(|text| !text.contains(char::is_control));
        prop_assert!(bad.iter().all(|text| bash(text).is_err()));
        let words: Vec<String> = texts.iter().map(|text| format!("\"{}\"", bash(text).unwrap())).collect();
        prop_assert_eq!(shell(&words), texts);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn xml_reads_back_or_refuses(text in hostile()) {
        let written = xml(&text);
        let cannot = |c: char| matches!(c, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
        prop_assert_eq!(written.is_err(), text.contains(cannot));
        if let Ok(quoted) = written {
            for document in [format!("<a b=\"{quoted}\">{quoted}</a>"), format!("<a b='{quoted}'>{quoted}</a>")] {
                let tree = roxmltree::Document::parse(&document).unwrap();
                let root = tree.root_element();
                prop_assert_eq!(root.attribute("b"), Some(text.as_str()));
                prop_assert_eq!(root.text().unwrap_or_default(), text.as_str());
                prop_assert_eq!(root.children().filter(|node| node.is_element()).count(), 0);
            }
        }
    }

    #[test]
    fn prose_has_no_markup_but_code(text in hostile(), more in hostile()) {
        for text in [format!("{text}`{more}`{text}"), format!("`{text}"), text.replace('`', "")] {
            let document = format!("<a>{}</a>", prose(&text).unwrap());
            let tree = roxmltree::Document::parse(&document).unwrap();
            let elements = || tree.root_element().descendants().skip(1).filter(|node| node.is_element());
            prop_assert!(elements().all(|node| node.has_tag_name("code") && node.attributes().len() == 0));
            prop_assert_eq!(elements().count(), text.matches('`').count() / 2);
            // All of the text is there; of the backticks, only one that has no partner.
            let shown: String = tree.descendants().filter_map(|node| node.is_text().then(|| node.text())?).collect();
            let odd = text.matches('`').count() % 2;
            prop_assert_eq!(shown.matches('`').count(), odd);
            let plain = onegpu::render::visible::visible(&text).replace('`', "");
            prop_assert_eq!(shown.replace('`', ""), plain);
        }
    }

    #[test]
    fn html_reads_back_as_it_is_shown(text in hostile()) {
        let quoted = html(&text).unwrap();
        let shown = onegpu::render::visible::visible(&text);
        let document = format!("<a b=\"{quoted}\">{quoted}</a>");
        let tree = roxmltree::Document::parse(&document).unwrap();
        let root = tree.root_element();
        prop_assert_eq!(root.attribute("b").unwrap_or_default(), shown.replace('\t', " "));
        prop_assert_eq!(root.text().unwrap_or_default(), shown.as_str());
        prop_assert_eq!(root.children().filter(|node| node.is_element()).count(), 0);
        let hides = |c: char| c != '\t' && c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c);
        let hidden = quoted.contains(hides);
        prop_assert!(!hidden);
    }

    #[test]
    fn js_reads_back(text in hostile()) {
        // Every such string is JSON too, and JSON has a strict reader.
        let quoted = js(&text).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), text);
        let one_line = !quoted.contains(line_end) && !quoted.contains('<');
        prop_assert!(one_line);
    }

    #[test]
    fn comment_stays_on_its_line(text in hostile()) {
        let written = comment(&text).unwrap();
        prop_assert_eq!(written.chars().count(), text.chars().count());
        let one_line = !written.contains(line_end);
        prop_assert!(one_line);
    }

    #[test]
    fn field_stays_on_its_line_or_refuses(text in hostile()) {
        match field(&text) {
            Ok(written) => prop_assert_eq!(written, text.trim()),
            Err(_) => prop_assert!(text.contains(char::is_control)),
        }
    }

    #[test]
    fn plist_reads_back_or_refuses(text in hostile()) {
        // tests/real_xbps.rs has XBPS read it; its reader knows these names and no numbers.
        match plist(&text) {
            Ok(written) => {
                prop_assert!(!written.contains(['<', '>']), "{:?}", written);
                let read = written.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
                prop_assert_eq!(read, text);
            }
            Err(_) => prop_assert!(text.contains(|c: char| c.is_control() && !"\t\n".contains(c))),
        }
    }

    #[test]
    fn deb_description_stays_in_its_field(text in hostile()) {
        // tests/real_deb.rs has dpkg-deb read it; here every line is a continuation.
        for line in deb_description(&text).unwrap_or(" refused".into()).split('\n') {
            let reserved = line.starts_with(" .") && line != " .";
            prop_assert!(line.starts_with(' ') && !line.trim().is_empty() && !reserved, "{:?}", line);
            prop_assert!(!line.contains(char::is_control), "{:?}", line);
        }
    }

    #[test]
    fn markdown_has_no_mark_left(text in hostile()) {
        let written = markdown(&text).unwrap();
        let mut rest = written.chars();
        let mut plain = String::new();
        while let Some(c) = rest.next() {
            match c {
                '\\' => plain.extend(rest.next()),
                c => {
                    prop_assert!(!"`*_[]<>#|~&!".contains(c), "{:?} is bare in {:?}", c, written);
                    plain.push(c);
                }
            }
        }
        let expected: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        prop_assert_eq!(plain, expected);
    }
}

/// A filter that is added must be added here.
#[test]
fn every_filter_is_tried() {
    let tried = [
        "sh",
        "xml",
        "plist",
        "html",
        "prose",
        "js",
        "comment",
        "field",
        "deb_description",
        "markdown",
        "bash",
    ];
    let known: Vec<&str> = FILTERS.iter().map(|(name, _)| *name).collect();
    assert_eq!(known, tried);
}
