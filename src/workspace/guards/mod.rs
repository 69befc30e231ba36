//! What must not enter a repository: plaintext beside its encrypted twin, secrets left in the clear, identities, known
//! values, files whose recipients drifted or that were tampered with. Judged in what the next commit would hold, or in
//! all that is tracked.

mod clear;
mod identities;
mod image;
mod judge;
mod known;
mod rules;
mod sealed;
mod setting;
mod snapshot;
mod twins;

use std::path::{Path, PathBuf};

use super::validation::Finding;
use super::{Error, Keyring};
use crate::schema::Severity;
use crate::world::World;
use crate::world::terminal::sanitise;
use judge::Judge;
use snapshot::Snapshot;

/// Words for machines.
pub mod code {
    /// A value stands in the clear where it should be encrypted.
    pub const CLEAR: &str = "clear-secret";
    /// A merge was not finished.
    pub const CONFLICT: &str = "conflict-markers";
    /// Recipients differ from the rule.
    pub const DRIFT: &str = "drift";
    /// An ignore line hides an encrypted twin.
    pub const HIDDEN: &str = "hidden-twin";
    /// An identity, or another private key.
    pub const IDENTITY: &str = "identity-file";
    /// Plaintext or an identity would enter an image.
    pub const IMAGE: &str = "in-image";
    /// A value that an encrypted file holds.
    pub const KNOWN: &str = "known-value";
    /// An encrypted file in which nothing is encrypted.
    pub const NOTHING: &str = "nothing-encrypted";
    /// The plaintext of an encrypted file.
    pub const PLAINTEXT: &str = "plaintext-twin";
    /// A rule file that cannot be used.
    pub const RULES: &str = "rules";
    /// An encrypted file that was changed without its data key.
    pub const TAMPERED: &str = "tampered";
}

/// What nobody can accept: it is no matter of taste, or is mended by one command.
const NEVER_ACCEPTED: [&str; 4] = [code::CONFLICT, code::DRIFT, code::RULES, code::TAMPERED];

/// What guards found.
#[derive(Debug, Default)]
pub struct Guarded {
    /// What is wrong, and where.
    pub findings: Vec<Finding>,
    /// The files that were looked at.
    pub files: Vec<PathBuf>,
    /// The encrypted files that no identity opens, as far as they matter: MAC, seal and values are not known.
    pub closed: Vec<PathBuf>,
    /// What was not looked at, though it should be: too large, or not here.
    pub skipped: Vec<PathBuf>,
    /// How many findings the rule files accept.
    pub accepted: usize,
}

/// What the next commit would hold, as far as it differs from the one before.
///
/// # Errors
/// Outside a repository, or when git does not answer.
pub fn staged(world: &World, keyring: &Keyring<'_>) -> Result<Guarded, Error> {
    let snapshot = Snapshot::of_index(world)?;
    let paths = snapshot.staged()?;
    let mut judge = Judge::new(world, keyring, &snapshot);
    judge.files(&paths);
    judge.twins_hidden_beside(&paths);
    judge.values_elsewhere(&paths);
    Ok(judge.finish())
}

/// All tracked files, as they stand in the work tree.
///
/// # Errors
/// Outside a repository, or when git does not answer.
pub fn all(world: &World, keyring: &Keyring<'_>) -> Result<Guarded, Error> {
    let snapshot = Snapshot::of_work_tree(world)?;
    let paths: Vec<PathBuf> = snapshot.paths().cloned().collect();
    let mut judge = Judge::new(world, keyring, &snapshot);
    judge.files(&paths);
    judge.whole_tree();
    Ok(judge.finish())
}

/// What is noticed without reading all files: encrypted files that cannot be read, plaintext twins that are tracked or
/// would enter an image, and twins that an ignore line hides.
///
/// # Errors
/// Outside a repository, or when git does not answer.
pub fn everyday(world: &World, keyring: &Keyring<'_>) -> Result<Guarded, Error> {
    let snapshot = Snapshot::of_work_tree(world)?;
    let mut judge = Judge::new(world, keyring, &snapshot);
    judge.unfinished();
    judge.tracked_plaintext();
    judge.whole_tree();
    Ok(judge.finish())
}

/// About the whole file at `file`.
fn finding(file: PathBuf, code: &'static str, severity: Severity, message: String) -> Finding {
    Finding { file, line: 1, subject: String::new(), code, severity, message }
}

/// A path as a person types it into a shell.
fn typed(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = if text.starts_with('-') { format!("./{text}") } else { text.into_owned() };
    sanitise(&shell_words::quote(&text)).into_owned()
}
