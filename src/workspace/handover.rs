//! One file handed to other recipients: its data key wrapped for those who join, or a new data key for all.

use std::path::PathBuf;

use zeroize::Zeroizing;

use super::members::{Drift, Members, is_same};
use super::tree::Found;
use super::{Error, Keyring, RuleBook, open_file};
use crate::base::{DataKey, RecipientId};
use crate::envelope::{Metadata, Opened, RewrapError, Sealed, Verdict, rekey, rewrap};
use crate::keys::WrappedKey;
use crate::world::World;

/// What shall become of one file; nobody's identity was needed to know it.
pub struct Handover {
    /// Where it stands, absolute.
    pub path: PathBuf,
    /// As it stands there.
    pub sealed: Sealed,
    /// Who shall be able to open it.
    pub wanted: Members,
    /// What is different from that now.
    pub drift: Drift,
    /// It gets a new data key.
    pub rekeys: bool,
}

/// The same, and its data key: the file opened and fits its MAC and seal.
pub struct Ready {
    /// What shall become of it.
    pub handover: Handover,
    /// What vouches for its names and recipients.
    pub verdict: Verdict,
    key: DataKey,
    /// Its values, where they are to be encrypted anew.
    opened: Option<Opened>,
}

impl Handover {
    /// The file `found`, handed to `wanted`.
    #[must_use]
    pub fn new(found: Found, wanted: Members, rekeys: bool) -> Self {
        let drift = Drift::between(found.sealed.metadata(), &wanted);
        Self { path: found.path, sealed: found.sealed, wanted, drift, rekeys }
    }

    /// Whether there is anything to do.
    #[must_use]
    pub const fn is_needed(&self) -> bool {
        self.rekeys || !self.drift.is_none()
    }

    /// Those for whom it would have to wrap, and cannot.
    #[must_use]
    pub fn unwrappable(&self, keyring: &Keyring<'_>) -> Vec<&RecipientId> {
        let splits = self.wanted.groups.len() > 1 || self.sealed.metadata().groups.len() > 1;
        let current = self.sealed.metadata();
        let is_kept = |id: &RecipientId| {
            !self.rekeys && !splits && current.keys().any(|key| is_same(&key.recipient_id(), id))
        };
        self.wanted.all().filter(|id| !is_kept(id) && !keyring.can_wrap(id.kind)).collect()
    }

    /// Unwraps its data key and verifies all of it.
    ///
    /// # Errors
    /// When no identity opens it, it was tampered with, or lacks a seal that is asked for; with what was to be done.
    pub fn open(
        self,
        world: &World,
        keyring: &Keyring<'_>,
        book: &RuleBook<'_>,
    ) -> Result<Ready, Box<(Self, Error)>> {
        let opened = open_file::open(world, keyring, &self.path, &self.sealed).and_then(|(key, opened)| {
            let lacks_seal = opened.verdict == Verdict::Unsealed
                && (keyring.require_seal || book.wants_seal(&self.path)?);
            if lacks_seal { Err(Error::SealRequired(self.path.clone())) } else { Ok((key, opened)) }
        });
        match opened {
            Ok((key, opened)) => Ok(Ready {
                verdict: opened.verdict,
                key,
                opened: self.rekeys.then_some(opened),
                handover: self,
            }),
            Err(error) => Err(Box::new((self, error))),
        }
    }
}

impl Ready {
    /// The text that the file shall have.
    ///
    /// # Errors
    /// When somebody cannot be wrapped for.
    pub fn text(&self, world: &World, keyring: &Keyring<'_>) -> Result<Vec<u8>, Error> {
        let Handover { path, sealed, wanted, .. } = &self.handover;
        let mut metadata = sealed.metadata().clone();
        metadata.threshold = wanted.threshold;
        let Some(opened) = &self.opened else {
            metadata.groups = self.rewrapped(world, keyring, &metadata)?;
            let text = rewrap(sealed, metadata, &self.key).map_err(|error| match error {
                RewrapError::Open(cause) => Error::Open { path: path.clone(), cause },
                RewrapError::Write(cause) => Error::Encrypt { path: path.clone(), cause },
            })?;
            let written = open_file::parse(text, path, None)?;
            let is_right = Drift::between(written.metadata(), wanted).is_none();
            let text = written.document().text().to_vec();
            return if is_right { Ok(text) } else { Err(Error::NotReadBack(path.clone())) };
        };
        // What comes of this was read back already, all but the metadata.
        let key = DataKey::generate(&*world.random)?;
        metadata.groups = keyring.wrap(path, &wanted.groups, wanted.threshold, &key, &*world.random)?;
        let written = rekey((sealed, opened), metadata, &key, &*world.clock, &*world.random);
        Ok(written.map_err(|cause| Error::Encrypt { path: path.clone(), cause })?.text)
    }

    /// In a single group, who stays keeps the entry there is. Several groups share the data key anew, as sops does.
    fn rewrapped(
        &self,
        world: &World,
        keyring: &Keyring<'_>,
        current: &Metadata,
    ) -> Result<Vec<Vec<WrappedKey>>, Error> {
        let Handover { path, wanted, .. } = &self.handover;
        let ([old], [group]) = (current.groups.as_slice(), wanted.groups.as_slice()) else {
            return keyring.wrap(path, &wanted.groups, wanted.threshold, &self.key, &*world.random);
        };
        let mut keys = Vec::with_capacity(group.len());
        for key in old {
            if let Some(id) = group.iter().find(|id| is_same(id, &key.recipient_id())) {
                keys.push(WrappedKey { recipient: id.id.clone(), ..key.clone() });
            }
        }
        let share = Zeroizing::new(self.key.expose().to_vec());
        for id in group.iter().filter(|id| !old.iter().any(|key| is_same(id, &key.recipient_id()))) {
            let wrapped = keyring.wrap_one(id, &share);
            keys.push(wrapped.map_err(|cause| Error::Wrap { path: path.clone(), cause })?);
        }
        Ok(vec![keys])
    }
}
