//! Who could ever read what: the ledger of all versions of all encrypted files that git keeps, with the wrapped keys
//! that stood in each; and what of it is still in use.
//!
//! A recipient *could read* a version if a wrapped key of theirs stands in it; with key groups, those could who hold
//! keys of enough groups together. A value that is in use is *exposed* to somebody who is no recipient of its file, and
//! could read a version that holds
//!
//! * the same value under the same name, in whatever file (files are renamed and copied), or
//! * the same value anywhere, if it is telling: long and odd enough that it is no accident, or
//! * under the same name, a value that cannot be compared, because it or the one in use does not open here.
//!
//! Files that they are still a recipient of do not count: what they know from there, nobody took from them.
//! Under several key groups, who left and cannot open a version alone is counted where all who left can together.

pub mod branches;
mod findings;
mod gather;
mod knowledge;
mod people;
mod periods;
mod todo;
mod value_versions;
mod values;
mod version;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::history::{Archive, Moment};
use super::tree;
use super::{Error, Keyring, RuleBook};
use crate::base::Path as ValuePath;
use crate::policy::Rules;
use crate::world::World;
use crate::world::git::Which;
pub use findings::exposed;
use gather::Gatherer;
pub use people::{People, Person};
pub use periods::Period;
pub use todo::{Exposure, Who, Why};
pub use value_versions::ValueVersion;
pub use values::{Class, Token, Values};
pub use version::{Key, Place, Version};

/// What is known about the versions of encrypted files.
pub struct Ledger {
    /// The root of the repository.
    pub root: PathBuf,
    /// All commits, newest first.
    pub commits: Vec<Moment>,
    /// Who ever held a key.
    pub people: People,
    /// Every version of an encrypted file, once.
    pub versions: Vec<Version>,
    /// Which version made room for which.
    pub ends: Vec<Until>,
    /// The encrypted files that are to be protected: those of the work tree.
    pub current: Vec<CurrentFile>,
    /// Branches, without the one that is checked out, and the versions at their tips.
    pub branches: Vec<(String, Vec<usize>)>,
    /// Their values.
    pub values: Values,
    /// What could not be seen.
    pub gaps: Gaps,
    files: Vec<PathBuf>,
    file_numbers: HashMap<PathBuf, usize>,
    names: Vec<String>,
    name_numbers: HashMap<Vec<u8>, usize>,
}

/// A version made room for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Until {
    /// Where.
    pub file: usize,
    /// In which commit.
    pub commit: usize,
    /// The version that stood there.
    pub old: usize,
    /// What stands there now, if it is an encrypted file.
    pub new: Option<usize>,
}

/// An encrypted file as it stands now, or stood at the moment that was asked about.
pub struct CurrentFile {
    /// Its number.
    pub file: usize,
    /// What it holds.
    pub version: usize,
    /// Its encrypted values, in document order.
    pub leaves: Vec<CurrentLeaf>,
}

/// An encrypted value of it.
pub struct CurrentLeaf {
    /// The number of what it is compared by.
    pub name: usize,
    /// Where it stands.
    pub path: ValuePath,
    /// The same for people.
    pub shown: String,
    /// The line, from 1.
    pub line: usize,
    /// The format of its file.
    pub format: &'static str,
    /// What stands there.
    pub token: Token,
}

/// What a ledger does not know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Older commits were left out when the repository was cloned.
    pub shallow: bool,
    /// Versions that were left out when it was cloned.
    pub absent: usize,
    /// Values of the history that no identity opens here.
    pub closed: usize,
}

/// Up to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Everything, and the work tree as it stands.
    Now,
    /// As it was then, at the last commit before that `HEAD` comes from.
    At(OffsetDateTime),
}

