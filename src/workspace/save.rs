//! Writing an encrypted file: only over the very text that was read, and never without reading it back.

use std::path::Path;

use super::{Error, Keyring, OpenFile};
use crate::base::ports::{Clock, Random};
use crate::base::{Node, Path as ValuePath};
use crate::envelope::{Metadata, Plain, Written, reencrypt, update as update_value};
use crate::world::files;
use crate::world::{FileError, World, git};

impl OpenFile {
    /// The next version of this file, with `plain` as its content; leaves that did not change keep their ciphertext.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub fn next(&self, plain: &Plain, clock: &dyn Clock, random: &dyn Random) -> Result<Written, Error> {
        self.next_with(plain, self.sealed.metadata().clone(), clock, random)
    }

    /// The same, under other metadata.
    ///
    /// # Errors
    /// When it cannot be encrypted.
    pub fn next_with(
        &self,
        plain: &Plain,
        metadata: Metadata,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Written, Error> {
        reencrypt(plain, (&self.sealed, &self.opened), metadata, &self.key, clock, random)
            .map_err(|cause| Error::Encrypt { path: self.path.clone(), cause })
    }

    /// The text of this file with `change` made; `None` when nothing is different. A value that stands encrypted is
    /// set in its place; anything else goes by way of the plaintext.
    ///
    /// # Errors
    /// When the change cannot be made, or the result cannot be encrypted.
    pub fn changed(
        &self,
        change: &Change,
        clock: &dyn Clock,
        random: &dyn Random,
    ) -> Result<Option<Vec<u8>>, Error> {
        if let Change::Put(path, Node::Value(value)) = change
            && let Some(event) = self.sealed.document().find(path)
        {
            if self.value(path) == Some(value) {
                return Ok(None);
            }
            let old = (&self.sealed, &self.opened);
            let updated = update_value(old, event, value, &self.key, clock, random);
            if let Some(text) = updated.map_err(|cause| Error::Encrypt { path: self.path.clone(), cause })? {
                return Ok(Some(text));
            }
        }
        let plain = self.plain()?;
        let changed = match change {
            Change::Put(path, node) => plain.with(path, node),
            Change::Remove(paths) => paths.iter().try_fold(plain.clone(), |plain, path| plain.without(path)),
        };
        let changed = changed.map_err(|cause| Error::Change { path: self.path.clone(), cause })?;
        if changed.document().text() == plain.document().text() {
            return Ok(None);
        }
        Ok(Some(self.next(&changed, clock, random)?.text))
    }

    /// Replaces the file on disk by `text`, if it still is what was opened.
    ///
    /// # Errors
    /// When somebody else changed it meanwhile, or the machine refuses; the file is untouched then.
    pub fn save(&self, text: &[u8]) -> Result<(), FileError> {
        replace(&self.path, Some(self.sealed.document().text()), text)
    }
}

/// Replaces `path`, which must still hold `expected`; `None`: it must not exist, or be empty.
///
/// # Errors
/// When it holds something else, or the machine refuses.
pub fn replace(path: &Path, expected: Option<&[u8]>, text: &[u8]) -> Result<(), FileError> {
    files::replace(path, root_of(path).as_deref(), expected, text)
}

/// Creates `path`, which must not exist or be empty.
///
/// # Errors
/// When it holds something, or the machine refuses.
pub fn replace_empty(path: &Path, text: &[u8]) -> Result<(), FileError> {
    let exists = files::exists(path);
    replace(path, exists.then_some(&[]), text)
}

/// What shall be different in a file.
#[derive(Debug)]
pub enum Change {
    /// This stands at the path, whatever stood there before.
    Put(ValuePath, Node),
    /// Nothing stands at these paths; now something does.
    Remove(Vec<ValuePath>),
}

/// Opens the file at `path`, asks `change` what shall be different, and saves the result, all under the lock of its
/// folder, so that parallel changes lose nothing. The file is opened once before the lock is taken, so that nobody
/// waits for somebody else's passphrase. Returns whether anything changed.
///
/// # Errors
/// What `change` returns, or any failure on the way; the file is untouched then.
pub fn update<E: From<Error> + From<FileError>>(
    world: &World,
    keyring: &Keyring<'_>,
    path: &Path,
    mut change: impl FnMut(&OpenFile) -> Result<Change, E>,
) -> Result<bool, E> {
    let mut file = OpenFile::open(world, keyring, path, None)?;
    files::update(path, root_of(path).as_deref(), |current| {
        let current = current.unwrap_or_default();
        if current != file.sealed.document().text() {
            let sealed = super::open_file::parse(current.to_vec(), path, None)?;
            file = OpenFile::from_sealed(world, keyring, path, sealed)?;
        }
        let change = change(&file)?;
        Ok(file.changed(&change, &*world.clock, &*world.random)?)
    })
}

fn root_of(path: &Path) -> Option<std::path::PathBuf> {
    path.parent().and_then(git::repository_root)
}
