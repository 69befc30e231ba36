//! Many files handed over as one: planned, opened, written beside, synced once, renamed. Each file is old or new at any
//! moment, and what was stopped is finished by doing it again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::handover::{Handover, Ready};
use super::{Error, Keyring, RuleBook};
use crate::base::RecipientId;
use crate::world::World;
use crate::world::git::repository_root;
use crate::world::together::{Replacement, replace_all};

/// What shall be done, as far as it can be done here.
#[derive(Default)]
pub struct Plan {
    /// What can be.
    pub ready: Vec<Ready>,
    /// What cannot be.
    pub stuck: Vec<Stuck>,
}

/// A file that cannot be handed over here.
pub struct Stuck {
    /// What should become of it.
    pub handover: Handover,
    /// Why it stays as it is.
    pub why: Why,
}

/// Why a file stays as it is.
#[derive(Debug)]
pub enum Why {
    /// It does not open here.
    Closed(Error),
    /// It would have to be wrapped for these, which is not supported yet.
    Unwrappable(Vec<RecipientId>),
}

/// A file that is written along with the others: the rules that they follow.
#[derive(Clone, Debug)]
pub struct Along {
    /// Which.
    pub path: PathBuf,
    /// What was read.
    pub old: Vec<u8>,
    /// What it shall say.
    pub new: Vec<u8>,
}

impl Plan {
    /// Opens every file that has anything to be done; `seen` is told how many were looked at.
    pub fn open(
        world: &World,
        keyring: &Keyring<'_>,
        handovers: Vec<Handover>,
        book: &RuleBook<'_>,
        mut seen: impl FnMut(usize),
    ) -> Self {
        let mut plan = Self::default();
        for (number, handover) in handovers.into_iter().filter(Handover::is_needed).enumerate() {
            let unwrappable: Vec<_> = handover.unwrappable(keyring).into_iter().cloned().collect();
            if unwrappable.is_empty() {
                match handover.open(world, keyring, book) {
                    Ok(ready) => plan.ready.push(ready),
                    Err(failed) => {
                        let (handover, error) = *failed;
                        plan.stuck.push(Stuck { handover, why: Why::Closed(error) });
                    }
                }
            } else {
                plan.stuck.push(Stuck { handover, why: Why::Unwrappable(unwrappable) });
            }
            seen(number + 1);
        }
        plan
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.stuck.is_empty()
    }

    /// Writes what is ready, and `along` before it, so that a run that was stopped leaves the rules by which another
    /// finishes. `made` is told how many texts were made.
    ///
    /// # Errors
    /// When somebody cannot be wrapped for, or a file has changed or cannot be written. Nothing is changed then, save
    /// when the system refuses a rename that it should allow.
    pub fn write(
        &self,
        world: &World,
        keyring: &Keyring<'_>,
        along: &[Along],
        mut made: impl FnMut(usize),
    ) -> Result<(), Error> {
        let mut texts = Vec::with_capacity(self.ready.len());
        for (number, ready) in self.ready.iter().enumerate() {
            texts.push(ready.text(world, keyring)?);
            made(number + 1);
        }
        let mut roots: HashMap<&Path, Option<PathBuf>> = HashMap::new();
        let rules = along.iter().map(|along| along.path.as_path());
        for folder in self.ready.iter().map(|ready| ready.handover.path.as_path()).chain(rules) {
            let folder = folder.parent().unwrap_or(folder);
            roots.entry(folder).or_insert_with(|| repository_root(folder));
        }
        let root = |path: &Path| path.parent().and_then(|folder| roots.get(folder)?.as_deref());
        let mut replacements = Vec::with_capacity(texts.len() + along.len());
        replacements.extend(along.iter().map(|along| Replacement {
            path: &along.path,
            within: root(&along.path),
            expected: Some(&along.old),
            new: &along.new,
        }));
        replacements.extend(self.ready.iter().zip(&texts).map(|(ready, text)| Replacement {
            path: &ready.handover.path,
            within: root(&ready.handover.path),
            expected: Some(ready.handover.sealed.document().text()),
            new: text,
        }));
        Ok(replace_all(&replacements)?)
    }
}
