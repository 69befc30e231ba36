//! Floor 2, the promise: documents, ciphers, keys and policy brought together, without touching the machine.
//! What is encrypted opens again, byte for byte; what was tampered with does not open.

mod clear;
mod convert;
mod error;
mod merge;
mod metadata;
mod open;
mod plain;
mod rekey;
mod reuse;
mod rewrap;
mod seal;
mod sealed;
mod update;
mod walk;
mod write;

pub use clear::clear_leaves;
pub use convert::{encrypt_as, expand_aliases, trees};
pub use error::{EncryptError, FormError, OpenError};
pub use merge::{
    Choice, MergeError, Merged, MergedText, lines, merge, merge_preferring_ours, merge_texts, says_the_same,
};
pub use metadata::{Extension, Metadata, MetadataError};
pub use open::{Leaf, Opened, Verdict};
pub use plain::{ChangeError, Plain};
pub use rekey::rekey;
pub use rewrap::{RewrapError, rewrap};
pub use sealed::Sealed;
pub use update::update;
pub use write::{Written, encrypt, reencrypt, reencrypt_from};
