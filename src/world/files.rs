//! Files: read them whole, and replace them so that everyone always sees the old or the new content, never a part.
//! The lock and the rename are in `folder_lock`; many files at once are in `together`; the editor's plaintext is in
//! `private_folder`.
//!
//! Paths are taken as they stand, so callers join relative ones to the working folder first.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::file_error::{Attempt, FileError, FileProblem};
use super::folder_lock::{FolderLock, Staged};
use super::together::{Replacement, replace_all};

/// More than any file of secrets; keeps a wrong name from filling the memory.
pub const SIZE_LIMIT: u64 = 64 << 20;

/// Mode of new encrypted files, less the umask: they are meant to be committed.
pub const PUBLIC_MODE: u32 = 0o666;

/// Mode of plaintext and of identities.
pub const PRIVATE_MODE: u32 = 0o600;

/// All of `path`: a file, or a pipe such as `/dev/fd/63` until its end. Takes no lock and creates nothing.
///
/// # Errors
/// [`FileProblem::TooLarge`] beyond `limit` bytes, a folder, or the system refuses.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let fail = |problem| FileError::new(Attempt::Read, path, problem);
    let file = File::open(path).map_err(|error| fail(error.into()))?;
    read_open(&file, limit).map_err(fail)
}

/// Replaces the content of `path`, or creates it, if it still is what was read: `expected`, or nothing at all.
///
/// # Errors
/// [`FileProblem::Changed`], and those of [`update`]; the file is untouched then.
pub fn replace(
    path: &Path,
    within: Option<&Path>,
    expected: Option<&[u8]>,
    new: &[u8],
) -> Result<(), FileError> {
    replace_all(&[Replacement { path, within, expected, new }])
}

/// Replaces a file that lives no longer than until its next reader, such as the one in which git takes a merge. It is old
/// or new whenever we are stopped, but nothing waits for the disk: a failing machine stops the reader too.
///
/// # Errors
/// As [`replace`].
pub fn replace_passing(
    path: &Path,
    within: Option<&Path>,
    expected: &[u8],
    new: &[u8],
) -> Result<(), FileError> {
    let fail = |problem| FileError::new(Attempt::Write, path, problem);
    let target = resolve(path, within)?;
    let lock = FolderLock::take(parent(&target))?;
    let current = Current::read(&target).map_err(fail)?.filter(|current| current.content == expected);
    let Current { metadata, .. } = current.ok_or_else(|| fail(FileProblem::Changed))?;
    if new == expected {
        return Ok(());
    }
    lock.rename(lock.write_beside(&target, new, Some(&metadata), PRIVATE_MODE)?)
}

/// Reads `path` and writes what `change` makes of it, all under one lock of its folder, so that parallel updates
/// lose nothing. `change` gets `None` when there is no file; it returns `None` to leave everything as it is.
/// Mode, owner and group stay. A symbolic link is followed, but only to a target inside the folder `within`.
/// Returns whether anything was written; content that stays the same is not.
///
/// # Errors
/// What `change` returns, or a [`FileError`]; the file is untouched then, and nothing is left beside it.
pub fn update<E: From<FileError>>(
    path: &Path,
    within: Option<&Path>,
    change: impl FnOnce(Option<&[u8]>) -> Result<Option<Vec<u8>>, E>,
) -> Result<bool, E> {
    let target = resolve(path, within)?;
    let lock = FolderLock::take(parent(&target))?;
    let Some(prepared) = Prepared::new(&lock, path, target, change)? else { return Ok(false) };
    prepared.check()?;
    prepared.commit()?;
    Ok(true)
}

/// Writes `bytes` into `path`, whatever stands there: a device or pipe as it is, a file by replacing it, which keeps its
/// mode and owner. A new one gets the mode of the umask.
///
/// # Errors
/// When the system refuses, or a file cannot be replaced as it is.
pub fn overwrite(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let is_stream = fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    // `/dev/stdout` may lead to a file that somebody else has open; `/dev/shm` holds files like any other folder.
    let is_device = path.starts_with("/dev") && !path.starts_with("/dev/shm");
    if is_stream || is_device || path.starts_with("/proc") {
        let written = File::options().write(true).open(path).and_then(|mut stream| stream.write_all(bytes));
        return written.map_err(|error| FileError::new(Attempt::Write, path, error));
    }
    update(path, None, |_| Ok(Some(bytes.to_vec()))).map(|_| ())
}

