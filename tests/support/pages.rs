//! The page that an error names: it is there, and speaks of something.

use std::process::Command;

/// The topic behind `onegpu explain` in the last line of an error; `onegpu` must know it.
pub fn page_to_read(what: &str, error: &str) -> String {
    let more: Vec<&str> =
        error.lines().filter_map(|line| line.trim_start().strip_prefix("= more: onegpu explain ")).collect();
    let [topic] = more.as_slice() else { panic!("{what}: not one page to read, but {more:?}:\n{error}") };
    let done = Command::new(env!("CARGO_BIN_EXE_onegpu")).args(["explain", topic]).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{what}: there is no page {topic}");
    assert!(done.stdout.len() > 80, "{what}: the page {topic} says nothing");
    (*topic).to_owned()
}
