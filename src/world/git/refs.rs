//! What branches lead to, and what a commit holds.

use std::path::PathBuf;

use super::{Git, ObjectId, path_from_bytes};

/// The tip of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// As people write it: `main`, `origin/main`. Untrusted text.
    pub name: String,
    /// The commit.
    pub tip: ObjectId,
    /// It is checked out here.
    pub is_current: bool,
}

impl Git {
    /// All branches, those of remotes too; no name that only means another branch.
    #[must_use]
    pub fn branches(&self) -> Option<Vec<Branch>> {
        let form = "--format=%(refname:short)%00%(objectname)%00%(symref)%00%(HEAD)%00";
        let output = self.ask(&["for-each-ref", form, "refs/heads", "refs/remotes"], None)?;
        let text = output.status.success().then_some(output.stdout)?;
        let fields: Vec<&[u8]> = text.split(|byte| *byte == 0).map(<[u8]>::trim_ascii).collect();
        let branch = |row: &[&[u8]]| {
            let [name, tip, b"", head] = row else { return None };
            let name = String::from_utf8_lossy(name).into_owned();
            Some(Branch { name, tip: ObjectId::parse(tip)?, is_current: *head == b"*" })
        };
        Some(fields.chunks_exact(4).filter_map(branch).collect())
    }

    /// The regular files of a commit, from the root.
    #[must_use]
    pub fn files_of(&self, commit: &ObjectId) -> Option<Vec<(PathBuf, ObjectId)>> {
        let output = self.ask(&["ls-tree", "-r", "-z", "--full-tree", commit.as_str()], None)?;
        let text = output.status.success().then_some(output.stdout)?;
        let entries = text.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"100"));
        entries.map(entry).collect()
    }
}

/// From `MODE blob OBJECT\tPATH`.
fn entry(text: &[u8]) -> Option<(PathBuf, ObjectId)> {
    let (facts, path) = text.split_at_checked(memchr::memchr(b'\t', text)?)?;
    let id = ObjectId::parse(facts.split(|byte| *byte == b' ').nth(2)?)?;
    Some((path_from_bytes(path.get(1..)?)?, id))
}
