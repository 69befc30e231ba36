//! By what a file that has changed is told from one that has not, without reading it.

use std::fs::{self, Metadata};
use std::path::Path;
use std::time::SystemTime;

/// Which file stands at a path, how long it is, and when it was last changed. Two that are equal have the same content,
/// as far as the system's clock tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    identity: (u64, u64),
    /// Seconds and nanoseconds of the last change of any kind, which no program can set.
    changed: (i64, i64),
}

impl Stamp {
    /// Of the file at `path`, links followed; `None` where there is none.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        let (identity, changed) = of_system(&metadata);
        Some(Self { length: metadata.len(), modified: metadata.modified().ok(), identity, changed })
    }
}

#[cfg(unix)]
fn of_system(metadata: &Metadata) -> ((u64, u64), (i64, i64)) {
    use std::os::unix::fs::MetadataExt;

    ((metadata.dev(), metadata.ino()), (metadata.ctime(), metadata.ctime_nsec()))
}

#[cfg(not(unix))]
fn of_system(_: &Metadata) -> ((u64, u64), (i64, i64)) {
    ((0, 0), (0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_replaced_written_or_gone_has_another_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        assert_eq!(Stamp::of(&file), None);
        fs::write(&file, "1").unwrap();
        let first = Stamp::of(&file);
        assert_eq!(Stamp::of(&file), first);
        fs::write(folder.path().join("b"), "2").unwrap();
        fs::rename(folder.path().join("b"), &file).unwrap();
        let second = Stamp::of(&file);
        assert!(second.is_some() && second != first);
        fs::write(&file, "33").unwrap();
        assert_ne!(Stamp::of(&file), second);
        fs::remove_file(&file).unwrap();
        assert_eq!(Stamp::of(&file), None);
    }
}
