//! What recipients of earlier versions are called: as the rules name them now, or as they named them last.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::base::RecipientId;
use crate::policy::Names;
use crate::workspace::history::Archive;
use crate::workspace::timeline::PastNames;
use crate::world::World;

/// Names by file; older rules are read once somebody is not known by today's.
pub(super) struct Former<'c> {
    world: &'c World,
    archive: Archive<'c>,
    files: BTreeMap<PathBuf, PastNames<'c>>,
}

impl<'c> Former<'c> {
    /// From the rule files that `archive` keeps.
    pub(super) const fn new(world: &'c World, archive: Archive<'c>) -> Self {
        Self { world, archive, files: BTreeMap::new() }
    }

    /// The names among which the recipient `id` of `file` has one, if any have.
    pub(super) fn names(&mut self, file: &Path, id: &RecipientId) -> &Names {
        let names = self.files.entry(file.to_owned()).or_insert_with(|| PastNames::new(self.world, file));
        names.of(id, &mut self.archive)
    }
}
