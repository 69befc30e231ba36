//! A file on disk becomes an opened document: its format found, its key unwrapped, everything verified.

use std::path::{Path, PathBuf};

use super::names::FileType;
use super::{Error, Keyring, RuleFile};
use crate::base::{DataKey, Path as ValuePath, Value};
use crate::document::Format;
use crate::document::dotenv::Dotenv;
use crate::document::json::Json;
use crate::document::yaml::Yaml;
use crate::envelope::{ChangeError, FormError, Opened, Plain, Sealed, Verdict};
use crate::world::World;
use crate::world::files::{self, SIZE_LIMIT};

/// An encrypted file that was opened and verified.
pub struct OpenFile {
    /// Where it stands.
    pub path: PathBuf,
    /// As it stands there.
    pub sealed: Sealed,
    /// Its plain values.
    pub opened: Opened,
    /// Its data key.
    pub key: DataKey,
}

impl OpenFile {
    /// Reads, unwraps, decrypts and verifies the file at `path`. Names for error messages come from its rule file.
    ///
    /// # Errors
    /// When any of it fails; then nothing of the content is known.
    pub fn open(
        world: &World,
        keyring: &Keyring<'_>,
        path: &Path,
        kind: Option<FileType>,
    ) -> Result<Self, Error> {
        Self::from_sealed(world, keyring, path, load(path, kind)?)
    }

    /// The same, of a file that was loaded.
    ///
    /// # Errors
    /// When no identity opens it, or it was tampered with.
    pub fn from_sealed(
        world: &World,
        keyring: &Keyring<'_>,
        path: &Path,
        sealed: Sealed,
    ) -> Result<Self, Error> {
        let key = keyring.unlock(world, path, &sealed)?;
        let opened = sealed.open(&key).map_err(|cause| Error::Open { path: path.to_owned(), cause })?;
        if opened.verdict == Verdict::Unsealed && (keyring.require_seal || RuleFile::wants_seal(world, path)?)
        {
            return Err(Error::SealRequired(path.to_owned()));
        }
        Ok(Self { path: path.to_owned(), sealed, opened, key })
    }

    /// The same, also when its seal was removed: for `lacre seal`, which asks the person about it.
    ///
    /// # Errors
    /// When no identity opens it, or its values do not fit their MAC.
    pub fn accept(world: &World, keyring: &Keyring<'_>, path: &Path, sealed: Sealed) -> Result<Self, Error> {
        let key = keyring.unlock(world, path, &sealed)?;
        let opened =
            sealed.open_without_seal(&key).map_err(|cause| Error::Open { path: path.to_owned(), cause })?;
        Ok(Self { path: path.to_owned(), sealed, opened, key })
    }

    /// The same, whatever the MAC says. For rescue only.
    ///
    /// # Errors
    /// When no identity opens it, or a value does not decrypt.
    pub fn rescue(world: &World, keyring: &Keyring<'_>, path: &Path, sealed: Sealed) -> Result<Self, Error> {
        let key = keyring.unlock(world, path, &sealed)?;
        let opened =
            sealed.open_ignoring_mac(&key).map_err(|cause| Error::Open { path: path.to_owned(), cause })?;
        Ok(Self { path: path.to_owned(), sealed, opened, key })
    }

    /// Its plaintext as the user keeps it, with its own line ends and byte order mark. It need not be a document that
    /// we would read: other tools store dotenv values with open quotes.
    ///
    /// # Errors
    /// When a value cannot be written in the clear in this format.
    pub fn plaintext(&self) -> Result<Vec<u8>, Error> {
        let text = self.sealed.plaintext(&self.opened).map_err(|cause| self.change(cause.into()))?;
        let format = self.sealed.document().format();
        Ok(format.restore(text, self.sealed.metadata().extension.layout))
    }

