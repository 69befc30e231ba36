//! New identities: the text that `keygen` writes, as `age-keygen` does.

use age_core::secrecy::SecretString;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zeroize::Zeroizing;

use super::{age as wrapping, bech32, post_quantum};
use crate::base::Secret;
use crate::base::ports::{Clock, NoRandomness, Random};

/// An identity that nobody has seen yet.
#[derive(Clone, Debug)]
pub struct NewIdentity {
    /// Its public half, `age1…`.
    pub recipient: String,
    /// The identity file: three lines, the last with the secret key.
    pub text: Secret<String>,
}

/// The kinds of identity that can be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NewKind {
    /// Safe from future quantum computers; 1,959 characters a recipient.
    PostQuantum,
    /// What every age reads.
    #[default]
    X25519,
}

/// Rounds of scrypt, as a power of two: about a second, as `age` takes it.
const WORK: u8 = 18;
const X25519_PREFIX: &str = "age-secret-key-";

impl NewIdentity {
    /// Draws a key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate(kind: NewKind, clock: &dyn Clock, random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut seed = Zeroizing::new([0; 32]);
        random.fill(&mut *seed)?;
        let prefix = match kind {
            NewKind::PostQuantum => post_quantum::IDENTITY_PREFIX,
            NewKind::X25519 => X25519_PREFIX,
        };
        let spelled = Zeroizing::new(bech32::encode(prefix, &*seed).unwrap_or_default());
        let key = Zeroizing::new(spelled.to_uppercase());
        let recipient = match kind {
            NewKind::PostQuantum => post_quantum::Identity::from_seed(&*seed)
                .and_then(|identity| identity.to_public())
                .map(|public| public.text()),
            NewKind::X25519 => {
                key.parse::<age::x25519::Identity>().ok().map(|identity| identity.to_public().to_string())
            }
        };
        let recipient = recipient.ok_or(NoRandomness)?;
        let created = created(clock.now());
        let text = format!("# created: {created}\n# public key: {recipient}\n{}\n", key.as_str());
        Ok(Self { recipient, text: Secret::new(text) })
    }

    /// The identity file behind `passphrase`: an armored age file. Takes about a second.
    /// `None` if the cryptography below refused.
    #[must_use]
    pub fn locked(&self, passphrase: &Secret<String>) -> Option<String> {
        let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.expose().as_str()));
        recipient.set_work_factor(WORK);
        wrapping::seal(&recipient, self.text.expose().as_bytes()).ok()
    }
}

/// Whole seconds, as `age-keygen` writes them.
fn created(now: OffsetDateTime) -> String {
    now.replace_nanosecond(0).ok().and_then(|now| now.format(&Rfc3339).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::key_file::{Key, KeyFile};
    use super::*;
    use crate::base::ports::{CountedRandom, FrozenClock};

    fn generate(kind: NewKind) -> NewIdentity {
        let clock =
            FrozenClock(OffsetDateTime::from_unix_timestamp_nanos(1_767_323_045_600_000_000).unwrap());
        NewIdentity::generate(kind, &clock, &CountedRandom::default()).unwrap()
    }

    fn recipients(file: KeyFile) -> Vec<String> {
        match file {
            KeyFile::Open(keys) => keys.iter().filter_map(Key::recipient).collect(),
            KeyFile::Locked(_) => Vec::new(),
        }
    }

    #[test]
    fn a_new_identity_file_holds_its_recipient_and_its_key() {
        for (kind, public, secret) in [
            (NewKind::X25519, "age1", "AGE-SECRET-KEY-1"),
            (NewKind::PostQuantum, "age1pq1", "AGE-SECRET-KEY-PQ-1"),
        ] {
            let new = generate(kind);
            assert!(new.recipient.starts_with(public));
            let lines: Vec<_> = new.text.expose().lines().collect();
            assert_eq!(lines[0], "# created: 2026-01-02T03:04:05Z");
            assert_eq!(lines[1], format!("# public key: {}", new.recipient));
            assert!(lines[2].starts_with(secret));
            let file = KeyFile::parse(new.text.expose().as_bytes()).unwrap();
            assert_eq!(recipients(file), [new.recipient]);
        }
    }

    #[test]
    fn a_locked_identity_file_opens_with_its_passphrase() {
        let new = generate(NewKind::X25519);
        let passphrase = Secret::new("open sesame".to_owned());
        let locked = new.locked(&passphrase).unwrap();
        let KeyFile::Locked(file) = KeyFile::parse(locked.as_bytes()).unwrap() else { panic!("open") };
        assert_eq!(recipients(KeyFile::Open(file.unlock(&passphrase).unwrap())), [new.recipient]);
    }
}
