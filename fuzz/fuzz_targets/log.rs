//! A guest's log, which commands write to as well, and libvirt's.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegpu::log::{Item, cause, libvirt, run};

fuzz_target!(|text: &str| {
    for run in run::parse(text) {
        assert!(run.failures() <= run.items.len());
        for item in run.items {
            let (Item::Step { what: shown, .. } | Item::Note { text: shown, .. }) = item;
            assert!(!shown.chars().any(char::is_control));
        }
    }
    let section = libvirt::since(text, None);
    cause::find(section.lines.iter().map(String::as_str), "a log");
});
