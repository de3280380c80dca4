//! `cargo xtask test`: the whole suite in order, with one summary at the end.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::Args;
use onegpu::diag::Result;
use xshell::Shell;

use crate::process::{failure, shell, watch};
use crate::tally::{Ignored, Tally};
use crate::tools::Tool;
use crate::{check_distros, provision, tidy, tools};

/// No run of a test binary takes longer, in seconds: one that hangs is ended.
const LONGEST: &str = "1200";

/// Run the whole test suite
#[derive(Args)]
pub struct Test {
    /// First install the real tools that the tests need (Debian family, as root)
    #[arg(long)]
    provision: bool,
}

impl Test {
    /// Runs it; the status is 1 when anything failed.
    pub fn run(self) -> Result<ExitCode> {
        let sh = shell()?;
        tools::equip(&sh);
        if self.provision {
            headline("provision");
            provision::run(&sh)?;
        }
        let mut tally = Tally::default();
        checks(&sh, &mut tally);
        headline("cargo test --workspace");
        let mut run = Tally::default();
        cargo_test(&sh, &["--workspace"], &mut run)?;
        let skipped = real_tests(&sh, &run.names, &mut tally)?;
        tally.passed += run.passed;
        tally.failed += run.failed;
        tally.failures.extend(run.failures);
        if run.ignored != run.names.len() as u64 {
            tally.fail(format!("{} tests are ignored, {} by name", run.ignored, run.names.len()));
        }
        if self.provision && skipped.iter().any(|one| one.provisionable) {
            tally.fail("--provision leaves nothing to skip of what it can get".into());
        }
        headline("summary");
        skipped.iter().for_each(|one| println!("SKIPPED {}", one.line));
        tally.failures.iter().for_each(|what| println!("FAILED {what}"));
        println!("{} passed, {} failed, {} skipped", tally.passed, tally.failed, skipped.len());
        Ok(ExitCode::from(u8::from(tally.failed > 0)))
    }
}

/// Form, lints and the repo's own rules. They are no tests and count only when they fail.
fn checks(sh: &Shell, tally: &mut Tally) {
    let cargo = |words: &str| sh.cmd("cargo").args(words.split(' ')).run().map_err(failure);
    type Check<'a> = (&'a str, &'a dyn Fn() -> Result<()>);
    let checks: [Check<'_>; 4] = [
        ("cargo fmt --all --check", &|| cargo("fmt --all --check")),
        ("cargo clippy --workspace --all-targets -- -D warnings", &|| {
            cargo("clippy --workspace --all-targets -- -D warnings")
        }),
        ("cargo xtask tidy", &tidy::run),
        ("cargo xtask check-distros", &|| match check_distros::run()? {
            ExitCode::SUCCESS => Ok(()),
            _ => Err(failure("the distro files do not hold together")),
        }),
    ];
    for (name, check) in checks {
        headline(name);
        if let Err(error) = check() {
            eprintln!("{error}");
            tally.fail(name.into());
        }
    }
}

/// A test that was not run.
struct Skipped {
    line: String,
    /// Whether `--provision` would have had all that it lacks.
    provisionable: bool,
}

impl Skipped {
    fn new(binary: &str, test: &str, absent: &[&Tool]) -> Self {
        let name = |tool: &&Tool| match tool.elsewhere() {
            Some(source) => format!("{}, from {source}", tool.name),
            None => tool.name.to_owned(),
        };
        let names: Vec<String> = absent.iter().map(name).collect();
        Self {
            line: format!("{binary}: {test} (missing: {})", names.join("; ")),
            provisionable: absent.iter().all(|tool| tool.elsewhere().is_none()),
        }
    }
}

/// Runs the ignored tests whose tools are there; returns a line for each of the others.
fn real_tests(sh: &Shell, ignored: &[Ignored], tally: &mut Tally) -> Result<Vec<Skipped>> {
    let mut skipped = Vec::new();
    let mut ready: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Ignored { binary, test, reason } in ignored {
        match tools::needed(reason) {
            Err(mistake) => tally.fail(format!("{binary}: {test}: {mistake}")),
            Ok(needed) => {
                let absent: Vec<_> = needed.into_iter().filter(|tool| !tool.is_there(sh)).collect();
                match absent.is_empty() {
                    true => ready.entry(binary).or_default().push(test),
                    false => skipped.push(Skipped::new(binary, test, &absent)),
                }
            }
        }
    }
    for (binary, tests) in ready {
        headline(&format!("cargo test --test {binary} -- --ignored"));
        let mut run = Tally::default();
        // With --bins it is the very build of the run before; no test of a binary is ignored.
        let words = ["--workspace", "--bins", "--test", binary, "--", "--ignored", "--exact"];
        cargo_test(sh, &[&words[..], &tests].concat(), &mut run)?;
        let (ran, asked) = (run.passed + run.failed, tests.len() as u64);
        if ran < asked {
            tally.fail(format!("{binary}: {asked} tests were asked for, {ran} ran"));
        }
        tally.passed += run.passed;
        tally.failed += run.failed;
        tally.failures.extend(run.failures);
    }
    Ok(skipped)
}

/// Runs `cargo test` with these words and counts into `run`.
fn cargo_test(sh: &Shell, words: &[&str], run: &mut Tally) -> Result<()> {
    let command = sh
        .cmd("timeout")
        .args(["--kill-after=30", LONGEST, "cargo", "test", "--no-fail-fast"])
        .args(words)
        // A forgotten variable must not make the golden trees agree with anything.
        .env_remove("ONEGPU_REGENERATE")
        .env_remove("ONEGPU_GOLDEN_OUT")
        .env("CARGO_TERM_COLOR", "never");
    let status = watch(command, |line| run.read(line))?;
    run.finish();
    if !status.success() && run.failed == 0 {
        run.fail(format!("cargo test {}: {status}", words.join(" ")));
    }
    Ok(())
}

fn headline(what: &str) {
    println!("\n==> {what}");
}
