//! What can go wrong between text and meaning. Places and names; never a value.

use super::MetadataError;
use super::walk::AliasBomb;
use crate::base::ports::NoRandomness;
use crate::base::{ParseError, Path};
use crate::cipher::CipherError;
use crate::document::EditError;
use crate::policy::InvalidRegex;

/// A text that is not what it should be: plaintext where a sealed file belongs, or the reverse.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// It already has sops metadata.
    #[error("it is already encrypted")]
    AlreadyEncrypted,
    /// Its metadata cannot be used.
    #[error("{0}")]
    Metadata(#[from] MetadataError),
    /// It has no sops metadata.
    #[error("it is not encrypted: it has no sops metadata")]
    NotEncrypted,
    /// It is no document of its format.
    #[error("{0}")]
    Parse(#[from] ParseError),
}

/// Why a file with the right key does not open: it is not what its last writer left (exit 5).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// An alias leads to a ciphertext, into itself, or stands for more than a million leaves.
    #[error("the alias at `{0}` leads to an encrypted value or into itself")]
    Alias(Path),
    /// The MAC does not decrypt.
    #[error("the MAC does not decrypt: it, or `lastmodified`, was changed")]
    MacDamaged,
    /// A clear value, or the order or number of values, was changed.
    #[error("the MAC does not match: a value was changed, added, moved or removed")]
    MacMismatch,
    /// There is no MAC.
    #[error("the file has no MAC")]
    MacMissing,
    /// A value stands in the clear where the selector wants it encrypted.
    #[error("`{0}` is not encrypted, but the file's selector says it must be")]
    NotEncrypted(Path),
    /// The seal does not fit: a value, name, type, comment, structure, selector or recipient was changed.
    #[error(
        "the seal does not match: a value, a name, the structure, the selector or the recipients were changed"
    )]
    SealBroken,
    /// The file was sealed, and the seal is gone.
    #[error("the seal was removed, by `sops updatekeys` or `sops groups`, or to hide a change")]
    SealRemoved,
    /// A value does not open, or not as the type it says.
    #[error("`{path}` does not decrypt: {cause}")]
    Value {
        /// Which.
        path: Path,
        /// Why.
        cause: CipherError,
    },
}

/// Why a document cannot be encrypted; nothing may be written then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// An alias or merge key reaches a leaf that is to be encrypted: sops could not decrypt the copy.
    #[error("line {line}: an alias or merge key leads to a value that is to be encrypted")]
    Alias {
        /// Line of the value.
        line: usize,
    },
    /// The cipher refused: more than 64 GiB.
    #[error("{0}")]
    Cipher(#[from] CipherError),
    /// The format cannot hold the result.
    #[error("{0}")]
    Edit(#[from] EditError),
    /// A value that stays clear would not say the same in the other format.
    #[error("a value that stays clear would not read the same in {0}")]
    OtherFormat(&'static str),
    /// The document does not read back. This is a bug of ours, found before anything was written.
    #[error("the encrypted text does not read back ({0}); nothing was written")]
    ReadBack(ParseError),
    /// The system has no randomness.
    #[error("{0}")]
    Random(#[from] NoRandomness),
    /// sops would take an invalid expression for one that never matches, and leave everything in the clear.
    #[error("{0}")]
    Regex(#[from] InvalidRegex),
    /// The comment selector matches what encrypted comments look like.
    #[error("the comment selector matches ciphertext, so no encrypted comment could be told from a marker")]
    SelectorMatchesCiphertext,
}

impl From<AliasBomb> for OpenError {
    /// The caller, which has the document, fills in the path.
    fn from(_: AliasBomb) -> Self {
        Self::Alias(Path::default())
    }
}

impl From<AliasBomb> for EncryptError {
    fn from(_: AliasBomb) -> Self {
        Self::Alias { line: 0 }
    }
}
