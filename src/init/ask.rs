//! Asking a person, whatever the terminal can do.

use crate::diag::Result;

/// What came of a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer<T> {
    /// An answer.
    Is(T),
    /// To the question before.
    Back,
    /// Leave without a trace.
    Quit,
}

/// One question.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// What is asked, without a question mark.
    pub title: &'static str,
    /// Why the proposal is what it is.
    pub why: String,
}

/// Whether a text can be taken, with the sentence a profile's reader would give.
pub type Check = fn(&str) -> std::result::Result<(), String>;

/// A way to ask.
pub trait Ask {
    /// Shows text.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn say(&mut self, text: &str) -> Result<()>;

    /// Asks for a text; nothing entered is `proposed`.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn text(&mut self, prompt: &Prompt, proposed: &str, check: Check) -> Result<Answer<String>>;

    /// Asks for one of the choices, by its place; `proposed` is one of the places.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn one(&mut self, prompt: &Prompt, choices: &[String], proposed: usize) -> Result<Answer<usize>>;

    /// Asks for any of the choices, by their places.
    ///
    /// # Errors
    /// When the terminal is gone.
    fn any(&mut self, prompt: &Prompt, choices: &[String], proposed: &[usize]) -> Result<Answer<Vec<usize>>>;

    /// How to go back and how to leave.
    fn keys(&self) -> &'static str;
}
