//! Enough of shell, XML, JavaScript and INI to colour what onegpu writes: comments,
//! strings, names and words. A colour that is wrong misleads nobody, for the
//! text is always whole; so a grammar for each (syntect has 3 MB of them) is not worth its size.

use serde::Serialize;

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Class {
    /// Nothing in particular.
    #[serde(rename = "")]
    Plain,
    /// A comment.
    #[serde(rename = "c")]
    Comment,
    /// A string.
    #[serde(rename = "s")]
    Text,
    /// A word of the language, or an element's name.
    #[serde(rename = "k")]
    Keyword,
    /// A variable, or an attribute's name.
    #[serde(rename = "v")]
    Name,
}

/// A piece of one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Span {
    /// What it is.
    pub class: Class,
    /// Its text, never with a newline.
    pub text: String,
}

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// POSIX sh.
    Shell,
    /// XML.
    Xml,
    /// Rules of polkit.
    JavaScript,
    /// `key = value`, `[section]`.
    Ini,
}

impl Language {
    /// By a file's name; what has no ending that says otherwise is shell here.
    pub fn of(path: &str) -> Self {
        match path.rsplit_once('.').map(|(_, ending)| ending) {
            Some("xml") => Self::Xml,
            Some("rules") => Self::JavaScript,
            Some("hook" | "toml" | "ini") => Self::Ini,
            _ => Self::Shell,
        }
    }
}

const SHELL: &[&str] = &[
    "case", "do", "done", "elif", "else", "esac", "exec", "exit", "export", "fi", "for", "if", "in",
    "return", "set", "shift", "then", "trap", "unset", "until", "while", "eval", "break", "continue", "cd",
];
const SCRIPT: &[&str] = &["function", "if", "return", "var", "let", "const", "else", "true", "false"];

/// The lines of a text, coloured.
pub fn lines(text: &str, language: Language) -> Vec<Vec<Span>> {
    let mut painter =
        Painter { lines: vec![Vec::new()], rest: text.strip_suffix('\n').unwrap_or(text), last: '\n' };
    while !painter.rest.is_empty() {
        let before = painter.rest.len();
        match language {
            Language::Shell => painter.shell(),
            Language::Xml => painter.xml(),
            Language::JavaScript => painter.script(),
            Language::Ini => painter.ini(),
        }
        // Whatever a text looks like, it comes to an end.
        if painter.rest.len() == before {
            painter.take(Class::Plain, painter.rest.chars().next().map_or(before, char::len_utf8));
        }
    }
    painter.lines
}

struct Painter<'a> {
    lines: Vec<Vec<Span>>,
    rest: &'a str,
    last: char,
}

