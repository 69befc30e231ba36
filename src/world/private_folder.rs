//! Where an editor's plaintext lives: a folder of mode 0700, on a memory file system where there is one, that
//! vanishes with us, and after a crash with the next lacre command.
//!
//! All private folders of a user lie in one parent, so that looking for left ones costs next to nothing. A living
//! one is known by the lock on it, which dies with its process.

use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::Variables;
use super::file_error::{Attempt, FileError};

/// A folder only we can enter. Dropped, its files are overwritten and it is removed.
#[derive(Debug)]
pub struct PrivateFolder {
    folder: TempDir,
    /// Never read: it is the lock that says we live.
    _alive: File,
    /// Somebody else needs it still.
    left: bool,
}

impl PrivateFolder {
    /// Makes one in `$XDG_RUNTIME_DIR`, `/dev/shm` or the temporary folder: the first that can be trusted.
    ///
    /// # Errors
    /// None of them can be written to, or someone else has taken our name in all of them.
    pub fn create(variables: &Variables) -> Result<Self, FileError> {
        let mut failure = io::Error::from(io::ErrorKind::NotFound);
        let mut place = PathBuf::new();
        for base in bases(variables) {
            place = base.join(parent_name());
            match Self::create_in(&place) {
                Ok(folder) => return Ok(folder),
                Err(error) => failure = error,
            }
        }
        Err(FileError::new(Attempt::Write, &place, failure))
    }

    fn create_in(parent: &Path) -> io::Result<Self> {
        for _ in 0..ATTEMPTS {
            match Self::try_create_in(parent) {
                // A run that ended just now has removed the empty parent, or swept what was not locked yet.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                other => return other,
            }
        }
        Err(io::ErrorKind::NotFound.into())
    }

    fn try_create_in(parent: &Path) -> io::Result<Self> {
        make_private_folder(parent)?;
        if !closed_to_others(&fs::symlink_metadata(parent)?) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
        let folder = builder.tempdir_in(parent)?;
        let alive = open_alive(folder.path())?;
        alive.try_lock().map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
        // Between making and locking it, a sweep may have taken it for dead.
        fs::symlink_metadata(folder.path())?;
        Ok(Self { folder, _alive: alive, left: false })
    }

    /// Writes a file of mode 0600 and returns its path. Of `name` only the last part counts.
    ///
    /// # Errors
    /// The system refuses, e.g. for want of memory.
    pub fn write(&self, name: &Path, bytes: &[u8]) -> Result<PathBuf, FileError> {
        let name = name.file_name().unwrap_or(OsStr::new("secrets"));
        let path = self.folder.path().join(name);
        let mut options = File::options();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let written = options.open(&path).and_then(|mut file| file.write_all(bytes));
        written.map_err(|error| FileError::new(Attempt::Write, &path, error))?;
        Ok(path)
    }

    /// Makes a FIFO of mode 0600 and returns its path. Whoever opens it first, once, reads `bytes`.
    ///
    /// # Errors
    /// The system refuses, or has none.
    pub fn serve(&self, name: &Path, bytes: Vec<u8>) -> Result<PathBuf, FileError> {
        let name = name.file_name().unwrap_or(OsStr::new("secrets"));
        let path = self.folder.path().join(name);
        make_fifo(&path).map_err(|error| FileError::new(Attempt::Write, &path, error))?;
        let place = path.clone();
        // It waits for a reader, in vain perhaps, and ends with us then.
        std::thread::spawn(move || {
            let bytes = zeroize::Zeroizing::new(bytes);
            if let Ok(mut pipe) = File::options().write(true).open(place) {
                let _ = pipe.write_all(&bytes);
            }
        });
        Ok(path)
    }

    /// Leaves the folder to a program that outlives us; a later command sweeps it.
    pub fn leave(mut self) {
        self.folder.disable_cleanup(true);
        self.left = true;
    }
}

impl Drop for PrivateFolder {
    fn drop(&mut self) {
        if self.left {
            return;
        }
        wipe(self.folder.path());
        if let Some(parent) = self.folder.path().parent() {
            let _ = fs::remove_dir(parent);
        }
    }
}

/// Removes the private folders of runs that are dead, and no other. Every command starts with it.
pub fn sweep(variables: &Variables) {
    for base in bases(variables) {
        sweep_parent(&base.join(parent_name()));
    }
}

fn sweep_parent(parent: &Path) {
    if !is_private(parent) {
        return;
    }
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let ours =
            entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX)) && is_private(&path);
        // Held until the folder is gone, so that its owner, if just born, notices.
        let Some(alive) = ours.then(|| open_alive(&path).ok()).flatten() else { continue };
        if alive.try_lock().is_ok() {
            super::secret_file::remove_noted(&path);
            wipe(&path);
        }
    }
    let _ = fs::remove_dir(parent);
}

/// Overwrites the files in `folder`, the editor's own copies too, and removes them and the folder. Links are
/// not followed, for [`File::options`] would open what they point to.
fn wipe(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let _ = overwrite(&entry.path());
        }
    }
    let _ = fs::remove_dir_all(folder);
}

fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = File::options().write(true).open(path)?;
    let length = file.metadata()?.len();
    io::copy(&mut io::Read::take(io::repeat(0), length), &mut file)?;
    file.sync_data()
}

