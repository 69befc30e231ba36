//! Which plaintext `.env` files a tree holds. What git ignores counts: such files usually are.

use std::path::{Path, PathBuf};

use super::super::names::{self, FileType};
use super::ImportError;
use crate::world::walk;

/// A file to import, and whether the person named it, or only a folder above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub path: PathBuf,
    /// It was named itself.
    pub named: bool,
}

/// The files at `place`: itself, or those below it that are called like a `.env` file, examples and twins left out.
///
/// # Errors
/// When it is a file that cannot be meant, or a folder cannot be read.
pub fn find(place: &Path) -> Result<Vec<Found>, ImportError> {
    if walk::is_folder(place) {
        let found = walk::files_below(place, &is_meant)?;
        return Ok(found.into_iter().map(|path| Found { path, named: false }).collect());
    }
    if FileType::of(place) != FileType::Dotenv {
        return Err(ImportError::NotDotenv(place.to_owned()));
    }
    if !is_meant(place) {
        return Err(ImportError::NotMeant(place.to_owned()));
    }
    Ok(vec![Found { path: place.to_owned(), named: true }])
}

/// Whether a file of this name holds somebody's own variables in plaintext.
fn is_meant(path: &Path) -> bool {
    FileType::of(path) == FileType::Dotenv && !names::is_twin(path) && !is_for_everybody(path)
}

/// `.env.example`, also `.env.local.example`.
fn is_for_everybody(path: &Path) -> bool {
    let last = path.extension().unwrap_or_default().to_string_lossy();
    names::is_never_encrypted(path) || names::is_never_encrypted(Path::new(&format!(".env.{last}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_keys_and_twins_are_not_meant() {
        for name in [".env", "a/.env.local", "prod.env", ".env.production"] {
            assert!(is_meant(Path::new(name)), "{name}");
        }
        for name in [
            ".env.example",
            ".env.local.example",
            ".env.keys",
            ".env.vault",
            ".env.enc",
            ".enc.env",
            "a.yaml",
            ".envrc",
        ] {
            assert!(!is_meant(Path::new(name)), "{name}");
        }
    }
}
