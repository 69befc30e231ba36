//! The versions of one encrypted file through the commits of its repository, newest first, each with what was new in
//! it. Under other names too: where a commit gave the file its name, it is looked for among those that it took away.

mod names;
mod origin;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::Error;
use super::revision::{Difference, Held, Reader, Revision, State, between};
use crate::base::Path as ValuePath;
use crate::world::git::{Commit, Made, ObjectId, Step};

pub use names::PastNames;

/// A version of the file that is new in a commit.
#[derive(Debug)]
pub struct Entry {
    /// Whose; `None`: it is not committed yet.
    pub commit: Option<Commit>,
    /// The file's name there, from the root.
    pub path: PathBuf,
    /// The name that it had before, if the commit gave it another.
    pub former_path: Option<PathBuf>,
    /// What became of the file.
    pub fate: Fate,
    /// What stands there.
    pub held: Held,
    /// What is new in it; nothing, where it is not known.
    pub difference: Difference,
    /// Why that is not known, if it is not.
    pub gap: Option<Gap>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It was not there.
    Created,
    /// It is gone.
    Deleted,
    /// It is encrypted, and was not.
    Encrypted,
    /// It was, and is encrypted or not as before.
    Kept,
    /// It was encrypted, and is not.
    Replaced,
}

/// What keeps us from telling two versions apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// The commit before was left out of a shallow clone.
    Cut,
    /// A version was left out of a partial clone.
    LeftOut,
}

/// The commits that made versions of a file, to be asked for one by one.
pub struct Timeline<'a> {
    /// Reads them.
    pub reader: Reader<'a>,
    /// Older commits were left out when the repository was cloned.
    pub is_shallow: bool,
    /// All names that the file is known to have had; the first counts from the start.
    names: Vec<PathBuf>,
    /// How many of the names count where we are.
    active: usize,
    steps: VecDeque<Step>,
    total: usize,
    uncommitted: Option<Pending>,
    /// Entries of one commit.
    ready: VecDeque<Entry>,
}

/// A version that was not judged yet.
struct Pending {
    commit: Option<Commit>,
    made: Made,
    is_cut: bool,
    /// What stands there, of one that is not stored.
    text: Option<Held>,
}

impl<'a> Timeline<'a> {
    /// Of the file at `path`, from the root.
    ///
    /// # Errors
    /// When git does not answer.
    pub fn new(reader: Reader<'a>, path: &Path) -> Result<Self, Error> {
        let lineage = reader.git().lineage(&[path]).ok_or(Error::GitSilent)?;
        Ok(Self {
            reader,
            is_shallow: lineage.is_shallow,
            names: vec![path.to_owned()],
            active: 1,
            total: lineage.steps.len(),
            steps: lineage.steps.into(),
            uncommitted: None,
            ready: VecDeque::new(),
        })
    }

    /// Begins with what stands at the path now: `text`, `None` when nothing does.
    pub fn begin_with(&mut self, text: Option<Vec<u8>>) {
        let Some(path) = self.names.first().cloned() else { return };
        let mut name = OsString::from("HEAD:");
        name.push(&path);
        let committed = self.reader.git().object(name);
        if committed.is_none() && text.is_none() {
            return;
        }
        if let (Some(id), Some(text)) = (&committed, &text)
            && self.reader.bytes(id).as_ref() == Some(text)
        {
            return;
        }
        let held = text.map_or(Held::Nothing, |text| self.reader.text(&path, text));
        let made = Made { path, before: vec![committed], after: None };
        self.uncommitted = Some(Pending { commit: None, made, is_cut: false, text: Some(held) });
    }

    /// The next older one in which something is new; `at` hears how many commits are done, of how many.
    ///
    /// # Errors
    /// When git does not answer any more.
    pub fn next_entry(&mut self, at: &mut dyn FnMut(usize, usize)) -> Result<Option<Entry>, Error> {
        loop {
            at(self.total.saturating_sub(self.steps.len()), self.total);
            if let Some(entry) = self.ready.pop_front() {
                return Ok(Some(entry));
            }
            let pending: Vec<Pending> = if let Some(first) = self.uncommitted.take() {
                vec![first]
            } else {
                let Some(Step { commit, made, is_cut }) = self.steps.pop_front() else { return Ok(None) };
                let names = self.names.get(..self.active).unwrap_or_default();
                let made = made.into_iter().filter(|made| names.contains(&made.path));
                made.map(|made| Pending { commit: Some(commit.clone()), made, is_cut, text: None }).collect()
            };
            let mut entries = Vec::new();
            for pending in pending {
                entries.push(self.entry(pending)?);
            }
            let moved: Vec<PathBuf> = entries.iter().filter_map(|entry| entry.former_path.clone()).collect();
            // What has another name is not gone.
            entries.retain(|entry| {
                entry.is_new() && !(entry.fate == Fate::Deleted && moved.contains(&entry.path))
            });
            self.ready.extend(entries);
        }
    }

