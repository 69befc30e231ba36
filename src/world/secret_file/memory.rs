//! A file that is nothing but memory: it has no name in any folder, a program inherits it as a descriptor, and the
//! system frees it with the last process that has it.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{MemfdFlags, Mode, OFlags, SealFlags, fcntl_add_seals, memfd_create, open};
use rustix::io::{Errno, FdFlags, fcntl_setfd};

/// The file.
pub(super) struct Memory {
    /// Ours alone, and only where the content may change.
    writer: Option<File>,
    /// What programs inherit: it can only be read.
    reader: OwnedFd,
    path: PathBuf,
}

impl Memory {
    /// # Errors
    /// When the system has no such files, or no `/proc` to reach them by.
    pub(super) fn create(content: &[u8], renewable: bool) -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let file = match memfd_create("lacre", flags | MemfdFlags::NOEXEC_SEAL) {
            // The kernel is older than 6.3.
            Err(Errno::INVAL) => memfd_create("lacre", flags),
            other => other,
        };
        let mut file = File::from(file?);
        file.write_all(content)?;
        // Whoever has the descriptor may read it anyway, also as another user: a service that gives up its rights.
        file.set_permissions(std::fs::Permissions::from_mode(0o444))?;
        if !renewable {
            fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW | SealFlags::WRITE | SealFlags::SEAL)?;
        }
        // A description of its own: at the start of the file, for reading, and inherited.
        let reader = open(descriptor_path("/proc/self/fd", &file), OFlags::RDONLY, Mode::empty())?;
        let path = descriptor_path("/dev/fd", &reader);
        std::fs::metadata(&path)?;
        Ok(Self { writer: renewable.then_some(file), reader, path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn inherit(&self, yes: bool) {
        // It cannot fail for a descriptor that is open.
        let _ = fcntl_setfd(&self.reader, if yes { FdFlags::empty() } else { FdFlags::CLOEXEC });
    }

    pub(super) fn renew(&self, content: &[u8]) -> io::Result<()> {
        let file = self.writer.as_ref().ok_or(io::ErrorKind::PermissionDenied)?;
        file.write_all_at(content, 0)?;
        file.set_len(content.len() as u64)
    }
}

fn descriptor_path(folder: &str, descriptor: &impl AsRawFd) -> PathBuf {
    Path::new(folder).join(descriptor.as_raw_fd().to_string())
}