/// Creates `path` with `mode` less the umask.
///
/// # Errors
/// [`FileProblem::Exists`] when anything, even a dangling link, stands there; or the system refuses.
pub fn create(path: &Path, within: Option<&Path>, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let target = place(path, within)?;
    let lock = FolderLock::take(parent(&target))?;
    let staged = lock.stage(&target, bytes, None, mode)?;
    lock.commit(staged)
}

/// Writes plaintext with mode 0600 whatever the umask. An existing file is replaced only with `force`, and then
/// keeps its owner, not its mode. Whether git would commit the result is for the caller to ask `git`.
///
/// # Errors
/// [`FileProblem::Link`], [`FileProblem::Exists`] without `force`, and those of [`update`].
pub fn write_plaintext(
    path: &Path,
    within: Option<&Path>,
    bytes: &[u8],
    force: bool,
) -> Result<(), FileError> {
    let fail = |problem| FileError::new(Attempt::Write, path, problem);
    let target = place(path, within)?;
    let lock = FolderLock::take(parent(&target))?;
    if is_link(&target) {
        return Err(fail(FileProblem::Link));
    }
    let old = Current::open(&target).map_err(fail)?;
    if old.is_some() && !force {
        return Err(fail(FileProblem::Exists));
    }
    let staged = lock.stage(&target, bytes, old.as_ref().map(|(_, old)| old), PRIVATE_MODE)?;
    staged.make_private().map_err(fail)?;
    lock.commit(staged)
}

/// Adds plaintext to the end of a file that somebody else reads by its name, so it must stay the same file.
///
/// # Errors
/// [`FileProblem::Link`] and [`FileProblem::NotRegular`], where nothing was written; or the system refuses.
pub fn append_plaintext(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let fail = |problem| FileError::new(Attempt::Write, path, problem);
    if is_link(path) {
        return Err(fail(FileProblem::Link));
    }
    // Looked at first, for opening a FIFO would wait for its reader.
    let metadata = fs::metadata(path).map_err(|error| fail(error.into()))?;
    if !metadata.is_file() {
        return Err(fail(FileProblem::NotRegular));
    }
    let written = File::options().append(true).open(path).and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| fail(error.into()))
}

/// Removes the file or link at `path`.
///
/// # Errors
/// When there is none, or the system refuses.
pub fn remove(path: &Path) -> Result<(), FileError> {
    fs::remove_file(path).map_err(|error| FileError::new(Attempt::Write, path, error))
}

/// Whether anything stands at `path`, links followed.
#[must_use]
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether nothing stands at `path`, or a file without a byte.
///
/// # Errors
/// When the system refuses to tell.
pub fn is_empty(path: &Path) -> Result<bool, FileError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.is_file() && metadata.len() == 0),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(FileError::new(Attempt::Read, path, error)),
    }
}

/// Whether `path` belongs to us or to the system's administrator, so that nobody else decides what it says.
///
/// # Errors
/// When the system refuses to tell.
#[cfg(unix)]
pub fn is_trusted(path: &Path) -> Result<bool, FileError> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).map_err(|error| FileError::new(Attempt::Read, path, error))?;
    Ok(metadata.uid() == 0 || metadata.uid() == rustix::process::geteuid().as_raw())
}

/// Whether `path` may be followed; this system keeps no owners that we look at.
///
/// # Errors
/// Never.
#[cfg(not(unix))]
pub fn is_trusted(_: &Path) -> Result<bool, FileError> {
    Ok(true)
}

/// Makes `folder` and those above it, for the user alone where they are new.
///
/// # Errors
/// When the system refuses.
pub fn create_folders(folder: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| FileError::new(Attempt::Write, folder, error))
}

/// The file that `path` means: itself, or the target of its links, which must be inside `within`.
///
/// # Errors
/// [`FileProblem::LeadsOutside`], or a folder or link target that is missing.
pub fn resolve(path: &Path, within: Option<&Path>) -> Result<PathBuf, FileError> {
    let target = place(path, within)?;
    if !is_link(&target) {
        return Ok(target);
    }
    let fail = |problem| FileError::new(Attempt::Write, path, problem);
    let root = within.ok_or_else(|| fail(FileProblem::LeadsOutside))?;
    let target = fs::canonicalize(&target).map_err(|error| fail(error.into()))?;
    stay_inside(target, Some(root)).map_err(fail)
}

