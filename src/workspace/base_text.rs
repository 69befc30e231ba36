//! The common base of a plaintext file and its twin: the *encrypted* text that the plaintext corresponds to, kept
//! under the git folder. With it, `encrypt` can tell a colleague's new secret from one that was removed here.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::world::files::{self, SIZE_LIMIT};
use crate::world::{FileError, World, git};

/// The base of the plaintext at `path`, if one is kept.
///
/// # Errors
/// When it is there and cannot be read.
pub fn recall(world: &World, path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    let Some(place) = place(world, path) else { return Ok(None) };
    match files::read(&place, SIZE_LIMIT) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps `sealed` as the base of the plaintext at `path`.
///
/// # Errors
/// When the place cannot be written.
pub fn remember(world: &World, path: &Path, sealed: &[u8]) -> Result<(), FileError> {
    let Some(place) = place(world, path) else { return Ok(()) };
    if let Some(folder) = place.parent() {
        files::create_folders(folder)?;
    }
    files::update(&place, None, |_| Ok::<_, FileError>(Some(sealed.to_vec()))).map(|_| ())?;
    Ok(())
}

/// Under the git folder of the repository, else in the person's state folder. Named by a hash of the path.
fn place(world: &World, path: &Path) -> Option<PathBuf> {
    let root = path.parent().and_then(git::repository_root);
    let folder = match root.as_deref().and_then(git::git_folder) {
        Some(git) => git.own.join("lacre"),
        None => match world.variable("XDG_STATE_HOME") {
            Some(state) => PathBuf::from(state).join("lacre"),
            None => PathBuf::from(world.variable("HOME")?).join(".local/state/lacre"),
        },
    };
    let hash = Sha256::digest(path.as_os_str().as_encoded_bytes());
    let name = hash.iter().take(16).fold(String::new(), |mut name, byte| {
        // Writing to a string cannot fail.
        let _ = write!(name, "{byte:02x}");
        name
    });
    Some(folder.join("base").join(name))
}
