//! From when to when somebody was a recipient of a file.

use super::super::history::Moment;
use super::Ledger;
use super::version::Key;

/// The time in which somebody was a recipient of a file. It may have holes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period<'a> {
    /// The first commit.
    pub since: &'a Moment,
    /// The commit that took them out; `None`: none did, yet.
    pub until: Option<&'a Moment>,
    /// Versions with a key of theirs.
    pub versions: usize,
}

impl Ledger {
    /// When the holders of `keys` were recipients of `file`, by what was committed.
    #[must_use]
    pub fn period(&self, file: usize, keys: &[Key]) -> Option<Period<'_>> {
        let holds = |version: usize| self.versions.get(version).is_some_and(|version| version.holds(keys));
        let held: Vec<Vec<usize>> = self
            .versions
            .iter()
            .filter(|version| version.holds(keys))
            .map(|version| version.places.iter().filter(|place| place.file == file))
            .map(|places| places.map(|place| place.commit).collect())
            .filter(|commits: &Vec<usize>| !commits.is_empty())
            .collect();
        let since = held.iter().flatten().filter_map(|commit| self.age(*commit)).min()?;
        let ends = self.ends.iter().filter(|end| end.file == file && holds(end.old));
        let ends = ends.filter(|end| !end.new.is_some_and(holds));
        let until = ends.filter_map(|end| self.age(end.commit)).max();
        Some(Period {
            since: self.commits.get(since.1.0)?,
            until: until.and_then(|until| self.commits.get(until.1.0)),
            versions: held.len(),
        })
    }
}
