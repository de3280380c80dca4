//! The key that a repository is signed with. It stays where gpg and its agent hold it: what
//! is signed goes into `gpg` and the signature comes out.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;

use super::rsa::Rsa;
use crate::diag::{Diagnostic, Result};

/// A secret key that gpg holds.
#[derive(Debug, Clone)]
pub struct Key {
    fingerprint: String,
    public: String,
    rsa: OnceLock<Rsa>,
}

impl Key {
    /// Asks gpg for the one secret key that `id` names: a fingerprint, a key id or a mail address.
    ///
    /// # Errors
    /// When gpg is not there, knows no such key or more than one, or the key cannot sign.
    pub fn find(id: &str) -> Result<Self> {
        let list = gpg(&["--with-colons", "--list-secret-keys", "--", id], b"")?;
        let text = String::from_utf8_lossy(&list.stdout).into_owned();
        let keys: Vec<(Vec<&str>, &str)> = keys(&text);
        let (about, fingerprint) = match keys.as_slice() {
            [one] => one,
            [] => {
                return Err(Diagnostic::input(format!("gpg has no secret key `{id}`")).help(
                    "`gpg --list-secret-keys` names those there are; \
                     `gpg --quick-generate-key \"onegpu repository\" ed25519 sign never` makes one",
                ));
            }
            several => {
                let names: Vec<&str> = several.iter().map(|(_, fingerprint)| *fingerprint).collect();
                return Err(Diagnostic::input(format!("`{id}` names {} secret keys", names.len()))
                    .help(format!("give one's fingerprint: {}", names.join(", "))));
            }
        };
        // The twelfth field has what the whole key can do, in capitals (gnupg, doc/DETAILS).
        if !about.get(11).is_some_and(|can| can.contains('S')) {
            return Err(Diagnostic::input(format!("the key {fingerprint} cannot sign (now)"))
                .help(format!("`gpg --list-secret-keys {fingerprint}` says whether it has expired")));
        }
        let fingerprint = (*fingerprint).to_owned();
        let export = ["--armor", "--export-options", "export-minimal", "--export", "--", &fingerprint];
        let public = String::from_utf8_lossy(&done(gpg(&export, b"")?, "export the key")?).into_owned();
        Ok(Self { fingerprint, public, rsa: OnceLock::new() })
    }

    /// Forty hexadecimal digits.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The public key, as text.
    pub fn public(&self) -> &str {
        &self.public
    }

    /// The RSA key that clients who know nothing of OpenPGP want.
    ///
    /// # Errors
    /// When the key has none.
    pub(super) fn rsa(&self) -> Result<&Rsa> {
        match self.rsa.get() {
            Some(rsa) => Ok(rsa),
            None => Rsa::of(&self.fingerprint).map(|rsa| self.rsa.get_or_init(|| rsa)),
        }
    }

    /// A signature apart from what it signs, as OpenPGP writes it.
    ///
    /// # Errors
    /// When gpg refuses.
    pub fn detached(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        self.sign(&["--no-armor", "--detach-sign"], bytes)
    }

    /// The same as text.
    ///
    /// # Errors
    /// When gpg refuses.
    pub fn armored(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        self.sign(&["--armor", "--detach-sign"], bytes)
    }

    /// The text with its signature below.
    ///
    /// # Errors
    /// When gpg refuses.
    pub fn clear(&self, text: &[u8]) -> Result<Vec<u8>> {
        self.sign(&["--clear-sign"], text)
    }

    fn sign(&self, how: &[&str], bytes: &[u8]) -> Result<Vec<u8>> {
        let mut words = vec!["--local-user", &self.fingerprint, "--digest-algo", "SHA512"];
        words.extend(how);
        done(gpg(&words, bytes)?, "sign")
    }
}

/// The records `sec` of gpg's list, each with its fingerprint.
fn keys(text: &str) -> Vec<(Vec<&str>, &str)> {
    let mut out: Vec<(Vec<&str>, &str)> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        match (fields[0], out.last_mut()) {
            ("sec", _) => out.push((fields, "")),
            // The first one is the key's; subkeys have theirs.
            ("fpr", Some((_, fingerprint))) if fingerprint.is_empty() => {
                *fingerprint = fields.get(9).copied().unwrap_or_default();
            }
            _ => {}
        }
    }
    out
}

/// Runs gpg. The agent asks for a passphrase if there is one: gpg itself asks nothing.
pub(super) fn gpg(words: &[&str], input: &[u8]) -> Result<Output> {
    let mut command = Command::new("gpg");
    command.args(["--batch", "--no-tty", "--quiet", "--yes", "--no-emit-version", "--no-comments"]);
    command.args(words);
    run("gpg", command, input)
}

/// What gpg's agent answers to commands of its own protocol; when it says nothing, why.
pub(super) fn agent(commands: &str) -> Result<Vec<u8>> {
    let mut command = Command::new("gpg-connect-agent");
    command.arg("--quiet");
    let out = run("gpg-connect-agent", command, commands.as_bytes())?;
    match out.stdout.is_empty() {
        true => Ok(out.stderr),
        false => Ok(out.stdout),
    }
}

fn run(program: &str, mut command: Command, input: &[u8]) -> Result<Output> {
    command.env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        Diagnostic::machine(format!("{program} does not start: {error}"))
            .help("install gnupg; or leave --key out, and the repository is not signed")
    })?;
    let stdin = child.stdin.take();
    let out = thread::scope(|scope| {
        // Beside, for gpg may write before it has read all.
        scope.spawn(|| stdin.map(|mut pipe| pipe.write_all(input)));
        child.wait_with_output()
    });
    out.map_err(|error| Diagnostic::machine(format!("{program}: {error}")))
}

fn done(out: Output, what: &str) -> Result<Vec<u8>> {
    if out.status.success() && !out.stdout.is_empty() {
        return Ok(out.stdout);
    }
    let said = String::from_utf8_lossy(&out.stderr);
    let said = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    Err(Diagnostic::machine(format!("gpg would not {what}: {said}"))
        .help("is the key's passphrase known to the agent? `echo | gpg --local-user KEY --sign >/dev/null` asks for it"))
}

#[cfg(test)]
mod tests {
    use super::keys;

    #[test]
    fn a_key_has_its_own_fingerprint_and_not_its_subkeys() {
        let text = "sec:u:255:22:AA:1:::u:::scSC:::+::ed25519:::0:\nfpr:::::::::FIRST:\ngrp:::::::::G:\n\
                    ssb:u:255:18:BB:1::::::e:::+:::23:\nfpr:::::::::SUB:\nsec:e:1:1:CC:1:::u:::sc:::+:::23::0:\nfpr:::::::::SECOND:\n";
        let found = keys(text);
        assert_eq!(found.iter().map(|(_, fpr)| *fpr).collect::<Vec<_>>(), ["FIRST", "SECOND"]);
        assert!(found[0].0[11].contains('S') && !found[1].0[11].contains('S'));
        assert!(keys("gpg: error\n").is_empty());
    }
}
