//! A file on disk becomes an opened document: its format found, its key unwrapped, everything verified.

use std::path::{Path, PathBuf};

use super::names::FileType;
use super::{Error, Keyring, RuleFile, merging};
use crate::base::span::line_of;
use crate::base::{DataKey, ParseError, Path as ValuePath, Problem, Value};
use crate::cipher::Ciphertext;
use crate::document::dotenv::Dotenv;
use crate::document::yaml::Yaml;
use crate::document::{Binary, EditError, Format, Ini, Json};
use crate::envelope::{ChangeError, FormError, Opened, Plain, Sealed, Verdict, trees};
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
        let (key, opened) = verified(world, keyring, path, &sealed)?;
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

    /// Its plaintext as a document of the format `to`.
    ///
    /// # Errors
    /// When that format cannot hold it.
    pub fn converted(&self, to: FileType) -> Result<Vec<u8>, Error> {
        let format = format_of(to);
        if format.name() == self.sealed.document().format().name() {
            return self.plaintext();
        }
        let trees = trees(&self.sealed, &self.opened);
        trees.and_then(|trees| format.emit(&trees, None)).map_err(|cause| self.conversion(to, cause))
    }

    /// What stands at `path`, as a document of the format `to`; `None` when nothing does.
    ///
    /// # Errors
    /// When that format cannot hold it.
    pub fn converted_at(&self, path: &ValuePath, to: FileType) -> Result<Option<Vec<u8>>, Error> {
        let trees = trees(&self.sealed, &self.opened).map_err(|cause| self.conversion(to, cause))?;
        let Some(tree) = trees.get(path.document).and_then(|tree| tree.at(&path.steps)) else {
            return Ok(None);
        };
        let text = format_of(to).emit(std::slice::from_ref(tree), None);
        text.map(Some).map_err(|cause| self.conversion(to, cause))
    }

    fn conversion(&self, to: FileType, cause: EditError) -> Error {
        Error::Conversion { path: self.path.clone(), to: to.name(), cause }
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

/// What [`open`] gives, and the seal that is asked for is there.
///
/// # Errors
/// When no identity opens it, it was tampered with, or it lacks a seal.
pub fn verified(
    world: &World,
    keyring: &Keyring<'_>,
    path: &Path,
    sealed: &Sealed,
) -> Result<(DataKey, Opened), Error> {
    let (key, opened) = open(world, keyring, path, sealed)?;
    if opened.verdict == Verdict::Unsealed && (keyring.require_seal || RuleFile::wants_seal(world, path)?) {
        return Err(Error::SealRequired(path.to_owned()));
    }
    Ok((key, opened))
}

/// The data key and the plain values of `sealed`, which stands at `path`, all verified. Whether a seal is asked for is
/// for the caller to look at.
///
/// # Errors
/// When no identity opens it, or it was tampered with.
pub fn open(
    world: &World,
    keyring: &Keyring<'_>,
    path: &Path,
    sealed: &Sealed,
) -> Result<(DataKey, Opened), Error> {
    let key = keyring.unlock(world, path, sealed)?;
    let opened = sealed.open(&key).map_err(|cause| Error::Open { path: path.to_owned(), cause })?;
    Ok((key, opened))
}

/// The format called `kind`.
#[must_use]
pub fn format_of(kind: FileType) -> &'static dyn Format {
    match kind {
        FileType::Binary => &Binary,
        FileType::Dotenv => &Dotenv,
        FileType::Ini => &Ini,
        FileType::Json => &Json,
        FileType::Yaml => &Yaml,
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
    if let Some(line) = conflict_in(&text) {
        return Err(form(ParseError { line, name: None, problem: Problem::ConflictMarker }.into()));
    }
    let named = FileType::of(path);
    if kind.is_none() && named == FileType::Binary && memchr::memmem::find(&text, b"sops").is_none() {
        return Err(form(FormError::NotEncrypted));
    }
    let guessed = if kind.is_none() { guess(&text, named) } else { named };
    let first = kind.unwrap_or(if named == FileType::Binary { guessed } else { named });
    let format = format_of(first);
    if kind.is_some() || guessed == first {
        return Sealed::parse(text, format).map_err(form);
    }
    let failure = match Sealed::parse(text.clone(), format) {
        Ok(sealed) => return Ok(sealed),
        Err(failure) => failure,
    };
    Sealed::parse(text, format_of(guessed)).map_err(|second| match second {
        FormError::Metadata(_) => form(second),
        _ => form(failure),
    })
}

/// The line of the first conflict marker in a text that was encrypted once: whatever the markers make of its lines, it is
/// not what anybody encrypted.
#[must_use]
pub fn conflict_in(text: &[u8]) -> Option<usize> {
    merging::first_marker(text).filter(|_| Ciphertext::stands_in(text)).map(|at| line_of(text, at))
}

/// What the content looks like, where the name, which means `named`, says nothing or something else.
fn guess(text: &[u8], named: FileType) -> FileType {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let has_line = |start: &[u8]| {
        text.starts_with(start) || memchr::memmem::find(text, &[b"\n", start].concat()).is_some()
    };
    match text.trim_ascii_start().first() {
        // An object of `data` and metadata is a binary file, unless its name says that it is JSON.
        Some(b'{') if named != FileType::Json && Sealed::parse(text.to_vec(), &Binary).is_ok() => {
            FileType::Binary
        }
        Some(b'{') => FileType::Json,
        _ if has_line(b"sops_version=") || has_line(b"sops_mac=") => FileType::Dotenv,
        _ if has_line(b"[sops]") => FileType::Ini,
        _ => FileType::Yaml,
    }
}
