//! The RSA key that apk and XBPS want. Both know nothing of OpenPGP: they want a plain RSA
//! signature (RFC 8017, 8.2, with SHA-256) and the public key as OpenSSL writes it. gpg's agent
//! makes the one (SIGKEY, SETHASH and PKSIGN of its protocol), gpg's list has the other's numbers: the same
//! key signs for every family, and its secret part stays where it is.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use md5::Md5;
use sha2::{Digest, Sha256};

use super::key::{agent, gpg};
use crate::diag::{Diagnostic, Result};
use crate::package::archive::hex;

/// RSA among OpenPGP's algorithms (RFC 4880, 9.1).
const RSA: &str = "1";
/// `rsaEncryption` with no parameters, as ASN.1 (RFC 8017, A.1).
const ALGORITHM: [u8; 15] =
    [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// OpenSSL breaks the lines of keys here.
const LINE: usize = 64;

/// A key, or the subkey of one, that gpg's agent signs with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rsa {
    /// What the agent calls it.
    grip: String,
    fingerprint: String,
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

impl Rsa {
    /// The RSA key of the OpenPGP key with this fingerprint: itself, or its newest subkey that can sign.
    ///
    /// # Errors
    /// When it has none.
    pub(super) fn of(fingerprint: &str) -> Result<Self> {
        let words = ["--with-colons", "--with-key-data", "--list-secret-keys", "--", fingerprint];
        let list = gpg(&words, b"")?;
        find(&String::from_utf8_lossy(&list.stdout)).ok_or_else(|| {
            Diagnostic::input(format!("{fingerprint}: apk and XBPS know RSA keys only, and this is none")).help(
                "`gpg --quick-generate-key \"onegpu repository\" rsa3072 sign never` makes one that signs for every package \
                 manager; `gpg --quick-add-key FINGERPRINT rsa3072 sign never` gives this one an RSA subkey",
            )
        })
    }

    /// Forty hexadecimal digits, of the subkey where it is one.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The length of the modulus.
    pub(super) fn bits(&self) -> usize {
        self.modulus.len() * 8
    }

    /// The public key in PEM (RFC 7468, 13).
    pub(super) fn public(&self) -> String {
        let numbers = der(0x30, &[integer(&self.modulus), integer(&self.exponent)].concat());
        // A bit string says first how many bits of its last byte are none of its own.
        let bits = der(0x03, &[&[0][..], &numbers].concat());
        let text = BASE64.encode(der(0x30, &[&ALGORITHM[..], &bits].concat()));
        let mut out = String::from("-----BEGIN PUBLIC KEY-----\n");
        for line in text.as_bytes().chunks(LINE) {
            out.extend([&String::from_utf8_lossy(line), "\n"]);
        }
        out + "-----END PUBLIC KEY-----\n"
    }

    /// What XBPS calls the key by: OpenSSH's old fingerprint, `1a:2b:…` (its lib/pubkey2fp.c).
    pub(super) fn ssh_fingerprint(&self) -> String {
        let part = |bytes: &[u8]| [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let blob =
            [part(b"ssh-rsa"), part(&positive(&self.exponent)), part(&positive(&self.modulus))].concat();
        let mut out = String::new();
        for byte in Md5::digest(blob) {
            let _ = write!(out, "{}{byte:02x}", if out.is_empty() { "" } else { ":" });
        }
        out
    }

    /// The signature of the bytes' SHA-256.
    ///
    /// # Errors
    /// When the agent refuses.
    pub(super) fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let sum = hex(&Sha256::digest(bytes));
        let said = agent(&format!("SIGKEY {}\nSETHASH --hash=sha256 {sum}\nPKSIGN\n", self.grip))?;
        let short = signature(&said).ok_or_else(|| {
            let said: String = String::from_utf8_lossy(&said).chars().filter(|c| !c.is_control()).take(120).collect();
            Diagnostic::machine(format!("gpg's agent would not sign: {said}")).help(format!(
                "is the key's passphrase known to it? `echo | gpg --local-user {} --sign >/dev/null` asks for it",
                self.fingerprint
            ))
        })?;
        let missing = self.modulus.len().saturating_sub(short.len());
        Ok([vec![0; missing], short].concat())
    }
}

/// The newest RSA key of the list that can sign and is neither expired nor revoked.
fn find(list: &str) -> Option<Rsa> {
    let mut keys: Vec<(bool, Rsa)> = Vec::new();
    for line in list.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        match (field(0), keys.last_mut()) {
            // The letters of gnupg's doc/DETAILS; `#` stands where the secret part is not here.
            ("sec" | "ssb", _) => {
                let valid = !field(1).contains(['e', 'r', 'i', 'd', 'n']) && field(14) != "#";
                keys.push((valid && field(3) == RSA && field(11).contains('s'), Rsa::default()));
            }
            ("fpr", Some((_, key))) => key.fingerprint = field(9).to_owned(),
            ("grp", Some((_, key))) => key.grip = field(9).to_owned(),
            ("pkd", Some((_, key))) => {
                let number = bytes(field(3)).unwrap_or_default();
                match field(1) {
                    "0" => key.modulus = number,
                    "1" => key.exponent = number,
                    _ => {}
                }
            }
            _ => {}
        }
    }
    let whole = |key: &Rsa| !key.modulus.is_empty() && !key.exponent.is_empty() && !key.grip.is_empty();
    keys.into_iter().rev().find_map(|(signs, key)| (signs && whole(&key)).then_some(key))
}

