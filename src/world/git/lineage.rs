//! The versions of a few paths, one commit after the other: of a merge only what it holds and none of its parents did.

use std::collections::BTreeSet;
use std::fs;
use std::iter::Peekable;
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;

use super::history::{self, Change, Commit};
use super::{Git, LONGEST_POINTER, ObjectId, files, git_folder, path_from_bytes};

/// One commit, and what it made of the paths that were asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who, when and why. Its `changes` are left empty.
    pub commit: Commit,
    /// The versions that it made; one at least.
    pub made: Vec<Made>,
    /// What was before it was left out when the repository was cloned, so all that it holds looks new.
    pub is_cut: bool,
}

/// A version of a path that no parent of its commit held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// From the root.
    pub path: PathBuf,
    /// What its parents held, one after the other; `None`: no regular file. Of a first commit one that is `None`.
    pub before: Vec<Option<ObjectId>>,
    /// What it holds; `None`: no regular file.
    pub after: Option<ObjectId>,
}

/// Commits, newest first, no commit before all that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// They.
    pub steps: Vec<Step>,
    /// Older ones were left out when the repository was cloned.
    pub is_shallow: bool,
}

impl Git {
    /// The commits that `HEAD` leads to and that made a version of one of `paths` (from the root). `None` when git
    /// cannot say; an empty repository has no steps.
    #[must_use]
    pub fn lineage(&self, paths: &[&Path]) -> Option<Lineage> {
        match self.object("HEAD") {
            Some(head) => self.lineage_of(&head, paths),
            None => Some(Lineage { steps: Vec::new(), is_shallow: self.is_shallow()? }),
        }
    }

    /// The same of the commits that `from` leads to.
    #[must_use]
    pub fn lineage_of(&self, from: &ObjectId, paths: &[&Path]) -> Option<Lineage> {
        let is_shallow = self.is_shallow()?;
        let cut = if is_shallow { self.cut_commits()? } else { BTreeSet::new() };
        let mut command =
            self.command(&["--literal-pathspecs", "log", "--topo-order", "--full-history", "-c"]);
        command.args(history::PLAIN).arg(history::HEADER).args([from.as_str(), "--"]).args(paths);
        let output = command.stdin(Stdio::null()).output().ok()?;
        let steps = output.status.success().then(|| steps(&output.stdout, paths, &cut))??;
        Some(Lineage { steps, is_shallow })
    }

    /// The regular files that `commit` took away, with what they held.
    #[must_use]
    pub fn taken_away(&self, commit: &ObjectId) -> Option<Vec<(PathBuf, ObjectId)>> {
        let mut command = self.command(&["log", "--no-walk", "-m", "--diff-filter=D", "--format="]);
        command.args(history::PLAIN).arg(commit.as_str()).arg("--");
        let output = command.stdin(Stdio::null()).output().ok()?;
        let mut fields = output.stdout.split(|byte| *byte == 0).peekable();
        let changes = output.status.success().then(|| history::changes(&mut fields))??;
        Some(changes.into_iter().filter_map(|Change { path, old, .. }| Some((path, old?))).collect())
    }

    /// The newest commit that both `one` and `two` lead to; `None` without one that is here.
    #[must_use]
    pub fn common_base(&self, one: &ObjectId, two: &ObjectId) -> Option<ObjectId> {
        let output = self.ask(&["merge-base", one.as_str(), two.as_str()], None)?;
        output.status.success().then(|| ObjectId::parse(output.stdout.trim_ascii_end()))?
    }

    /// The file at `path` as git calls it, from the root; the folders on the way may be gone. `None` outside.
    #[must_use]
    pub fn name_of(&self, path: &Path) -> Option<PathBuf> {
        let folder = path.parent()?;
        let (there, known) =
            folder.ancestors().find_map(|known| Some((fs::canonicalize(known).ok()?, known)))?;
        let place = there.join(path.strip_prefix(known).ok()?);
        let name = place.strip_prefix(&self.root).ok()?;
        let is_plain = name.components().all(|part| matches!(part, Component::Normal(_)));
        is_plain.then(|| name.to_owned())
    }

    /// The commits whose parents were left out when the repository was cloned.
    fn cut_commits(&self) -> Option<BTreeSet<ObjectId>> {
        let list = git_folder(&self.root)?.common.join("shallow");
        let text = files::read(&list, LONGEST_POINTER << 10).ok()?;
        Some(text.split(|byte| *byte == b'\n').filter_map(ObjectId::parse).collect())
    }
}

/// A pathspec means what is below a folder too; only `paths` themselves are meant.
fn steps(output: &[u8], paths: &[&Path], cut: &BTreeSet<ObjectId>) -> Option<Vec<Step>> {
    let mut fields = output.split(|byte| *byte == 0).peekable();
    let mut found = Vec::new();
    while history::comes(&mut fields) {
        let commit = history::header(&mut fields)?;
        let mut made = versions(&mut fields)?;
        made.retain(|made| paths.contains(&made.path.as_path()));
        if !made.is_empty() {
            found.push(Step { is_cut: cut.contains(&commit.id), commit, made });
        }
    }
    Some(found)
}

/// Reads `:OLDMODE NEWMODE OLD NEW STATUS`, PATH, and so on, with a colon, a mode and a name for each parent.
fn versions<'a>(fields: &mut Peekable<impl Iterator<Item = &'a [u8]>>) -> Option<Vec<Made>> {
    let mut found = Vec::new();
    loop {
        // Between the header of a merge and its versions stands an empty one.
        while fields.next_if(|field| field.trim_ascii_start().is_empty()).is_some() {}
        let Some(facts) = fields.next_if(|field| field.trim_ascii_start().starts_with(b":")) else { break };
        let facts = facts.trim_ascii_start();
        let parents = facts.iter().take_while(|byte| **byte == b':').count();
        let mut words = facts.get(parents..)?.split(|byte| *byte == b' ');
        let modes: Vec<&[u8]> = words.by_ref().take(parents + 1).collect();
        let ids: Vec<&[u8]> = words.by_ref().take(parents + 1).collect();
        let is_file = |mode: &[u8]| mode.starts_with(b"100");
        let held = modes.iter().zip(&ids).map(|(mode, id)| ObjectId::parse(id).filter(|_| is_file(mode)));
        let mut before: Vec<Option<ObjectId>> = held.collect();
        if before.len() != parents + 1 {
            return None;
        }
        let after = before.pop()?;
        found.push(Made { path: path_from_bytes(fields.next()?)?, before, after });
    }
    Some(found)
}
