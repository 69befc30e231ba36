//! Identities and other private keys in a text. Only what is a key counts: its armor or first letters alone stand in
//! many programs and manuals.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::super::validation::Finding;
use super::{code, finding, typed};
use crate::base::span::line_of;
use crate::keys::key_file::{Key, KeyFile};
use crate::schema::Severity;

/// A private key in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// Where.
    at: usize,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// An age identity.
    Age,
    /// An age file that a passphrase opens.
    LockedAge,
    /// An identity that an age plugin works with.
    Plugin,
    /// A private key in PEM, of OpenSSH, of gpg.
    Pem,
    /// The same behind a passphrase.
    LockedPem,
    /// A private key of dotenvx.
    Dotenvx,
}

impl What {
    const fn severity(self) -> Severity {
        match self {
            Self::Age | Self::Dotenvx | Self::Pem => Severity::Error,
            Self::LockedAge | Self::LockedPem | Self::Plugin => Severity::Warning,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Age => "an age identity stands here: whoever has it reads what is encrypted for it",
            Self::Dotenvx => {
                "a private key of dotenvx stands here: whoever has it reads what is encrypted for it"
            }
            Self::LockedAge => {
                "an age file stands here that only a passphrase guards: whoever has it can guess for ever"
            }
            Self::LockedPem => {
                "a private key stands here that only a passphrase guards: whoever has it can guess for ever"
            }
            Self::Pem => "a private key stands here",
            Self::Plugin => "an identity of an age plugin stands here; some plugins keep the whole key in it",
        }
    }
}

/// The private keys in `bytes`, one of each kind.
pub fn judge(path: &Path, place: &Path, bytes: &[u8]) -> Option<Vec<Finding>> {
    let mut seen: Vec<Seen> = Vec::new();
    for one in keys(bytes) {
        if !seen.iter().any(|other| other.what == one.what) {
            seen.push(one);
        }
    }
    let told = |one: Seen| {
        let next = format!("{}; `git rm --cached {}` takes it out of git", one.what.words(), typed(path));
        let found = finding(place.to_owned(), code::IDENTITY, one.what.severity(), next);
        Finding { line: line_of(bytes, one.at), ..found }
    };
    (!seen.is_empty()).then(|| seen.into_iter().map(told).collect())
}

/// Whether a key stands in `bytes` that opens something by itself.
pub fn holds_a_key(bytes: &[u8]) -> bool {
    keys(bytes).iter().any(|one| one.what.severity() == Severity::Error)
}

fn keys(bytes: &[u8]) -> Vec<Seen> {
    let mut found = Vec::new();
    if is_locked_age(bytes) {
        found.push(Seen { at: 0, what: What::LockedAge });
    }
    for sign in ["AGE-SECRET-KEY-", "age-secret-key-", "AGE-PLUGIN-"] {
        found.extend(memchr::memmem::find_iter(bytes, sign).filter_map(|at| age(bytes, at)));
    }
    found.extend(memchr::memmem::find_iter(bytes, "-----BEGIN ").filter_map(|at| pem(bytes, at)));
    found.extend(memchr::memmem::find_iter(bytes, "DOTENV_PRIVATE_KEY").filter_map(|at| dotenvx(bytes, at)));
    found
}

/// A word that age reads as an identity, its checksum included.
fn age(bytes: &[u8], at: usize) -> Option<Seen> {
    let rest = bytes.get(at..)?;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let length = rest.iter().take(LONGEST_WORD).position(|byte| !is_part(byte));
    let word = rest.get(..length.unwrap_or(rest.len().min(LONGEST_WORD)))?;
    let Ok(KeyFile::Open(keys)) = KeyFile::parse(word) else { return None };
    let what = if let [Key::Plugin(_)] = keys.as_slice() { What::Plugin } else { What::Age };
    Some(Seen { at, what })
}

