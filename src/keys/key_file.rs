//! Identity files: which keys a text holds (spec 6.2), behind a passphrase or not. Where such texts are found is the
//! business of `world::identities`; writing new ones, of `new_identity`.

use age::DecryptError;
use age_core::secrecy::SecretString;
use zeroize::Zeroizing;

use super::plugin::{PluginIdentity, Plugins};
use super::ssh::{Ask, SshKey};
use super::{KeyShare, UnwrapError, WrappedKey, age as wrapping, plugin, post_quantum};
use crate::base::Secret;

/// Bytes of an identity file at the most, as sops has it.
pub const LONGEST_FILE: usize = 16 << 20;
/// Identities in one file at the most: each may be tried on each entry.
const MOST_KEYS: usize = 10_000;
/// 2^22 rounds of scrypt take about 20 seconds and 4 GiB; beyond that lies sabotage.
const MOST_WORK: u8 = 22;

/// What an identity file holds.
pub enum KeyFile {
    /// A passphrase stands before it.
    Locked(LockedFile),
    /// Keys, in their order; at least one.
    Open(Vec<Key>),
}

/// One identity.
pub enum Key {
    /// A key in another program.
    Plugin(PluginIdentity),
    /// `AGE-SECRET-KEY-PQ-1…`
    PostQuantum(Box<post_quantum::Identity>),
    /// An ssh private key, perhaps still locked.
    Ssh(Box<SshKey>),
    /// `AGE-SECRET-KEY-1…`
    X25519(Box<age::x25519::Identity>),
}

/// An identity file that is an age file itself, encrypted with a passphrase.
pub struct LockedFile(Zeroizing<Vec<u8>>);

/// Why a text is no identity file. Never holds a line of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A line, counted from 1, that is neither empty, a comment nor an identity.
    #[error("line {0} is no identity")]
    BadLine(usize),
    /// Not a private key that ssh would read.
    #[error("it is no ssh private key")]
    BadSshKey,
    /// The age file inside is damaged, or not encrypted with a passphrase alone.
    #[error("it is damaged, or not encrypted with a passphrase")]
    Damaged,
    /// Nothing but comments.
    #[error("it holds no identity")]
    Empty,
    /// The passphrase was wrong, or nobody was there to type it.
    #[error("it is locked, and no right passphrase was given")]
    Locked,
    /// Bytes that are no text.
    #[error("it is no text")]
    NotText,
    /// More than 16 MiB, or 64 KiB for an ssh key.
    #[error("it is too large for an identity file")]
    TooLarge,
    /// More than 10,000 identities.
    #[error("it holds more than 10,000 identities")]
    TooMany,
    /// The passphrase was stretched beyond all measure.
    #[error("opening it would take too much work")]
    TooMuchWork,
    /// A key on a security token, of another algorithm, or in an outdated encryption.
    #[error("this kind of ssh key cannot be used; `ssh-keygen -p` renews an outdated encryption")]
    UnsupportedSshKey,
}

impl KeyFile {
    /// Reads an identity file.
    ///
    /// # Errors
    /// When a single line of it is not understood, so that no key is passed over in silence.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        if bytes.len() > LONGEST_FILE {
            return Err(KeyFileError::TooLarge);
        }
        if bytes.starts_with(b"age-encryption") || bytes.starts_with(b"-----BEGIN AGE") {
            return Ok(Self::Locked(LockedFile(Zeroizing::new(bytes.to_vec()))));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| KeyFileError::NotText)?;
        if SshKey::looks_like(text) {
            return Ok(Self::Open(vec![Key::Ssh(Box::new(SshKey::parse(text)?))]));
        }
        keys(text).map(Self::Open)
    }
}

/// The identities of a text, one a line or several between blanks.
fn keys(text: &str) -> Result<Vec<Key>, KeyFileError> {
    let mut keys = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with('#') {
            continue;
        }
        for word in line.split_whitespace() {
            keys.push(Key::parse(word).ok_or(KeyFileError::BadLine(index + 1))?);
            if keys.len() > MOST_KEYS {
                return Err(KeyFileError::TooMany);
            }
        }
    }
    if keys.is_empty() { Err(KeyFileError::Empty) } else { Ok(keys) }
}

impl LockedFile {
    /// The keys behind `passphrase`.
    ///
    /// # Errors
    /// `Locked` for a wrong one; otherwise what is wrong with the file.
    pub fn unlock(&self, passphrase: &Secret<String>) -> Result<Vec<Key>, KeyFileError> {
        let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.expose().as_str()));
        identity.set_max_work_factor(MOST_WORK);
        let opened = wrapping::open(&self.0, &identity, LONGEST_FILE as u64);
        let plain = opened.map_err(|error| match error {
            DecryptError::DecryptionFailed => KeyFileError::Locked,
            DecryptError::ExcessiveWork { .. } => KeyFileError::TooMuchWork,
            _ => KeyFileError::Damaged,
        })?;
        keys(std::str::from_utf8(&plain).map_err(|_| KeyFileError::NotText)?)
    }
}

impl Key {
    fn parse(word: &str) -> Option<Self> {
        if let Ok(identity) = word.parse() {
            return Some(Self::X25519(Box::new(identity)));
        }
        post_quantum::Identity::parse(word)
            .map(|identity| Self::PostQuantum(Box::new(identity)))
            .or_else(|| PluginIdentity::parse(word).map(Self::Plugin))
    }

