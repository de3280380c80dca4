//! Counting tests by what `cargo test` prints. Nothing is assumed: a test
//! binary that ends without a result is a failure.

/// An ignored test: it needs real tools.
#[derive(Debug, PartialEq, Eq)]
pub struct Ignored {
    /// The integration test's name, without `tests/` and `.rs`; for any other
    /// binary what cargo calls it.
    pub binary: String,
    /// The test's name.
    pub test: String,
    /// Why it is ignored, as written in the attribute.
    pub reason: String,
}

/// What one or more runs of `cargo test` came to.
#[derive(Debug, Default)]
pub struct Tally {
    /// Tests passed.
    pub passed: u64,
    /// Tests failed, and test binaries that ended without a result.
    pub failed: u64,
    /// Tests ignored, as counted by the test binaries.
    pub ignored: u64,
    /// The ignored tests by name.
    pub names: Vec<Ignored>,
    /// What failed, by name.
    pub failures: Vec<String>,
    open: Option<String>,
}

impl Tally {
    /// Takes the next line of output.
    pub fn read(&mut self, line: &str) {
        let words = line.trim_start();
        if let Some(binary) = heading(words) {
            self.finish();
            self.open = Some(binary);
        } else if let Some([passed, failed, ignored]) = result(words) {
            self.passed += passed;
            self.failed += failed;
            self.ignored += ignored;
            self.open = None;
        } else if let Some(test) = words.strip_prefix("test ") {
            let binary = self.open.as_deref().unwrap_or_default();
            if let Some((name, reason)) = test.split_once(" ... ignored") {
                let reason = reason.trim_start_matches(", ").to_owned();
                self.names.push(Ignored { binary: binary.into(), test: name.into(), reason });
            } else if let Some((name, _)) = test.split_once(" ... FAILED") {
                self.failures.push(format!("{binary}: {name}"));
            }
        }
    }

    /// At the end of a run: a binary whose result never came has failed.
    pub fn finish(&mut self) {
        if let Some(binary) = self.open.take() {
            self.fail(format!("{binary}: ended without a result"));
        }
    }

    /// Counts a failure that no test binary reports.
    pub fn fail(&mut self, what: String) {
        self.failed += 1;
        self.failures.push(what);
    }
}

/// `Running tests/x.rs (…)`, `Running unittests src/lib.rs (…)`, `Doc-tests x`.
fn heading(line: &str) -> Option<String> {
    if let Some(name) = line.strip_prefix("Doc-tests ") {
        return Some(format!("doc-tests {name}"));
    }
    let (target, _) = line.strip_prefix("Running ")?.rsplit_once(" (")?;
    let test = target.strip_prefix("tests/").and_then(|file| file.strip_suffix(".rs"));
    Some(test.unwrap_or(target).to_owned())
}

/// Passed, failed and ignored of a `test result:` line.
fn result(line: &str) -> Option<[u64; 3]> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let count = |word: &str| {
        counts.split("; ").find_map(|part| part.strip_suffix(word)?.trim_end().parse::<u64>().ok())
    };
    Some([count("passed")?, count("failed")?, count("ignored")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(output: &str) -> Tally {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.read(line));
        tally.finish();
        tally
    }

    #[test]
    fn counts_are_summed_and_names_kept() {
        let tally = tally(
            "     Running unittests src/lib.rs (target/debug/deps/onegpu-1)\n\
             test a ... ok\n\
             test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             \x20    Running tests/real_x.rs (target/debug/deps/real_x-1)\n\
             test b ... FAILED\n\
             test c ... ignored, needs rpm, trixie\n\
             test result: FAILED. 12 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1s\n",
        );
        assert_eq!((tally.passed, tally.failed, tally.ignored), (13, 1, 1));
        assert_eq!(tally.failures, ["real_x: b"]);
        let ignored =
            Ignored { binary: "real_x".into(), test: "c".into(), reason: "needs rpm, trixie".into() };
        assert_eq!(tally.names, [ignored]);
    }

    #[test]
    fn a_binary_without_a_result_has_failed() {
        let crashed = "Running tests/a.rs (x)\ntest a ... \nRunning tests/b.rs (x)\n\
                       test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n";
        let crashed = tally(crashed);
        assert_eq!((crashed.passed, crashed.failed), (2, 1));
        assert_eq!(crashed.failures, ["a: ended without a result"]);
        assert_eq!(tally("Running tests/a.rs (x)\n").failed, 1);
    }
}
