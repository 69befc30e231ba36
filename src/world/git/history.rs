//! Commits and what they changed.

use std::iter::Peekable;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::{Git, ObjectId, path_from_bytes};

/// Which commits are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Those that any branch, tag, remote branch or stash leads to, and `HEAD`.
    All,
    /// Those that `HEAD` leads to.
    Head,
}

/// Who wrote or committed something, as they called themselves. Untrusted text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its name.
    pub id: ObjectId,
    /// The commits before it; several of a merge.
    pub parents: Vec<ObjectId>,
    /// Who made the change.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// When it was committed, by their clock.
    pub time: OffsetDateTime,
    /// The first line of its message. Untrusted text.
    pub subject: String,
    /// What is different from its first parent; of a merge, from any of its parents, so a path may stand several times.
    pub changes: Vec<Change>,
}

/// A path that holds something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// From the root.
    pub path: PathBuf,
    /// What it held; `None`: it was not there, or was no regular file.
    pub old: Option<ObjectId>,
    /// What it holds; `None`: it is gone, is no regular file, or, compared with the work tree, is not stored yet.
    pub new: Option<ObjectId>,
    /// Whether a regular file stands there now.
    pub is_file: bool,
}

/// Commits, newest first, no commit before all that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// They.
    pub commits: Vec<Commit>,
    /// Older ones were left out when the repository was cloned.
    pub is_shallow: bool,
}

impl Git {
    /// The commits that changed one of `paths` (from the root; none: any path). `None` when git cannot say; an empty
    /// repository has an empty history.
    #[must_use]
    pub fn history(&self, which: Which, paths: &[&Path]) -> Option<History> {
        let is_shallow = self.is_shallow()?;
        // Before the first commit there is none.
        let has_head = self.object("HEAD").is_some();
        let which: &[&str] = match which {
            Which::Head if !has_head => return Some(History { commits: Vec::new(), is_shallow }),
            Which::All if !has_head => &["--all"],
            Which::All => &["--all", "HEAD"],
            Which::Head => &["HEAD"],
        };
        let mut command =
            self.command(&["--literal-pathspecs", "log", "--topo-order", "--full-history", "-m"]);
        command.args(PLAIN).arg(HEADER).args(which).arg("--").args(paths);
        let output = command.stdin(std::process::Stdio::null()).output().ok()?;
        let commits = output.status.success().then(|| commits(&output.stdout))??;
        Some(History { commits, is_shallow })
    }
}

/// A commit, then what it changed; a merge stands once for each of its parents.
fn commits(output: &[u8]) -> Option<Vec<Commit>> {
    let mut fields = output.split(|byte| *byte == 0).peekable();
    let mut found: Vec<Commit> = Vec::new();
    while comes(&mut fields) {
        let commit = header(&mut fields)?;
        let changes = changes(&mut fields)?;
        match found.last_mut() {
            Some(last) if last.id == commit.id => {
                for change in changes {
                    if !last.changes.contains(&change) {
                        last.changes.push(change);
                    }
                }
            }
            _ => found.push(Commit { changes, ..commit }),
        }
    }
    Some(found)
}

/// Goes to where the next commit begins, if there is one.
pub(super) fn comes<'a>(fields: &mut Peekable<impl Iterator<Item = &'a [u8]>>) -> bool {
    // `git log` ends with a NUL, and may put a line feed between a commit and its changes.
    while fields.next_if(|field| !field.trim_ascii_start().starts_with(COMMIT)).is_some() {}
    fields.peek().is_some()
}

/// Reads the eight fields of [`HEADER`].
pub(super) fn header<'a>(fields: &mut impl Iterator<Item = &'a [u8]>) -> Option<Commit> {
    let id = fields.next()?.trim_ascii_start().strip_prefix(COMMIT)?;
    let id = ObjectId::parse(id)?;
    let parents = fields.next()?.split(|byte| *byte == b' ').filter_map(ObjectId::parse).collect();
    let mut text = || fields.next().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let author = Person { name: text()?, email: text()? };
    let committer = Person { name: text()?, email: text()? };
    // A commit may claim any number of seconds.
    let time = OffsetDateTime::from_unix_timestamp(text()?.parse().unwrap_or_default());
    let time = time.unwrap_or(OffsetDateTime::UNIX_EPOCH);
    Some(Commit { id, parents, author, committer, time, subject: text()?, changes: Vec::new() })
}

/// Reads `:OLDMODE NEWMODE OLD NEW STATUS`, PATH, and so on, as far as they go.
pub(super) fn changes<'a>(fields: &mut Peekable<impl Iterator<Item = &'a [u8]>>) -> Option<Vec<Change>> {
    let mut found = Vec::new();
    while let Some(facts) = fields.next_if(|field| field.trim_ascii_start().starts_with(b":")) {
        let facts = facts.trim_ascii_start().get(1..)?;
        let mut facts = facts.split(|byte| *byte == b' ');
        let (old_mode, new_mode) = (facts.next()?, facts.next()?);
        let mut id = |mode: &[u8]| Some(ObjectId::parse(facts.next()?).filter(|_| mode.starts_with(b"100")));
        let (old, new) = (id(old_mode)?, id(new_mode)?);
        let path = path_from_bytes(fields.next()?)?;
        found.push(Change { path, old, new, is_file: new_mode.starts_with(b"100") });
    }
    Some(found)
}

/// What a commit begins with.
const COMMIT: &[u8] = b"\x01";

/// Changes as they are, whatever the user's configuration says.
pub(super) const PLAIN: [&str; 12] = [
    "--raw",
    "-z",
    "--no-abbrev",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-notes",
    "--no-mailmap",
    "--no-decorate",
    "--encoding=UTF-8",
    "--root",
];

/// The fields of a commit, a NUL behind each, and a mark before them.
pub(super) const HEADER: &str = "--format=tformat:%x01%H%x00%P%x00%an%x00%ae%x00%cn%x00%ce%x00%ct%x00%s";
