//! The lock of a folder, and what may be done while holding it: stage a new file beside the old one and rename it.
//! A lock on the file itself would die with the rename. When to lock, and what to write, is in `files`.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::{NamedTempFile, TempPath};

use super::file_error::{Attempt, FileError, FileProblem};

/// How long another process may keep a folder locked before we give up.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The exclusive lock of one folder among lacre processes and threads, held until it is dropped.
///
/// Whoever needs several takes them in the order of their paths. Taking the same folder twice waits for oneself.
#[derive(Debug)]
pub struct FolderLock {
    folder: PathBuf,
    #[cfg_attr(not(unix), expect(dead_code, reason = "it is the lock"))]
    handle: File,
    /// Not so on file systems without locks; the comparison before each rename still stands there.
    exclusive: bool,
}

/// The new content of a file, complete under a hidden name beside it. Dropped, it vanishes.
#[derive(Debug)]
pub struct Staged {
    /// Not open any more: a thousand of them would be more than a process may have open.
    file: TempPath,
    target: PathBuf,
    replaces: bool,
}

impl FolderLock {
    /// Waits for the lock of `folder`, at most [`PATIENCE`], then removes what killed runs left there.
    ///
    /// # Errors
    /// [`FileProblem::Locked`], or the folder cannot be opened.
    pub fn take(folder: &Path) -> Result<Self, FileError> {
        Self::take_within(folder, PATIENCE)
    }

    fn take_within(folder: &Path, patience: Duration) -> Result<Self, FileError> {
        let fail = |problem| FileError::new(Attempt::Lock, folder, problem);
        let handle = open_lockable(folder).map_err(|error| fail(error.into()))?;
        let deadline = Instant::now() + patience;
        let exclusive = loop {
            match handle.try_lock() {
                Ok(()) => break true,
                Err(TryLockError::Error(error)) if knows_no_locks(&error) => break false,
                Err(TryLockError::Error(error)) => return Err(fail(error.into())),
                Err(TryLockError::WouldBlock) if Instant::now() > deadline => {
                    return Err(fail(FileProblem::Locked));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(2)),
            }
        };
        let lock = Self { folder: folder.to_owned(), handle, exclusive };
        lock.sweep();
        Ok(lock)
    }

    /// Writes `new` beside `target`, a path directly in this folder, with the mode and owner of `old`;
    /// without `old`, with `mode` less the umask. Nothing is visible at `target` yet, and all of it is on disk.
    ///
    /// # Errors
    /// The disk is full, the folder not writable, or the owner cannot be kept; nothing is left behind.
    pub fn stage(
        &self,
        target: &Path,
        new: &[u8],
        old: Option<&Metadata>,
        mode: u32,
    ) -> Result<Staged, FileError> {
        let staged = self.write_beside(target, new, old, mode)?;
        staged.sync()?;
        Ok(staged)
    }

    /// The same, but it may not be on disk yet.
    ///
    /// # Errors
    /// As `stage`.
    pub fn write_beside(
        &self,
        target: &Path,
        new: &[u8],
        old: Option<&Metadata>,
        mode: u32,
    ) -> Result<Staged, FileError> {
        let fail = |problem| FileError::new(Attempt::Write, target, problem);
        // The old file may be private: until its mode is copied, the new one is.
        let first_mode = if old.is_some() { 0o600 } else { mode };
        let mut file = temporary_file(&self.folder, first_mode).map_err(|error| fail(error.into()))?;
        file.write_all(new).map_err(|error| fail(error.into()))?;
        if let Some(old) = old {
            keep_owner_and_mode(file.as_file(), old).map_err(fail)?;
        }
        Ok(Staged { file: file.into_temp_path(), target: target.to_owned(), replaces: old.is_some() })
    }

    /// Puts `staged` in its place. A staged new file never replaces one that has appeared meanwhile.
    ///
    /// # Errors
    /// [`FileProblem::Exists`], [`FileProblem::Mounted`], or the system refuses; `target` is as it was.
    pub fn commit(&self, staged: Staged) -> Result<(), FileError> {
        self.rename(staged)?;
        self.sync();
        Ok(())
    }

    /// The same, but the rename may not be on disk yet.
    ///
    /// # Errors
    /// As `commit`.
    pub fn rename(&self, staged: Staged) -> Result<(), FileError> {
        let Staged { file, target, replaces } = staged;
        let renamed = if replaces { file.persist(&target) } else { file.persist_noclobber(&target) };
        renamed.map_err(|error| {
            let problem = match error.error.kind() {
                io::ErrorKind::AlreadyExists => FileProblem::Exists,
                io::ErrorKind::ResourceBusy => FileProblem::Mounted,
                _ => error.error.into(),
            };
            FileError::new(Attempt::Write, &target, problem)
        })?;
        Ok(())
    }

    /// Brings the renames to disk. They are done and seen by everyone; a folder that cannot be synced only delays them.
    pub fn sync(&self) {
        #[cfg(unix)]
        let _ = self.handle.sync_all();
    }

    /// The open folder.
    #[cfg(target_os = "linux")]
    pub(super) const fn handle(&self) -> &File {
        &self.handle
    }

    /// The file system that it is on.
    #[cfg(target_os = "linux")]
    pub(super) fn device(&self) -> Option<u64> {
        use std::os::unix::fs::MetadataExt;

        Some(self.handle.metadata().ok()?.dev())
    }

