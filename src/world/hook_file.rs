//! A program of ours in a place where somebody else's may stand: that one is kept beside, and comes back as it was.
//! At any moment one of them stands there, so nothing passes unguarded.

use std::fs;
use std::path::Path;

use super::file_error::{Attempt, FileError, FileProblem};
use super::files::parent;
use super::folder_lock::FolderLock;

/// Puts `text` at `path`, to be run by everybody. What stands there, a link included, is kept at `aside` first;
/// without `aside` it is replaced.
///
/// # Errors
/// [`FileProblem::Exists`] when something stands at `aside` too; or the system refuses.
pub fn put(path: &Path, aside: Option<&Path>, text: &[u8]) -> Result<(), FileError> {
    let lock = FolderLock::take(parent(path))?;
    let staged = lock.stage(path, text, None, MODE)?;
    if let Some(aside) = aside.filter(|_| stands(path)) {
        if stands(aside) {
            return Err(FileError::new(Attempt::Write, aside, FileProblem::Exists));
        }
        // A second name of the same file; systems without those move it.
        let kept = fs::hard_link(path, aside).or_else(|_| fs::rename(path, aside));
        kept.map_err(|error| FileError::new(Attempt::Write, aside, error))?;
    }
    lock.commit(staged.replacing())
}

/// Takes away what stands at `path`; what is kept at `aside` comes back.
///
/// # Errors
/// When the system refuses.
pub fn take(path: &Path, aside: &Path) -> Result<(), FileError> {
    let lock = FolderLock::take(parent(path))?;
    let taken = if stands(aside) { fs::rename(aside, path) } else { fs::remove_file(path) };
    taken.map_err(|error| FileError::new(Attempt::Write, path, error))?;
    lock.sync();
    Ok(())
}

/// Whether anything stands at `path`, be it a link that leads nowhere.
#[must_use]
pub fn stands(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

const MODE: u32 = 0o755;