    /// Its public half, as a recipient is written; `None` where only a plugin knows it.
    #[must_use]
    pub fn recipient(&self) -> Option<String> {
        match self {
            Self::Plugin(_) => None,
            Self::PostQuantum(identity) => identity.to_public().map(|public| public.text()),
            Self::Ssh(key) => Some(key.recipient().to_owned()),
            Self::X25519(identity) => Some(identity.to_public().to_string()),
        }
    }

    /// Unwraps `key`; `None` if it is not addressed to this identity. `ask` is called only for a locked ssh key that it
    /// is addressed to, `plugins` only for a plugin's identity. `place` says in errors where the identity came from.
    pub fn unwrap(
        &self,
        key: &WrappedKey,
        place: &str,
        ask: Ask<'_>,
        plugins: &dyn Plugins,
    ) -> Option<Result<KeyShare, UnwrapError>> {
        let unwrapped = match self {
            Self::Plugin(identity) => wrapping::unwrap(key, &identity.with(plugins)),
            Self::PostQuantum(identity) => wrapping::unwrap(key, identity.as_ref()),
            Self::Ssh(ssh) => wrapping::unwrap(key, &ssh.with(ask)),
            Self::X25519(identity) => wrapping::unwrap(key, identity.as_ref()),
        };
        Some(unwrapped?.map_err(|error| match (error, self) {
            (DecryptError::KeyDecryptionFailed, _) => UnwrapError::Locked(place.to_owned()),
            (DecryptError::Io(error), Self::Plugin(identity)) => match plugin::words(&error) {
                Some(problem) => UnwrapError::Plugin { name: identity.name.as_str().to_owned(), problem },
                None => UnwrapError::Damaged(key.recipient.clone()),
            },
            _ => UnwrapError::Damaged(key.recipient.clone()),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AGE-SECRET-KEY-1PVC9275LCN5SUV6C0K3V0MQ3XEDCPFW2AU2RJH5R4RXLY9EUVXRQ98K663";
    const PQ_KEY: &str = "AGE-SECRET-KEY-PQ-1PVC9275LCN5SUV6C0K3V0MQ3XEDCPFW2AU2RJH5R4RXLY9EUVXRQLFKM5E";

    fn count(text: &[u8]) -> Result<usize, KeyFileError> {
        match KeyFile::parse(text)? {
            KeyFile::Open(keys) => Ok(keys.len()),
            KeyFile::Locked(_) => panic!("locked"),
        }
    }

    #[test]
    fn comments_empty_lines_and_line_ends_are_passed_over() {
        let text = format!("# created: today\r\n\r\n{KEY}\r\n  # more\n {KEY} {PQ_KEY} \n\n");
        assert_eq!(count(text.as_bytes()), Ok(3));
    }

    #[test]
    fn one_bad_line_fails_the_whole_file_by_its_number() {
        let cut = &KEY[..70];
        for (text, problem) in [
            (format!("{KEY}\n{cut}"), KeyFileError::BadLine(2)),
            (format!("{KEY} # mine"), KeyFileError::BadLine(1)),
            ("# nothing\n".to_owned(), KeyFileError::Empty),
            (format!("{KEY}\n").repeat(10_001), KeyFileError::TooMany),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nnonsense".to_owned(), KeyFileError::BadSshKey),
            ("-----BEGIN PRIVATE KEY-----\nnonsense".to_owned(), KeyFileError::BadSshKey),
        ] {
            assert_eq!(count(text.as_bytes()), Err(problem));
            assert!(!problem.to_string().contains("AGE-"));
        }
        assert_eq!(count(b"\xff"), Err(KeyFileError::NotText));
        assert_eq!(count(&vec![b'#'; LONGEST_FILE + 1]), Err(KeyFileError::TooLarge));
    }

    fn unlock(work: u8, text: &str, passphrase: &str) -> Result<usize, KeyFileError> {
        let mut recipient = age::scrypt::Recipient::new("open sesame".to_owned().into());
        recipient.set_work_factor(work);
        let locked = wrapping::seal(&recipient, text.as_bytes()).unwrap();
        let KeyFile::Locked(file) = KeyFile::parse(locked.as_bytes())? else { panic!("open") };
        file.unlock(&Secret::new(passphrase.to_owned())).map(|keys| keys.len())
    }

    #[test]
    fn a_locked_file_opens_with_its_passphrase_alone() {
        assert_eq!(unlock(2, KEY, "open sesame"), Ok(1));
        assert_eq!(unlock(2, KEY, "guess"), Err(KeyFileError::Locked));
        assert_eq!(unlock(2, "nonsense", "open sesame"), Err(KeyFileError::BadLine(1)));
    }

    #[test]
    fn a_file_that_would_keep_us_busy_for_hours_is_refused() {
        let (salt, body) = ("A".repeat(22), "A".repeat(43));
        let header = format!("age-encryption.org/v1\n-> scrypt {salt} 23\n{body}\n--- {body}\n");
        let Ok(KeyFile::Locked(locked)) = KeyFile::parse((header + &salt).as_bytes()) else { panic!("open") };
        let refused = locked.unlock(&Secret::default()).map(|_| ());
        assert_eq!(refused, Err(KeyFileError::TooMuchWork));
    }
}