    fn entry(&mut self, pending: Pending) -> Result<Entry, Error> {
        let Pending { commit, mut made, is_cut, text } = pending;
        let held = text.unwrap_or_else(|| self.reader.version(&made.path, made.after.as_ref()));
        let (mut former_path, mut from) = (None, made.path.clone());
        let is_new_name = made.before.iter().all(Option::is_none);
        if !is_cut
            && made.before.iter().any(Option::is_none)
            && let Some(revision) = held.revision()
            && let Some((path, id)) = self.origin(commit.as_ref(), &made, revision)
        {
            for before in made.before.iter_mut().filter(|before| before.is_none()) {
                *before = Some(id.clone());
            }
            self.follow(commit.as_ref().map(|commit| &commit.id), &path)?;
            from.clone_from(&path);
            // A parent of a merge may have had the name already.
            former_path = Some(path).filter(|_| is_new_name);
        }
        let before: Vec<Held> =
            made.before.iter().map(|id| self.reader.version(&from, id.as_ref())).collect();
        let gap = match &held {
            _ if is_cut => Some(Gap::Cut),
            Held::LeftOut => Some(Gap::LeftOut),
            _ => before.iter().any(|held| matches!(held, Held::LeftOut)).then_some(Gap::LeftOut),
        };
        let former: Vec<Option<&Revision>> =
            before.iter().map(|held| held.revision().map(Rc::as_ref)).collect();
        let difference = match gap {
            Some(_) => Difference::default(),
            None => between(&former, held.revision().map(Rc::as_ref)),
        };
        let fate = if is_cut { Fate::Kept } else { fate(&before, &held) };
        Ok(Entry { commit, path: made.path, former_path, fate, held, difference, gap })
    }

    /// From the commit `since` on, what is older counts under the name `path` too.
    fn follow(&mut self, since: Option<&ObjectId>, path: &Path) -> Result<(), Error> {
        if self.names.iter().any(|name| name == path) || self.names.len() >= MOST_NAMES {
            return Ok(());
        }
        self.names.push(path.to_owned());
        self.active = self.names.len();
        let names: Vec<&Path> = self.names.iter().map(PathBuf::as_path).collect();
        let lineage = self.reader.git().lineage(&names).ok_or(Error::GitSilent)?;
        self.total = lineage.steps.len();
        self.steps = lineage.steps.into();
        // What came of that commit is done. Of a merge's other branches nothing is: they stand behind it.
        if let Some(since) = since {
            while self.steps.pop_front().is_some_and(|step| step.commit.id != *since) {}
        }
        Ok(())
    }
}

impl Entry {
    /// Whether it tells anything.
    fn is_new(&self) -> bool {
        let is_broken = || matches!(self.state(), Some(State::Broken(_)));
        self.fate != Fate::Kept
            || self.former_path.is_some()
            || self.gap.is_some()
            || !self.difference.is_none()
            || is_broken()
    }

    /// What could be learnt of its values, if it is an encrypted file.
    #[must_use]
    pub fn state(&self) -> Option<&State> {
        self.held.revision().map(|revision| &revision.state)
    }

    /// Keeps only what is about the values at `path` and below; whether that is anything.
    pub fn narrow(&mut self, path: &ValuePath) -> bool {
        let is_meant = |other: &ValuePath| other.steps.starts_with(&path.steps);
        self.difference.values.retain(|(other, _)| is_meant(other));
        let holds = || {
            let mut leaves = self.held.revision().into_iter().flat_map(|revision| &revision.leaves);
            leaves.any(|leaf| is_meant(&leaf.path))
        };
        !self.difference.values.is_empty()
            || match self.gap {
                Some(Gap::Cut) => holds(),
                Some(Gap::LeftOut) => true,
                None => false,
            }
    }
}

/// Of a merge, what none of its parents says.
fn fate(before: &[Held], held: &Held) -> Fate {
    let is_new = |same: fn(&Held) -> bool| !before.iter().any(same);
    match held {
        Held::Nothing if is_new(|held| matches!(held, Held::Nothing)) => Fate::Deleted,
        Held::Other | Held::Sealed(_) | Held::LeftOut if is_new(|held| !matches!(held, Held::Nothing)) => {
            Fate::Created
        }
        Held::Other if is_new(|held| !matches!(held, Held::Sealed(_))) => Fate::Replaced,
        Held::Sealed(_) if is_new(|held| matches!(held, Held::Sealed(_) | Held::LeftOut)) => Fate::Encrypted,
        _ => Fate::Kept,
    }
}

/// Names of one file that are followed: each costs a walk through all commits.
const MOST_NAMES: usize = 32;
