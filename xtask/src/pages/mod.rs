//! Manual pages, made from what the program says elsewhere: the command line,
//! `texts/keys.toml` and `distros/README.md`. None is written by hand.
//!
//! onegpu-hook(8) is not among them: it goes with the program that it is about,
//! which the setup package `onegpu-host` installs (`templates/package/man`).

mod commands;
mod distro_keys;
mod profile_keys;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use onegpu::diag::Result;

use crate::process::failure;
use crate::release::Release;

/// Write the manual pages into a folder, to read them: `man -l FILE`
#[derive(Args)]
pub struct Man {
    /// The folder; it is made when it is not there
    folder: PathBuf,
}

impl Man {
    pub fn run(self) -> Result<ExitCode> {
        std::fs::create_dir_all(&self.folder).map_err(failure)?;
        for page in all(&Release::read()?)? {
            std::fs::write(self.folder.join(&page.name), &page.text).map_err(failure)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// One page.
pub struct Page {
    /// `onegpu.toml.5`.
    pub name: String,
    /// troff with the `man` macros.
    pub text: String,
}

impl Page {
    /// The folder below `share/man`.
    pub fn folder(&self) -> String {
        format!("man{}", self.name.rsplit('.').next().unwrap_or_default())
    }
}

/// Every page.
pub fn all(release: &Release) -> Result<Vec<Page>> {
    let mut pages = commands::pages(release)?;
    pages.push(profile_keys::page(release));
    pages.push(distro_keys::page(release));
    for page in &mut pages {
        page.text = wrapped(&tidied(&page.text));
    }
    Ok(pages)
}

/// The longest line that mandoc's lint lets pass.
const WIDTH: usize = 80;

/// Lines of text broken at spaces, as far as the page reads the same: neither
/// the line after `.TP`, which is the term, nor what stands as it is.
fn wrapped(text: &str) -> String {
    let (mut out, mut term, mut as_it_is) = (String::new(), false, false);
    for line in text.lines() {
        as_it_is = (as_it_is || line == ".nf") && line != ".fi";
        let whole = term || as_it_is || line.starts_with(['.', '\'']);
        term = line == ".TP";
        let mut rest = line;
        while rest.len() > WIDTH && !whole {
            // A line that began with a dot or a quote would be a request.
            let fits = |at: &usize| *at <= WIDTH && !rest[at + 1..].starts_with(['.', '\'', ' ']);
            let Some(at) = rest.match_indices(' ').map(|(at, _)| at).rfind(fits) else { break };
            out.push_str(&rest[..at]);
            out.push('\n');
            rest = &rest[at + 1..];
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

/// Without what the crates write once too often, and mandoc's lint marks: the
/// preamble of each part but the first, empty lines, a break after a break.
fn tidied(text: &str) -> String {
    let is_preamble = |line: &str| line.starts_with(".ie ") || line.starts_with(".el ");
    let mut out: Vec<&str> = Vec::new();
    for line in text.lines().map(str::trim_end) {
        let last = out.last().copied().unwrap_or_default();
        let again = is_preamble(line) && out.contains(&line);
        let broken = line == ".br" && last == ".br";
        let begun = line == ".PP" && (last.starts_with(".SH") || last.starts_with(".SS"));
        if !(line.is_empty() || again || broken || begun) {
            out.push(line);
        }
    }
    out.join("\n") + "\n"
}

/// The first lines of a page: title, section, and its line for whatis(1).
fn head(release: &Release, name: &str, section: &str, line: &str) -> clap_mangen::roff::Roff {
    let mut page = clap_mangen::roff::Roff::new();
    let title = name.to_uppercase();
    let source = format!("onegpu {}", release.version);
    page.control("TH", [title.as_str(), section, &release.date, &source, "onegpu"]);
    page.control("SH", ["NAME"]);
    page.text([clap_mangen::roff::roman(format!("{name} - {line}"))]);
    page
}

/// `SEE ALSO`: pages with their sections.
fn see_also(page: &mut clap_mangen::roff::Roff, pages: &[(&str, &str)]) {
    page.control("SH", ["SEE ALSO"]);
    for (at, (name, section)) in pages.iter().enumerate() {
        let comma = if at + 1 < pages.len() { "," } else { "" };
        page.control("BR", [*name, &format!("({section}){comma}")]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_and_every_key_has_its_place() {
        let pages = all(&Release::read().unwrap()).unwrap();
        let page = |name: &str| &pages.iter().find(|page| page.name == name).unwrap().text;
        for command in onegpu::cli::command().get_subcommands() {
            assert!(page(&format!("onegpu-{}.1", command.get_name())).contains(".SH \"EXIT STATUS\""));
        }
        for key in onegpu::profile::keys::all() {
            let term = key.key.replace('-', "\\-");
            assert!(page("onegpu.toml.5").contains(&format!(".TP\n\\fB{term}\\fR")), "{term}");
        }
        for key in ["install\\-files", "unless\\-enabled", "variable\\-replaces\\-root", "any"] {
            assert!(page("onegpu-distro.5").contains(&format!("\\fB{key}\\fR")), "{key}");
        }
    }

    #[test]
    fn a_long_line_is_broken_where_that_changes_nothing() {
        let long = format!("{} .dot {}", "word ".repeat(15).trim_end(), "more ".repeat(12).trim_end());
        let broken = wrapped(&format!(".TP\n{long}\n{long}\n.nf\n{long}\n.fi\n"));
        let lines: Vec<&str> = broken.lines().collect();
        assert_eq!((lines[1], lines[5]), (long.as_str(), long.as_str()), "{broken}");
        assert_eq!(format!("{} {}", lines[2], lines[3]), long);
        assert!(lines[2].len() <= WIDTH && !lines[3].starts_with('.'), "{broken}");
    }

    #[test]
    fn what_is_said_twice_is_dropped() {
        let text = ".ie a\n.TH x\n.ie a\n.SH A\n.PP\n\ntext \n.br\n.br\n.PP\n";
        assert_eq!(tidied(text), ".ie a\n.TH x\n.SH A\ntext\n.br\n.PP\n");
    }
}
