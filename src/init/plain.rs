//! Asking line by line: for a terminal that can do nothing else (`TERM=dumb`).

use std::io::{self, BufRead, Write};

use super::ask::{Answer, Ask, Check, Prompt};
use crate::diag::{Diagnostic, Result};
use crate::render::wrap::paragraphs;

/// Questions as lines.
pub struct Plain<R> {
    input: R,
}

impl<R: BufRead> Plain<R> {
    /// Answers come from `input`, a line each.
    pub fn new(input: R) -> Self {
        Self { input }
    }

    /// The next line; its end is the end of the conversation.
    fn line(&mut self, before: &str) -> Result<Answer<String>> {
        show(before)?;
        let mut line = String::new();
        let read = self.input.read_line(&mut line).map_err(|error| gone(&error))?;
        Ok(match line.trim() {
            "q" => Answer::Quit,
            _ if read == 0 => Answer::Quit,
            "<" => Answer::Back,
            text => Answer::Is(text.to_owned()),
        })
    }
}

/// Writes to standard error, at once: standard output is for the profile.
pub(super) fn show(text: &str) -> Result<()> {
    let mut out = io::stderr().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| gone(&error))
}

fn gone(error: &io::Error) -> Diagnostic {
    Diagnostic::machine(format!("the terminal: {error}"))
}

/// The question, and why the proposal is what it is, in lines that fit.
fn head(prompt: &Prompt) -> String {
    let separator = if prompt.title.ends_with(['?', '.']) { "" } else { ":" };
    let text = format!("{}{separator} {}", prompt.title, prompt.why);
    paragraphs(&text, 80).concat().into_iter().map(|line| line + "\n").collect()
}

fn list(choices: &[String], chosen: &[usize]) -> String {
    let mark = |at| if chosen.contains(&at) { "*" } else { " " };
    let line = |(at, choice)| format!("  {}{:>2} {choice}\n", mark(at), at + 1);
    choices.iter().enumerate().map(line).collect()
}

/// The place that a number from 1 names.
fn place(text: &str, choices: &[String]) -> Option<usize> {
    text.trim().parse::<usize>().ok().filter(|number| (1..=choices.len()).contains(number)).map(|n| n - 1)
}

impl<R: BufRead> Ask for Plain<R> {
    fn say(&mut self, text: &str) -> Result<()> {
        show(text)
    }

    fn text(&mut self, prompt: &Prompt, proposed: &str, check: Check) -> Result<Answer<String>> {
        show(&head(prompt))?;
        loop {
            match self.line(&format!("[{proposed}] > "))? {
                Answer::Is(text) => {
                    let text = if text.is_empty() { proposed.to_owned() } else { text };
                    match check(&text) {
                        Ok(()) => return Ok(Answer::Is(text)),
                        Err(rule) => show(&format!("{rule}\n"))?,
                    }
                }
                other => return Ok(other),
            }
        }
    }

    fn one(&mut self, prompt: &Prompt, choices: &[String], proposed: usize) -> Result<Answer<usize>> {
        show(&format!("{}{}", head(prompt), list(choices, &[proposed])))?;
        loop {
            match self.line(&format!("[{}] > ", proposed + 1))? {
                Answer::Is(text) if text.is_empty() => return Ok(Answer::Is(proposed)),
                Answer::Is(text) => match place(&text, choices) {
                    Some(place) => return Ok(Answer::Is(place)),
                    None => show(&format!("a number from 1 to {} is wanted\n", choices.len()))?,
                },
                Answer::Back => return Ok(Answer::Back),
                Answer::Quit => return Ok(Answer::Quit),
            }
        }
    }

    fn any(&mut self, prompt: &Prompt, choices: &[String], proposed: &[usize]) -> Result<Answer<Vec<usize>>> {
        show(&format!("{}{}", head(prompt), list(choices, proposed)))?;
        loop {
            match self.line("numbers with spaces, or none [those with *] > ")? {
                Answer::Is(text) if text.is_empty() => return Ok(Answer::Is(proposed.to_vec())),
                Answer::Is(text) if text == super::answers::NONE => return Ok(Answer::Is(Vec::new())),
                Answer::Is(text) => {
                    let words = text.split([' ', ',']).filter(|word| !word.is_empty());
                    let places: Option<Vec<usize>> = words.map(|word| place(word, choices)).collect();
                    match places {
                        Some(places) => return Ok(Answer::Is(places)),
                        None => show(&format!("numbers from 1 to {} are wanted\n", choices.len()))?,
                    }
                }
                Answer::Back => return Ok(Answer::Back),
                Answer::Quit => return Ok(Answer::Quit),
            }
        }
    }

    fn keys(&self) -> &'static str {
        "Enter takes what is proposed, < goes back, q leaves without a trace."
    }
}
