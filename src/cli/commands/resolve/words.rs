//! What `resolve` says: why not, who did what, and what comes next.

use super::super::super::Failure;
use super::super::super::failure::Code;
use crate::workspace::Error;
use crate::workspace::merging::{Labels, Side, Unmerged};
use crate::workspace::resolution::{Conflict, Did, NoConflict, Operation};

/// There is no conflict of this file that could be settled.
pub fn no_conflict(shown: &str, word: &str, error: &NoConflict) -> Failure {
    if let NoConflict::File(error) = error {
        return Error::File(error.clone()).into();
    }
    let failure = Failure::user(format!("{shown}: {error}"));
    match error {
        NoConflict::Committed => failure.hint(format!(
            "`git log --oneline -- {word}` lists its versions; `git checkout COMMIT -- {word}` takes one back"
        )),
        NoConflict::None => failure.hint("`git status` lists what is"),
        NoConflict::NoRepository => Failure { code: Code::Usage, ..failure },
        NoConflict::Removed(Side::Ours) => {
            failure.hint(format!("`git add {word}` keeps theirs; `git rm {word}` leaves it removed"))
        }
        NoConflict::Removed(_) => {
            failure.hint(format!("`git add {word}` keeps ours; `git rm {word}` removes it"))
        }
        NoConflict::Staged => failure
            .hint(format!("`git checkout --merge -- {word}` brings the conflict back; then run this again")),
        _ => failure,
    }
}

/// No version of it is encrypted.
pub fn plain(shown: &str) -> Failure {
    Failure::user(format!("{shown} is not encrypted in any of its versions"))
        .hint("settle it with an editor or `git mergetool`, as any other file")
}

/// The versions do not open, or do not fit together.
pub fn unmerged(shown: &str, error: &Unmerged) -> Failure {
    let mut failure = Failure::user(format!("{shown} stays as it is: {error}"));
    let cause = match error {
        Unmerged::Bared(_) => {
            return failure.hint("`--ours` or `--theirs` for `sops` takes the selector of that side");
        }
        Unmerged::Side { cause, .. } => &**cause,
        Unmerged::Result(cause) => cause,
        _ => return failure.hint("take one side whole: `git checkout --ours` or `--theirs`, then `git add`"),
    };
    for detail in cause.details() {
        failure = failure.detail(detail);
    }
    Failure { code: Code::of(cause), hint: cause.hint(), ..failure }
}

/// Who did what, in a few words.
pub fn did(one: &Conflict) -> String {
    let (ours, theirs) = (one.ours.word(), one.theirs.word());
    match (one.ours, one.theirs) {
        (Did::Changed, Did::Changed) => "both changed it".to_owned(),
        (one, other) if one == other => format!("both {ours} it, differently"),
        _ => format!("ours {ours} it, theirs {theirs} it"),
    }
}

/// What to do when nothing is open any more.
pub fn next(word: &str, operation: Operation) -> String {
    format!("next: `git add {word}`{}", operation.next())
}

/// The words that the markers in `text` carry.
pub fn labels(text: &[u8]) -> Labels {
    let label = |sign: u8| {
        let mut lines = text.split(|byte| *byte == b'\n');
        let line = lines.find(|line| line.starts_with(&[sign; 7]))?;
        let label = line.iter().position(|byte| *byte != sign).and_then(|at| line.get(at..))?;
        Some(String::from_utf8_lossy(label).trim().to_owned()).filter(|label| !label.is_empty())
    };
    Labels {
        ours: label(b'<').unwrap_or_else(|| "ours".to_owned()),
        theirs: label(b'>').unwrap_or_else(|| "theirs".to_owned()),
        size: 7,
    }
}
