//! XBPS's property lists: a package's own is read, and goes into the index anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use roxmltree::{Document, Node, ParsingOptions};

use crate::render::quote;

/// A value, as the index shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// `<string>`, `<integer>` or `<data>`: which, and its text.
    Text(&'static str, String),
    Bool(bool),
    Array(Vec<Item>),
    Dict(Dict),
}

/// Values by key.
pub(super) type Dict = BTreeMap<String, Item>;

/// Reads a list whose root is a dictionary.
///
/// # Errors
/// When it is none.
pub(super) fn read(text: &str) -> Result<Dict, String> {
    // The name of the DTD is part of every list; nobody fetches it.
    let options = ParsingOptions { allow_dtd: true, nodes_limit: 100_000, ..ParsingOptions::default() };
    let document = Document::parse_with_options(text, options).map_err(|error| error.to_string())?;
    let root = document.root_element().children().find(Node::is_element);
    match root.map(item).transpose()? {
        Some(Item::Dict(dict)) if document.root_element().has_tag_name("plist") => Ok(dict),
        _ => Err("it is no property list with a dictionary".to_owned()),
    }
}

fn item(node: Node<'_, '_>) -> Result<Item, String> {
    let text = || node.text().unwrap_or_default().to_owned();
    Ok(match node.tag_name().name() {
        "string" => Item::Text("string", text()),
        "integer" => Item::Text("integer", text()),
        "data" => Item::Text("data", text()),
        "true" => Item::Bool(true),
        "false" => Item::Bool(false),
        "array" => Item::Array(node.children().filter(Node::is_element).map(item).collect::<Result<_, _>>()?),
        "dict" => {
            let mut children = node.children().filter(Node::is_element);
            let mut out = Dict::new();
            while let Some(key) = children.next() {
                let value = children.next().filter(|_| key.has_tag_name("key"));
                let value = value.ok_or_else(|| "a dictionary has a key without a value".to_owned())?;
                out.insert(key.text().unwrap_or_default().to_owned(), item(value)?);
            }
            Item::Dict(out)
        }
        other => return Err(format!("<{other}> is nothing that property lists have")),
    })
}

/// Writes it; an empty one is an empty text, as XBPS writes it.
///
/// # Errors
/// When a text has a character that XML has no place for.
pub(super) fn write(dict: &Dict) -> Result<String, String> {
    if dict.is_empty() {
        return Ok(String::new());
    }
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"-//Apple Computer//DTD PLIST 1.0//EN\" \
         \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n<plist version=\"1.0\">\n",
    );
    put(&mut out, 0, &Item::Dict(dict.clone()))?;
    Ok(out + "</plist>\n")
}

fn put(out: &mut String, depth: usize, item: &Item) -> Result<(), String> {
    let tabs = "\t".repeat(depth);
    match item {
        Item::Text(tag, text) => {
            let _ = writeln!(out, "{tabs}<{tag}>{}</{tag}>", quote::plist(text)?);
        }
        Item::Bool(value) => {
            let _ = writeln!(out, "{tabs}<{value}/>");
        }
        Item::Array(items) => {
            let _ = writeln!(out, "{tabs}<array>");
            items.iter().try_for_each(|item| put(out, depth + 1, item))?;
            let _ = writeln!(out, "{tabs}</array>");
        }
        Item::Dict(dict) => {
            let _ = writeln!(out, "{tabs}<dict>");
            for (key, value) in dict {
                let _ = writeln!(out, "{tabs}\t<key>{}</key>", quote::plist(key)?);
                put(out, depth + 1, value)?;
            }
            let _ = writeln!(out, "{tabs}</dict>");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE plist PUBLIC \"x\" \"y\">\n<plist version=\"1.0\">\n\
        <dict><key>a</key><array><string>one &amp; two</string><integer>3</integer></array><key>b</key><true/></dict></plist>";

    #[test]
    fn what_is_read_is_written_and_read_again() {
        let dict = read(LIST).unwrap();
        let array = vec![Item::Text("string", "one & two".into()), Item::Text("integer", "3".into())];
        assert_eq!(dict, Dict::from([("a".into(), Item::Array(array)), ("b".into(), Item::Bool(true))]));
        assert_eq!(read(&write(&dict).unwrap()).unwrap(), dict);
        assert_eq!(write(&Dict::new()).unwrap(), "");
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in [
            "",
            "<plist/>",
            "<plist><array/></plist>",
            "<plist><dict><key>a</key></dict></plist>",
            "<plist><dict><key>a</key><script/></dict></plist>",
            "<x><dict/></x>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
