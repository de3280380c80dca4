//! onegpu.toml(5), from the texts that `onegpu explain` prints.

use clap_mangen::roff::{Roff, bold, italic, roman};
use onegpu::data::EXAMPLE_PROFILE;
use onegpu::profile::keys::{self, Key};

use super::{Page, head, see_also};
use crate::release::Release;

const ABOUT: &str = "One TOML file says what is true of the PC and what its guests shall be. A profile that says only what \
     cannot be known otherwise is enough: what else is left out is as the distro installs it. Unknown keys are \
     errors that name the nearest known one.";

/// The page.
pub fn page(release: &Release) -> Page {
    let mut page =
        head(release, "onegpu.toml", "5", "profile of a PC and the guests that borrow its graphics card");
    page.control("SH", ["DESCRIPTION"]);
    page.text([roman(ABOUT)]);
    page.text([bold("onegpu init"), roman(" writes one for the machine it runs on.")]);
    let mut table = "";
    for key in keys::all() {
        let own = key.key.split('.').next().unwrap_or_default();
        if own != table {
            table = own;
            page.control("SH", [own.to_uppercase().as_str()]);
        }
        entry(&mut page, key);
    }
    page.control("SH", ["EXAMPLES"]);
    page.control("nf", []);
    for line in EXAMPLE_PROFILE.lines() {
        // An empty line would end the block in the eyes of mandoc's lint.
        match line.is_empty() {
            true => page.control("sp", []),
            false => page.text([roman(line)]),
        };
    }
    page.control("fi", []);
    see_also(
        &mut page,
        &[("onegpu", "1"), ("onegpu-explain", "1"), ("onegpu-init", "1"), ("onegpu-distro", "5")],
    );
    Page { name: "onegpu.toml.5".into(), text: page.to_roff() }
}

fn entry(page: &mut Roff, key: &Key) {
    page.control("TP", []);
    let mut term = vec![bold(&key.key)];
    match &key.example {
        Some(example) => term.extend([roman(" = "), italic(example)]),
        None => term.push(roman(" (a table)")),
    }
    page.text(term);
    page.text([roman(format!("{}.", capital(&key.line)))]);
    page.text([roman(&key.text)]);
    let mut words = vec![roman("Form: "), roman(&key.form)];
    for (at, word) in key.values.iter().enumerate() {
        words.extend([roman(if at == 0 { ": " } else { ", " }), bold(word)]);
    }
    words.push(roman(". "));
    words.push(match key.is_required() {
        true => roman("It has to be said."),
        false => roman(format!("Default: {}.", key.default)),
    });
    page.control("br", []);
    page.text(words);
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
