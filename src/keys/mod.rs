//! Floor 1, keys: who may open a file. A `Recipient` wraps the data key, an `Identity` unwraps it.
//! Starting plugins and reading key files is the business of `providers` and `world`.

pub mod age;
pub mod bech32;
pub mod key_file;
pub mod new_identity;
pub mod plugin;
pub mod post_quantum;
pub mod shamir;
pub mod ssh;

use zeroize::Zeroizing;

pub use crate::base::KeyKind;
use crate::base::{Node, RecipientId};

/// What is wrapped: the 32-byte data key, or one 33-byte Shamir share of it (spec 6.1). Wiped on drop.
pub type KeyShare = Zeroizing<Vec<u8>>;

/// One key entry of the metadata: a share, wrapped for one recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct WrappedKey {
    /// What kind of key it needs.
    pub kind: KeyKind,
    /// Whose: the text of the kind's `id_field`, e.g. `age1…`.
    pub recipient: String,
    /// The wrapped share, in the kind's own text form (age: ASCII armor).
    pub enc: String,
    /// Every other field of the entry, as read; empty for age.
    pub other: Vec<(Vec<u8>, Node)>,
}

impl WrappedKey {
    /// Whom it is wrapped for.
    #[must_use]
    pub fn recipient_id(&self) -> RecipientId {
        let other = self.other.iter().filter(|(name, _)| name != b"created_at").cloned();
        let mut other: Vec<_> = other.collect();
        // Files have them in any order, and it is the same recipient.
        other.sort_by(|one, two| one.0.cmp(&two.0));
        RecipientId { kind: self.kind, id: self.recipient.clone(), other }
    }
}

/// Someone who shall be able to open the file.
pub trait Recipient {
    /// As it stands in the metadata, e.g. `age1…`.
    fn id(&self) -> &str;

    /// Wraps `share`.
    ///
    /// # Errors
    /// When the recipient cannot be wrapped for; nothing may be written then.
    fn wrap(&self, share: &KeyShare) -> Result<WrappedKey, WrapError>;
}

/// `text` without anything that a terminal would obey; quotes and backslashes stay as they are.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' => safe.push(character),
            _ => safe.extend(character.escape_debug()),
        }
    }
    safe
}

/// Why a share could not be wrapped for a recipient.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrapError {
    /// It looks like the address of a key, and is none. The text is not kept: it may hold a password.
    #[error("an address among the recipients is none of a key")]
    Address,
    /// The cryptography below refused.
    #[error("the key cannot be wrapped for `{0}`")]
    Failed(String),
    /// The text, escaped, is no recipient we know.
    #[error("`{0}` is no age recipient")]
    Invalid(String),
    /// Nobody was asked: the program is missing, or the user has not allowed the address.
    #[error("{} `{id}`: {problem}", kind.name())]
    NotAsked {
        /// What kind of key.
        kind: KeyKind,
        /// Which, escaped.
        id: String,
        /// Why not, escaped.
        problem: String,
        /// What the user can do about it, escaped.
        advice: String,
    },
    /// The plugin that it needs is not to be had, or failed; its own words, escaped.
    #[error("the plugin `age-plugin-{name}` {problem}")]
    Plugin {
        /// Name without `age-plugin-`.
        name: String,
        /// What happened, without anything secret.
        problem: String,
    },
    /// A secret key stands where a recipient belongs. The text is not kept.
    #[error("that is a secret key, not a recipient")]
    Secret,
    /// The program or service that has the key is not to be had, or refused.
    #[error("{} `{id}`: {problem}", kind.name())]
    Service {
        /// What kind of key.
        kind: KeyKind,
        /// Which, escaped.
        id: String,
        /// What happened, escaped, without anything secret.
        problem: String,
    },
    /// Wrapping for this kind of key is not supported yet.
    #[error("writing `{}` keys is not supported yet", .0.name())]
    Unsupported(KeyKind),
}

/// Why a key that is addressed to an identity does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnwrapError {
    /// The wrapped key is damaged.
    #[error("the key wrapped for `{0}` is damaged")]
    Damaged(String),
    /// A passphrase was wrong, or nobody was there to type one.
    #[error("{0} is locked, and no right passphrase was given")]
    Locked(String),
    /// Nobody was asked: the program is missing, or the user has not allowed the address.
    #[error("{} `{id}`: {problem}", kind.name())]
    NotAsked {
        /// What kind of key.
        kind: KeyKind,
        /// Which, escaped.
        id: String,
        /// Why not, escaped.
        problem: String,
        /// What the user can do about it, escaped.
        advice: String,
    },
    /// The plugin that it needs is not to be had, or failed.
    #[error("the plugin `age-plugin-{name}` {problem}")]
    Plugin {
        /// Name without `age-plugin-`.
        name: String,
        /// What happened, without anything secret.
        problem: String,
    },
    /// The program or service that has the key is not to be had, or refused.
    #[error("{} `{id}`: {problem}", kind.name())]
    Service {
        /// What kind of key.
        kind: KeyKind,
        /// Which, escaped.
        id: String,
        /// What happened, escaped, without anything secret.
        problem: String,
    },
    /// The service that has the key did not answer.
    #[error("{} `{id}`: {problem}", kind.name())]
    Unanswered {
        /// What kind of key.
        kind: KeyKind,
        /// Which, escaped.
        id: String,
        /// Who did not answer, escaped.
        problem: String,
    },
}