    /// Removes the temporary files of killed runs. Every writer holds the lock, so none of them is alive.
    fn sweep(&self) {
        let Some(entries) = self.exclusive.then(|| fs::read_dir(&self.folder).ok()).flatten() else { return };
        for entry in entries.flatten() {
            let ours = entry.file_name().to_str().is_some_and(is_temporary_name);
            if ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

impl Staged {
    /// Takes the place of whatever stands there, with the mode that it was staged with.
    #[must_use]
    pub fn replacing(self) -> Self {
        Self { replaces: true, ..self }
    }

    /// Waits until all of it is on disk.
    ///
    /// # Errors
    /// The disk is full or failing.
    pub fn sync(&self) -> Result<(), FileError> {
        let synced = open_to_sync(&self.file).and_then(|file| file.sync_all());
        synced.map_err(|error| FileError::new(Attempt::Write, &self.target, error))
    }

    /// Sets the mode to 0600, whatever the umask and the old file say.
    ///
    /// # Errors
    /// The system refuses.
    #[cfg(unix)]
    pub fn make_private(&self) -> Result<(), FileProblem> {
        use std::os::unix::fs::PermissionsExt;

        Ok(fs::set_permissions(&self.file, fs::Permissions::from_mode(0o600))?)
    }

    /// Nothing to do: new files belong to their user here.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn make_private(&self) -> Result<(), FileProblem> {
        Ok(())
    }
}

/// Any open file will do to sync; one whose mode lets us read it may not be writable.
fn open_to_sync(path: &Path) -> io::Result<File> {
    File::open(path).or_else(|_| File::options().write(true).open(path))
}

fn is_temporary_name(name: &str) -> bool {
    name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX)).is_some_and(|middle| {
        middle.len() == RANDOM_LENGTH && middle.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

#[cfg_attr(not(unix), allow(unused_variables))]
fn temporary_file(folder: &Path, mode: u32) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).suffix(SUFFIX).rand_bytes(RANDOM_LENGTH);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    builder.tempfile_in(folder)
}

#[cfg(unix)]
fn keep_owner_and_mode(file: &File, old: &Metadata) -> Result<(), FileProblem> {
    use std::os::unix::fs::MetadataExt;

    let new = file.metadata()?;
    let owner = (new.uid() != old.uid()).then_some(old.uid());
    let group = (new.gid() != old.gid()).then_some(old.gid());
    if owner.is_some() || group.is_some() {
        std::os::unix::fs::fchown(file, owner, group).map_err(|_| FileProblem::OwnerLost)?;
    }
    // After the owner: changing it may clear bits of the mode.
    Ok(file.set_permissions(old.permissions())?)
}

#[cfg(not(unix))]
fn keep_owner_and_mode(file: &File, old: &Metadata) -> Result<(), FileProblem> {
    Ok(file.set_permissions(old.permissions())?)
}

#[cfg(unix)]
fn open_lockable(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Folders cannot be locked here: a file in the temporary folder, named after the folder, stands for it.
#[cfg(not(unix))]
fn open_lockable(folder: &Path) -> io::Result<File> {
    use std::hash::{DefaultHasher, Hash, Hasher};

    let mut hasher = DefaultHasher::new();
    fs::canonicalize(folder)?.hash(&mut hasher);
    let stand_in = std::env::temp_dir().join(format!("lacre-{:016x}.lock", hasher.finish()));
    File::options().create(true).truncate(false).write(true).open(stand_in)
}

/// Some network file systems have no locks, or none on a folder opened for reading.
#[cfg(unix)]
fn knows_no_locks(error: &io::Error) -> bool {
    use rustix::io::Errno;

    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(code, Some(Errno::BADF | Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP))
}

#[cfg(not(unix))]
fn knows_no_locks(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::Unsupported
}

const PREFIX: &str = ".lacre-";
const SUFFIX: &str = ".tmp";
const RANDOM_LENGTH: usize = 12;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_swept_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".lacre-AbCdEf012345.tmp");
        let others = [".lacre-short.tmp", ".lacre-AbCdEf012345", "x.lacre-AbCdEf012345.tmp"];
        fs::write(&left, "half").unwrap();
        for other in others {
            fs::write(folder.path().join(other), "").unwrap();
        }
        FolderLock::take(folder.path()).unwrap();
        assert!(!left.exists());
        for other in others {
            assert!(folder.path().join(other).exists(), "{other}");
        }
    }

    #[test]
    fn a_temporary_file_has_a_name_that_the_sweep_knows() {
        let folder = tempfile::tempdir().unwrap();
        let file = temporary_file(folder.path(), 0o600).unwrap();
        assert!(is_temporary_name(file.path().file_name().unwrap().to_str().unwrap()));
    }

    #[test]
    fn a_locked_folder_is_an_error_after_a_while() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderLock::take(folder.path()).unwrap();
        let error = FolderLock::take_within(folder.path(), Duration::from_millis(10)).unwrap_err();
        assert_eq!(error.problem, FileProblem::Locked);
        drop(first);
        assert!(FolderLock::take_within(folder.path(), Duration::from_millis(10)).is_ok());
    }

    #[test]
    fn a_staged_file_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(folder.path()).unwrap();
        drop(lock.stage(&folder.path().join("a"), b"new", None, 0o666).unwrap());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_new_file_never_replaces_one_that_appeared() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a");
        let lock = FolderLock::take(folder.path()).unwrap();
        let staged = lock.stage(&target, b"new", None, 0o666).unwrap();
        fs::write(&target, "theirs").unwrap();
        assert_eq!(lock.commit(staged).unwrap_err().problem, FileProblem::Exists);
        assert_eq!(fs::read(&target).unwrap(), b"theirs");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
