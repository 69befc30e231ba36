//! What is exposed to whom: the values to be rotated.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use time::{OffsetDateTime, PrimitiveDateTime};

use super::super::history::Moment;
use super::knowledge::{Hit, Knowledge, Reader};
use super::people::Person;
use super::values::Class;
use super::version::{Key, Version};
use super::{CurrentFile, CurrentLeaf, Ledger};

/// A value that is in use, and somebody who could read it and is no recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct Exposure {
    /// Who.
    pub person: Person,
    /// The place of the file among the current ones.
    pub current: usize,
    /// The place of the value in it.
    pub leaf: usize,
    /// By what.
    pub why: Why,
    /// It is long and odd enough for a secret, or nobody knows here: no `true`, no `5432`.
    pub telling: bool,
    /// The first commit by which they could read it.
    pub since: Option<Moment>,
    /// They cannot read it alone, but together with these who left too; with how many groups it takes.
    pub together: Option<(usize, Vec<Key>)>,
}

/// Why a value counts as exposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// They could read this value under this name.
    SameName,
    /// They could read this value under another name.
    SameValue,
    /// Under this name they could read what cannot be compared here.
    NotCompared,
}

/// Whom a ledger is asked about.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// Everybody who is no recipient any more. A key that its owner replaced is passed over.
    Everybody,
    /// Keys of this person that are no recipient any more, replaced ones too.
    Former(&'a Person),
    /// This person, as if none of their keys were a recipient any more.
    Leaving(&'a Person),
}

impl Ledger {
    /// What is exposed, by person, file and place.
    #[must_use]
    pub fn exposures(&self, who: Who<'_>) -> Vec<Exposure> {
        let people = match who {
            Who::Everybody => self.people.everybody(),
            Who::Former(person) | Who::Leaving(person) => vec![person.clone()],
        };
        let mut found = Vec::new();
        let mut known = HashMap::new();
        for person in people {
            for (number, current) in self.current.iter().enumerate() {
                let Some(reader) = self.reader(&person, current, who) else { continue };
                let knowledge = known.entry(reader.clone()).or_insert_with(|| {
                    let leaving = matches!(who, Who::Leaving(_));
                    let still = self.files_now(&reader.keys);
                    // What they know from a file that they still read was not taken from them.
                    let counts = |version: &Version| {
                        leaving || version.places.iter().any(|place| !still.contains(&place.file))
                    };
                    Knowledge::of(self, &reader, counts)
                });
                for (leaf, one) in current.leaves.iter().enumerate() {
                    let Some((why, hit)) = self.why(knowledge, one) else { continue };
                    found.push(Exposure {
                        person: person.clone(),
                        current: number,
                        leaf,
                        why,
                        telling: self.is_telling(one),
                        since: self.since(hit.version),
                        together: self.together(&reader, hit),
                    });
                }
            }
            known.clear();
        }
        found
    }

    /// Who of `person` has no business with `current` any more.
    fn reader(&self, person: &Person, current: &CurrentFile, who: Who<'_>) -> Option<Reader> {
        let now = self.recipients_now(current.file);
        let is_former = |key: &Key| !now.contains(key);
        let keys: Vec<Key> = match who {
            Who::Leaving(_) => person.keys.clone(),
            Who::Everybody if !person.keys.iter().all(is_former) => return None,
            Who::Everybody | Who::Former(_) => person.keys.iter().copied().filter(is_former).collect(),
        };
        let allies = (0..self.people.count()).filter(|key| is_former(key) || keys.contains(key)).collect();
        (!keys.is_empty()).then_some(Reader { keys, allies })
    }

    /// The files that one of `keys` is a recipient of now.
    fn files_now(&self, keys: &[Key]) -> HashSet<usize> {
        let holds = |file: &usize| self.recipients_now(*file).iter().any(|key| keys.contains(key));
        self.current.iter().map(|current| current.file).filter(holds).collect()
    }

    fn why(&self, knowledge: &Knowledge, leaf: &CurrentLeaf) -> Option<(Why, Hit)> {
        let class = self.values.class(leaf.token);
        let same_name = knowledge.placed.get(&(leaf.name, class)).map(|hit| (Why::SameName, *hit));
        let same_value = || {
            let hit = knowledge.values.get(&class).filter(|_| self.values.is_telling(class))?;
            Some((Why::SameValue, *hit))
        };
        let closed = || {
            let names = match class {
                Class::Known(_) => &knowledge.closed,
                Class::Closed(_) => &knowledge.named,
            };
            names.get(&leaf.name).map(|hit| (Why::NotCompared, *hit))
        };
        same_name.or_else(same_value).or_else(closed)
    }

    fn is_telling(&self, leaf: &CurrentLeaf) -> bool {
        let class = self.values.class(leaf.token);
        matches!(class, Class::Closed(_)) || self.values.is_telling(class)
    }

    fn together(&self, reader: &Reader, hit: Hit) -> Option<(usize, Vec<Key>)> {
        let version = self.versions.get(hit.version).filter(|_| !hit.alone)?;
        let allies = version.groups.iter().flatten().copied().filter(|key| reader.allies.contains(key));
        Some((version.needed(), allies.collect()))
    }

    /// When a version was first committed, and which of several commits of that time is the oldest; what never was
    /// comes last.
    pub(super) fn first(&self, version: usize) -> (OffsetDateTime, Reverse<usize>) {
        let places = self.versions.get(version).into_iter().flat_map(|version| &version.places);
        let times = places.filter_map(|place| self.age(place.commit));
        times.min().unwrap_or((PrimitiveDateTime::MAX.assume_utc(), Reverse(0)))
    }

    /// Orders commits from old to new: by their clocks, and where these agree, by their descent.
    pub(super) fn age(&self, commit: usize) -> Option<(OffsetDateTime, Reverse<usize>)> {
        Some((self.commits.get(commit)?.time, Reverse(commit)))
    }

    /// Since when a version stands somewhere.
    #[must_use]
    pub fn since(&self, version: usize) -> Option<Moment> {
        let places = &self.versions.get(version)?.places;
        let first = places.iter().filter_map(|place| self.age(place.commit)).min()?;
        self.commits.get(first.1.0).cloned()
    }
}
