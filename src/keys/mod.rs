//! Floor 1, keys: who may open a file. A `Recipient` wraps the data key, an `Identity` unwraps it.
//! Starting plugins and reading key files is the business of `providers` and `world`.

pub mod age;
pub mod bech32;
pub mod key_file;
pub mod new_identity;
pub mod plugin;
pub mod post_quantum;
pub mod ssh;

use zeroize::Zeroizing;

/// What is wrapped: the 32-byte data key, or one 33-byte Shamir share of it (spec 6.1). Wiped on drop.
pub type KeyShare = Zeroizing<Vec<u8>>;

/// The kinds of key entry that sops knows (spec 4.2), named as in the metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum KeyKind {
    /// `age`: X25519, ssh, plugin and post-quantum recipients.
    Age,
    /// `azure_kv`
    AzureKv,
    /// `gcp_kms`
    GcpKms,
    /// `hc_vault`
    HcVault,
    /// `hckms`
    HcKms,
    /// `kms`
    Kms,
    /// `pgp`
    Pgp,
}

impl KeyKind {
    /// All of them, in the order sops keeps a group in after reading (spec 4.3).
    pub const ALL: [Self; 7] =
        [Self::Kms, Self::GcpKms, Self::HcKms, Self::AzureKv, Self::HcVault, Self::Pgp, Self::Age];

    /// The name of its list in the metadata.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Age => "age",
            Self::AzureKv => "azure_kv",
            Self::GcpKms => "gcp_kms",
            Self::HcVault => "hc_vault",
            Self::HcKms => "hckms",
            Self::Kms => "kms",
            Self::Pgp => "pgp",
        }
    }

    /// The field of its entries that says whose key it is.
    #[must_use]
    pub const fn id_field(self) -> &'static str {
        match self {
            Self::Age => "recipient",
            Self::AzureKv => "name",
            Self::GcpKms => "resource_id",
            Self::HcVault => "key_name",
            Self::HcKms => "key_id",
            Self::Kms => "arn",
            Self::Pgp => "fp",
        }
    }
}

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
    pub other: Vec<(Vec<u8>, crate::base::Node)>,
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

/// Something that may open a file.
pub trait Identity {
    /// Where it came from and its public half where that is cheap to know, for error messages; nothing secret.
    fn describe(&self) -> String;

    /// `None`: none of these is addressed to me. `Some(Err)`: one is mine, but broken or refused: stop.
    /// Sees all entries at once and tries its own first.
    fn unwrap(&self, all: &[WrappedKey]) -> Option<Result<KeyShare, UnwrapError>>;
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
    /// The cryptography below refused.
    #[error("the key cannot be wrapped for `{0}`")]
    Failed(String),
    /// The text, escaped, is no recipient we know.
    #[error("`{0}` is no age recipient")]
    Invalid(String),
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
    /// The plugin that it needs is not to be had, or failed.
    #[error("the plugin `age-plugin-{name}` {problem}")]
    Plugin {
        /// Name without `age-plugin-`.
        name: String,
        /// What happened, without anything secret.
        problem: String,
    },
}
