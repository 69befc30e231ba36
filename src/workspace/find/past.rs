//! Through the commits, oldest first: which held the value where, and which took it away.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::super::history::{Archive, Moment};
use super::super::members::{Members, is_same};
use super::super::tree::Text;
use super::super::{Error, Keyring};
use super::look::{self, Key, Spot};
use super::{Place, Step};
use crate::base::RecipientId;
use crate::envelope::Sealed;
use crate::redact::Needle;
use crate::world::World;
use crate::world::git::{Change, Commit, Git, ObjectId};

/// A place through all commits.
pub(super) struct Trace {
    /// From the root.
    pub(super) path: PathBuf,
    /// As the last version has it that holds the value.
    pub(super) spot: Spot,
    /// Whoever could open one of the versions that hold it.
    pub(super) readers: Vec<RecipientId>,
    /// The first.
    pub(super) since: Moment,
    gone: Option<Moment>,
}

/// One version, looked at once, however many commits have it.
#[derive(Default)]
struct Version {
    spots: Vec<Spot>,
    readers: Vec<RecipientId>,
}

/// The way through the commits.
pub(super) struct Past<'a> {
    archive: Archive<'a>,
    needle: &'a Needle,
    versions: HashMap<ObjectId, Rc<Version>>,
    traces: Vec<Trace>,
    /// By path and place, which of them.
    positions: HashMap<(PathBuf, Key), usize>,
    /// By path, so many versions do not open here.
    pub(super) closed: BTreeMap<PathBuf, usize>,
    /// So many versions are not here, or too large.
    pub(super) absent: usize,
}

impl<'a> Past<'a> {
    pub(super) fn new(
        world: &'a World,
        keyring: &'a Keyring<'a>,
        git: Git,
        needle: &'a Needle,
    ) -> Result<Self, Error> {
        Ok(Self {
            archive: Archive::new(world, keyring, git)?,
            needle,
            versions: HashMap::new(),
            traces: Vec::new(),
            positions: HashMap::new(),
            closed: BTreeMap::new(),
            absent: 0,
        })
    }

    /// Follows `commits`, which are the newest first.
    pub(super) fn walk(&mut self, commits: &[Commit], step: &mut Step<'_>) {
        for (number, commit) in commits.iter().rev().enumerate() {
            step("searching commit", number, commits.len());
            for change in &commit.changes {
                self.follow(commit, change);
            }
        }
    }

    /// What was found, by path.
    pub(super) fn take_traces(&mut self) -> Vec<Trace> {
        self.positions.clear();
        let mut traces = std::mem::take(&mut self.traces);
        traces.sort_by(|one, two| one.path.cmp(&two.path));
        traces
    }

    fn follow(&mut self, commit: &Commit, change: &Change) {
        let old = self.version(&change.path, change.old.as_ref());
        let new = self.version(&change.path, change.new.as_ref());
        let path = change.path.as_path();
        let keys = |version: &Version| version.spots.iter().map(Spot::key).collect::<HashSet<_>>();
        let (held_by_old, held_by_new) = (keys(&old), keys(&new));
        for spot in &new.spots {
            let held = held_by_old.contains(&spot.key());
            let position = *self.positions.entry((path.to_owned(), spot.key())).or_insert(self.traces.len());
            let Some(trace) = self.traces.get_mut(position) else {
                self.traces.push(Trace::new(path, spot, &new.readers, commit));
                continue;
            };
            trace.spot.clone_from(spot);
            for reader in new.readers.iter().filter(|_| spot.is_encrypted) {
                if !trace.readers.iter().any(|known| is_same(known, reader)) {
                    trace.readers.push(reader.clone());
                }
            }
            if !held {
                trace.gone = None;
            }
        }
        for key in held_by_old.difference(&held_by_new) {
            let position = self.positions.get(&(path.to_owned(), key.clone()));
            if let Some(trace) = position.and_then(|at| self.traces.get_mut(*at)) {
                // A merge takes away what a commit before it did.
                trace.gone.get_or_insert_with(|| Moment::of(commit));
            }
        }
    }

    fn version(&mut self, path: &Path, id: Option<&ObjectId>) -> Rc<Version> {
        let Some(id) = id else { return Rc::default() };
        if let Some(version) = self.versions.get(id) {
            return Rc::clone(version);
        }
        let version = Rc::new(self.look(path, id));
        self.versions.insert(id.clone(), Rc::clone(&version));
        version
    }

    fn look(&mut self, path: &Path, id: &ObjectId) -> Version {
        let Some(text) = self.archive.bytes(id) else {
            self.absent += 1;
            return Version::default();
        };
        match Text::of(path, text) {
            Text::Clear(text) => self.clear(&text),
            Text::Broken(text, _) => {
                self.close(path);
                self.clear(&text)
            }
            Text::Sealed(sealed) => self.sealed(path, *sealed),
        }
    }

    fn clear(&self, text: &[u8]) -> Version {
        let spots = look::in_text(self.needle, text, &[]).into_iter().collect();
        Version { spots, readers: Vec::new() }
    }

    fn sealed(&mut self, path: &Path, sealed: Sealed) -> Version {
        let clear = self.clear(sealed.document().text());
        let readers = Members::of_file(sealed.metadata()).all().cloned().collect();
        let Ok(file) = self.archive.open(path, sealed) else {
            self.close(path);
            return clear;
        };
        Version { spots: look::in_file(self.needle, &file), readers }
    }

    fn close(&mut self, path: &Path) {
        *self.closed.entry(path.to_owned()).or_default() += 1;
    }
}

impl Trace {
    fn new(path: &Path, spot: &Spot, readers: &[RecipientId], commit: &Commit) -> Self {
        let readers = if spot.is_encrypted { readers.to_vec() } else { Vec::new() };
        Self { path: path.to_owned(), spot: spot.clone(), readers, since: Moment::of(commit), gone: None }
    }

    /// What stands in the work tree no more.
    pub(super) fn place(self, path: PathBuf) -> Place {
        Place {
            path,
            spot: self.spot,
            now: None,
            others: self.readers,
            since: Some(self.since),
            is_current: false,
            gone: self.gone,
        }
    }
}
