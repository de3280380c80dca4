//! The kernel that runs, and the parameters it was really booted with.

use serde::Serialize;

use super::plain::plain_word;
use super::root::Root;
use crate::paths::machine as at;

/// The kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct KernelFacts {
    /// `uname -r`.
    pub release: Option<String>,
    /// `/proc/cmdline`, one line.
    pub cmdline: Option<String>,
}

/// Reads release and command line.
pub fn read(root: &Root) -> KernelFacts {
    KernelFacts {
        release: root.attribute(at::KERNEL_RELEASE).and_then(|text| plain_word(&text)),
        // A container's may be empty: then nothing is known.
        cmdline: root.text(at::CMDLINE).and_then(|text| plain_word(&text)),
    }
}

impl KernelFacts {
    /// The words of the command line; quotes keep spaces together, as the kernel reads it.
    pub fn parameters(&self) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for c in self.cmdline.as_deref().unwrap_or_default().chars() {
            match c {
                '"' => quoted = !quoted,
                c if c.is_whitespace() && !quoted => words.push(String::new()),
                c => words.last_mut().into_iter().for_each(|word| word.push(c)),
            }
        }
        words.retain(|word| !word.is_empty());
        words
    }

    /// Whether the parameter is there as this very word (`iommu=pt`); `None`
    /// when the command line cannot be read.
    pub fn has(&self, word: &str) -> Option<bool> {
        self.cmdline.as_ref()?;
        Some(self.parameters().iter().any(|found| found == word))
    }
}
