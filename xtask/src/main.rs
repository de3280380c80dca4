//! The chores of this repo: `cargo xtask CHORE`. One file an area.

mod bench;
mod browser;
mod check_distros;
mod golden;
mod package;
mod process;
mod provision;
mod python;
mod roots;
mod suite;
mod tally;
mod tidy;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The chores of this repo
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    Package(package::Package),
    Test(suite::Test),
    Bench(bench::Bench),
    Golden(golden::Golden),
    /// Hold the files of distros/ together: sources, repetition, completeness
    CheckDistros,
    /// Check the repo's own rules
    Tidy,
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Package(chore) => chore.run(),
        Chore::Test(chore) => chore.run(),
        Chore::Bench(chore) => chore.run(),
        Chore::Golden(chore) => chore.run(),
        Chore::CheckDistros => check_distros::run(),
        Chore::Tidy => tidy::run().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(error.exit_status())
    })
}
