//! A file at a path of the person's choice, in a memory file system; and the notes by which a later command removes what
//! a run that was killed has left.

use std::fs::{self, File, Metadata};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use super::super::Variables;
use super::super::file_error::{Attempt, FileError, FileProblem};
use super::super::private_folder::PrivateFolder;

/// The file. Dropped, it is removed.
pub(super) struct Regular {
    path: PathBuf,
    identity: Identity,
    /// Holds the note, and goes with us.
    note: PrivateFolder,
}

impl Regular {
    /// # Errors
    /// When something is there, or the system refuses.
    pub(super) fn create(path: &Path, content: &[u8], variables: &Variables) -> Result<Self, FileError> {
        let fail = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => FileError::new(Attempt::Write, path, FileProblem::Exists),
            _ => FileError::new(Attempt::Write, path, error),
        };
        let note = PrivateFolder::create(variables)?;
        let mut options = File::options();
        // What is new is reached through no link.
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(fail)?;
        let identity = Identity::of(&file.metadata().map_err(fail)?);
        // From here on, it is removed whatever happens.
        let regular = Self { path: path.to_owned(), identity, note };
        take_note(&regular.note, path, Some(identity))?;
        file.write_all(content).map_err(fail)?;
        Ok(regular)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn renew(&self, content: &[u8]) -> io::Result<()> {
        rewrite(&self.path, Some(self.identity), content)
    }
}

impl Drop for Regular {
    fn drop(&mut self) {
        remove(&self.path, self.identity);
    }
}

/// Gives the file at `path` another content, if it still is what we made; without an `identity`, the folder is ours
/// alone. Who has it open sees it too.
pub(super) fn rewrite(path: &Path, identity: Option<Identity>, content: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true);
    // Somebody else's link or FIFO in its place is not followed, nor waited for.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let mut file = options.open(path)?;
    let opened = Identity::of(&file.metadata()?);
    if identity.is_some_and(|identity| identity != opened) {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    file.rewind()?;
    file.write_all(content)?;
    file.set_len(content.len() as u64)
}

/// By what a file is told from another at the same path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    #[cfg(unix)]
    pub(super) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;

        Self { device: metadata.dev(), inode: metadata.ino() }
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Self {
        Self { device: 0, inode: 0 }
    }

    /// Of what stands at `path`, a link itself.
    pub(super) fn at(path: &Path) -> Option<Self> {
        fs::symlink_metadata(path).ok().map(|metadata| Self::of(&metadata))
    }
}

/// Removes what stands at `path`, if it still is what we made.
pub(super) fn remove(path: &Path, identity: Identity) {
    if Identity::at(path) == Some(identity) {
        let _ = fs::remove_file(path);
    }
}

/// Notes in `folder` what was made at `path`: a file, or FIFOs one after the other.
pub(super) fn take_note(
    folder: &PrivateFolder,
    path: &Path,
    identity: Option<Identity>,
) -> Result<(), FileError> {
    let what = identity.map_or(ANY_FIFO.to_owned(), |Identity { device, inode }| format!("{device} {inode}"));
    let note = [what.as_bytes(), b"\n", path.as_os_str().as_encoded_bytes()].concat();
    folder.write(Path::new(NOTE), &note).map(drop)
}

/// Removes what is noted in the private folder of a run that is dead.
pub(super) fn remove_noted(folder: &Path) {
    let note = fs::read(folder.join(NOTE)).unwrap_or_default();
    if let Some((path, identity)) = read_note(&note) {
        remove(&path, identity);
    }
}

fn read_note(note: &[u8]) -> Option<(PathBuf, Identity)> {
    let end = note.iter().position(|byte| *byte == b'\n')?;
    let path = PathBuf::from(super::super::system::os_string(note.get(end + 1..)?)?);
    let identity = match std::str::from_utf8(note.get(..end)?).ok()? {
        ANY_FIFO => Identity::at(&path).filter(|_| is_our_fifo(&path))?,
        numbers => {
            let (device, inode) = numbers.split_once(' ')?;
            Identity { device: device.parse().ok()?, inode: inode.parse().ok()? }
        }
    };
    Some((path, identity))
}

/// A FIFO that others cannot open, as we make them; there is no other use for one that nobody serves.
#[cfg(unix)]
fn is_our_fifo(path: &Path) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    fs::symlink_metadata(path).is_ok_and(|metadata| {
        let ours = metadata.uid() == rustix::process::geteuid().as_raw();
        ours && metadata.file_type().is_fifo() && metadata.mode() & 0o7777 == 0o600
    })
}

#[cfg(not(unix))]
fn is_our_fifo(_: &Path) -> bool {
    false
}

const NOTE: &str = "made";
const ANY_FIFO: &str = "fifo";
