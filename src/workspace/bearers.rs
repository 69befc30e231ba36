//! One name in many files: which have it, what it says there, and all of them written as one.

use std::path::PathBuf;

use super::names::FileType;
use super::tree::{self, Found, Text};
use super::{Error, Keyring, OpenFile, RuleFile, open_file, process_text};
use crate::base::{Kind, Path as ValuePath, Secret, Step, Value};
use crate::world::World;
use crate::world::git::repository_root;
use crate::world::together::{Replacement, replace_all};

/// All files that bear a name.
#[derive(Default)]
pub struct Bearers {
    /// Where a value of it stands.
    pub named: Vec<Named>,
    /// Where it may stand: files that cannot be read, and why.
    pub broken: Vec<(PathBuf, Error)>,
}

/// A tracked file in which a value of the name stands; nobody's identity was needed to know it.
pub struct Named {
    /// Which.
    pub found: Found,
    /// Where in it.
    pub at: ValuePath,
}

/// A [`Named`] file, opened.
pub struct Holder {
    /// The file.
    pub file: OpenFile,
    /// Where in it.
    pub at: ValuePath,
    /// Quotes of its dotenv values are part of them.
    pub literal: bool,
}

/// The encrypted files that git tracks in this repository in which a single value stands where `at` says, by format;
/// and those that cannot be read, where the last key of the name stands in the text.
///
/// # Errors
/// Outside a repository, or when git does not answer.
pub fn named(world: &World, at: impl Fn(&'static str) -> Option<ValuePath>) -> Result<Bearers, Error> {
    let Bearers { mut named, mut broken } = Bearers::default();
    for (path, text) in tree::tracked_texts(world, &world.folder)? {
        match text {
            Text::Sealed(sealed) => {
                named.extend(at(sealed.document().format().name()).and_then(|at| {
                    let found = Found { path, sealed: *sealed };
                    has_value(&found, &at).then_some(Named { found, at })
                }));
            }
            Text::Broken(text, error) => {
                let format = open_file::format_of(FileType::of(&path)).name();
                let key = at(format).and_then(|at| {
                    at.steps.into_iter().rev().find_map(|step| match step {
                        Step::Key(key) => Some(key),
                        Step::Index(_) => None,
                    })
                });
                if key.is_some_and(|key| memchr::memmem::find(&text, &key).is_some()) {
                    broken.push((path, error));
                }
            }
            Text::Clear(_) => {}
        }
    }
    Ok(Bearers { named, broken })
}

fn has_value(found: &Found, at: &ValuePath) -> bool {
    let document = found.sealed.document();
    let event = document.find(at).and_then(|event| document.outline().events.get(event));
    event.is_some_and(|event| matches!(event.kind, Kind::Scalar(..)))
}

impl Named {
    /// Opens and verifies it.
    ///
    /// # Errors
    /// When no identity opens it, it was tampered with, or lacks a seal that is asked for.
    pub fn open(self, world: &World, keyring: &Keyring<'_>) -> Result<Holder, Error> {
        let Self { found: Found { path, sealed }, at } = self;
        let literal = RuleFile::wants_literal(world, &path)?;
        let file = OpenFile::from_sealed(world, keyring, &path, sealed)?;
        Ok(Holder { file, at, literal })
    }
}

impl Holder {
    /// The value as it stands.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        self.file.value(&self.at)
    }

    /// What a process would get.
    #[must_use]
    pub fn says(&self) -> Secret<Vec<u8>> {
        let is_quoted = self.file.sealed.document().format().name() == "dotenv" && !self.literal;
        self.value().map_or_else(|| Secret::new(Vec::new()), |value| process_text(value, is_quoted))
    }

    /// Whether something is written there, and not encrypted.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        let event = self.file.sealed.document().find(&self.at);
        let leaf = self.file.opened.leaves.iter().find(|leaf| Some(leaf.event) == event);
        leaf.is_some_and(|leaf| !leaf.encrypted && !leaf.value.plain_bytes().is_empty())
    }
}

/// Replaces all files by these texts, if each still is what was opened.
///
/// # Errors
/// When one has changed, or the machine refuses. Nothing is changed then, save when the system refuses a rename that it
/// should allow.
pub fn write(texts: &[(&OpenFile, Vec<u8>)]) -> Result<(), Error> {
    let roots: Vec<_> = texts.iter().map(|(file, _)| file.path.parent().and_then(repository_root)).collect();
    let replacements = texts.iter().zip(&roots).map(|((file, text), root)| Replacement {
        path: &file.path,
        within: root.as_deref(),
        expected: Some(file.sealed.document().text()),
        new: text,
    });
    Ok(replace_all(&replacements.collect::<Vec<_>>())?)
}