impl Ledger {
    /// Reads the history of the repository that the working folder is in. `step` is told how many commits of how many
    /// were looked at.
    ///
    /// # Errors
    /// Outside a repository, when git does not answer, or nothing is as old as what was asked about.
    pub fn read(
        world: &World,
        keyring: &Keyring<'_>,
        when: When,
        step: &mut dyn FnMut(usize, usize),
    ) -> Result<Self, Error> {
        let git = tree::repository(world, &world.folder)?;
        let mut ledger = Self::empty(git.root().to_owned(), Values::new(&*world.random)?);
        ledger.name_people_of_today(world)?;
        let mut history = git.history(Which::All, &[]).ok_or(Error::GitSilent)?;
        if let When::At(time) = when {
            history.commits.retain(|commit| commit.time <= time);
        }
        ledger.gaps.shallow = history.is_shallow;
        ledger.commits = history.commits.iter().map(Moment::of).collect();
        let mut gatherer = Gatherer::new(Archive::new(world, keyring, git.clone())?);
        let total = history.commits.len();
        gatherer.history(&mut ledger, &history, &mut |done| step(done, total));
        match when {
            When::Now => {
                for found in tree::tracked(world, &ledger.root)? {
                    let path = found.path.strip_prefix(&ledger.root).unwrap_or(&found.path).to_owned();
                    gatherer.current(&mut ledger, &path, found.sealed);
                }
                gatherer.branches(&mut ledger)?;
            }
            When::At(time) => {
                let head = git.history(Which::Head, &[]).ok_or(Error::GitSilent)?.commits;
                let last = head.into_iter().find(|commit| commit.time <= time).ok_or(Error::NoCommit)?;
                gatherer.at(&mut ledger, &last.id)?;
            }
        }
        ledger.gaps.closed = ledger.closed();
        Ok(ledger)
    }

    fn empty(root: PathBuf, values: Values) -> Self {
        Self {
            root,
            commits: Vec::new(),
            people: People::default(),
            versions: Vec::new(),
            ends: Vec::new(),
            current: Vec::new(),
            branches: Vec::new(),
            values,
            gaps: Gaps::default(),
            files: Vec::new(),
            file_numbers: HashMap::new(),
            names: Vec::new(),
            name_numbers: HashMap::new(),
        }
    }

    /// What the rule files of the work tree call people.
    fn name_people_of_today(&mut self, world: &World) -> Result<(), Error> {
        let book = RuleBook::new(world);
        for path in book.all(&self.root)? {
            // One that is wrong names nobody.
            let Ok(Some(file)) = book.find(&path) else { continue };
            self.people.called_now(&file.names);
            for rule in file.rules.iter().flat_map(Rules::all).flatten() {
                for id in rule.groups.iter().flatten() {
                    self.people.key(id);
                }
            }
        }
        Ok(())
    }

    /// Values that stand in some version and were never opened.
    fn closed(&self) -> usize {
        let tokens = self.versions.iter().flat_map(|version| &version.leaves).map(|(_, token)| *token);
        let mut closed: Vec<Token> = tokens.filter(|token| !self.values.is_known(*token)).collect();
        closed.sort_unstable();
        closed.dedup();
        closed.len()
    }

    fn file_number(&mut self, path: &Path) -> usize {
        if let Some(number) = self.file_numbers.get(path) {
            return *number;
        }
        self.files.push(path.to_owned());
        self.file_numbers.insert(path.to_owned(), self.files.len() - 1);
        self.files.len() - 1
    }

    fn leaf_number(&mut self, leaf: &version::Leaf) -> usize {
        if let Some(number) = self.name_numbers.get(&leaf.name) {
            return *number;
        }
        self.names.push(at_any_position(&leaf.shown));
        self.name_numbers.insert(leaf.name.clone(), self.names.len() - 1);
        self.names.len() - 1
    }

    /// The path of a file, absolute.
    #[must_use]
    pub fn path(&self, file: usize) -> PathBuf {
        self.files.get(file).map(|path| self.root.join(path)).unwrap_or_default()
    }

    /// How many files there ever were; they are numbered from 0.
    #[must_use]
    pub const fn file_count(&self) -> usize {
        self.files.len()
    }

    /// The file at `path`, absolute, if it ever was encrypted.
    #[must_use]
    pub fn file_at(&self, path: &Path) -> Option<usize> {
        self.file_numbers.get(path.strip_prefix(&self.root).ok()?).copied()
    }

    /// What stands there now.
    #[must_use]
    pub fn current_of(&self, file: usize) -> Option<&CurrentFile> {
        self.current.iter().find(|current| current.file == file)
    }

    /// The name of a value, for people.
    #[must_use]
    pub fn name(&self, name: usize) -> &str {
        self.names.get(name).map_or("", String::as_str)
    }

    /// Who is a recipient of `file` now.
    #[must_use]
    pub fn recipients_now(&self, file: usize) -> Vec<Key> {
        let version = self.current_of(file).and_then(|current| self.versions.get(current.version));
        version.map(|version| version.groups.iter().flatten().copied().collect()).unwrap_or_default()
    }
}

/// `hosts[1]` as `hosts[]`: a value is told by its names, whatever its position.
fn at_any_position(shown: &str) -> String {
    let mut parts = shown.split('[');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        name.push('[');
        name.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    }
    name
}