    /// The value at `path`; `None` when no scalar stands there.
    #[must_use]
    pub fn value(&self, path: &ValuePath) -> Option<&Value> {
        let event = self.sealed.document().find(path)?;
        let at = self.opened.leaves.binary_search_by_key(&event, |leaf| leaf.event).ok()?;
        self.opened.leaves.get(at).filter(|leaf| !leaf.comment).map(|leaf| &leaf.value)
    }

    /// Every value with its path, by the names that people use, in document order.
    pub fn leaves(&self) -> impl Iterator<Item = (ValuePath, &Value)> {
        let document = self.sealed.document();
        let mut nodes = document.nodes().into_iter();
        self.opened.leaves.iter().filter(|leaf| !leaf.comment).filter_map(move |leaf| {
            let (path, _) = nodes.find(|(_, event)| *event == leaf.event)?;
            Some((document.named(path), &leaf.value))
        })
    }

    /// Its plaintext, as a document.
    ///
    /// # Errors
    /// When a value cannot be written in the clear in this format.
    pub fn plain(&self) -> Result<Plain, Error> {
        let document = self.sealed.document();
        let text = self.sealed.plaintext(&self.opened).map_err(|cause| self.change(cause.into()))?;
        Plain::parse(text, document.format()).map_err(|cause| Error::Form { path: self.path.clone(), cause })
    }

    /// The text of `plain` as the user keeps it: with its own line ends and byte order mark.
    #[must_use]
    pub fn restored(&self, plain: &Plain) -> Vec<u8> {
        let document = plain.document();
        document.format().restore(document.text().to_vec(), self.sealed.metadata().extension.layout)
    }

    fn change(&self, cause: ChangeError) -> Error {
        Error::Change { path: self.path.clone(), cause }
    }
}

/// The format called `kind`.
///
/// # Errors
/// For formats that are not there yet.
pub fn format_of(kind: FileType, path: &Path) -> Result<&'static dyn Format, Error> {
    match kind {
        FileType::Dotenv => Ok(&Dotenv),
        FileType::Json => Ok(&Json),
        FileType::Yaml => Ok(&Yaml),
        FileType::Binary | FileType::Ini => {
            Err(Error::Unsupported { path: path.to_owned(), kind: kind.name() })
        }
    }
}

/// Reads an encrypted file; needs no identity. Its content decides its format, unless `kind` does.
///
/// # Errors
/// When it cannot be read or is not encrypted.
pub fn load(path: &Path, kind: Option<FileType>) -> Result<Sealed, Error> {
    parse(files::read(path, SIZE_LIMIT)?, path, kind)
}

/// The same, of bytes that were read from `path`.
///
/// # Errors
/// When they are no encrypted file.
pub fn parse(text: Vec<u8>, path: &Path, kind: Option<FileType>) -> Result<Sealed, Error> {
    let form = |cause| Error::Form { path: path.to_owned(), cause };
    let named = FileType::of(path);
    let guessed = if kind.is_none() { guess(&text) } else { named };
    let first = kind.unwrap_or(if named == FileType::Binary { guessed } else { named });
    let format = format_of(first, path)?;
    if kind.is_some() || guessed == first {
        return Sealed::parse(text, format).map_err(form);
    }
    let failure = match Sealed::parse(text.clone(), format) {
        Ok(sealed) => return Ok(sealed),
        Err(failure) => failure,
    };
    Sealed::parse(text, format_of(guessed, path)?).map_err(|second| match second {
        FormError::Metadata(_) => form(second),
        _ => form(failure),
    })
}

/// What the content looks like, where the name says nothing.
fn guess(text: &[u8]) -> FileType {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let has_line = |start: &[u8]| {
        text.starts_with(start) || memchr::memmem::find(text, &[b"\n", start].concat()).is_some()
    };
    match text.trim_ascii_start().first() {
        Some(b'{') => FileType::Json,
        _ if has_line(b"sops_version=") || has_line(b"sops_mac=") => FileType::Dotenv,
        _ if has_line(b"[sops]") => FileType::Ini,
        _ => FileType::Yaml,
    }
}
