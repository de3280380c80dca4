//! The `onegpu` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    onegpu::cli::main()
}
