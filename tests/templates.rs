//! Every value that a template prints goes through a quoting filter, the one of
//! the file's format, at a place where that filter's result belongs.
#![allow(clippy::unwrap_used, missing_docs)]

#[path = "templates/context.rs"]
mod context;

use std::collections::BTreeSet;
use std::path::Path;

use context::{Context, Format, Reader};
use onegpu::data::embedded_templates;
use onegpu::render::quote::FILTERS;

/// Values that are numbers by their type in Rust: they, and what is reckoned from
/// them, need no quoting anywhere.
const NUMBERS: &[&str] = &[
    "changed.entry",
    "cpu",
    "deb.installed_size",
    "entry.number",
    "guest.cpus.cores",
    "guest.cpus.threads",
    "guest.disk.size_mib",
    "guest.memory_mib",
    "group.height",
    "group.width",
    "group.x",
    "group.y",
    "host.user.uid",
    "hostdev.bus",
    "loop.index",
    "loop.index0",
    "package.epoch",
    "page.difference.same",
    "page.files",
    "page.fine",
    "page.steps",
    "package.revision",
    "picture.height",
    "picture.width",
    "port",
    "row.y",
    "file.size",
    "size",
];

/// Which filters' results may stand where.
const FIT: &[(Format, Context, &[&str])] = &[
    (Format::Shell, Context::Plain, &["sh"]),
    (Format::Shell, Context::Double, &["bash"]),
    (Format::Shell, Context::Comment, &["comment"]),
    (Format::Xml, Context::Plain, &["xml"]),
    (Format::Xml, Context::Double, &["xml"]),
    (Format::Xml, Context::Single, &["xml"]),
    (Format::Plist, Context::Plain, &["plist"]),
    (Format::Html, Context::Plain, &["html", "prose"]),
    (Format::Html, Context::Double, &["html"]),
    (Format::Js, Context::Plain, &["js"]),
    (Format::Js, Context::Comment, &["comment"]),
    (Format::Markdown, Context::Plain, &["markdown"]),
    (Format::Fields, Context::Plain, &["field", "deb_description"]),
    (Format::Fields, Context::Comment, &["comment"]),
    (Format::Words, Context::Plain, &["field", "sh"]),
    (Format::Words, Context::Comment, &["comment", "sh"]),
];

/// The format of a template, by its name: the machine's own files are shell
/// unless their ending says otherwise.
fn format(name: &str) -> Option<Format> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    Some(match (ending, file) {
        ("xml" | "svg", _) => Format::Xml,
        ("html", _) => Format::Html,
        ("plist", _) => Format::Plist,
        _ if name == "package/apk/removal.hook" => Format::Shell,
        ("rules", _) => Format::Js,
        ("md", _) => Format::Markdown,
        ("toml" | "8" | "conf" | "cil" | "css", _) | (_, "repo_name") => Format::Fixed,
        ("txt" | "hook", _) | (_, "apparmor") => Format::Words,
        ("sh" | "ebuild", _) => Format::Shell,
        _ if matches!(folder.split('/').next(), Some("guest" | "host" | "steps")) => Format::Shell,
        (_, "PKGINFO" | "BUILDINFO" | "control" | "copyright" | "changelog" | "lintian-overrides") => {
            Format::Fields
        }
        (
            _,
            "INSTALL" | "REMOVE" | "post-install" | "pre-deinstall" | "environment" | "prerm" | "postinst"
            | "postrm" | "preinst",
        ) => Format::Shell,
        _ if folder == "package/rpm" => Format::Shell,
        _ if folder.starts_with("repository/") => Format::Fields,
        _ => return None,
    })
}

