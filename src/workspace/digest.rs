//! Values told apart without being kept: a keyed digest each.

use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Error;
use crate::base::Value;
use crate::base::ports::{NoRandomness, Random};
use crate::world::files::{self, PRIVATE_MODE};
use crate::world::{World, git};

/// Makes digests that say nothing to who does not have its key.
pub struct Digester(Zeroizing<[u8; 32]>);

impl Digester {
    /// With a key for this run alone.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn new(random: &dyn Random) -> Result<Self, NoRandomness> {
        let mut key = Zeroizing::new([0; 32]);
        random.fill(&mut *key)?;
        Ok(Self(key))
    }

    /// With the key that the clone at `root` keeps, so that what git shows today can be compared with what it showed
    /// yesterday. `None` before [`keep_key`].
    #[must_use]
    pub fn of_clone(root: &Path) -> Option<Self> {
        let key = Zeroizing::new(files::read(&key_file(root)?, KEY_LENGTH).ok()?);
        Some(Self(Zeroizing::new(key.as_slice().try_into().ok()?)))
    }

    /// With a key that is kept, so that digests of two runs can be compared.
    #[must_use]
    pub const fn with_key(key: Zeroizing<[u8; 32]>) -> Self {
        Self(key)
    }

    /// The digest of what `value` says; of equal values, whatever their types, it is equal.
    #[must_use]
    pub fn of(&self, value: &Value) -> [u8; 32] {
        // By way of the key block: HMAC takes keys of any length, but only this constructor cannot fail.
        let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
        if let Some(start) = block.get_mut(..self.0.len()) {
            start.copy_from_slice(&*self.0);
        }
        Hmac::<Sha256>::new(&block).chain_update(value.plain_bytes()).finalize().into_bytes().into()
    }
}

/// Where the clone at `root` keeps its key; all its work trees share it. `None` outside a repository.
#[must_use]
pub fn key_file(root: &Path) -> Option<PathBuf> {
    Some(git::git_folder(root)?.common.join("lacre/digest.key"))
}

/// Makes the key at `place`, where nothing stands, for the user alone.
///
/// # Errors
/// When there is no randomness, or the machine refuses.
pub fn keep_key(world: &World, place: &Path) -> Result<(), Error> {
    let mut key = Zeroizing::new([0; 32]);
    world.random.fill(&mut *key)?;
    if let Some(folder) = place.parent() {
        files::create_folders(folder)?;
    }
    Ok(files::create(place, None, &*key, PRIVATE_MODE)?)
}

const KEY_LENGTH: u64 = 32;
