//! onegpu-distro(5), from the very text of `distros/README.md`.

use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::{Page, head, see_also};
use crate::release::Release;

const README: &str = include_str!("../../../distros/README.md");

/// The page.
pub fn page(release: &Release) -> Page {
    let mut page = head(release, "onegpu-distro", "5", "what onegpu knows of a distro, as data");
    page.control("SH", ["DESCRIPTION"]);
    Writer { page: &mut page, line: Vec::new(), table: false, cell: 0, block: false }.read(README);
    see_also(
        &mut page,
        &[("onegpu", "1"), ("onegpu-distros", "1"), ("onegpu.toml", "5"), ("os-release", "5")],
    );
    Page { name: "onegpu-distro.5".into(), text: page.to_roff() }
}

/// The parts of Markdown that the README uses.
struct Writer<'a> {
    page: &'a mut Roff,
    line: Vec<Inline>,
    /// In the head of a table, which a page has no use for, nothing is kept.
    table: bool,
    cell: usize,
    block: bool,
}

impl Writer<'_> {
    fn read(mut self, text: &str) {
        let mut numbers: Vec<Option<u64>> = Vec::new();
        let mut title = false;
        let mut strong = false;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { level, .. }) => title = level == HeadingLevel::H1,
                Event::End(TagEnd::Heading(level)) => {
                    let words = std::mem::take(&mut self.line);
                    if !std::mem::take(&mut title) {
                        self.heading(level, &words);
                    }
                }
                Event::Start(Tag::Paragraph) if numbers.is_empty() => {
                    self.page.control("PP", []);
                }
                Event::Start(Tag::List(first)) => numbers.push(first),
                Event::End(TagEnd::List(_)) => drop(numbers.pop()),
                Event::Start(Tag::Item) => self.item(numbers.last_mut()),
                Event::Start(Tag::TableHead) => self.table = true,
                Event::Start(Tag::TableRow | Tag::TableCell) => {}
                Event::End(TagEnd::TableHead) => {
                    self.line.clear();
                    self.table = false;
                }
                Event::End(TagEnd::TableCell) if !self.table => {
                    if self.cell == 0 {
                        self.page.control("TP", []);
                    }
                    self.cell += 1;
                    self.flush();
                }
                Event::End(TagEnd::TableRow) => self.cell = 0,
                Event::Start(Tag::CodeBlock(_)) => {
                    self.flush();
                    self.page.control("PP", []).control("nf", []).control("RS", []);
                    self.block = true;
                }
                Event::End(TagEnd::CodeBlock) => {
                    self.page.control("RE", []).control("fi", []);
                    self.block = false;
                }
                Event::Start(Tag::Strong) => strong = true,
                Event::End(TagEnd::Strong) => strong = false,
                Event::End(TagEnd::Paragraph | TagEnd::Item) => self.flush(),
                Event::Code(code) => self.line.push(bold(code.as_ref())),
                Event::Text(text) if self.block => text.lines().for_each(|line| match line.is_empty() {
                    true => drop(self.page.control("sp", [])),
                    false => drop(self.page.text([roman(line)])),
                }),
                Event::Text(text) if strong => self.line.push(italic(text.as_ref())),
                Event::Text(text) => self.line.push(roman(text.as_ref())),
                Event::SoftBreak | Event::HardBreak => self.line.push(roman(" ")),
                _ => {}
            }
        }
    }

    fn heading(&mut self, level: HeadingLevel, words: &[Inline]) {
        let mut text = String::new();
        for word in words {
            if let Inline::Roman(part) | Inline::Bold(part) | Inline::Italic(part) = word {
                text.push_str(part);
            }
        }
        match level {
            HeadingLevel::H1 | HeadingLevel::H2 => self.page.control("SH", [text.to_uppercase().as_str()]),
            _ => self.page.control("SS", [text.as_str()]),
        };
    }

    fn item(&mut self, number: Option<&mut Option<u64>>) {
        self.flush();
        let mark = match number {
            Some(Some(number)) => {
                *number += 1;
                format!("{}.", *number - 1)
            }
            _ => "\u{2022}".to_owned(),
        };
        self.page.control("IP", [mark.as_str(), "4"]);
    }

    fn flush(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.page.text(line);
        }
    }
}
