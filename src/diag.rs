//! What onegpu says when something is wrong: where it stands, what was found,
//! and what to write instead.

mod way;

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// Short for results whose error is shown to the user.
pub type Result<T> = std::result::Result<T, Diagnostic>;

/// Which exit status a failure has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Wrong use or bad input: exit status 2.
    Input,
    /// The machine would not do it (a full disk, no permission): exit status 1.
    Machine,
}

/// The place in a text file that a diagnostic is about.
#[derive(Debug, Clone)]
struct Place {
    file: String,
    source: String,
    span: Range<usize>,
    label: String,
}

/// One error, with its place and its mend.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    blame: Blame,
    message: String,
    place: Option<Box<Place>>,
    help: Vec<String>,
    /// The key that is missing, or the one that was perhaps meant, below the table at the place.
    key: Option<String>,
    more: Option<String>,
}

impl Diagnostic {
    /// Bad input or wrong use.
    pub fn input(message: impl Into<String>) -> Self {
        Self {
            blame: Blame::Input,
            message: message.into(),
            place: None,
            help: Vec::new(),
            key: None,
            more: None,
        }
    }

    /// The machine refused: reading or writing failed.
    pub fn machine(message: impl Into<String>) -> Self {
        Self { blame: Blame::Machine, ..Self::input(message) }
    }

    /// Points at `span` (bytes) of `source`, the text of `file`; `label` stands at the caret.
    #[must_use]
    pub fn at(mut self, file: &str, source: &str, span: Range<usize>, label: &str) -> Self {
        let end = span.end.min(source.len());
        let start = span.start.min(end);
        self.place = Some(Box::new(Place {
            file: file.to_owned(),
            source: source.to_owned(),
            span: start..end,
            label: label.to_owned(),
        }));
        self
    }

    /// As [`Self::at`], unless the diagnostic has a place already.
    #[must_use]
    pub fn or_at(self, file: &str, source: &str, span: Range<usize>) -> Self {
        match self.place {
            Some(_) => self,
            None => self.at(file, source, span, "here"),
        }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Names the key that it is about, where the place is only the table that lacks it.
    #[must_use]
    pub fn about(mut self, key: &str) -> Self {
        self.key = Some(key.to_owned());
        self
    }

    /// Says which topic of `onegpu explain` tells more. The first that is named is the nearest, and stays.
    #[must_use]
    pub fn more(mut self, topic: impl Into<String>) -> Self {
        self.more.get_or_insert_with(|| topic.into());
        self
    }

    /// As [`Self::more`]: the key of the TOML file `name` at the place, as `topic` calls the keys on the
    /// way to it, the outermost first; where none is known, `whole`.
    #[must_use]
    pub fn more_of_key(
        self,
        name: &str,
        whole: &str,
        topic: impl Fn(&[String], Option<&str>) -> Option<String>,
    ) -> Self {
        let place = self.place.as_deref().filter(|place| place.file == name);
        // What the outermost table lacks has no place: its span is empty.
        let named = place.filter(|place| self.key.is_none() || !place.span.is_empty());
        let way = named.map(|place| way::to(&place.source, place.span.start)).unwrap_or_default();
        let found = place.and_then(|_| topic(&way, self.key.as_deref()));
        self.more(found.unwrap_or_else(|| whole.to_owned()))
    }

    /// The exit status of a command that ends with this.
    pub fn exit_status(&self) -> u8 {
        match self.blame {
            Blame::Input => 2,
            Blame::Machine => 1,
        }
    }

    /// The first line, without place and help.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut group = Group::with_title(Level::ERROR.primary_title(self.message.as_str()));
        if let Some(place) = &self.place {
            let mark = AnnotationKind::Primary.span(place.span.clone()).label(place.label.as_str());
            group = group
                .element(Snippet::source(place.source.as_str()).path(place.file.as_str()).annotation(mark));
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        if let Some(topic) = &self.more {
            let page = format!("onegpu explain {topic}");
            group = group.element(Level::NOTE.with_name("more").message(page));
        }
        f.write_str(&Renderer::plain().render(&[group]))
    }
}

impl std::error::Error for Diagnostic {}
