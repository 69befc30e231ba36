//! Which files a command means that takes many: those that are named, or every encrypted file that git tracks.

use std::path::{Path, PathBuf};

use super::names::is_twin;
use super::{Error, open_file};
use crate::cipher::Ciphertext;
use crate::envelope::Sealed;
use crate::world::World;
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::{Git, repository_root};

/// An encrypted file as it stands; nobody's identity was needed to read it.
pub struct Found {
    /// Where, absolute.
    pub path: PathBuf,
    /// What stands there.
    pub sealed: Sealed,
}

/// The files at `paths`.
///
/// # Errors
/// When one of them cannot be read or is not encrypted.
pub fn named(world: &World, paths: &[PathBuf]) -> Result<Vec<Found>, Error> {
    let mut found: Vec<Found> = Vec::new();
    for path in paths {
        let path = world.path(path);
        // Twice named is once meant.
        if !found.iter().any(|other| other.path == path) {
            let sealed = open_file::load(&path, None)?;
            found.push(Found { path, sealed });
        }
    }
    Ok(found)
}

/// What the bytes of a file are.
pub enum Text {
    /// An encrypted file that cannot be read as one: in the middle of a merge, cut short.
    Broken(Vec<u8>, Error),
    /// Anything else.
    Clear(Vec<u8>),
    /// An encrypted file.
    Sealed(Box<Sealed>),
}

impl Text {
    /// Of the file at `path`.
    #[must_use]
    pub fn of(path: &Path, text: Vec<u8>) -> Self {
        if !Ciphertext::stands_in(&text) {
            return Self::Clear(text);
        }
        match open_file::parse(text.clone(), path, None) {
            Ok(sealed) => Self::Sealed(Box::new(sealed)),
            // A text about encrypted files may show one.
            Err(error) if is_twin(path) => Self::Broken(text, error),
            Err(_) => Self::Clear(text),
        }
    }

    /// The encrypted file, if it is one.
    #[must_use]
    pub fn sealed(self) -> Option<Sealed> {
        match self {
            Self::Sealed(sealed) => Some(*sealed),
            Self::Broken(..) | Self::Clear(_) => None,
        }
    }
}

/// The repository that `folder` is in.
///
/// # Errors
/// When it is in none, or there is no git program.
pub fn repository(world: &World, folder: &Path) -> Result<Git, Error> {
    let root = repository_root(folder).ok_or(Error::NoRepository)?;
    Git::find(&root, &world.variables).ok_or(Error::GitSilent)
}

/// The tracked files of the repository that `folder` is in, as far as they are encrypted. One that cannot be read is
/// passed over: it was not asked for by name.
///
/// # Errors
/// Outside a repository, or when git does not answer.
pub fn tracked(world: &World, folder: &Path) -> Result<Vec<Found>, Error> {
    let texts = tracked_texts(world, folder)?;
    Ok(texts.filter_map(|(path, text)| Some(Found { path, sealed: text.sealed()? })).collect())
}

/// All tracked files of the repository that `folder` is in, as far as they can be read from disk.
///
/// # Errors
/// Outside a repository, or when git does not answer.
pub fn tracked_texts(
    world: &World,
    folder: &Path,
) -> Result<impl Iterator<Item = (PathBuf, Text)> + use<>, Error> {
    let paths = repository(world, folder)?.tracked_files().ok_or(Error::GitSilent)?.into_iter();
    Ok(paths.filter_map(|path| {
        let text = files::read(&path, SIZE_LIMIT).ok()?;
        Some((path.clone(), Text::of(&path, text)))
    }))
}
