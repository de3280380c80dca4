//! Asking on a terminal that can move its cursor.

use crossterm::event::DisableBracketedPaste;
use inquire::list_option::ListOption;
use inquire::ui::{RenderConfig, Styled};
use inquire::validator::Validation;
use inquire::{InquireError, MultiSelect, Select, Text};

use super::ask::{Answer, Ask, Check, Prompt};
use crate::diag::{Diagnostic, Result};

/// Questions with a cursor, in colour unless `NO_COLOR` says no.
pub struct Rich {
    config: RenderConfig<'static>,
}

impl Rich {
    /// A terminal that is wanted in colour or not.
    pub fn new(colour: bool) -> Self {
        restore_when_ended();
        let config = if colour { RenderConfig::default_colored() } else { RenderConfig::empty() };
        Self { config: config.with_canceled_prompt_indicator(Styled::new("(back)")) }
    }
}

/// A question switches the terminal's own line editing off: who ends the program
/// from outside gets it back.
fn restore_when_ended() {
    use signal_hook::consts::{SIGHUP, SIGTERM};
    let Ok(mut signals) = signal_hook::iterator::Signals::new([SIGTERM, SIGHUP]) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            let mut screen = std::io::stderr();
            let _ = crossterm::execute!(screen, DisableBracketedPaste, crossterm::cursor::Show);
            let _ = crossterm::terminal::disable_raw_mode();
            std::process::exit(128 + signal);
        }
    });
}

/// What a choice is called, without what is said about it.
fn head(choice: &str) -> String {
    choice.split_once(": ").map_or(choice, |(head, _)| head).to_owned()
}

/// The id that a choice begins with.
fn first_word(choice: &str) -> &str {
    choice.split(' ').next().unwrap_or(choice)
}

/// A title as it stands before its answer.
fn title(prompt: &Prompt) -> String {
    if prompt.title.ends_with(['?', '.']) { prompt.title.to_owned() } else { format!("{}:", prompt.title) }
}

/// Esc goes back, Ctrl-C and Ctrl-D leave.
fn answer<T>(result: std::result::Result<T, InquireError>) -> Result<Answer<T>> {
    match result {
        Ok(value) => Ok(Answer::Is(value)),
        Err(InquireError::OperationCanceled) => Ok(Answer::Back),
        Err(InquireError::OperationInterrupted) => Ok(Answer::Quit),
        Err(error) => Err(Diagnostic::machine(format!("the terminal: {error}"))),
    }
}

impl Ask for Rich {
    fn say(&mut self, text: &str) -> Result<()> {
        super::plain::show(text)
    }

    fn text(&mut self, prompt: &Prompt, proposed: &str, check: Check) -> Result<Answer<String>> {
        let validate = move |text: &str| {
            Ok(match check(text) {
                Ok(()) => Validation::Valid,
                Err(rule) => Validation::Invalid(rule.into()),
            })
        };
        let title = title(prompt);
        let question = Text::new(&title)
            .with_default(proposed)
            .with_help_message(&prompt.why)
            .with_validator(validate)
            .with_render_config(self.config);
        answer(question.prompt())
    }

    fn one(&mut self, prompt: &Prompt, choices: &[String], proposed: usize) -> Result<Answer<usize>> {
        let title = title(prompt);
        let formatter = |chosen: ListOption<&String>| head(chosen.value);
        let question = Select::new(&title, choices.to_vec())
            .with_formatter(&formatter)
            .with_starting_cursor(proposed.min(choices.len().saturating_sub(1)))
            .with_help_message(&prompt.why)
            .without_filtering()
            .with_render_config(self.config);
        answer(question.raw_prompt().map(|choice| choice.index))
    }

    fn any(&mut self, prompt: &Prompt, choices: &[String], proposed: &[usize]) -> Result<Answer<Vec<usize>>> {
        let help = format!("{}; space selects", prompt.why);
        let formatter = |chosen: &[ListOption<&String>]| match chosen.len() {
            0 => "none".to_owned(),
            _ => chosen.iter().map(|one| first_word(one.value)).collect::<Vec<_>>().join(", "),
        };
        let title = title(prompt);
        let question = MultiSelect::new(&title, choices.to_vec())
            .with_default(proposed)
            .with_help_message(&help)
            .with_formatter(&formatter)
            .without_filtering()
            .with_render_config(self.config);
        answer(question.raw_prompt().map(|chosen| chosen.iter().map(|one| one.index).collect()))
    }

    fn keys(&self) -> &'static str {
        "Enter takes what is proposed, Esc goes back, Ctrl-C leaves without a trace."
    }
}