/// What is wrong with a template, each with its line.
fn offences(name: &str, text: &str) -> Vec<String> {
    let Some(format) = format(name) else {
        return vec![format!("{name}: what format is it? say so in tests/templates.rs")];
    };
    let mut out = Vec::new();
    let mut reader = Reader::new(format);
    let mut rest = text;
    while let Some((before, opening, inside, after)) = next_tag(rest) {
        reader.text(before);
        let line = text[..text.len() - after.len()].lines().count();
        if opening == "{{" {
            let expression = inside.trim_matches(['-', ' ', '\n']);
            if let Err(why) = fits(format, reader.context(), expression) {
                out.push(format!("{name}:{line}: {{{{ {expression} }}}}: {why}"));
            }
            reader.value();
        }
        rest = after;
    }
    reader.text(rest);
    if !reader.may_end() {
        out.push(format!("{name}: ends within quotes, as this test reads it"));
    }
    out
}

/// The text before the next tag, how the tag opens, its inside, and the rest.
fn next_tag(text: &str) -> Option<(&str, &str, &str, &str)> {
    let tags = [("{{", "}}"), ("{%", "%}"), ("{*", "*}")];
    let (at, (opening, closing)) =
        tags.into_iter().filter_map(|tag| Some((text.find(tag.0)?, tag))).min_by_key(|(at, _)| *at)?;
    let inside = &text[at + 2..];
    let end = inside.find(closing).unwrap_or_else(|| panic!("`{opening}` is not closed"));
    Some((&text[..at], opening, &inside[..end], &inside[end + 2..]))
}

/// Whether a value may be printed like this at such a place.
fn fits(format: Format, context: Context, expression: &str) -> Result<(), String> {
    let is_number = |word: &str| NUMBERS.contains(&word) || word.parse::<u32>().is_ok();
    if expression.split([' ', '+', '-', '*']).filter(|word| !word.is_empty()).all(is_number) {
        return Ok(());
    }
    let filter = expression.rsplit_once('|').map(|(_, filter)| filter.trim()).ok_or("no quoting filter")?;
    if !FILTERS.iter().any(|(name, _)| *name == filter) {
        return Err(format!("`{filter}` is no quoting filter"));
    }
    let fitting =
        FIT.iter().find(|(f, c, _)| (*f, *c) == (format, context)).map_or(&[][..], |(_, _, names)| names);
    match fitting.contains(&filter) {
        true => Ok(()),
        false => Err(format!(
            "`{filter}` does not quote for {format:?} at a place that is {context:?}; {fitting:?} do"
        )),
    }
}

