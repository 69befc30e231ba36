//! Encrypted files as they stood before: versions from git's store, opened with the identities at hand.

use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::{Error, Keyring, OpenFile, open_file};
use crate::base::DataKey;
use crate::envelope::Sealed;
use crate::world::World;
use crate::world::files::SIZE_LIMIT;
use crate::world::git::{Commit, Git, ObjectId, Objects, Person};
use crate::world::terminal::sanitise;

/// The versions of files that git keeps.
pub struct Archive<'a> {
    world: &'a World,
    keyring: &'a Keyring<'a>,
    git: Git,
    objects: Objects,
    /// By all that they are made from, or why nobody here opens them: from commit to commit, few files have others, and
    /// a service is not asked, nor a person, for each version.
    keys: HashMap<[u8; 32], Result<DataKey, Rc<str>>>,
}

/// Why a version did not open.
#[derive(Debug)]
pub enum Unopened {
    /// It was tampered with, in words.
    Broken(String),
    /// No identity opens it, in words.
    Closed(Rc<str>),
}

/// A commit, as far as people want to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Its name.
    pub id: ObjectId,
    /// When it was committed, by their clock.
    pub time: OffsetDateTime,
    /// Who made the change. Untrusted text.
    pub author: Person,
}

/// What git keeps under the name of a version.
#[allow(clippy::large_enum_variant, reason = "it is looked at, and dropped")]
pub enum Version {
    /// Nothing that is here: it was left out when the repository was cloned.
    Absent,
    /// No encrypted file, or none that can be read.
    Other,
    /// An encrypted file.
    Sealed(Sealed),
}

impl<'a> Archive<'a> {
    /// Of the repository of `git`.
    ///
    /// # Errors
    /// When git does not start.
    pub fn new(world: &'a World, keyring: &'a Keyring<'a>, git: Git) -> Result<Self, Error> {
        let objects = git.objects().ok_or(Error::GitSilent)?;
        Ok(Self { world, keyring, git, objects, keys: HashMap::new() })
    }

    /// The repository.
    #[must_use]
    pub const fn git(&self) -> &Git {
        &self.git
    }

    /// The bytes of a version; `None` when they are not here, or too many.
    #[must_use]
    pub fn bytes(&mut self, id: &ObjectId) -> Option<Vec<u8>> {
        self.objects.blob(id, SIZE_LIMIT)
    }

    /// The version `id` of the file at `path`, from the root. Needs no identity.
    #[must_use]
    pub fn version(&mut self, path: &Path, id: &ObjectId) -> Version {
        let Some(text) = self.bytes(id) else { return Version::Absent };
        match open_file::parse(text, &self.git.root().join(path), None) {
            Ok(sealed) => Version::Sealed(sealed),
            Err(_) => Version::Other,
        }
    }

    /// `sealed`, a version of the file at `path`, from the root, opened and verified. A seal is not asked for.
    ///
    /// # Errors
    /// When no identity opens it, or it was tampered with.
    pub fn open(&mut self, path: &Path, sealed: Sealed) -> Result<OpenFile, Unopened> {
        let path = self.git.root().join(path);
        let wrapped = fingerprint(&sealed);
        let key = match self.keys.get(&wrapped) {
            Some(known) => known.clone().map_err(Unopened::Closed)?,
            None => match self.keyring.unlock(self.world, &path, &sealed) {
                Ok(key) => key,
                Err(Error::Shares { cause, .. }) => return Err(Unopened::Broken(cause.to_string())),
                Err(error) => {
                    let words = without_place(&path, &error);
                    self.keys.insert(wrapped, Err(Rc::clone(&words)));
                    return Err(Unopened::Closed(words));
                }
            },
        };
        let opened = sealed.open(&key).map_err(|cause| Unopened::Broken(cause.to_string()))?;
        // Only a key that opened something is worth keeping.
        self.keys.insert(wrapped, Ok(key.clone()));
        Ok(OpenFile { path, sealed, opened, key })
    }
}

impl Moment {
    /// Of `commit`.
    #[must_use]
    pub fn of(commit: &Commit) -> Self {
        Self { id: commit.id.clone(), time: commit.time, author: commit.author.clone() }
    }
}

/// The same is told once, of many versions.
fn without_place(path: &Path, error: &Error) -> Rc<str> {
    let place = format!("cannot open `{}`: ", sanitise(&path.to_string_lossy()));
    let words = error.to_string();
    words.strip_prefix(&place).unwrap_or(&words).into()
}

/// Of all that the data key is made from.
fn fingerprint(sealed: &Sealed) -> [u8; 32] {
    let metadata = sealed.metadata();
    let mut hash = Sha256::new().chain_update((metadata.threshold as u64).to_le_bytes());
    for group in &metadata.groups {
        hash.update((group.len() as u64).to_le_bytes());
        for key in group {
            for part in [key.kind.name(), &key.recipient, &key.enc] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
    }
    hash.finalize().into()
}
