//! Many files replaced as one: all are locked, compared, written beside and synced before the first is renamed. What
//! stops the work before that changes nothing; what stops it later leaves each file old or new, and the same work done
//! again finishes it. One file alone is in `files`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::file_error::{Attempt, FileError, FileProblem};
use super::files::{Current, PUBLIC_MODE, parent, resolve};
use super::folder_lock::{FolderLock, Staged};

/// One file's new content, to be written if the file still is what was read.
#[derive(Clone, Copy)]
pub struct Replacement<'a> {
    /// Which file. No two replacements of one call name the same.
    pub path: &'a Path,
    /// The folder that a symbolic link may not lead out of; without one, none is followed.
    pub within: Option<&'a Path>,
    /// What was read; `None`: there was no file.
    pub expected: Option<&'a [u8]>,
    /// What it shall hold.
    pub new: &'a [u8],
}

/// Replaces all of them. Content that stays the same is not written.
///
/// # Errors
/// [`FileProblem::Changed`] for a file that is not what was read, and those of [`super::files::update`]. No file is
/// touched, save when a rename fails: then some are new.
pub fn replace_all(replacements: &[Replacement<'_>]) -> Result<(), FileError> {
    let mut places = Vec::with_capacity(replacements.len());
    let mut locks = BTreeMap::new();
    for replacement in replacements {
        let target = resolve(replacement.path, replacement.within)?;
        locks.insert(parent(&target).to_owned(), None);
        places.push((*replacement, target));
    }
    super::processes::allow_open_files(locks.len());
    // In the order of their names, so that two transactions never wait for each other.
    for (folder, lock) in &mut locks {
        *lock = Some(FolderLock::take(folder)?);
    }
    let mut waiting = Vec::with_capacity(places.len());
    for (replacement, target) in places {
        let Some(lock) = locks.get(parent(&target)).and_then(Option::as_ref) else { continue };
        waiting.extend(Waiting::new(lock, replacement, target)?);
    }
    let locks: Vec<&FolderLock> = locks.values().flatten().collect();
    if waiting.len() < MANY || !sync_systems(&locks) {
        waiting.iter().try_for_each(|file| file.staged.sync())?;
    }
    waiting.iter().try_for_each(Waiting::check)?;
    let mut renamed = waiting.into_iter().map(|Waiting { lock, staged, .. }| lock.rename(staged));
    let outcome = renamed.try_for_each(|result| result);
    // Also after a failure: what was renamed is seen by everyone.
    if locks.len() < MANY || !sync_systems(&locks) {
        for lock in &locks {
            lock.sync();
        }
    }
    outcome
}

/// From so many files on, the system is asked to sync everything at once.
const MANY: usize = 8;

/// A file whose new content waits beside it.
struct Waiting<'a> {
    lock: &'a FolderLock,
    replacement: Replacement<'a>,
    target: PathBuf,
    staged: Staged,
}

impl<'a> Waiting<'a> {
    fn new(
        lock: &'a FolderLock,
        replacement: Replacement<'a>,
        target: PathBuf,
    ) -> Result<Option<Self>, FileError> {
        let Replacement { path, expected, new, .. } = replacement;
        let fail = |problem| FileError::new(Attempt::Write, path, problem);
        let current = Current::read(&target).map_err(fail)?;
        let (old, metadata) = current.map(|Current { content, metadata }| (content, metadata)).unzip();
        if old.as_deref() != expected {
            return Err(fail(FileProblem::Changed));
        }
        if expected == Some(new) {
            return Ok(None);
        }
        let staged = lock.write_beside(&target, new, metadata.as_ref(), PUBLIC_MODE)?;
        Ok(Some(Self { lock, replacement, target, staged }))
    }

    /// Not every program takes our lock: an editor may have saved in the meantime.
    fn check(&self) -> Result<(), FileError> {
        let fail = |problem| FileError::new(Attempt::Write, self.replacement.path, problem);
        let latest = Current::read(&self.target).map_err(fail)?;
        let same = latest.as_ref().map(|latest| latest.content.as_slice()) == self.replacement.expected;
        if same { Ok(()) } else { Err(fail(FileProblem::Changed)) }
    }
}

/// Syncs every file system that holds one of these folders, in one call each: a thousand calls for a thousand files
/// would each wait for the disk. Whether that could be done.
#[cfg(target_os = "linux")]
fn sync_systems(locks: &[&FolderLock]) -> bool {
    let mut systems: BTreeMap<u64, &FolderLock> = BTreeMap::new();
    for lock in locks {
        let Some(device) = lock.device() else { return false };
        systems.entry(device).or_insert(lock);
    }
    systems.values().all(|lock| rustix::fs::syncfs(lock.handle()).is_ok())
}

/// This system has no such call.
#[cfg(not(target_os = "linux"))]
fn sync_systems(_: &[&FolderLock]) -> bool {
    false
}
