//! How far a long work is: one line on standard error, on a terminal only, and only once
//! it has taken longer than a second. When the work is done the line is gone.

use std::io::{IsTerminal, Write, stderr};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// What is over before nobody has to be told of.
const PATIENCE: Duration = Duration::from_secs(1);
/// More often nobody can read it.
const PACE: Duration = Duration::from_millis(200);

/// A work of many parts that take about as long each.
pub struct Progress {
    parts: usize,
    noun: &'static str,
    state: Option<Mutex<State>>,
}

struct State {
    done: usize,
    due: Instant,
    /// How much of the line is written on.
    width: usize,
}

impl Progress {
    /// A work that begins now; `noun` is what its parts are called.
    pub fn new(parts: usize, noun: &'static str) -> Self {
        let state = State { done: 0, due: Instant::now() + PATIENCE, width: 0 };
        let seen = stderr().is_terminal() && parts > 1;
        Self { parts, noun, state: seen.then(|| Mutex::new(state)) }
    }

    /// One part is done; any thread may say so.
    pub fn step(&self) {
        let Some(Ok(mut state)) = self.state.as_ref().map(Mutex::lock) else { return };
        state.done += 1;
        let now = Instant::now();
        if now >= state.due {
            state.due = now + PACE;
            let text = format!("{} of {} {}", state.done, self.parts, self.noun);
            state.width = text.len();
            show(&format!("\r{text}"));
        }
    }
}

impl Drop for Progress {
    /// Takes the line away. By spaces: every terminal knows them.
    fn drop(&mut self) {
        let Some(Ok(state)) = self.state.as_ref().map(Mutex::lock) else { return };
        if state.width > 0 {
            show(&format!("\r{:w$}\r", "", w = state.width));
        }
    }
}

/// Who cannot be told does the work all the same.
fn show(text: &str) {
    let mut out = stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
