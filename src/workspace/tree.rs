//! Which files a command means that takes many: those that are named, or every encrypted file that git tracks.

use std::path::{Path, PathBuf};

use super::{Error, open_file};
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

/// Every ciphertext begins so; cheap enough to spare most files a parser.
const SIGN: &[u8] = b"ENC[AES256_GCM,";

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

/// The tracked files of the repository that `folder` is in, as far as they are encrypted. One that cannot be read is
/// passed over: it was not asked for by name.
///
/// # Errors
/// Outside a repository, or when git does not answer.
pub fn tracked(world: &World, folder: &Path) -> Result<Vec<Found>, Error> {
    let root = repository_root(folder).ok_or(Error::NoRepository)?;
    let paths = Git::find(&root, &world.variables).and_then(|git| git.tracked_files());
    let mut found = Vec::new();
    for path in paths.ok_or(Error::GitSilent)? {
        let Ok(text) = files::read(&path, SIZE_LIMIT) else { continue };
        if memchr::memmem::find(&text, SIGN).is_none() {
            continue;
        }
        if let Ok(sealed) = open_file::parse(text, &path, None) {
            found.push(Found { path, sealed });
        }
    }
    Ok(found)
}
