//! Encrypted files: whether a merge was finished in them, whether their recipients are those of their rule, and
//! whether they are what their last writer left.

use std::path::{Path, PathBuf};

use super::super::Error;
use super::super::keyring::shown_recipient;
use super::super::members::{Drift, Members};
use super::super::merging::first_marker;
use super::super::validation::Finding;
use super::clear::has_encrypted_name;
use super::rules::Ruling;
use super::{code, finding, typed};
use crate::base::RecipientId;
use crate::base::span::line_of;
use crate::cipher::Ciphertext;
use crate::envelope::{FormError, Sealed};
use crate::policy::Rule;
use crate::schema::Severity;

/// Recipients that one finding names.
const MOST_SHOWN: usize = 5;

/// The marks that git leaves in a file that is encrypted by its name or content.
pub fn conflict(path: &Path, place: &Path, bytes: &[u8]) -> Option<Finding> {
    let at = first_marker(bytes)?;
    if !has_encrypted_name(path) && !Ciphertext::stands_in(bytes) {
        return None;
    }
    let message =
        format!("a merge left its marks in this encrypted file: `lacre resolve {}` finishes it", typed(path));
    let found = finding(place.to_owned(), code::CONFLICT, Severity::Error, message);
    Some(Finding { line: line_of(bytes, at), ..found })
}

/// An encrypted file that cannot be read.
pub fn broken(place: PathBuf, cause: &FormError) -> Finding {
    let line = if let FormError::Parse(error) = cause { error.line } else { 1 };
    let message =
        format!("this encrypted file cannot be read: {cause}; `git restore` brings the last one back");
    Finding { line, ..finding(place, code::TAMPERED, Severity::Error, message) }
}

/// What `error`, met on opening, says about the file; `None` if no identity opens it.
pub fn tampered(place: PathBuf, error: &Error) -> Option<Finding> {
    let message = match error {
        Error::Open { cause, .. } => format!(
            "this file is not what its last writer left: {cause}; `git log -p` shows what changed, `lacre seal` accepts a seal that `sops` removed"
        ),
        Error::SealRequired(_) => {
            "this file has no seal, and one is asked for: `lacre seal` shows what it covers, and seals it"
                .to_owned()
        }
        Error::Shares { cause, .. } => format!("the shares of its key do not fit together: {cause}"),
        _ => return None,
    };
    Some(finding(place, code::TAMPERED, Severity::Error, message))
}

/// How the recipients differ from those of its rule.
pub fn drift(path: &Path, place: &Path, sealed: &Sealed, ruling: &Ruling, rule: &Rule) -> Option<Finding> {
    let drift = Drift::between(sealed.metadata(), &Members::of_rule(rule)?);
    let names = &ruling.file.names;
    let listed = |keys: &[RecipientId]| {
        let shown = keys.iter().take(MOST_SHOWN).map(|key| shown_recipient(key, names));
        let more = keys.len().saturating_sub(MOST_SHOWN);
        shown.chain((more > 0).then(|| format!("{more} more"))).collect::<Vec<_>>().join(", ")
    };
    let mut differs = Vec::new();
    if !drift.leaves.is_empty() {
        differs.push(format!("{} can open it and should not", listed(&drift.leaves)));
    }
    if !drift.joins.is_empty() {
        differs.push(format!("{} should be able to open it and cannot", listed(&drift.joins)));
    }
    if drift.regroups && differs.is_empty() {
        differs.push("its key groups or its threshold are others".to_owned());
    }
    if differs.is_empty() {
        return None;
    }
    let message = format!(
        "the recipients differ from rule {} of its rule file: {}; `lacre recipients sync {}`",
        rule.index + 1,
        differs.join("; "),
        typed(path)
    );
    Some(finding(place.to_owned(), code::DRIFT, Severity::Error, message))
}
