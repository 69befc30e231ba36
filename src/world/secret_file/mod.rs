//! A secret as a file for a program that we start: in memory where the system can, at a path of the person's choice where
//! that is asked for. Nothing of it is written to a disk, and nothing of it stays.
//!
//! | asked for | on Linux | elsewhere |
//! | --- | --- | --- |
//! | no path | a memory file that the program inherits: `/dev/fd/N` | a file of mode 0600 in a private folder |
//! | a path in a memory file system | a file of mode 0600 | – |
//! | any other path | a FIFO of mode 0600 | – |

mod fifo;
#[cfg(target_os = "linux")]
mod memory;
mod regular;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::Variables;
use super::file_error::{Attempt, FileError, FileProblem};
use super::private_folder::{HAS_FIFOS, PrivateFolder};

/// The bytes of a secret.
pub type Content = Zeroizing<Vec<u8>>;

/// A secret as a file. Dropped, it is removed.
pub struct SecretFile(Kind);

enum Kind {
    Fifo(fifo::Fifo),
    #[cfg(target_os = "linux")]
    Memory(memory::Memory),
    Private {
        path: PathBuf,
        /// Never read: the file goes with it.
        _folder: PrivateFolder,
    },
    Regular(regular::Regular),
}

impl SecretFile {
    /// A file that needs no path. With `renewable`, its content can be changed later.
    ///
    /// # Errors
    /// When the system has neither memory files nor a private folder.
    pub fn in_memory(content: &[u8], renewable: bool, variables: &Variables) -> Result<Self, FileError> {
        #[cfg(target_os = "linux")]
        if let Ok(memory) = memory::Memory::create(content, renewable) {
            return Ok(Self(Kind::Memory(memory)));
        }
        let _ = renewable;
        let folder = PrivateFolder::create(variables)?;
        let path = folder.write(Path::new("secret"), content)?;
        Ok(Self(Kind::Private { path, _folder: folder }))
    }

    /// A file at `path`, absolute, where nothing may be, not even a link.
    ///
    /// # Errors
    /// [`FileProblem::Exists`]; [`FileProblem::OnDisk`] where there is no FIFO; or the system refuses.
    pub fn at(path: &Path, content: Content, variables: &Variables) -> Result<Self, FileError> {
        let fail = |problem| FileError::new(Attempt::Write, path, problem);
        let folder = path.parent().ok_or_else(|| fail(FileProblem::NotRegular))?;
        if is_in_memory(folder) {
            return Ok(Self(Kind::Regular(regular::Regular::create(path, &content, variables)?)));
        }
        if !HAS_FIFOS {
            return Err(fail(FileProblem::OnDisk));
        }
        Ok(Self(Kind::Fifo(fifo::Fifo::create(path, content, variables)?)))
    }

    /// Where the program finds it.
    #[must_use]
    pub fn path(&self) -> &Path {
        match &self.0 {
            Kind::Fifo(fifo) => fifo.path(),
            #[cfg(target_os = "linux")]
            Kind::Memory(memory) => memory.path(),
            Kind::Private { path, .. } => path,
            Kind::Regular(regular) => regular.path(),
        }
    }

    /// Whether somebody must stay to serve or remove it.
    #[must_use]
    pub const fn needs_us(&self) -> bool {
        #[cfg(target_os = "linux")]
        return !matches!(self.0, Kind::Memory(_));
        #[cfg(not(target_os = "linux"))]
        true
    }

    /// Whether programs that are started from now on inherit it, if it is inherited at all.
    pub fn inherit(&self, yes: bool) {
        #[cfg(target_os = "linux")]
        if let Kind::Memory(memory) = &self.0 {
            memory.inherit(yes);
        }
        #[cfg(not(target_os = "linux"))]
        let _ = yes;
    }

    /// Gives it another content, where it is.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn renew(&self, content: Content) -> Result<(), FileError> {
        let fail = |error| FileError::new(Attempt::Write, self.path(), FileProblem::from(error));
        match &self.0 {
            Kind::Fifo(fifo) => fifo.renew(content),
            #[cfg(target_os = "linux")]
            Kind::Memory(memory) => memory.renew(&content).map_err(fail)?,
            Kind::Private { path, .. } => regular::rewrite(path, None, &content).map_err(fail)?,
            Kind::Regular(regular) => regular.renew(&content).map_err(fail)?,
        }
        Ok(())
    }
}

/// Removes what a program that was killed has left at the paths that are noted in its private folder.
pub(super) fn remove_noted(folder: &Path) {
    regular::remove_noted(folder);
}

/// Whether files in `folder` never reach a disk, swap aside.
#[cfg(target_os = "linux")]
fn is_in_memory(folder: &Path) -> bool {
    /// `tmpfs` and `ramfs`, of `linux/magic.h`.
    const MEMORY: [u32; 2] = [0x0102_1994, 0x8584_58f6];
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "its type is another on each machine"
    )]
    rustix::fs::statfs(folder).is_ok_and(|system| MEMORY.contains(&(system.f_type as u32)))
}

#[cfg(not(target_os = "linux"))]
fn is_in_memory(_: &Path) -> bool {
    false
}
