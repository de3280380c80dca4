//! Where in a format a template's value lands. The readers are simple on
//! purpose: they know what our own templates write, and a text they lose
//! themselves in ends inside a quote, which is reported.

/// The format that a template makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Shell,
    Xml,
    /// Property lists of XBPS: XML whose reader knows no numbers.
    Plist,
    /// Pages: values stand in text and in double quotes.
    Html,
    Js,
    Markdown,
    /// `name = value` or `Name: value`, one a line, and `#` comments.
    Fields,
    /// Lines of words that a program splits like a shell, and `#` comments.
    Words,
    /// Text that prints no value.
    Fixed,
}

/// What surrounds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Between quotes of no kind.
    Plain,
    /// Within double quotes.
    Double,
    /// Within single quotes.
    Single,
    /// Within a comment that ends with the line.
    Comment,
    /// Where no value can be quoted: a here-document, a tag, an XML comment, code in Markdown.
    Nowhere,
}

/// Follows a format's text piece by piece.
pub struct Reader {
    format: Format,
    frames: Vec<Frame>,
    last: char,
    heredoc: Option<String>,
    line: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    Plain { parentheses: u32 },
    Double,
    Single,
    Comment,
    XmlTag,
    XmlComment,
}

impl Reader {
    /// At the beginning of a text.
    pub fn new(format: Format) -> Self {
        let frames = vec![Frame::Plain { parentheses: 0 }];
        Self { format, frames, last: '\n', heredoc: None, line: String::new() }
    }

    /// What surrounds the place behind all text so far.
    pub fn context(&self) -> Context {
        if self.heredoc.is_some() && !self.line.contains("<<") {
            return Context::Nowhere;
        }
        match (self.format, self.top()) {
            (Format::Fixed, _) => Context::Nowhere,
            (Format::Markdown, _) => {
                let code = self.line.matches('`').count() % 2 == 1 || self.line.starts_with("    ");
                if code { Context::Nowhere } else { Context::Plain }
            }
            (Format::Fields | Format::Words, _) => {
                if self.line.starts_with('#') {
                    Context::Comment
                } else {
                    Context::Plain
                }
            }
            (Format::Xml | Format::Plist | Format::Html, Frame::XmlTag | Frame::XmlComment) => {
                Context::Nowhere
            }
            (_, Frame::Double) => Context::Double,
            (_, Frame::Single) => Context::Single,
            (_, Frame::Comment) => Context::Comment,
            _ => Context::Plain,
        }
    }

    /// Takes text of the template that is printed as it stands.
    pub fn text(&mut self, text: &str) {
        let mut rest = text.chars();
        while let Some(c) = rest.next() {
            match self.format {
                Format::Shell => self.shell(c, &mut rest),
                Format::Js => self.js(c, &mut rest),
                Format::Xml | Format::Plist | Format::Html => self.xml(c, rest.as_str()),
                Format::Markdown | Format::Fields | Format::Words | Format::Fixed => {}
            }
            self.last = c;
            if c == '\n' {
                self.line.clear();
            } else {
                self.line.push(c);
            }
        }
    }

    /// A value was printed: what follows it stands behind a word.
    pub fn value(&mut self) {
        self.last = 'x';
        self.line.push('x');
    }

    /// Whether the text may end here.
    pub fn may_end(&self) -> bool {
        self.heredoc.is_none() && self.frames.len() == 1 || self.top() == Frame::Comment
    }

    fn top(&self) -> Frame {
        self.frames.last().copied().unwrap_or(Frame::Plain { parentheses: 0 })
    }

    fn shell(&mut self, c: char, rest: &mut std::str::Chars<'_>) {
        if c == '\n'
            && let Some(word) = &self.heredoc
        {
            // The line that opened it is over, or a line of it, or its last.
            if !self.line.contains("<<") && self.line.trim_start_matches('\t') == word {
                self.heredoc = None;
            }
            return;
        }
        if self.heredoc.is_some() && !self.line.contains("<<") {
            return;
        }
        let depth = self.frames.len() - 1;
        match (self.top(), c) {
            (Frame::Comment, '\n') | (Frame::Single, '\'') | (Frame::Double, '"') => {
                self.frames.pop();
            }
            (Frame::Comment | Frame::Single, _) => {}
            (_, '\\') => {
                rest.next();
            }
            (Frame::Double, '(') if self.last == '$' => self.frames.push(Frame::Plain { parentheses: 0 }),
            (Frame::Double, _) => {}
            (_, '"') => self.frames.push(Frame::Double),
            (_, '\'') => self.frames.push(Frame::Single),
            (_, '#') if self.last.is_whitespace() || ";&|(".contains(self.last) => {
                self.frames.push(Frame::Comment);
            }
            (_, '<') if self.last == '<' => {
                let word = rest.as_str().trim_start_matches(['-', ' ']);
                let word: String =
                    word.chars().take_while(|c| c.is_ascii_alphanumeric() || "_'\"\\".contains(*c)).collect();
                let word = word.replace(['\'', '"', '\\'], "");
                self.heredoc = (!word.is_empty()).then_some(word);
            }
            (Frame::Plain { parentheses }, '(') => {
                self.frames[depth] = Frame::Plain { parentheses: parentheses + 1 }
            }
            // Without an opening one it ends a pattern of `case`, or a `$(` within quotes.
            (Frame::Plain { parentheses: 0 }, ')') if depth > 0 => {
                self.frames.pop();
            }
            (Frame::Plain { parentheses }, ')') => {
                self.frames[depth] = Frame::Plain { parentheses: parentheses.saturating_sub(1) };
            }
            _ => {}
        }
    }

    fn js(&mut self, c: char, rest: &mut std::str::Chars<'_>) {
        match (self.top(), c) {
            (Frame::Comment, '\n') | (Frame::Single, '\'') | (Frame::Double, '"') => {
                self.frames.pop();
            }
            (Frame::Single | Frame::Double, '\\') => {
                rest.next();
            }
            (Frame::Plain { .. }, '"') => self.frames.push(Frame::Double),
            (Frame::Plain { .. }, '\'') => self.frames.push(Frame::Single),
            (Frame::Plain { .. }, '/') if self.last == '/' => self.frames.push(Frame::Comment),
            _ => {}
        }
    }

    fn xml(&mut self, c: char, rest: &str) {
        match (self.top(), c) {
            (Frame::XmlComment, '>') if self.line.ends_with("--") => {
                self.frames.pop();
            }
            (Frame::XmlTag, '>') | (Frame::Single, '\'') | (Frame::Double, '"') => {
                self.frames.pop();
            }
            (Frame::XmlTag, '\'') => self.frames.push(Frame::Single),
            (Frame::XmlTag, '"') => self.frames.push(Frame::Double),
            (Frame::Plain { .. }, '<') if rest.starts_with("!--") => self.frames.push(Frame::XmlComment),
            (Frame::Plain { .. }, '<') => self.frames.push(Frame::XmlTag),
            _ => {}
        }
    }
}