impl Painter<'_> {
    /// Takes `length` bytes of the rest; what is longer than one character may have newlines.
    fn take(&mut self, class: Class, length: usize) {
        let (piece, rest) = self.rest.split_at(length);
        self.rest = rest;
        self.last = piece.chars().next_back().unwrap_or(self.last);
        for (at, line) in piece.split('\n').enumerate() {
            if at > 0 {
                self.lines.push(Vec::new());
            }
            let Some(spans) = self.lines.last_mut() else { return };
            match spans.last_mut() {
                _ if line.is_empty() => {}
                Some(span) if span.class == class => span.text.push_str(line),
                _ => spans.push(Span { class, text: line.to_owned() }),
            }
        }
    }

    fn until(&self, from: usize, end: &str) -> usize {
        self.rest
            .get(from..)
            .and_then(|rest| rest.find(end))
            .map_or(self.rest.len(), |at| from + at + end.len())
    }

    fn line_end(&self) -> usize {
        self.rest.find('\n').unwrap_or(self.rest.len())
    }

    /// The end of a quoted text that starts here; a backslash keeps the quote in it.
    fn quoted(&self, quote: char, escapes: bool) -> usize {
        let mut escaped = false;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' if escapes => escaped = true,
                c if c == quote => return at + c.len_utf8(),
                _ => {}
            }
        }
        self.rest.len()
    }

    fn word(&self) -> usize {
        self.rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest.len())
    }

    /// One character, or a whole word that is one of `words`.
    fn plain(&mut self, words: &[&str]) {
        let length = self.word();
        if length == 0 {
            let length = self.rest.chars().next().map_or(self.rest.len(), char::len_utf8);
            return self.take(Class::Plain, length);
        }
        let starts = !matches!(self.last, '-' | '_' | '.' | '/' | '$') && !self.last.is_alphanumeric();
        let ends = !self.rest[length..].starts_with(['-', '/', '=', '.', '(']);
        let class = if starts && ends && words.contains(&&self.rest[..length]) {
            Class::Keyword
        } else {
            Class::Plain
        };
        self.take(class, length);
    }

    fn shell(&mut self) {
        let first = self.rest.chars().next().unwrap_or('\n');
        match first {
            '#' if self.last.is_whitespace() => self.take(Class::Comment, self.line_end()),
            '\'' => self.take(Class::Text, self.quoted('\'', false)),
            '"' => self.take(Class::Text, self.quoted('"', true)),
            '\\' => self.take(Class::Plain, 1 + self.rest[1..].chars().next().map_or(0, char::len_utf8)),
            '$' if self.rest.starts_with("${") => self.take(Class::Name, self.until(2, "}")),
            '$' => {
                let name = self.rest[1..].find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
                let name = name.unwrap_or(self.rest.len() - 1);
                let special = self.rest[1..].starts_with(['@', '*', '#', '?', '!', '$', '-']);
                match (name, special) {
                    (0, true) => self.take(Class::Name, 2),
                    (0, false) => self.take(Class::Plain, 1),
                    (name, _) => self.take(Class::Name, name + 1),
                }
            }
            _ => self.plain(SHELL),
        }
    }

    fn xml(&mut self) {
        if self.rest.starts_with("<!--") {
            return self.take(Class::Comment, self.until(4, "-->"));
        }
        if !self.rest.starts_with('<') {
            let text = self.rest.find('<').unwrap_or(self.rest.len());
            return self.take(Class::Plain, text);
        }
        let name = self.rest.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(self.rest.len());
        self.take(Class::Keyword, name);
        while let Some(c) = self.rest.chars().next() {
            match c {
                '>' => return self.take(Class::Keyword, 1),
                '/' | '?' => self.take(Class::Keyword, 1),
                '\'' | '"' => self.take(Class::Text, self.quoted(c, false)),
                c if c.is_alphanumeric() => {
                    let name = self.rest.find(['=', '>', ' ', '\n']).unwrap_or(self.rest.len());
                    self.take(Class::Name, name.max(1));
                }
                c => self.take(Class::Plain, c.len_utf8()),
            }
        }
    }

    fn script(&mut self) {
        match self.rest.chars().next() {
            Some('/') if self.rest.starts_with("//") => self.take(Class::Comment, self.line_end()),
            Some('/') if self.rest.starts_with("/*") => self.take(Class::Comment, self.until(2, "*/")),
            Some(quote @ ('"' | '\'')) => self.take(Class::Text, self.quoted(quote, true)),
            _ => self.plain(SCRIPT),
        }
    }

    fn ini(&mut self) {
        let end = self.line_end();
        let line = &self.rest[..end];
        if line.starts_with(['#', ';']) {
            self.take(Class::Comment, end);
        } else if line.starts_with('[') {
            self.take(Class::Keyword, end);
        } else if let Some(at) = line.find('=').filter(|at| *at > 0 && self.last == '\n') {
            self.take(Class::Name, at);
        } else {
            self.take(Class::Plain, end.max(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Language; 4] = [Language::Shell, Language::Xml, Language::JavaScript, Language::Ini];

    fn marked(text: &str, language: Language) -> String {
        let class = |span: &Span| match span.class {
            Class::Plain => span.text.clone(),
            Class::Comment => format!("⟨c {}⟩", span.text),
            Class::Text => format!("⟨s {}⟩", span.text),
            Class::Keyword => format!("⟨k {}⟩", span.text),
            Class::Name => format!("⟨v {}⟩", span.text),
        };
        lines(text, language).iter().map(|line| line.iter().map(class).collect::<String>() + "\n").collect()
    }

    #[test]
    fn shell() {
        assert_eq!(
            marked(
                "# a 'b\nif [ \"$a\" = 'x\ny' ]; then # c\n\tshift ${#d} $# do-it fi=1\nfi\n",
                Language::Shell
            ),
            "⟨c # a 'b⟩\n⟨k if⟩ [ ⟨s \"$a\"⟩ = ⟨s 'x⟩\n⟨s y'⟩ ]; ⟨k then⟩ ⟨c # c⟩\n\t⟨k shift⟩ ⟨v ${#d}⟩ ⟨v $#⟩ do-it fi=1\n⟨k fi⟩\n"
        );
    }

    #[test]
    fn xml() {
        assert_eq!(
            marked("<!-- x\ny --><a b='1'>t</a>\n", Language::Xml),
            "⟨c <!-- x⟩\n⟨c y -->⟩⟨k <a⟩ ⟨v b⟩=⟨s '1'⟩⟨k >⟩t⟨k </a>⟩\n"
        );
    }

    #[test]
    fn javascript_and_ini() {
        assert_eq!(
            marked("if (a == \"b\") // c\n", Language::JavaScript),
            "⟨k if⟩ (a == ⟨s \"b\"⟩) ⟨c // c⟩\n"
        );
        assert_eq!(marked("# c\n[A]\nb = c\n", Language::Ini), "⟨c # c⟩\n⟨k [A]⟩\n⟨v b ⟩= c\n");
    }

    proptest! {
        #[test]
        fn every_character_is_there_and_in_its_line(text in "[ -~\n\t'\"$é{}<>/=#-]{0,60}") {
            for language in ALL {
                let whole: Vec<String> = lines(&text, language)
                    .iter()
                    .map(|line| line.iter().map(|span| span.text.as_str()).collect())
                    .collect();
                prop_assert_eq!(whole.join("\n"), text.strip_suffix('\n').unwrap_or(&text));
            }
        }
    }
}