/// Armor round a private key, in a file of its own or within a string.
fn pem(bytes: &[u8], at: usize) -> Option<Seen> {
    let rest = bytes.get(at..)?;
    let head = rest.get(11..rest.len().min(LONGEST_HEAD))?;
    let label = head.get(..memchr::memmem::find(head, b"-----")?)?;
    let is_private = label.ends_with(b"PRIVATE KEY") || label == b"PGP PRIVATE KEY BLOCK";
    if !is_private {
        return None;
    }
    let body = rest.get(11 + label.len() + 5..)?;
    let body = body.get(..memchr::memmem::find(body, b"-----END")?.min(LONGEST_BODY))?;
    let text = unfolded(body);
    let is_named_locked =
        label.starts_with(b"ENCRYPTED") || memchr::memmem::find(&text, b"ENCRYPTED").is_some();
    let last = text.split(|byte| *byte == b'\n').max_by_key(|line| line.len())?;
    if last.len() < SHORTEST_LINE
        || !last.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
    {
        return None;
    }
    let is_locked = is_named_locked || (label == b"OPENSSH PRIVATE KEY" && is_locked_openssh(&text));
    Some(Seen { at, what: if is_locked { What::LockedPem } else { What::Pem } })
}

/// Lines without blanks round them; a string of JSON spells their ends `\n`.
fn unfolded(body: &[u8]) -> Vec<u8> {
    let mut lines: Vec<u8> = Vec::with_capacity(body.len());
    let mut bytes = body.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' if bytes.next_if(|next| b"nr".contains(next)).is_some() => lines.push(b'\n'),
            b' ' | b'\t' | b'\r' | b'"' | b'\'' | b',' => {}
            other => lines.push(*other),
        }
    }
    lines
}

/// Whether the key of OpenSSH says that it is encrypted: the name of the cipher stands in front.
fn is_locked_openssh(text: &[u8]) -> bool {
    let letters: Vec<u8> = text.iter().copied().filter(|byte| *byte != b'\n').take(64).collect();
    let Ok(start) = BASE64_STANDARD.decode(letters) else { return false };
    let Some(rest) = start.strip_prefix(b"openssh-key-v1\0\0\0\0") else { return false };
    !rest.starts_with(b"\x04none")
}

/// A name of dotenvx with a private key: 64 hexadecimal digits.
fn dotenvx(bytes: &[u8], at: usize) -> Option<Seen> {
    let rest = bytes.get(at..at.saturating_add(LONGEST_HEAD + 64).min(bytes.len()))?;
    let sign = rest.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
    let value = rest.get(sign..)?;
    let start = value.iter().position(u8::is_ascii_hexdigit)?;
    let between = value.get(..start)?;
    let is_assigned = between.iter().all(|byte| b"=:\"' ".contains(byte))
        && between.iter().any(|byte| b"=:".contains(byte));
    let digits = value.get(start..)?.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    (is_assigned && digits == 64).then_some(Seen { at, what: What::Dotenvx })
}

/// An age file for a passphrase, in binary or in armor.
fn is_locked_age(bytes: &[u8]) -> bool {
    const START: &[u8] = b"age-encryption.org/v1\n-> scrypt ";
    if bytes.starts_with(START) {
        return true;
    }
    let Some(body) = bytes.trim_ascii_start().strip_prefix(b"-----BEGIN AGE ENCRYPTED FILE-----") else {
        return false;
    };
    let letters: Vec<u8> = body.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).take(64).collect();
    BASE64_STANDARD.decode(letters).is_ok_and(|start| start.starts_with(START))
}

