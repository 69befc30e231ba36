//! The files that are judged: as the index holds them, which is what the next commit will hold, or as they stand in the
//! work tree.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::super::{Error, tree};
use crate::world::World;
use crate::world::files;
use crate::world::git::{Git, IndexEntry, ObjectId, Objects, repository_root};

/// Bytes of a file that is looked at, at the most.
const LARGEST: u64 = 16 << 20;

/// All regular files that git tracks, links and submodules left out. Paths are from the root.
pub struct Snapshot {
    /// The top folder of the work tree.
    pub root: PathBuf,
    git: Git,
    entries: BTreeMap<PathBuf, ObjectId>,
    /// In conflict.
    unmerged: BTreeSet<PathBuf>,
    source: Source,
}

enum Source {
    /// The store of git.
    Index(RefCell<Objects>),
    /// The work tree.
    Disk,
}

impl Snapshot {
    /// What the next commit would hold, by the index that git means when it runs a hook.
    ///
    /// # Errors
    /// Outside a repository, or when git does not answer.
    pub fn of_index(world: &World) -> Result<Self, Error> {
        let root =
            repository_root(&world.folder).or_else(|| root_as_called(world)).ok_or(Error::NoRepository)?;
        let git = Git::find_as_called(&root, &world.variables).ok_or(Error::GitSilent)?;
        let objects = git.objects().ok_or(Error::GitSilent)?;
        Self::new(git, Source::Index(RefCell::new(objects)))
    }

    /// What git tracks, as it stands in the work tree.
    ///
    /// # Errors
    /// Outside a repository, or when git does not answer.
    pub fn of_work_tree(world: &World) -> Result<Self, Error> {
        Self::new(tree::repository(world, &world.folder)?, Source::Disk)
    }

    fn new(git: Git, source: Source) -> Result<Self, Error> {
        // In a conflict there is nothing to commit yet, so any side may stand for the file.
        let entries = git.index().ok_or(Error::GitSilent)?;
        let unmerged =
            entries.iter().filter(|entry| entry.stage > 0).map(|entry| entry.path.clone()).collect();
        let entries =
            entries.into_iter().filter(IndexEntry::is_file).map(|entry| (entry.path, entry.id)).collect();
        Ok(Self { root: git.root().to_owned(), git, entries, unmerged, source })
    }

    /// The files that the next commit would add or change.
    ///
    /// # Errors
    /// When git does not answer.
    pub fn staged(&self) -> Result<Vec<PathBuf>, Error> {
        let changes = self.git.staged().ok_or(Error::GitSilent)?.into_iter();
        Ok(changes
            .filter(|change| change.is_file && change.new.is_some())
            .map(|change| change.path)
            .collect())
    }

    /// Every file.
    pub fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.entries.keys()
    }

    /// Whether there is a file at `path`.
    #[must_use]
    pub fn has(&self, path: &Path) -> bool {
        self.entries.contains_key(path)
    }

    /// Whether a merge left the file at `path` in conflict.
    #[must_use]
    pub fn is_unmerged(&self, path: &Path) -> bool {
        self.unmerged.contains(path)
    }

    /// Where the file at `path` stands on disk, or would.
    #[must_use]
    pub fn absolute(&self, path: &Path) -> PathBuf {
        self.root.join(path)
    }

    /// Who answers for the repository.
    #[must_use]
    pub const fn git(&self) -> &Git {
        &self.git
    }

    /// What the file at `path` holds.
    #[must_use]
    pub fn read(&self, path: &Path) -> Read {
        let Some(id) = self.entries.get(path) else { return Read::Absent };
        match &self.source {
            Source::Index(objects) => match objects.borrow_mut().blob(id, LARGEST) {
                Some(bytes) => Read::Bytes(bytes),
                None => Read::Refused,
            },
            Source::Disk => read_on_disk(&self.absolute(path)),
        }
    }
}

/// What came of looking at a file.
pub enum Read {
    /// Nothing stands there: it was deleted, or is a link now.
    Absent,
    /// It.
    Bytes(Vec<u8>),
    /// It is too large, or cannot be read.
    Refused,
}

/// Reads a file of the work tree; no link is followed.
#[must_use]
pub fn read_on_disk(path: &Path) -> Read {
    if !files::is_regular(path) {
        return Read::Absent;
    }
    files::read(path, LARGEST).map_or(Read::Refused, Read::Bytes)
}

/// Without a `.git` in sight, what git says when it calls us: it runs hooks at the top of the work tree.
fn root_as_called(world: &World) -> Option<PathBuf> {
    world.variable("GIT_DIR")?;
    Some(
        world
            .variable("GIT_WORK_TREE")
            .map_or_else(|| world.folder.clone(), |tree| world.path(Path::new(tree))),
    )
}
