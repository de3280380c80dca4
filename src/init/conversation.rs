//! The conversation: what was found, the open questions with a way back, and a
//! list of what will be made before anything is written.

use super::Facts;
use super::answers::Answers;
use super::ask::{Answer, Ask, Prompt};
use super::draft::Draft;
use super::questions::Question;
use super::summary;
use crate::detect::toml;
use crate::diag::Result;
use crate::machine::plain::plain;
use crate::render::wrap::paragraphs;

/// What was agreed on.
pub struct Agreed {
    /// Flags and answers.
    pub answers: Answers,
    /// The profile's text.
    pub text: String,
}

/// Asks what `given`, the flags, leaves open; none when the user left.
/// `name` is what the profile will be called.
///
/// # Errors
/// When the terminal is gone, or the answers do not go together.
pub fn hold(ask: &mut dyn Ask, facts: &Facts<'_>, given: &Answers, name: &str) -> Result<Option<Agreed>> {
    ask.say(&found(facts))?;
    let keys = ask.keys();
    ask.say(&format!(
        "\nWhat no file tells follows: the guest, the virtual machine that gets the card.\n{keys}\n\n"
    ))?;
    let mut answers = given.clone();
    let mut trail: Vec<usize> = Vec::new();
    let mut at = 0;
    loop {
        let turn = match Question::ALL.get(at) {
            Some(question) if question.is_open(facts, given, &answers)? => {
                question.put(ask, facts, &mut answers)?
            }
            Some(_) => {
                at += 1;
                continue;
            }
            None => match last(ask, facts, &answers, name)? {
                Answer::Is(text) => return Ok(Some(Agreed { answers, text })),
                Answer::Back => Answer::Back,
                Answer::Quit => Answer::Quit,
            },
        };
        match turn {
            Answer::Is(()) => {
                trail.push(at);
                at += 1;
            }
            // Before the first question there is only the way out.
            Answer::Back => match trail.pop() {
                Some(before) => at = before,
                None => return Ok(None),
            },
            Answer::Quit => return Ok(None),
        }
    }
}

/// What will be made, and whether it shall be written.
fn last(ask: &mut dyn Ask, facts: &Facts<'_>, answers: &Answers, name: &str) -> Result<Answer<String>> {
    let draft = Draft::new(facts, answers)?;
    let why = match draft.check(facts, answers, name) {
        Ok((text, checked)) => {
            ask.say(&format!("\n{}\n", summary::render(&draft, &checked, name)))?;
            let prompt = Prompt {
                title: "Write the profile?",
                why: "nothing else is made or installed by this".into(),
            };
            let choices = [format!("write {name}"), "back".to_owned(), "leave without a trace".to_owned()];
            return Ok(match ask.one(&prompt, &choices, 0)? {
                Answer::Is(0) => Answer::Is(text),
                Answer::Is(1) | Answer::Back => Answer::Back,
                Answer::Is(_) | Answer::Quit => Answer::Quit,
            });
        }
        Err(error) => error,
    };
    // What was said does not go together: the way back is open.
    ask.say(&format!("\n{why}\n\n"))?;
    let prompt = Prompt { title: "This cannot be written.", why: "an answer has to be another".into() };
    let choices = ["back".to_owned(), "leave without a trace".to_owned()];
    Ok(match ask.one(&prompt, &choices, 0)? {
        Answer::Is(0) | Answer::Back => Answer::Back,
        Answer::Is(_) | Answer::Quit => Answer::Quit,
    })
}

/// Where values start, and where evidence does.
const COLUMNS: (usize, usize) = (19, 36);
/// The width of a screen.
const WIDTH: usize = 80;

/// What was found, and by what it was told.
fn found(facts: &Facts<'_>) -> String {
    let machine = facts.machine;
    let host = toml::host(machine);
    let gpu = machine.main_gpu().map(|card| toml::gpu(machine, card));
    let mut out = "Found on this PC:".to_owned();
    for line in host.iter().chain(gpu.iter().flatten()) {
        // A person reads `mika (1000)` and a list without its marks.
        let value = match (&line.value, line.key, machine.users.first()) {
            (Some(_), "user", Some(user)) => format!("{} ({})", user.name, user.uid),
            (Some(value), ..) => value.replace(['"', '[', ']', ','], ""),
            (None, ..) => "not known".to_owned(),
        };
        let mut key = line.key;
        for part in paragraphs(&value, WIDTH - COLUMNS.0).concat() {
            out.truncate(out.trim_end().len());
            let (left, right) = (COLUMNS.0 - 2, COLUMNS.1 - COLUMNS.0);
            out.push_str(&format!("\n  {key:<left$}{part:<right$}"));
            key = "";
        }
        let why = plain(&line.why);
        let row = out.lines().next_back().map_or(0, |row| row.chars().count());
        // The beginning says where it was read; the profile has it whole.
        match WIDTH.saturating_sub(row + 2) {
            room if why.chars().count() <= room => out.push_str(&format!("  {why}")),
            room @ 11.. => out.push_str(&format!("  {}…", why.chars().take(room - 1).collect::<String>())),
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}
