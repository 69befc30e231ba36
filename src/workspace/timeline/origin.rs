//! Which file one was made from that has a new name: not by how alike two texts look, but by a ciphertext or wrapped
//! key that both hold. Chance makes none of them twice, so nothing else is ever taken for it.

use std::path::{Path, PathBuf};

use super::Timeline;
use crate::workspace::revision::Revision;
use crate::world::git::{Commit, Made, ObjectId};

impl Timeline<'_> {
    /// The file that the commit took away, or that is gone from the work tree, and that `revision` was made from.
    pub(super) fn origin(
        &mut self,
        commit: Option<&Commit>,
        made: &Made,
        revision: &Revision,
    ) -> Option<(PathBuf, ObjectId)> {
        let gone = match commit {
            Some(commit) => self.reader.git().taken_away(&commit.id)?,
            None => self.gone()?,
        };
        let others = || gone.iter().filter(|(path, _)| *path != made.path);
        if let Some(same) = others().find(|(_, id)| Some(id) == made.after.as_ref()) {
            return Some(same.clone());
        }
        let mut best: Option<(usize, PathBuf, ObjectId)> = None;
        for (path, id) in others().take(MOST_TRIED) {
            let shared = self.reader.unopened(path, id).map_or(0, |other| other.shared_with(revision));
            if shared > best.as_ref().map_or(0, |(shared, ..)| *shared) {
                best = Some((shared, path.clone(), id.clone()));
            }
        }
        best.map(|(_, path, id)| (path, id))
    }

    /// The files of `HEAD` that are gone from the work tree.
    fn gone(&self) -> Option<Vec<(PathBuf, ObjectId)>> {
        let git = self.reader.git();
        let changes = git.changed_since(&git.object("HEAD")?)?;
        let is_gone = |path: &Path| !crate::world::files::exists(&git.root().join(path));
        let gone = changes.into_iter().filter(|change| change.new.is_none() && is_gone(&change.path));
        Some(gone.filter_map(|change| Some((change.path, change.old?))).collect())
    }
}

/// A commit may take away any number of files.
const MOST_TRIED: usize = 500;
