//! passwd(5), sessions of logind, settings of display managers.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegpu::machine::{display_manager, sessions, users};

fuzz_target!(|text: &str| {
    for user in users::parse(text) {
        assert!(user.name.parse::<onegpu::profile::UserName>().is_ok());
    }
    sessions::parse(text);
    display_manager::assigned(text, "DISPLAYMANAGER");
});
