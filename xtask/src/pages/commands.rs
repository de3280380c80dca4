//! onegpu(1), and a page for each command, from the command line itself.

use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};
use onegpu::cli;
use onegpu::diag::Result;

use super::{Page, see_also};
use crate::process::failure;
use crate::release::Release;

const ABOUT: &str = "One graphics card is lent to a virtual machine, and comes back to the desktop when the guest shuts \
     down. From one short profile, onegpu renders every file that this takes on your distro, shows each with its \
     reason, and builds them into native packages that your package manager installs, and removes without a trace. \
     It needs no root, and makes packages for any distro on any.";

/// What every command answers with.
const STATUS: [(&str, &str); 3] = [
    ("0", "Done."),
    ("1", "The answer is no: a check failed, a comparison found a difference."),
    (
        "2",
        "Wrong use or bad input. A message on standard error names the file, the line and what to write \
         instead. Nothing is half-written.",
    ),
];

const FILES: [(&str, &str); 3] = [
    ("onegpu.toml", "The profile that init writes; see onegpu.toml(5)."),
    (
        "/etc/onegpu/distros/, /etc/onegpu/templates/",
        "Files here come before the ones that are built in, file by file; see onegpu-distro(5).",
    ),
    (
        "/usr/share/onegpu/builtin/",
        "What is built in, to read and to copy from. The program does not read it.",
    ),
];

const ENVIRONMENT: [(&str, &str); 2] = [
    ("NO_COLOR", "Any value but the empty one: no colours."),
    ("SOURCE_DATE_EPOCH", "The time that packages carry, in seconds since 1970."),
];

const EXAMPLE: [&str; 3] =
    ["onegpu init -o win.toml", "onegpu render win.toml -o review", "onegpu package win.toml -o packages"];

/// The pages.
pub fn pages(release: &Release) -> Result<Vec<Page>> {
    let mut top = cli::command().disable_help_subcommand(true);
    top.build();
    let mut pages = vec![page(release, &top, true)?];
    for command in top.get_subcommands().filter(|command| !command.is_hide_set()) {
        pages.push(page(release, command, false)?);
    }
    Ok(pages)
}

fn page(release: &Release, command: &clap::Command, top: bool) -> Result<Page> {
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let man = Man::new(command.clone())
        .title(name.to_uppercase())
        .date(&release.date)
        .source(format!("onegpu {}", release.version))
        .manual("onegpu");
    let mut out = Vec::new();
    man.render_title(&mut out).map_err(failure)?;
    man.render_name_section(&mut out).map_err(failure)?;
    man.render_synopsis_section(&mut out).map_err(failure)?;
    match top {
        true => Roff::new()
            .control("SH", ["DESCRIPTION"])
            .text([roman(ABOUT)])
            .to_writer(&mut out)
            .map_err(failure)?,
        false => man.render_description_section(&mut out).map_err(failure)?,
    }
    man.render_options_section(&mut out).map_err(failure)?;
    let mut more = Roff::new();
    if top {
        man.render_subcommands_section(&mut out).map_err(failure)?;
        list(&mut more, "ENVIRONMENT", &ENVIRONMENT);
        list(&mut more, "FILES", &FILES);
    }
    list(&mut more, "EXIT STATUS", &STATUS);
    if top {
        more.control("SH", ["EXAMPLES"]);
        more.text([roman("From a machine to its packages:")]);
        more.control("PP", []).control("nf", []).control("RS", []);
        EXAMPLE.iter().for_each(|line| {
            more.text([bold(*line)]);
        });
        more.control("RE", []).control("fi", []);
    }
    let own: &[(&str, &str)] = if top { &[] } else { &[("onegpu", "1")] };
    let others = [("onegpu-distro", "5"), ("onegpu.toml", "5"), ("onegpu-hook", "8")];
    see_also(&mut more, &[own, &others].concat());
    more.to_writer(&mut out).map_err(failure)?;
    let text = String::from_utf8(out).map_err(failure)?;
    Ok(Page { name: format!("{name}.1"), text })
}

fn list(page: &mut Roff, head: &str, items: &[(&str, &str)]) {
    page.control("SH", [head]);
    for (term, text) in items {
        page.control("TP", []);
        page.text([if head == "FILES" { italic(*term) } else { bold(*term) }]);
        page.text([roman(*text)]);
    }
}
