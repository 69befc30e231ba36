//! The exit codes of sops (spec 8.1), and which of them each failure of ours is.

use super::super::failure::{Code, Failure};
use crate::envelope::OpenError;
use crate::workspace::Error;
use crate::world::FileError;

/// Most failures.
pub const GENERIC: u8 = 1;
/// The input cannot be read, or is no document of its format.
pub const UNREADABLE: u8 = 2;
/// The output cannot be written.
pub const UNWRITABLE: u8 = 3;
/// The output's format cannot hold what there is.
pub const CANNOT_DUMP: u8 = 4;
/// A path or value for `set` and `unset` that is none.
pub const BAD_SET: u8 = 7;
/// Flags that contradict each other.
pub const CONFLICT: u8 = 8;
/// Values cannot be encrypted.
pub const CANNOT_ENCRYPT: u8 = 23;
/// A value does not decrypt.
pub const CANNOT_DECRYPT: u8 = 25;
/// A file that does not exist, but its keys shall be changed or shown.
pub const NO_FILE_TO_CHANGE: u8 = 49;
/// The MAC, or our seal, does not fit.
pub const MAC_MISMATCH: u8 = 51;
/// A path for `--extract` that is none.
pub const BAD_PATH: u8 = 91;
/// A YAML file without a document.
pub const NO_DOCUMENT: u8 = 92;
/// No file, or one that does not exist.
pub const NO_FILE: u8 = 100;
/// A kind of key stands twice in the order of trying.
pub const DUPLICATE_KIND: u8 = 112;
/// No key opens the file.
pub const NO_KEY: u8 = 128;
/// An edit changed nothing.
pub const NOT_MODIFIED: u8 = 200;
/// There is no editor, or it failed.
pub const NO_EDITOR: u8 = 201;
/// The file has metadata already, or names that look like it.
pub const ALREADY_ENCRYPTED: u8 = 203;

/// A failure with `code`.
pub fn exit(code: u8, message: impl Into<String>) -> Failure {
    Failure { code: Code::Other(code), ..Failure::user(message) }
}

/// The same failure with `code`.
#[must_use]
pub fn with(code: u8, failure: impl Into<Failure>) -> Failure {
    Failure { code: Code::Other(code), ..failure.into() }
}

/// A file that was to be opened.
#[must_use]
pub fn opening(error: Error) -> Failure {
    let code = match &error {
        Error::File(_) => UNREADABLE,
        Error::NoIdentity { .. } | Error::Identity { .. } | Error::Shares { .. } => NO_KEY,
        Error::Open {
            cause: OpenError::Value { .. } | OpenError::NotEncrypted(_) | OpenError::Alias(_),
            ..
        } => CANNOT_DECRYPT,
        Error::Open { .. } | Error::SealRequired(_) => MAC_MISMATCH,
        _ => GENERIC,
    };
    with(code, error)
}

/// A file that was to be encrypted.
#[must_use]
pub fn encrypting(error: Error) -> Failure {
    let code = match &error {
        Error::Encrypt { .. } => CANNOT_ENCRYPT,
        Error::File(_) => UNWRITABLE,
        _ => GENERIC,
    };
    with(code, error)
}

/// A file that was to be written.
#[must_use]
pub fn writing(error: FileError) -> Failure {
    with(UNWRITABLE, error)
}
