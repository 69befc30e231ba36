//! Versions, read one after the other. Only the last few are kept, however long a history is.

use std::collections::VecDeque;
use std::path::Path;
use std::rc::Rc;

use super::super::digest::Digester;
use super::super::history::{Archive, Unopened, Version};
use super::super::{Error, Keyring, open_file};
use super::{Revision, State};
use crate::envelope::Sealed;
use crate::world::World;
use crate::world::git::{Git, ObjectId};

/// What stood under a name.
#[derive(Clone, Debug)]
pub enum Held {
    /// No regular file.
    Nothing,
    /// Something that is not in this clone.
    LeftOut,
    /// No encrypted file, or none that can be read.
    Other,
    /// An encrypted file.
    Sealed(Rc<Revision>),
}

impl Held {
    /// The encrypted file.
    #[must_use]
    pub fn revision(&self) -> Option<&Rc<Revision>> {
        match self {
            Self::Sealed(revision) => Some(revision),
            Self::LeftOut | Self::Nothing | Self::Other => None,
        }
    }
}

/// Reads versions.
pub struct Reader<'a> {
    archive: Archive<'a>,
    digester: Digester,
    /// Whether identities are tried.
    opens: bool,
    recent: VecDeque<(ObjectId, Held)>,
}

impl<'a> Reader<'a> {
    /// Of the repository of `git`; `opens`: with the identities at hand.
    ///
    /// # Errors
    /// When git does not start, or there is no randomness.
    pub fn new(world: &'a World, keyring: &'a Keyring<'a>, git: Git, opens: bool) -> Result<Self, Error> {
        let digester = Digester::new(&*world.random)?;
        let archive = Archive::new(world, keyring, git)?;
        Ok(Self { archive, digester, opens, recent: VecDeque::new() })
    }

    /// The repository.
    #[must_use]
    pub const fn git(&self) -> &Git {
        self.archive.git()
    }

    /// The bytes of a version; `None` when they are not here, or too many.
    #[must_use]
    pub fn bytes(&mut self, id: &ObjectId) -> Option<Vec<u8>> {
        self.archive.bytes(id)
    }

    /// Where it reads them.
    pub const fn archive(&mut self) -> &mut Archive<'a> {
        &mut self.archive
    }

    /// The version `id` of the file at `path`, from the root.
    #[must_use]
    pub fn version(&mut self, path: &Path, id: Option<&ObjectId>) -> Held {
        let Some(id) = id else { return Held::Nothing };
        if let Some((_, held)) = self.recent.iter().find(|(other, _)| other == id) {
            return held.clone();
        }
        let held = match self.archive.version(path, id) {
            Version::Absent => Held::LeftOut,
            Version::Other => Held::Other,
            Version::Sealed(sealed) => Held::Sealed(Rc::new(self.revision(path, sealed))),
        };
        if self.recent.len() >= MOST_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((id.clone(), held.clone()));
        held
    }

    /// The same, of a text that is in no commit.
    #[must_use]
    pub fn text(&mut self, path: &Path, text: Vec<u8>) -> Held {
        match open_file::parse(text, &self.git().root().join(path), None) {
            Ok(sealed) => Held::Sealed(Rc::new(self.revision(path, sealed))),
            Err(_) => Held::Other,
        }
    }

    /// The version `id`, without trying to open it.
    #[must_use]
    pub fn unopened(&mut self, path: &Path, id: &ObjectId) -> Option<Revision> {
        match self.archive.version(path, id) {
            Version::Sealed(sealed) => Some(Revision::of(&sealed, &self.digester)),
            Version::Absent | Version::Other => None,
        }
    }

    fn revision(&mut self, path: &Path, sealed: Sealed) -> Revision {
        let mut revision = Revision::of(&sealed, &self.digester);
        if !self.opens {
            return revision;
        }
        match self.archive.open(path, sealed) {
            Ok(file) => revision.learn(&file.opened, file.key, &self.digester),
            Err(Unopened::Broken(words)) => revision.state = State::Broken(words),
            Err(Unopened::Closed(words)) => revision.state = State::Closed(words),
        }
        revision
    }
}

/// A commit holds what the one after it has changed, and a merge a few of these.
const MOST_RECENT: usize = 8;
