//! The chores of this repo: `cargo xtask CHORE`. One file an area.

mod bench;
mod browser;
mod builders;
mod check_distros;
mod completions;
mod crates;
mod dist;
mod golden;
mod install;
mod lab;
mod licenses;
mod new_distro;
mod package;
mod pages;
mod process;
mod provision;
mod python;
mod recipes;
mod release;
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
    Golden(golden::Golden),
    #[command(subcommand)]
    Bench(bench::Bench),
    Lab(lab::Lab),
    Man(pages::Man),
    Install(install::Install),
    Dist(dist::Dist),
    Recipes(recipes::Recipes),
    NewDistro(new_distro::NewDistro),
    /// Hold the files of distros/ together: sources, repetition, completeness
    CheckDistros,
    /// Check the repo's own rules
    Tidy,
}

fn main() -> ExitCode {
    let done = match Cli::parse().chore {
        Chore::Package(chore) => chore.run(),
        Chore::Test(chore) => chore.run(),
        Chore::Golden(chore) => chore.run(),
        Chore::Bench(chore) => chore.run(),
        Chore::Lab(chore) => chore.run(),
        Chore::Man(chore) => chore.run(),
        Chore::Install(chore) => chore.run(),
        Chore::Dist(chore) => chore.run(),
        Chore::Recipes(chore) => chore.run(),
        Chore::NewDistro(chore) => chore.run(),
        Chore::CheckDistros => check_distros::run(),
        Chore::Tidy => tidy::run().map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::from(error.exit_status())
    })
}
