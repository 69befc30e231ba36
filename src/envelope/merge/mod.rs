//! Three versions of a plaintext brought together leaf by leaf: what only one side changed counts.

mod commas;
mod decide;
mod lines;
mod repair;
mod texts;
mod units;

pub use decide::Choice;
pub use lines::lines;
pub use texts::{MergedText, merge_texts, says_the_same};

use super::Plain;
use crate::base::Path;
use texts::changed;

/// What stands in the way of a merge; nothing is changed then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// Both sides changed these, differently.
    #[error("both sides changed {}", list(.0))]
    Conflict(Vec<Path>),
    /// There is no common base to tell who changed what, and these would be lost.
    #[error("{} would be lost", list(.0))]
    Lost(Vec<Path>),
}

/// The merged plaintext, and what of it came from the other side.
#[derive(Debug)]
pub struct Merged {
    /// Our text with their changes in it.
    pub plain: Plain,
    /// What was taken from them.
    pub taken: Vec<Path>,
}

/// `ours` with what only `theirs` changed since `base`. Lists count as a whole. Without a base, ours counts,
/// provided that nothing of theirs is lost.
///
/// # Errors
/// Conflicts and losses, all of them by path.
pub fn merge(base: Option<&Plain>, ours: &Plain, theirs: &Plain) -> Result<Merged, MergeError> {
    let Some(base) = base else {
        let lost = texts::missing(ours, theirs);
        let same = Merged { plain: ours.clone(), taken: Vec::new() };
        return if lost.is_empty() { Ok(same) } else { Err(MergeError::Lost(lost)) };
    };
    match merge_preferring_ours(base, ours, theirs) {
        (merged, conflicts) if conflicts.is_empty() => Ok(merged),
        (_, conflicts) => Err(MergeError::Conflict(conflicts)),
    }
}

/// The same, but what both sides changed, differently, stays as ours has it; it is named beside the result.
#[must_use]
pub fn merge_preferring_ours(base: &Plain, ours: &Plain, theirs: &Plain) -> (Merged, Vec<Path>) {
    let MergedText { plain, conflicts, .. } = merge_texts(Some(base), ours, theirs, &|_| Choice::Ours);
    let taken = changed(ours, &plain);
    (Merged { plain, taken }, conflicts)
}

fn list(paths: &[Path]) -> String {
    paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::{Format, Json, dotenv::Dotenv};

    fn merged(format: &'static dyn Format, texts: [&str; 3]) -> Result<String, MergeError> {
        let [base, ours, theirs] = texts.map(|text| Plain::parse(text.into(), format).unwrap());
        let merged = merge(Some(&base), &ours, &theirs)?;
        Ok(String::from_utf8(merged.plain.document().text().to_vec()).unwrap())
    }

    #[test]
    fn a_map_that_they_emptied_keeps_what_we_put_into_it() {
        let (base, theirs) = (r#"{"m":{"a":1}}"#, r#"{"m":{}}"#);
        assert_eq!(merged(&Json, [base, base, theirs]).unwrap(), theirs);
        let ours = r#"{"m":{"a":1,"b":2}}"#;
        assert_eq!(merged(&Json, [base, ours, theirs]).unwrap(), r#"{"m":{"b":2}}"#);
    }

    #[test]
    fn a_map_that_they_replaced_conflicts_with_what_we_put_into_it() {
        let texts = [r#"{"m": {"a": 1}}"#, r#"{"m": {"a": 1, "b": 2}}"#, r#"{"m": 3}"#];
        assert_eq!(merged(&Json, texts), Err(MergeError::Conflict(vec![Path::parse("m").unwrap()])));
    }

    #[test]
    fn an_empty_file_takes_what_they_wrote() {
        assert_eq!(merged(&Dotenv, ["", "", "A=1\n"]).unwrap(), "A=1\n");
    }
}
