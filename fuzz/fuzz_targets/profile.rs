//! A profile, and the message for a bad one.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(error) = onegpu::profile::parse("profile.toml", text) {
        assert!(!error.to_string().is_empty());
    }
});
