//! What can go wrong with a file, as place and kind. The rules themselves are in `files` and `folder_lock`.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::terminal::sanitise;

/// A file that could not be read or written; whatever stood at its place still stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// What was being done.
    pub attempt: Attempt,
    /// Which file or folder, as it was named.
    pub path: PathBuf,
    /// Why not.
    pub problem: FileProblem,
}

/// What was being done when a file refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attempt {
    /// Taking the lock of a folder.
    Lock,
    /// Reading.
    Read,
    /// Writing, replacing or creating.
    Write,
}

/// Why a file could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileProblem {
    /// Its content is no longer what the change was made from.
    #[error("it has changed meanwhile")]
    Changed,
    /// A new file was wanted.
    #[error("it exists already")]
    Exists,
    /// It has other names, which a rename would leave with the old content.
    #[error("it has more than one hard link")]
    HardLinked,
    /// The system refused.
    #[error("{}", system_words(*kind, *code))]
    Io {
        /// The kind of refusal.
        kind: io::ErrorKind,
        /// The system's own number for it.
        code: Option<i32>,
    },
    /// The path passes a symbolic link that leaves the repository, or there is no repository.
    #[error("a symbolic link leads out of the repository")]
    LeadsOutside,
    /// Plaintext is never written through a link.
    #[error("it is a symbolic link")]
    Link,
    /// Another process has held the folder's lock for too long.
    #[error("another process keeps the folder locked")]
    Locked,
    /// Something is mounted there, e.g. a single file in a container, and cannot be renamed over.
    #[error("it is a mount point, which cannot be replaced atomically")]
    Mounted,
    /// A folder, FIFO, socket or device.
    #[error("it is not a regular file")]
    NotRegular,
    /// A secret would be written to a disk, and this system has no FIFO to give in its place.
    #[error("it would be written to a disk")]
    OnDisk,
    /// The new file could not be given to the old one's owner and group.
    #[error("its owner or group cannot be kept")]
    OwnerLost,
    /// More bytes than the limit.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
}

impl FileError {
    /// `problem` met while trying to `attempt` something with `path`.
    #[must_use]
    pub fn new(attempt: Attempt, path: &Path, problem: impl Into<FileProblem>) -> Self {
        Self { attempt, path: path.to_owned(), problem: problem.into() }
    }

    /// Whether the file, or the folder to write it to, is simply not there.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        matches!(self.problem, FileProblem::Io { kind: io::ErrorKind::NotFound, .. })
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.attempt {
            Attempt::Lock => "lock",
            Attempt::Read => "read",
            Attempt::Write => "write",
        };
        let path = self.path.to_string_lossy();
        write!(f, "cannot {verb} `{}`: ", sanitise(&path))?;
        if self.is_missing() && self.attempt != Attempt::Read {
            // A missing file would be created.
            return f.write_str("no such folder");
        }
        write!(f, "{}", self.problem)
    }
}

impl std::error::Error for FileError {}

impl From<io::Error> for FileProblem {
    fn from(error: io::Error) -> Self {
        Self::Io { kind: error.kind(), code: error.raw_os_error() }
    }
}

fn system_words(kind: io::ErrorKind, code: Option<i32>) -> String {
    match (kind, code) {
        (io::ErrorKind::NotFound, _) => "no such file".into(),
        (io::ErrorKind::PermissionDenied, _) => "permission denied".into(),
        (io::ErrorKind::IsADirectory, _) => "it is a folder".into(),
        (io::ErrorKind::ReadOnlyFilesystem, _) => "the file system is read-only".into(),
        (io::ErrorKind::StorageFull, _) => "no space left on the file system".into(),
        (_, Some(code)) => io::Error::from_raw_os_error(code).to_string(),
        (kind, None) => kind.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_file_is_told_in_one_line() {
        let error =
            FileError::new(Attempt::Read, Path::new("a\x1b[2J"), io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(error.to_string(), "cannot read `a\\u{1b}[2J`: no such file");
        assert!(error.is_missing());
    }
}