/// The place that `path` names, in a folder without links, inside `within`. What stands there may be a link itself.
fn place(path: &Path, within: Option<&Path>) -> Result<PathBuf, FileError> {
    let fail = |problem| FileError::new(Attempt::Write, path, problem);
    let name = path.file_name().ok_or_else(|| fail(FileProblem::NotRegular))?;
    let folder = fs::canonicalize(parent(path)).map_err(|error| fail(error.into()))?;
    stay_inside(folder.join(name), within).map_err(fail)
}

fn stay_inside(target: PathBuf, within: Option<&Path>) -> Result<PathBuf, FileProblem> {
    match within {
        Some(root) if !target.starts_with(fs::canonicalize(root)?) => Err(FileProblem::LeadsOutside),
        _ => Ok(target),
    }
}

/// Whether a symbolic link stands at `path`, wherever it leads.
#[must_use]
pub fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink())
}

/// Whether a regular file stands at `path` itself: no link, no pipe.
#[must_use]
pub fn is_regular(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// A file whose new content waits beside it.
struct Prepared<'a> {
    lock: &'a FolderLock,
    /// As it was named, for errors.
    path: &'a Path,
    target: PathBuf,
    old: Option<Vec<u8>>,
    staged: Staged,
}

impl<'a> Prepared<'a> {
    fn new<E: From<FileError>>(
        lock: &'a FolderLock,
        path: &'a Path,
        target: PathBuf,
        change: impl FnOnce(Option<&[u8]>) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<Self>, E> {
        let current =
            Current::read(&target).map_err(|problem| FileError::new(Attempt::Write, path, problem))?;
        let (old, metadata) = current.map(|Current { content, metadata }| (content, metadata)).unzip();
        let Some(new) = change(old.as_deref())?.filter(|new| Some(new) != old.as_ref()) else {
            return Ok(None);
        };
        let staged = lock.stage(&target, &new, metadata.as_ref(), PUBLIC_MODE)?;
        Ok(Some(Self { lock, path, target, old, staged }))
    }

    /// Not every program takes our lock: an editor may have saved in the meantime.
    fn check(&self) -> Result<(), FileError> {
        let fail = |problem| FileError::new(Attempt::Write, self.path, problem);
        let latest = Current::read(&self.target).map_err(fail)?;
        if latest.map(|latest| latest.content) == self.old { Ok(()) } else { Err(fail(FileProblem::Changed)) }
    }

    fn commit(self) -> Result<(), FileError> {
        self.lock.commit(self.staged)
    }
}

/// A file that may be replaced, as it stands.
pub(super) struct Current {
    pub(super) content: Vec<u8>,
    pub(super) metadata: Metadata,
}

impl Current {
    pub(super) fn read(path: &Path) -> Result<Option<Self>, FileProblem> {
        let Some((file, metadata)) = Self::open(path)? else { return Ok(None) };
        Ok(Some(Self { content: read_open(&file, SIZE_LIMIT)?, metadata }))
    }

    /// `None`: there is no file. The kind is looked at first, for opening a FIFO would wait for its writer.
    fn open(path: &Path) -> Result<Option<(File, Metadata)>, FileProblem> {
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
            Ok(metadata) if !metadata.is_file() => return Err(FileProblem::NotRegular),
            Ok(_) => {}
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        refuse_if_bound(&metadata, &fs::metadata(parent(path))?)?;
        Ok(Some((file, metadata)))
    }
}

/// A rename would leave the other names of a file, and the mount over it, with the old content.
#[cfg(unix)]
fn refuse_if_bound(file: &Metadata, folder: &Metadata) -> Result<(), FileProblem> {
    use std::os::unix::fs::MetadataExt;

    if file.dev() != folder.dev() {
        return Err(FileProblem::Mounted);
    }
    if file.nlink() > 1 {
        return Err(FileProblem::HardLinked);
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_if_bound(_: &Metadata, _: &Metadata) -> Result<(), FileProblem> {
    Ok(())
}

fn read_open(file: &File, limit: u64) -> Result<Vec<u8>, FileProblem> {
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    // One allocation where the length is known: growing would leave copies of secrets behind.
    let mut content = Vec::with_capacity(usize::try_from(length.min(limit)).unwrap_or_default() + 1);
    file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
    if content.len() as u64 > limit {
        return Err(FileProblem::TooLarge(limit));
    }
    Ok(content)
}

pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