/// The number in the agent's answer, `(7:sig-val(3:rsa(1:sLENGTH:…)))`, whose lines of data have three
/// bytes escaped (assuan's protocol).
fn signature(said: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    for line in said.split(|byte| *byte == b'\n') {
        data.extend_from_slice(line.strip_prefix(b"D ").unwrap_or_default());
    }
    let data: Vec<u8> = percent_encoding::percent_decode(&data).collect();
    let head = b"(7:sig-val(3:rsa(1:s";
    let rest = data.strip_prefix(head)?;
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let length: usize = std::str::from_utf8(&rest[..colon]).ok()?.parse().ok()?;
    rest.get(colon + 1..)?.get(..length).map(<[u8]>::to_vec)
}

/// A number without the zeros before it, which gpg may write.
fn bytes(digits: &str) -> Option<Vec<u8>> {
    let pairs =
        digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    Some(pairs.collect::<Option<Vec<u8>>>()?.into_iter().skip_while(|byte| *byte == 0).collect())
}

/// A number whose first bit says that it is not negative.
fn positive(number: &[u8]) -> Vec<u8> {
    let sign = number.first().is_some_and(|first| first & 0x80 != 0);
    [if sign { &[0][..] } else { &[] }, number].concat()
}

fn integer(number: &[u8]) -> Vec<u8> {
    der(0x02, &positive(number))
}

/// A value with its tag and length, as ASN.1's DER has it.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let long: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
    let length = match length {
        0..128 => vec![length as u8],
        _ => [&[0x80 | long.len() as u8][..], &long].concat(),
    };
    [&[tag][..], &length, content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `gpg --with-colons --with-key-data --list-secret-keys` writes it.
    fn list(first: &str, sub: &str) -> String {
        format!(
            "sec:u:3072:{first}:AA:1:::u:::scSC:::+::::0:\nfpr:::::::::FIRST:\ngrp:::::::::G1:\npkd:0:24:00C0FFEE:\n\
             pkd:1:17:010001:\nuid:u::::::::x:\nssb:{sub}:AB:1:::::s:::+:::23:\nfpr:::::::::SECOND:\ngrp:::::::::G2:\n\
             pkd:0:16:7001:\npkd:1:17:03:\n"
        )
    }

    #[test]
    fn the_newest_key_that_can_sign_is_taken() {
        let of = |text: &str| find(text).map(|key| (key.fingerprint, key.modulus, key.exponent));
        let second = Some(("SECOND".to_owned(), vec![0x70, 0x01], vec![3]));
        let first = Some(("FIRST".to_owned(), vec![0xc0, 0xff, 0xee], vec![1, 0, 1]));
        assert_eq!(of(&list("1", "u:2048:1")), first, "the subkey's letters are elsewhere");
        let sub = list("1", "u:2048:1").replace("ssb:u:2048:1:AB:1:::::s", "ssb:u:2048:1:AB:1::::::s");
        assert_eq!(of(&sub), second);
        assert_eq!(of(&sub.replace("ssb:u", "ssb:r")), first);
        assert_eq!(of(&sub.replace("2048:1:AB", "255:22:AB")), first);
        assert_eq!(of(&list("22", "u:255:18")), None);
        assert_eq!(of("gpg: nothing\n"), None);
    }

    #[test]
    fn numbers_are_written_as_others_read_them() {
        assert_eq!(integer(&[0xc0]), [2, 2, 0, 0xc0]);
        assert_eq!(der(4, &[7; 200])[..4], [4, 0x81, 200, 7]);
        assert_eq!(der(4, &[7; 300])[..5], [4, 0x82, 1, 44, 7]);
        assert_eq!(bytes("0001FF"), Some(vec![1, 0xff]));
        assert_eq!(bytes("0G"), None);
    }

    #[test]
    fn the_agents_answer_is_unwrapped() {
        let said = b"OK\nOK\nD (7:sig-val(3:rsa(1:s5:a%25%0A\nD b%0D)))\nOK\n";
        assert_eq!(signature(said), Some(b"a%\nb\r".to_vec()));
        assert_eq!(signature(b"OK\nERR 67108881 No secret key <GPG Agent>\n"), None);
        assert_eq!(signature(b"D (7:sig-val(3:rsa(1:s9:short)))\n"), None);
    }
}
