//! ssh private keys: `~/.ssh/id_ed25519` and its like, with and without a passphrase.

use std::cell::OnceCell;

use age::DecryptError;
use age::ssh;
use age_core::format::{FileKey, Stanza};
use age_core::secrecy::SecretString;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use sha2::{Digest, Sha256};

use super::key_file::KeyFileError;
use crate::base::Secret;

/// One private key. A passphrase is asked for at most once, and not before something is addressed to the key.
pub struct SshKey {
    recipient: String,
    tag: String,
    key: ssh::Identity,
    unlocked: OnceCell<Option<ssh::Identity>>,
}

/// Asks a person for the passphrase of a key; `None` when nobody answers.
pub type Ask<'a> = &'a dyn Fn() -> Option<Secret<String>>;

/// Bytes of a private key file at the most; an RSA key of 16,384 bits has 13,000.
const LONGEST: usize = 64 << 10;
/// Rounds of bcrypt at the most: about ten seconds. `ssh-keygen` takes 24.
const MOST_ROUNDS: u32 = 1000;

impl SshKey {
    /// Whether `text` looks like a private key file: PEM armor of any kind that holds a private key.
    #[must_use]
    pub fn looks_like(text: &str) -> bool {
        text.starts_with("-----BEGIN ")
            && text.lines().next().is_some_and(|line| line.contains("PRIVATE KEY"))
    }

    /// Reads a private key file of OpenSSH, or an unencrypted PKCS#1 one.
    ///
    /// # Errors
    /// When it is none, or of a kind that age has no use for.
    pub fn parse(text: &str) -> Result<Self, KeyFileError> {
        if text.len() > LONGEST {
            return Err(KeyFileError::TooLarge);
        }
        let key = ssh::Identity::from_buffer(text.as_bytes(), None).map_err(|_| KeyFileError::BadSshKey)?;
        if matches!(key, ssh::Identity::Encrypted(_))
            && rounds(text).is_none_or(|rounds| rounds > MOST_ROUNDS)
        {
            return Err(KeyFileError::TooMuchWork);
        }
        let public = ssh::Recipient::try_from(key.clone()).map_err(|_| KeyFileError::UnsupportedSshKey)?;
        let recipient = public.to_string();
        let blob = recipient.split(' ').nth(1).and_then(|blob| BASE64_STANDARD.decode(blob).ok());
        let digest = Sha256::digest(blob.ok_or(KeyFileError::BadSshKey)?);
        let tag = digest.get(..4).map(|tag| BASE64_STANDARD_NO_PAD.encode(tag)).unwrap_or_default();
        Ok(Self { recipient, tag, key, unlocked: OnceCell::new() })
    }

    /// Its public half, `ssh-ed25519 …` or `ssh-rsa …`, without a comment.
    #[must_use]
    pub fn recipient(&self) -> &str {
        &self.recipient
    }

    /// Whether a passphrase must still be asked for.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self.key, ssh::Identity::Encrypted(_)) && !matches!(self.unlocked.get(), Some(Some(_)))
    }

    /// As age sees it, when `ask` knows the passphrase.
    pub fn with<'a>(&'a self, ask: Ask<'a>) -> impl age::Identity + 'a {
        Asking { key: self, ask }
    }

    fn is_addressed_by(&self, stanza: &Stanza) -> bool {
        self.recipient.split(' ').next() == Some(&stanza.tag) && stanza.args.first() == Some(&self.tag)
    }

    fn open(&self, ask: Ask<'_>) -> Option<&ssh::Identity> {
        let ssh::Identity::Encrypted(locked) = &self.key else { return Some(&self.key) };
        let unlock = || {
            let passphrase = SecretString::from(ask()?.expose().as_str());
            locked.decrypt(passphrase).ok().map(ssh::Identity::from)
        };
        self.unlocked.get_or_init(unlock).as_ref()
    }
}

/// The rounds of bcrypt that protect an encrypted OpenSSH key; they stand before it in the clear.
fn rounds(text: &str) -> Option<u32> {
    let armored = text.lines().skip(1).take_while(|line| !line.starts_with('-'));
    let bytes = BASE64_STANDARD.decode(armored.map(str::trim).collect::<String>()).ok()?;
    let (_cipher, rest) = field(bytes.strip_prefix(b"openssh-key-v1\0")?)?;
    let (_stretching, rest) = field(rest)?;
    let (options, _) = field(rest)?;
    let (_salt, rounds) = field(options)?;
    rounds.try_into().ok().map(u32::from_be_bytes)
}

/// A string of the ssh protocol (RFC 4251, section 5), and what follows it.
fn field(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

struct Asking<'a> {
    key: &'a SshKey,
    ask: Ask<'a>,
}

impl age::Identity for Asking<'_> {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        if !self.key.is_addressed_by(stanza) {
            return None;
        }
        match self.key.open(self.ask) {
            Some(key) => age::Identity::unwrap_stanza(key, stanza),
            None => Some(Err(DecryptError::KeyDecryptionFailed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locked_key_that_would_keep_us_busy_for_hours_is_refused() {
        let key = |rounds: u32| {
            let field = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
            let options = [field(&[1; 16]), rounds.to_be_bytes().to_vec()].concat();
            // The base point of the curve is as good a public key as any.
            let public = [field(b"ssh-ed25519"), field(&[&[0x58_u8][..], &[0x66; 31]].concat())].concat();
            let fields = [b"aes256-ctr".as_slice(), b"bcrypt", &options].map(field).concat();
            let tail = [1_u32.to_be_bytes().to_vec(), field(&public), field(&[3; 144])].concat();
            let body = BASE64_STANDARD.encode([b"openssh-key-v1\0".to_vec(), fields, tail].concat());
            let lines: Vec<_> =
                body.as_bytes().chunks(70).map(|line| str::from_utf8(line).unwrap()).collect();
            let text = lines.join("\n");
            format!("-----BEGIN OPENSSH PRIVATE KEY-----\n{text}\n-----END OPENSSH PRIVATE KEY-----\n")
        };
        assert!(SshKey::parse(&key(MOST_ROUNDS)).is_ok_and(|key| key.is_locked()));
        assert!(matches!(SshKey::parse(&key(MOST_ROUNDS + 1)), Err(KeyFileError::TooMuchWork)));
    }

    #[test]
    fn outdated_and_foreign_private_keys_are_told_apart() {
        let pem =
            |body: &str| format!("-----BEGIN RSA PRIVATE KEY-----\n{body}\n-----END RSA PRIVATE KEY-----\n");
        let encrypted = pem("Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA");
        for (text, problem) in [
            (encrypted, KeyFileError::UnsupportedSshKey),
            (pem("AAAA"), KeyFileError::BadSshKey),
            ("x".repeat(LONGEST + 1), KeyFileError::TooLarge),
        ] {
            assert!(matches!(SshKey::parse(&text), Err(found) if found == problem), "{problem:?}");
        }
    }
}
