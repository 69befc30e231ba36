//! What changed between a commit and the work tree in a way that neither MAC nor seal can notice: whoever writes a whole
//! new file, puts an older one back, or loosens the rules, leaves files that are valid. Needs no identity.

mod files;
mod rules;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::revision::{Hash, Held, Reader, Revision};
use super::validation::Finding;
use super::{Error, Keyring, tree};
use crate::cipher::Ciphertext;
use crate::schema::Severity;
use crate::world::World;
use crate::world::files::{self as disk, SIZE_LIMIT};
use crate::world::git::{Change, ObjectId};

/// Why nothing can be compared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReviewError {
    /// The commit is not here, or has nothing in common with what is checked out.
    #[error(
        "{} {}",
        if *known { "nothing in common is here of the work tree and" } else { "there is no commit" },
        shown(rev)
    )]
    NoBase {
        /// As it was named.
        rev: String,
        /// It is here.
        known: bool,
    },
    /// Anything else.
    #[error(transparent)]
    Other(#[from] Error),
}

/// The commit that is compared with, and what it held.
struct Base<'a> {
    reader: Reader<'a>,
    root: PathBuf,
    id: ObjectId,
    /// As it was named, in backticks.
    rev: String,
    /// Every regular file.
    tree: BTreeMap<PathBuf, ObjectId>,
    /// What changed since.
    changes: Vec<Change>,
    rules: rules::Books,
    /// Which encrypted file each ciphertext and wrapped key stood in, once that is asked for.
    owners: Option<HashMap<Hash, PathBuf>>,
}

/// One thing that changed, where it stands in the file.
struct Remark {
    line: usize,
    subject: String,
    code: &'static str,
    severity: Severity,
    message: String,
}

/// What is worth a look.
pub struct Reviewed {
    /// It.
    pub findings: Vec<Finding>,
    /// Older commits were left out when the repository was cloned, so versions that were put back may not be known.
    pub is_shallow: bool,
}

/// What changed since the newest commit that `rev` and `HEAD` have in common.
///
/// # Errors
/// When there is no such commit here, or git does not answer.
pub fn review(world: &World, keyring: &Keyring<'_>, rev: &str) -> Result<Reviewed, ReviewError> {
    let mut base = Base::new(world, keyring, rev)?;
    let mut findings = Vec::new();
    for change in base.changes.clone() {
        let file = base.root.join(&change.path);
        let remarks = base.judge(&change);
        findings.extend(remarks.into_iter().map(|remark| remark.at(&file)));
    }
    findings.extend(rules::judge(&mut base));
    let is_shallow = base.reader.git().is_shallow().unwrap_or(true);
    Ok(Reviewed { findings, is_shallow })
}

impl<'a> Base<'a> {
    fn new(world: &'a World, keyring: &'a Keyring<'a>, rev: &str) -> Result<Self, ReviewError> {
        let git = tree::repository(world, &world.folder)?;
        let absent = |known| ReviewError::NoBase { rev: rev.to_owned(), known };
        let named = git.object(format!("{rev}^{{commit}}")).ok_or_else(|| absent(false))?;
        let head = git.object("HEAD").ok_or_else(|| absent(true))?;
        let base = git.common_base(&named, &head).ok_or_else(|| absent(true))?;
        let tree = git.files_of(&base).ok_or(Error::GitSilent)?.into_iter().collect();
        let changes = git.changed_since(&base).ok_or(Error::GitSilent)?;
        let root = git.root().to_owned();
        let mut reader = Reader::new(world, keyring, git, false)?;
        let rules = rules::Books::read(&mut reader, &tree, &changes);
        Ok(Self { reader, root, id: base, rev: shown(rev), tree, changes, rules, owners: None })
    }

    /// An encrypted file, beside what it was.
    fn judge(&mut self, change: &Change) -> Vec<Remark> {
        let place = self.root.join(&change.path);
        if !change.is_file && disk::is_link(&place) {
            let then = self.reader.version(&change.path, change.old.as_ref());
            return then.revision().map(|_| self.unencrypted("is a link")).into_iter().collect();
        }
        let read = change.is_file.then(|| disk::read(&place, SIZE_LIMIT));
        let text = match read {
            Some(Ok(text)) => text,
            Some(Err(error)) if !error.is_missing() => {
                let then = self.reader.version(&change.path, change.old.as_ref());
                return then.revision().map(|_| self.unencrypted("cannot be read")).into_iter().collect();
            }
            _ => return Vec::new(),
        };
        let now = self.reader.text(&change.path, text.clone());
        let Some((path, id)) = self.origin(change, now.revision()) else {
            return now.revision().map_or_else(Vec::new, |now| files::of_new(self, &change.path, now, &text));
        };
        let then = self.reader.version(&path, Some(&id));
        match (then, now) {
            (Held::Sealed(then), Held::Sealed(now)) => {
                let pair = files::Pair { path: &path, then: &then, now: &now, text: &text };
                files::judge(self, &pair)
            }
            (Held::Sealed(_), _) => vec![self.unencrypted("is not, or cannot be read")],
            _ => Vec::new(),
        }
    }

    fn unencrypted(&self, what: &str) -> Remark {
        let message = format!("was encrypted at {}, and {what}", self.rev);
        Remark { line: 1, subject: String::new(), code: "unencrypted", severity: Severity::Error, message }
    }

    /// The file at the base that it was made from: of its own name, or one that is gone and shares a ciphertext or
    /// wrapped key with it.
    fn origin(&mut self, change: &Change, now: Option<&Rc<Revision>>) -> Option<(PathBuf, ObjectId)> {
        if let Some(id) = &change.old {
            return Some((change.path.clone(), id.clone()));
        }
        let owner = now?.marks().find_map(|mark| self.owner(mark))?;
        let is_gone = self.changes.iter().any(|other| other.path == owner && !other.is_file);
        let id = self.tree.get(&owner).filter(|_| is_gone)?.clone();
        Some((owner, id))
    }

    /// The encrypted file in which `mark` stood.
    fn owner(&mut self, mark: &Hash) -> Option<PathBuf> {
        if self.owners.is_none() {
            let mut owners = HashMap::new();
            for (path, id) in &self.tree {
                let Some(text) = self.reader.bytes(id).filter(|text| Ciphertext::stands_in(text)) else {
                    continue;
                };
                if let Held::Sealed(revision) = self.reader.text(path, text) {
                    owners.extend(revision.marks().map(|mark| (*mark, path.clone())));
                }
            }
            self.owners = Some(owners);
        }
        self.owners.as_ref()?.get(mark).cloned()
    }
}

impl Remark {
    fn at(self, file: &Path) -> Finding {
        let Self { line, subject, code, severity, message } = self;
        Finding { file: file.to_owned(), line, subject, code, severity, message }
    }
}

fn shown(rev: &str) -> String {
    format!("`{}`", crate::world::terminal::sanitise(rev))
}
