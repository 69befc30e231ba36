//! Which encrypted files give a process its variables when nobody names them: those of the nearest folder that has
//! any, between the working folder and the root of the repository.

use std::path::{Path, PathBuf};

use crate::document::Document;
use crate::document::dotenv::Dotenv;
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::{FileError, git};

/// Why no files were found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LayersError {
    /// A file cannot be looked at.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file of the environment that was asked for is not there.
    #[error("there is no `{}`", .0.display())]
    Missing(PathBuf),
    /// No folder has an encrypted file.
    #[error("there is no `.env.enc` here{}", if *.0 { " or above, up to the root of the repository" } else { "" })]
    Nothing(bool),
    /// It is no name for an environment.
    #[error("the name of an environment has letters, digits, `_` and `-` only")]
    Word,
}

/// The files, the one that wins last. `name` adds `.env.NAME.enc`; with `inherit`, all folders from the root down
/// count, else the nearest.
///
/// # Errors
/// When there is none, or the one that `name` asks for is missing.
pub fn find(folder: &Path, name: Option<&str>, inherit: bool) -> Result<Vec<PathBuf>, LayersError> {
    if name.is_some_and(|name| !is_word(name)) {
        return Err(LayersError::Word);
    }
    let root = git::repository_root(folder);
    let inside =
        folder.ancestors().take_while(|place| root.as_ref().is_some_and(|root| place.starts_with(root)));
    let mut folders: Vec<&Path> = inside.collect();
    if folders.is_empty() {
        folders.push(folder);
    }
    let mut layers = Vec::new();
    let mut named = false;
    let mut nearest = None;
    for place in folders {
        let Some(base) = base(place)? else { continue };
        nearest.get_or_insert(place);
        // From the nearest up, so each folder's files go in front of those before.
        let own = name.map(|name| place.join(format!(".env.{name}.enc")));
        let own = own.filter(|file| is_there(file));
        named |= own.is_some();
        layers.splice(0..0, std::iter::once(base).chain(own));
        if !inherit {
            break;
        }
    }
    match (nearest, name) {
        (None, _) => Err(LayersError::Nothing(root.is_some())),
        (Some(nearest), Some(name)) if !named => {
            Err(LayersError::Missing(nearest.join(format!(".env.{name}.enc"))))
        }
        _ => Ok(layers),
    }
}

/// The encrypted form of `.env` in `folder`.
fn base(folder: &Path) -> Result<Option<PathBuf>, LayersError> {
    let twin = [".env.enc", ".enc.env"].map(|name| folder.join(name)).into_iter().find(|file| is_there(file));
    if twin.is_some() {
        return Ok(twin);
    }
    let plain = folder.join(".env");
    if !is_there(&plain) {
        return Ok(None);
    }
    let document = Document::parse(files::read(&plain, SIZE_LIMIT)?, &Dotenv);
    let is_encrypted = document.is_ok_and(|document| document.outline().metadata.is_some());
    Ok(is_encrypted.then_some(plain))
}

/// A file of no bytes is the rest of a redirection that failed.
fn is_there(file: &Path) -> bool {
    files::exists(file) && !files::is_empty(file).unwrap_or(false)
}

/// Whether `name` can be that of an environment.
#[must_use]
pub fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make the files to be found")]
mod tests {
    use std::fs;

    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new(files: &[&str]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            for file in files {
                let path = tree.root().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "sops_mac=x\nsops_version=3.11.0\n").unwrap();
            }
            tree
        }

        fn root(&self) -> PathBuf {
            fs::canonicalize(self.0.path()).unwrap()
        }

        fn find(&self, folder: &str, name: Option<&str>, inherit: bool) -> Result<Vec<String>, String> {
            let found = find(&self.root().join(folder), name, inherit).map_err(|error| error.to_string())?;
            let relative =
                |file: PathBuf| file.strip_prefix(self.root()).unwrap().to_str().unwrap().to_owned();
            Ok(found.into_iter().map(relative).collect())
        }
    }

    #[test]
    fn the_nearest_folder_counts_up_to_the_root() {
        let tree =
            Tree::new(&[".env.enc", "r/.git/HEAD", "r/.env.enc", "r/a/b/x", "r/c/.enc.env", "r/d/.env"]);
        for (folder, file) in
            [("r", "r/.env.enc"), ("r/a/b", "r/.env.enc"), ("r/c", "r/c/.enc.env"), ("r/d", "r/d/.env")]
        {
            assert_eq!(tree.find(folder, None, false).unwrap(), [file], "{folder}");
        }
    }

    #[test]
    fn outside_a_repository_only_this_folder_counts() {
        let tree = Tree::new(&[".env.enc", "a/x"]);
        assert_eq!(tree.find("a", None, false).unwrap_err(), "there is no `.env.enc` here");
        assert_eq!(tree.find("", None, false).unwrap(), [".env.enc"]);
    }

    #[test]
    fn a_repository_in_another_sees_nothing_of_it() {
        let tree = Tree::new(&[".git/HEAD", ".env.enc", "sub/.git", "sub/x"]);
        assert!(tree.find("sub", None, false).unwrap_err().contains("up to the root"));
    }

    #[test]
    fn plaintext_and_empty_files_do_not_count() {
        let tree = Tree::new(&[".git/HEAD", ".env.enc", "a/x", "b/x"]);
        fs::write(tree.root().join("a/.env"), "A=1\n").unwrap();
        fs::write(tree.root().join("b/.env.enc"), "").unwrap();
        for folder in ["a", "b"] {
            assert_eq!(tree.find(folder, None, false).unwrap(), [".env.enc"], "{folder}");
        }
    }

    #[test]
    fn a_named_environment_is_of_the_same_folder_and_must_be_there() {
        let tree = Tree::new(&[".git/HEAD", ".env.enc", ".env.prod.enc", "a/.env.enc"]);
        assert_eq!(tree.find("", Some("prod"), false).unwrap(), [".env.enc", ".env.prod.enc"]);
        assert!(tree.find("a", Some("prod"), false).unwrap_err().ends_with("a/.env.prod.enc`"));
        for name in ["", "../x", "a b", "a.b"] {
            assert!(tree.find("", Some(name), false).unwrap_err().contains("letters"), "{name}");
        }
    }

    #[test]
    fn inherited_layers_go_from_the_root_down() {
        let tree =
            Tree::new(&[".git/HEAD", ".env.enc", ".env.prod.enc", "a/b/.env.enc", "a/b/.env.prod.enc"]);
        assert_eq!(
            tree.find("a/b", Some("prod"), true).unwrap(),
            [".env.enc", ".env.prod.enc", "a/b/.env.enc", "a/b/.env.prod.enc"]
        );
    }
}
