//! Completions for bash, zsh and fish, from the command line itself.

use clap_complete::{Shell, generate};
use onegpu::cli;

/// The shells, each with its file below the prefix: where the packages of every
/// distro here put completions.
const FILES: [(Shell, &str); 3] = [
    (Shell::Bash, "share/bash-completion/completions/onegpu"),
    (Shell::Zsh, "share/zsh/site-functions/_onegpu"),
    (Shell::Fish, "share/fish/vendor_completions.d/onegpu.fish"),
];

/// Path below the prefix, and text.
pub fn all() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    FILES.into_iter().map(|(shell, path)| {
        let mut text = Vec::new();
        generate(shell, &mut cli::command(), "onegpu", &mut text);
        (path, text)
    })
}
