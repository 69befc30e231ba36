//! The three versions that git keeps of a file in conflict, and what git is in the middle of.

use std::path::{Path, PathBuf};

use super::super::merging::{Side, Texts, is_marked};
use crate::world::files::{self, SIZE_LIMIT};
use crate::world::git::{Git, git_folder, repository_root};
use crate::world::{FileError, World};

/// A file in conflict.
#[derive(Clone, Debug)]
pub struct InConflict {
    /// Where it stands, absolute, no link on the way.
    pub path: PathBuf,
    /// The top of the work tree.
    pub root: PathBuf,
    /// What stands there; `None`: nothing does.
    pub work: Option<Vec<u8>>,
    /// The versions, from git's index.
    pub texts: Texts,
    /// What the conflict came of.
    pub operation: Operation,
}

/// What git is in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// `git cherry-pick`
    CherryPick,
    /// `git merge`
    Merge,
    /// `git stash pop` and the like, of which nothing is left but the conflict.
    Other,
    /// `git rebase`
    Rebase,
    /// `git revert`
    Revert,
}

/// Why a file has nothing that could be resolved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoConflict {
    /// The machine refuses.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be asked.
    #[error("git does not say what it holds of it")]
    GitSilent,
    /// Committed with its markers.
    #[error("it was committed with its conflict markers, and the versions they came from are gone")]
    Committed,
    /// It leads elsewhere.
    #[error("it is a symbolic link; name the file that it leads to")]
    Link,
    /// git has only one version of it.
    #[error(
        "{} removed it, {} changed it: there is nothing to merge",
        if *.0 == Side::Ours { "ours" } else { "theirs" },
        if *.0 == Side::Ours { "theirs" } else { "ours" }
    )]
    Removed(Side),
    /// It is in no repository.
    #[error("it is in no git repository")]
    NoRepository,
    /// One of the versions is a link or a submodule.
    #[error("one side has something else there than a file")]
    NotAFile,
    /// git does not take it to be in conflict.
    #[error("it is not in conflict")]
    None,
    /// The same, while the markers are still there.
    #[error("its conflict markers are still there, but git takes it for settled")]
    Staged,
}

impl InConflict {
    /// The file at `path`.
    ///
    /// # Errors
    /// When git has no three versions, or no two that were both added, of it.
    pub fn find(world: &World, path: &Path) -> Result<Self, NoConflict> {
        let path = world.path(path);
        if files::is_link(&path) {
            return Err(NoConflict::Link);
        }
        let root = path.parent().and_then(repository_root).ok_or(NoConflict::NoRepository)?;
        let path = files::resolve(&path, Some(&root))?;
        let from_root = path.strip_prefix(&root).map_err(|_| NoConflict::NoRepository)?;
        let work = match files::read(&path, SIZE_LIMIT) {
            Ok(text) => Some(text),
            Err(error) if error.is_missing() => None,
            Err(error) => return Err(error.into()),
        };
        let git = Git::find(&root, &world.variables).ok_or(NoConflict::GitSilent)?;
        let mut entries = git.index().ok_or(NoConflict::GitSilent)?;
        entries.retain(|entry| entry.path == from_root && entry.stage > 0);
        if entries.iter().any(|entry| !entry.is_file()) {
            return Err(NoConflict::NotAFile);
        }
        let mut objects = git.objects().ok_or(NoConflict::GitSilent)?;
        let mut version = |stage| {
            let entry = entries.iter().find(|entry| entry.stage == stage);
            let text = entry.map(|entry| objects.blob(&entry.id, SIZE_LIMIT).ok_or(NoConflict::GitSilent));
            text.transpose()
        };
        let texts = match (version(1)?, version(2)?, version(3)?) {
            (base, Some(ours), Some(theirs)) => Texts { base, ours, theirs },
            (_, Some(_), None) => return Err(NoConflict::Removed(Side::Theirs)),
            (_, None, Some(_)) => return Err(NoConflict::Removed(Side::Ours)),
            (_, None, None) => return Err(not_in_conflict(&git, from_root, work.as_deref())),
        };
        let operation = Operation::of(&root);
        Ok(Self { path, root, work, texts, operation })
    }
}

impl Operation {
    fn of(root: &Path) -> Self {
        let Some(folder) = git_folder(root) else { return Self::Other };
        // The first that is there: a rebase picks commits.
        let signs = [
            ("rebase-merge", Self::Rebase),
            ("rebase-apply", Self::Rebase),
            ("CHERRY_PICK_HEAD", Self::CherryPick),
            ("REVERT_HEAD", Self::Revert),
            ("MERGE_HEAD", Self::Merge),
        ];
        let found = signs.into_iter().find(|(name, _)| files::exists(&folder.own.join(name)));
        found.map_or(Self::Other, |(_, operation)| operation)
    }

    /// What ours and theirs are, as git means them.
    #[must_use]
    pub const fn sides(self) -> (&'static str, &'static str) {
        match self {
            Self::CherryPick => ("your branch", "the commit that you pick"),
            Self::Merge => ("your branch", "the branch that you merge"),
            Self::Other => ("what was there", "what comes in, from a stash or a patch"),
            Self::Rebase => ("the branch that you rebase onto", "your own commit"),
            Self::Revert => ("your branch", "the state before the commit that you revert"),
        }
    }

    /// How git goes on with it.
    #[must_use]
    pub const fn next(self) -> &'static str {
        match self {
            Self::CherryPick => ", then `git cherry-pick --continue`",
            Self::Merge => ", then `git commit`",
            Self::Other => "",
            Self::Rebase => ", then `git rebase --continue`",
            Self::Revert => ", then `git revert --continue`",
        }
    }
}

fn not_in_conflict(git: &Git, from_root: &Path, work: Option<&[u8]>) -> NoConflict {
    if !work.is_some_and(is_marked) {
        return NoConflict::None;
    }
    let committed = from_root.to_str().and_then(|path| git.object(format!("HEAD:{path}")));
    let committed = committed.and_then(|id| git.objects()?.blob(&id, SIZE_LIMIT));
    if committed.as_deref().is_some_and(is_marked) { NoConflict::Committed } else { NoConflict::Staged }
}
