//! A program at a pseudo-terminal of 80 columns and 24 lines, and what a person
//! would see on it.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

/// How long a question may take to appear.
const PATIENCE: Duration = Duration::from_secs(20);
/// Silence after which everything that comes has come.
const SILENCE: Duration = Duration::from_millis(120);

fn screen(lines: u16) -> vt100::Parser {
    vt100::Parser::new(lines.try_into().unwrap(), 80_u16.try_into().unwrap(), 0)
}

/// A program at its terminal.
pub struct Pty {
    child: Child,
    keyboard: File,
    terminal: File,
    before: Termios,
    output: Receiver<Vec<u8>>,
    raw: Vec<u8>,
    screen: vt100::Parser,
}

impl Pty {
    /// Starts `onegpu` with these arguments and variables in `dir`.
    pub fn start(dir: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let terminal = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&terminal, size).unwrap();
        let before = tcgetattr(&terminal).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_onegpu"));
        command.args(arguments).current_dir(dir).env_remove("NO_COLOR").env_remove("TERM");
        command.envs(variables.iter().copied());
        command.stdin(terminal.try_clone().unwrap());
        command.stdout(terminal.try_clone().unwrap()).stderr(terminal.try_clone().unwrap());
        let child = command.spawn().unwrap();
        let keyboard = File::from(master);
        let mut reader = keyboard.try_clone().unwrap();
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = screen(24);
        Self { child, keyboard, terminal, before, output, raw: Vec::new(), screen }
    }

    fn take(&mut self, within: Duration) -> bool {
        let Ok(bytes) = self.output.recv_timeout(within) else { return false };
        self.screen.process(&bytes);
        self.raw.extend(bytes);
        true
    }

    /// Waits until the program has been silent for a moment.
    pub fn settle(&mut self) {
        while self.take(SILENCE) {}
    }

    /// Waits until the screen shows `text`, and the program then waits for keys.
    pub fn wait(&mut self, text: &str) {
        let start = Instant::now();
        self.settle();
        while !self.screen().contains(text) {
            assert!(start.elapsed() < PATIENCE, "`{text}` does not come:\n{}", self.screen());
            self.take(SILENCE);
        }
        self.settle();
    }

    /// Types `keys`.
    pub fn send(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Types `keys`, and waits for what comes: `text` in the lines that are new.
    pub fn answer(&mut self, keys: &str, text: &str) {
        let from = self.raw.len();
        self.send(keys);
        let start = Instant::now();
        self.settle();
        let is_new = |pty: &Self| {
            let mut new = screen(200);
            new.process(&pty.raw[from..]);
            new.screen().contents().contains(text) && pty.screen().contains(text)
        };
        while !is_new(self) {
            assert!(start.elapsed() < PATIENCE, "`{text}` does not come after {keys:?}:\n{}", self.screen());
            self.take(SILENCE);
        }
        self.settle();
    }

    /// What is on the screen now.
    pub fn screen(&self) -> String {
        self.screen.screen().contents()
    }

    /// Everything that it has sent, as it was sent.
    pub fn everything(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }

    /// Everything that was printed, for a program that moves no cursor.
    pub fn lines(&self) -> Vec<String> {
        String::from_utf8_lossy(&self.raw).lines().map(|line| line.trim_end().to_owned()).collect()
    }

    /// Whether a colour was ever set.
    pub fn has_colour(&self) -> bool {
        let raw = String::from_utf8_lossy(&self.raw);
        let mut sequences = raw.split("\u{1b}[").skip(1);
        let is_colour = |word: &str| {
            word.parse::<u32>().is_ok_and(|code| matches!(code, 30..=38 | 40..=48 | 90..=97 | 100..=107))
        };
        sequences.any(|part| part.split_once('m').is_some_and(|(codes, _)| codes.split(';').any(is_colour)))
    }

    /// Whether any escape was sent.
    pub fn has_escapes(&self) -> bool {
        self.raw.contains(&0x1b)
    }

    /// Asks the program to end.
    pub fn terminate(&self) {
        let id = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits for the end; the exit status.
    pub fn end(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            self.take(Duration::from_millis(20));
            if let Some(status) = self.child.try_wait().unwrap() {
                self.settle();
                return status.code();
            }
            if start.elapsed() > PATIENCE {
                self.child.kill().unwrap();
                panic!("it does not end:\n{}", self.screen());
            }
        }
    }

    /// Whether the terminal's settings are those of before.
    pub fn is_as_before(&self) -> bool {
        let now = tcgetattr(&self.terminal).unwrap();
        let flags = |t: &Termios| (t.input_modes, t.output_modes, t.control_modes, t.local_modes);
        flags(&now) == flags(&self.before)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
