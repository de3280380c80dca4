//! `/proc/cpuinfo`, `/proc/meminfo`, `/proc/cmdline`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegpu::machine::{cpu, kernel::KernelFacts, memory};

fuzz_target!(|text: &str| {
    cpu::parse(text);
    memory::parse(text);
    KernelFacts { cmdline: Some(text.to_owned()), release: None }.parameters();
});