#[test]
fn every_value_of_every_template_is_quoted_for_its_place() {
    let templates = embedded_templates();
    assert!(templates.len() > 10);
    let offences: Vec<String> = templates.iter().flat_map(|(name, text)| offences(name, text)).collect();
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn every_filter_has_a_place() {
    for (name, _) in FILTERS {
        assert!(
            FIT.iter().any(|(_, _, names)| names.contains(name)),
            "where may the result of `{name}` stand?"
        );
    }
}

/// The name that a line of shell assigns at its start.
fn assigned(line: &str) -> Option<&str> {
    let (name, _) = line.split_once('=')?;
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (!name.is_empty() && is_name(name)).then_some(name)
}

/// `lib.sh` reads steps into itself, those of earlier versions too: a name that both assign would be
/// the step's from then on.
#[test]
fn no_step_overwrites_a_name_of_the_library() {
    let templates = embedded_templates();
    let of = |folder: &'static str| templates.iter().filter(move |(name, _)| name.starts_with(folder));
    let first = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lifecycle/first/templates/steps");
    let first = std::fs::read_dir(first).unwrap().map(|file| file.unwrap().path());
    let first: Vec<String> = first.map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let steps = of("steps/").map(|(_, text)| &**text).chain(first.iter().map(String::as_str));
    let steps: BTreeSet<_> = steps.flat_map(str::lines).filter_map(assigned).collect();
    let library: BTreeSet<_> =
        of("host/lib/").flat_map(|(_, text)| text.lines()).filter_map(assigned).collect();
    assert!(library.contains("records_format") && steps.contains("format"), "{library:?} {steps:?}");
    assert_eq!(library.intersection(&steps).collect::<Vec<_>>(), Vec::<&&str>::new());
}

#[test]
fn good_templates_pass() {
    for (name, text) in [
        (
            "guest/start.sh",
            "a={{ x | sh }} # {{ y | comment }}\ncase $a in x) echo \"it's $(f {{ z | sh }}) \\\"{{ q | bash }}\" ;; esac\n",
        ),
        (
            "steps/disk",
            "{* it's *}\n[ ${#a} -gt {{ guest.memory_mib }} ] || cat <<EOF\nit's {{ guest.memory_mib }}\nEOF\necho {{ x | sh }}': done'\n",
        ),
        (
            "guest/domain.xml",
            "<!-- it's --><a b='{{ x | xml }}' c=\"it's\">it's {{ y | xml }}</a>{% if a %}<d/>{% endif %}",
        ),
        ("host/polkit.rules", "// it's {{ x | comment }}\nif (a == {{ y | js }} && b == \"it's\") {}\n"),
        ("review/review.html", "<!DOCTYPE html>\n<p class=\"{{ x | html }}\">it's {{ y | html }}</p>"),
        ("review/README.md", "# {{ x | markdown }}\n`code` {{ y | markdown }}\n"),
        ("package/pacman/PKGINFO", "# {{ x | comment }}\na = {{- y | field -}}\n"),
    ] {
        assert_eq!(offences(name, text), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn spoiled_templates_are_caught() {
    for (name, text, why) in [
        ("guest/start.sh", "a={{ guest.name }}", "no quoting filter"),
        ("guest/start.sh", "a={{ guest.name | safe }}", "no quoting filter"),
        ("guest/start.sh", "a={{ guest.memory_mib + guest.name }}", "no quoting filter"),
        ("guest/start.sh", "a={{ guest.name | sh | upper }}", "no quoting filter"),
        ("guest/start.sh", "a={{ guest.name | xml }}", "does not quote for Shell"),
        ("guest/start.sh", "a=\"{{ guest.name | sh }}\"", "Double"),
        ("guest/start.sh", "a='{{ guest.name | sh }}'", "Single"),
        ("guest/start.sh", "# {{ guest.name | sh }}", "Comment"),
        ("guest/start.sh", "a={{ guest.name | comment }}", "Plain"),
        ("guest/start.sh", "cat <<EOF\n{{ guest.name | sh }}\nEOF\n", "Nowhere"),
        ("guest/start.sh", "echo \"open", "ends within quotes"),
        ("guest/domain.xml", "<a>{{ x | sh }}</a>", "does not quote for Xml"),
        ("guest/domain.xml", "<a {{ x | xml }}='1'/>", "Nowhere"),
        ("guest/domain.xml", "<!-- {{ x | xml }} -->", "Nowhere"),
        ("review/review.html", "<p class='{{ x | html }}'/>", "Single"),
        ("review/review.html", "<p>{{ x | xml }}</p>", "does not quote for Html"),
        ("review/style.css", "a { color: {{ x | html }} }", "Nowhere"),
        ("host/polkit.rules", "a = \"{{ x | js }}\"", "Double"),
        ("host/polkit.rules", "a = {{ x | sh }}", "does not quote for Js"),
        ("review/README.md", "`{{ x | markdown }}`", "Nowhere"),
        ("review/README.md", "{{ x | sh }}", "does not quote for Markdown"),
        ("package/pacman/PKGINFO", "# {{ x | field }}\n", "Comment"),
        ("package/pacman/PKGINFO", "a = {{ x | comment }}\n", "Plain"),
        ("package/new/thing", "a", "what format is it"),
    ] {
        let found = offences(name, text);
        assert!(found.len() == 1 && found[0].contains(why), "{name}: {text}: {found:?}");
    }
}