/// Letters of an identity at the most; those of plugins may be long.
const LONGEST_WORD: usize = 8 << 10;
/// Bytes of the first line of armor.
const LONGEST_HEAD: usize = 96;
/// Bytes of a key in armor.
const LONGEST_BODY: usize = 64 << 10;
/// Letters of a line of a key: none is so short that an example of one would count.
const SHORTEST_LINE: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AGE-SECRET-KEY-1PVC9275LCN5SUV6C0K3V0MQ3XEDCPFW2AU2RJH5R4RXLY9EUVXRQ98K663";

    fn kinds(text: &str) -> Vec<What> {
        keys(text.as_bytes()).into_iter().map(|one| one.what).collect()
    }

    #[test]
    fn age_identities_are_told_by_their_checksum() {
        assert_eq!(kinds(&format!("# mine\nkey = \"{KEY}\",\n")), [What::Age]);
        assert_eq!(kinds(&KEY.to_lowercase()), [What::Age]);
        for text in ["AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1QQQQ...", &KEY.replace("PVC", "PVD"), &KEY[..60]] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn armor_counts_round_a_key_only() {
        let line = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj";
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PGP PRIVATE KEY BLOCK"] {
            let text = format!("-----BEGIN {label}-----\n{line}\n-----END {label}-----\n");
            assert_eq!(kinds(&text), [What::Pem], "{label}");
            assert_eq!(kinds(&text.replace('\n', "\n    ")), [What::Pem], "{label}");
            assert_eq!(kinds(&text.replace('\n', "\\n")), [What::Pem], "{label}");
        }
        for text in [
            format!("-----BEGIN ENCRYPTED PRIVATE KEY-----\n{line}\n-----END ENCRYPTED PRIVATE KEY-----\n"),
            format!(
                "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n{line}\n-----END RSA PRIVATE KEY-----"
            ),
        ] {
            assert_eq!(kinds(&text), [What::LockedPem], "{text}");
        }
        for text in [
            "if text.starts_with(\"-----BEGIN PRIVATE KEY-----\") {\n    return;\n}\n".to_owned(),
            "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n".to_owned(),
            format!("-----BEGIN CERTIFICATE-----\n{line}\n-----END CERTIFICATE-----\n"),
            format!("-----BEGIN PUBLIC KEY-----\n{line}\n-----END PUBLIC KEY-----\n"),
        ] {
            assert_eq!(kinds(&text), [], "{text}");
        }
    }

    #[test]
    fn a_key_of_openssh_says_whether_it_is_locked() {
        let key = |cipher: &str| {
            let length = u8::try_from(cipher.len()).unwrap();
            let bytes = [b"openssh-key-v1\0\0\0\0", &[length][..], cipher.as_bytes(), &[7; 90]].concat();
            let body = BASE64_STANDARD.encode(bytes);
            let (one, two) = body.split_at(70);
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{one}\n{two}\n-----END OPENSSH PRIVATE KEY-----\n")
        };
        assert_eq!(kinds(&key("none")), [What::Pem]);
        assert_eq!(kinds(&key("aes256-ctr")), [What::LockedPem]);
    }

    #[test]
    fn keys_of_dotenvx_have_64_digits() {
        let digits = "0123456789abcdef".repeat(4);
        assert_eq!(kinds(&format!("DOTENV_PRIVATE_KEY_PRODUCTION=\"{digits}\"\n")), [What::Dotenvx]);
        assert_eq!(kinds(&format!("DOTENV_PRIVATE_KEY: {digits}\n")), [What::Dotenvx]);
        for text in ["DOTENV_PRIVATE_KEY=", "DOTENV_PRIVATE_KEY=abc", "DOTENV_PRIVATE_KEY=${{ secrets.KEY }}"]
        {
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn an_age_file_for_a_passphrase_is_told_from_one_for_a_recipient() {
        let file = |kind: &str| {
            format!("age-encryption.org/v1\n-> {kind} c2FsdHNhbHRzYWx0c2FsdA 18\nAAAA\n--- AAAA\n")
        };
        assert_eq!(kinds(&file("scrypt")), [What::LockedAge]);
        assert_eq!(kinds(&file("X25519")), []);
        let armor =
            |text: String| format!("-----BEGIN AGE ENCRYPTED FILE-----\n{}\n", BASE64_STANDARD.encode(text));
        assert_eq!(kinds(&armor(file("scrypt"))), [What::LockedAge]);
        assert_eq!(kinds(&armor(file("X25519"))), []);
    }
}