/// Where private folders may be, best first. A relative path in a variable is none.
fn bases(variables: &Variables) -> impl Iterator<Item = PathBuf> {
    let variable =
        |name: &str| variables.get(OsStr::new(name)).map(PathBuf::from).filter(|path| path.is_absolute());
    let runtime = variable("XDG_RUNTIME_DIR").filter(|path| is_private(path));
    let memory = cfg!(target_os = "linux").then(|| PathBuf::from("/dev/shm"));
    let temporary = variable(if cfg!(windows) { "TEMP" } else { "TMPDIR" });
    let temporary = temporary.or_else(|| cfg!(unix).then(|| PathBuf::from("/tmp")));
    [runtime, memory, temporary].into_iter().flatten()
}

/// Whether this system can make a FIFO with a name.
pub const HAS_FIFOS: bool = cfg!(target_os = "linux");

/// A FIFO of mode 0600, where nothing may be.
#[cfg(target_os = "linux")]
pub(super) fn make_fifo(path: &Path) -> io::Result<()> {
    Ok(rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::from_raw_mode(0o600))?)
}

/// This system has none that can be made.
#[cfg(not(target_os = "linux"))]
pub(super) fn make_fifo(_: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(unix)]
fn parent_name() -> String {
    format!("lacre-{}", rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn parent_name() -> String {
    "lacre".into()
}

#[cfg(unix)]
fn make_private_folder(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;

    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)
}

fn is_private(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| closed_to_others(&metadata))
}

/// A real folder, ours, that nobody else may enter: in a folder open to all, anybody could have made it.
#[cfg(unix)]
fn closed_to_others(metadata: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;

    let ours = metadata.uid() == rustix::process::geteuid().as_raw();
    metadata.is_dir() && ours && metadata.mode() & 0o7777 == 0o700
}

/// The user's own temporary folder is closed to others here.
#[cfg(not(unix))]
fn closed_to_others(metadata: &Metadata) -> bool {
    metadata.is_dir()
}

#[cfg(unix)]
fn open_alive(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Folders cannot be locked here, a file in them can.
#[cfg(not(unix))]
fn open_alive(folder: &Path) -> io::Result<File> {
    File::options().create(true).truncate(false).write(true).open(folder.join("alive"))
}

const PREFIX: &str = "edit-";
const ATTEMPTS: usize = 16;

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    /// A runtime folder of our own, so that tests do not meet.
    fn runtime() -> (TempDir, Variables) {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let variables = Variables::from([("XDG_RUNTIME_DIR".into(), folder.path().into())]);
        (folder, variables)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn only_we_can_enter_and_nothing_stays() {
        let (runtime, variables) = runtime();
        let private = PrivateFolder::create(&variables).unwrap();
        assert!(private.folder.path().starts_with(runtime.path()));
        let file = private.write(Path::new("conf/prod.yaml"), b"a: 1").unwrap();
        assert_eq!((mode(private.folder.path()), mode(&file)), (0o700, 0o600));
        assert_eq!(file.file_name().unwrap(), "prod.yaml");
        assert_eq!(fs::read(&file).unwrap(), b"a: 1");
        drop(private);
        assert_eq!(fs::read_dir(runtime.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_sweep_takes_the_dead_and_leaves_the_living() {
        let (runtime, variables) = runtime();
        let living = PrivateFolder::create(&variables).unwrap();
        let file = living.write(Path::new("a"), b"1").unwrap();
        let dead = living.folder.path().with_file_name("edit-crash1");
        make_private_folder(&dead).unwrap();
        fs::write(dead.join("b"), "2").unwrap();
        sweep(&variables);
        assert!(file.exists() && !dead.exists());
        drop(living);
        assert_eq!(fs::read_dir(runtime.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_in_a_dead_folder_is_not_followed() {
        let (runtime, variables) = runtime();
        let dead = runtime.path().join(parent_name()).join("edit-crash2");
        make_private_folder(dead.parent().unwrap()).unwrap();
        make_private_folder(&dead).unwrap();
        let precious = runtime.path().join("precious");
        fs::write(&precious, "keep").unwrap();
        symlink(&precious, dead.join("link")).unwrap();
        sweep(&variables);
        assert!(!dead.exists());
        assert_eq!(fs::read(&precious).unwrap(), b"keep");
    }

    #[test]
    fn a_runtime_folder_open_to_others_is_not_used() {
        let (runtime, variables) = runtime();
        fs::set_permissions(runtime.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let private = PrivateFolder::create(&variables).unwrap();
        assert!(!private.folder.path().starts_with(runtime.path()));
    }

    #[test]
    fn a_parent_that_another_made_open_is_not_trusted() {
        let (runtime, _) = runtime();
        let parent = runtime.path().join("taken");
        fs::create_dir(&parent).unwrap();
        fs::set_permissions(&parent, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(PrivateFolder::create_in(&parent).is_err());
    }

    #[test]
    fn many_at_once_do_not_sweep_each_other() {
        let (runtime, variables) = runtime();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        sweep(&variables);
                        let private = PrivateFolder::create(&variables).unwrap();
                        let file = private.write(Path::new("a"), b"1").unwrap();
                        sweep(&variables);
                        assert_eq!(fs::read(&file).unwrap(), b"1");
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(runtime.path()).unwrap().count(), 0);
    }
}
