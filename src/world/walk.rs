//! The files below a folder, for commands that are pointed at a tree. No link is followed, and no folder is entered
//! whose content is another tool's.

use std::fs;
use std::path::{Path, PathBuf};

use super::file_error::{Attempt, FileError};

/// Folders of other tools: git's own, installed packages, build results.
const NOT_ENTERED: [&str; 3] = [".git", "node_modules", "target"];

/// Folders inside each other at the most.
const DEEPEST: usize = 128;

/// The regular files below `folder` that are `wanted`, sorted. What git ignores is listed too: plaintext usually is.
///
/// # Errors
/// When a folder cannot be read.
pub fn files_below(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>, FileError> {
    files_to(DEEPEST, folder, wanted)
}

/// The regular files in `folder` itself that are `wanted`, sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn files_in(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Result<Vec<PathBuf>, FileError> {
    files_to(0, folder, wanted)
}

fn files_to(
    deepest: usize,
    folder: &Path,
    wanted: &dyn Fn(&Path) -> bool,
) -> Result<Vec<PathBuf>, FileError> {
    let mut found = Vec::new();
    let mut open = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = open.pop() {
        let fail = |error| FileError::new(Attempt::Read, &folder, error);
        for entry in fs::read_dir(&folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let kind = entry.file_type().map_err(fail)?;
            let path = entry.path();
            let is_entered = || !NOT_ENTERED.iter().any(|name| entry.file_name() == *name);
            if kind.is_dir() && depth < deepest && is_entered() {
                open.push((path, depth + 1));
            } else if kind.is_file() && wanted(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether `path` is a folder, links followed.
#[must_use]
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_other_tools_are_not_entered() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a/.env", ".env", "b/c/.env", "node_modules/x/.env", "target/.env", ".git/.env", "a/x"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = files_below(folder.path(), &|path| path.ends_with(".env")).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.strip_prefix(folder.path()).unwrap()).collect();
        assert_eq!(names, [".env", "a/.env", "b/c/.env"].map(Path::new));
        let here = files_in(folder.path(), &|path| path.ends_with(".env")).unwrap();
        assert_eq!(here, [folder.path().join(".env")]);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("again")).unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join(".env")).unwrap();
        assert!(files_below(folder.path(), &|_| true).unwrap().is_empty());
    }
}
