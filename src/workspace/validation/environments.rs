//! Which dotenv files of a folder a process gets together. An environment is judged as a whole: what is required may
//! stand in any of its files.
//!
//! * Without `.env.NAME.enc`, the base (`.env.enc`) is an environment of its own.
//! * Beside one, every `.env.NAME.enc` over the base is one, as `run --env NAME` layers them, and the base alone is
//!   none: it may hold just what all have in common.
//! * Any other dotenv file, such as `db.enc.env`, is looked at for itself; with what else a process gets it, nobody
//!   knows, so nothing is missing in it.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::super::layers::is_word;
use super::super::tree::Found;
use super::super::{Error, open_file};
use super::seen::{Seen, SeenLeaf};
use crate::world::files;
use crate::world::walk::files_in;

/// Files that a process gets together, the one that wins last.
pub struct Layered<'a> {
    /// What it is called: the name of its last file.
    pub label: String,
    /// Its files.
    pub files: Vec<&'a Seen>,
    /// All that a process gets from files is in it.
    pub is_whole: bool,
}

impl<'a> Layered<'a> {
    /// Each name once, with the value that counts, in the order in which names first occur.
    #[must_use]
    pub fn leaves(&self) -> Vec<(&'a Seen, &'a SeenLeaf)> {
        let mut found: Vec<(&Seen, &SeenLeaf)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for file in &self.files {
            for leaf in &file.leaves {
                let place = *places.entry(&leaf.name).or_insert(found.len());
                match found.get_mut(place) {
                    Some(old) => *old = (file, leaf),
                    None => found.push((file, leaf)),
                }
            }
        }
        found
    }
}

/// The environments that the dotenv files of one folder make.
#[must_use]
pub fn environments<'a>(folder: &[&'a Seen]) -> Vec<Layered<'a>> {
    let dotenv = || folder.iter().copied().filter(|file| file.is_dotenv());
    let base = BASES.iter().find_map(|name| dotenv().find(|file| label(file) == *name));
    let is_base = |file: &Seen| base.is_some_and(|base| std::ptr::eq(base, file));
    let has_named = dotenv().any(|file| is_named(&file.path));
    let layered = dotenv().filter_map(|file| {
        let (files, is_whole) = if is_named(&file.path) {
            (base.into_iter().chain([file]).collect(), true)
        } else if is_base(file) && has_named {
            return None;
        } else {
            (vec![file], is_base(file))
        };
        Some(Layered { label: label(file), files, is_whole })
    });
    layered.collect()
}

/// The files on disk that make whole environments with those of `found`, and are not among them: of a base the named
/// ones, of a named one its base.
///
/// # Errors
/// When a folder cannot be read.
pub fn siblings(found: &[Found]) -> Result<Vec<Found>, Error> {
    let mut wanted: BTreeSet<PathBuf> = BTreeSet::new();
    for path in found.iter().map(|found| found.path.as_path()) {
        let Some(folder) = path.parent() else { continue };
        if is_named(path) {
            wanted.extend(BASES.iter().map(|name| folder.join(name)).find(|base| files::exists(base)));
        } else if path.file_name().is_some_and(|name| BASES.iter().any(|base| name == *base)) {
            wanted.extend(files_in(folder, &is_named)?);
        }
    }
    wanted.retain(|path| !found.iter().any(|found| found.path == *path));
    // One that is not encrypted, or is broken, was not asked for.
    let load = |path: PathBuf| Some(Found { sealed: open_file::load(&path, None).ok()?, path });
    Ok(wanted.into_iter().filter_map(load).collect())
}

/// The names of a base, in the order in which `run` looks for them.
const BASES: [&str; 3] = [".env.enc", ".enc.env", ".env"];

/// It is a file that `run --env NAME` would add.
fn is_named(path: &Path) -> bool {
    let label = file_name(path);
    let name = label.strip_prefix(".env.").and_then(|rest| rest.strip_suffix(".enc"));
    name.is_some_and(is_word)
}

fn label(file: &Seen) -> String {
    file_name(&file.path)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layered(names: &[&str]) -> Vec<(Vec<String>, bool)> {
        let files = names.iter().map(|name| Seen {
            path: name.into(),
            format: if name.ends_with("yaml") { "yaml" } else { "dotenv" },
            opened: false,
            leaves: Vec::new(),
        });
        let files: Vec<Seen> = files.collect();
        let found = environments(&files.iter().collect::<Vec<_>>());
        found.iter().map(|one| (one.files.iter().map(|file| label(file)).collect(), one.is_whole)).collect()
    }

    fn whole(files: &[&str]) -> (Vec<String>, bool) {
        (files.iter().map(|file| (*file).to_owned()).collect(), true)
    }

    #[test]
    fn a_base_alone_is_an_environment() {
        for base in [".env.enc", ".enc.env", ".env"] {
            assert_eq!(layered(&[base, "a.enc.yaml"]), [whole(&[base])]);
        }
    }

    #[test]
    fn a_base_beside_named_files_is_what_they_have_in_common() {
        assert_eq!(
            layered(&[".env.enc", ".env.prod.enc", ".env.staging.enc"]),
            [whole(&[".env.enc", ".env.prod.enc"]), whole(&[".env.enc", ".env.staging.enc"])]
        );
    }

    #[test]
    fn named_files_without_a_base_are_environments() {
        assert_eq!(
            layered(&[".env.dev.enc", ".env.prod.enc"]),
            [whole(&[".env.dev.enc"]), whole(&[".env.prod.enc"])]
        );
    }

    #[test]
    fn other_dotenv_files_may_be_a_part_of_anything() {
        let part = |name: &str| (vec![name.to_owned()], false);
        assert_eq!(layered(&["api.enc.env", "db.enc.env"]), [part("api.enc.env"), part("db.enc.env")]);
        assert_eq!(layered(&[".env.enc", ".enc.env"]), [whole(&[".env.enc"]), part(".enc.env")]);
    }
}
