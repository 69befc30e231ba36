//! Which values stood under which names of a file, and in which versions.

use std::collections::BTreeMap;

use super::super::history::Moment;
use super::Ledger;
use super::values::Class;
use super::version::{Key, Version};

/// A value under a name of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueVersion {
    /// The number of its name.
    pub name: usize,
    /// The value.
    pub class: Class,
    /// The versions of the file that hold it there, in the order in which they were committed.
    pub versions: Vec<usize>,
    /// It stands there now.
    pub in_use: bool,
}

impl Ledger {
    /// All values that `file` ever held, by name and time; with `keys`, those in versions that have one of these.
    #[must_use]
    pub fn value_versions(&self, file: usize, keys: Option<&[Key]>) -> Vec<ValueVersion> {
        let current = self.current_of(file);
        let is_now = |number: usize| current.is_some_and(|current| current.version == number);
        let mut found: BTreeMap<(&str, usize, Class), Vec<usize>> = BTreeMap::new();
        for (number, version) in self.versions.iter().enumerate() {
            let stands = is_now(number) || version.places.iter().any(|place| place.file == file);
            if !stands || keys.is_some_and(|keys| !version.holds(keys)) {
                continue;
            }
            for (name, token) in &version.leaves {
                let versions = found.entry((self.name(*name), *name, self.values.class(*token))).or_default();
                if versions.last() != Some(&number) {
                    versions.push(number);
                }
            }
        }
        let in_use = |name: usize, class: Class| {
            let mut leaves = current.iter().flat_map(|current| &current.leaves);
            leaves.any(|leaf| leaf.name == name && self.values.class(leaf.token) == class)
        };
        let mut values: Vec<(&str, ValueVersion)> = found
            .into_iter()
            .map(|((shown, name, class), mut versions)| {
                versions.sort_by_key(|version| self.first(*version));
                (shown, ValueVersion { name, class, in_use: in_use(name, class), versions })
            })
            .collect();
        let first = |value: &ValueVersion| value.versions.first().map(|version| self.first(*version));
        values.sort_by(|(name, value), (other_name, other)| {
            (name, value.name, first(value)).cmp(&(other_name, other.name, first(other)))
        });
        values.into_iter().map(|(_, value)| value).collect()
    }

    /// The commits that put a version at `file`, oldest first.
    pub fn commits_of<'l>(
        &'l self,
        version: &Version,
        file: usize,
    ) -> impl Iterator<Item = &'l Moment> + use<'l> {
        let places = version.places.iter().rev().filter(|place| place.file == file);
        let commits: Vec<&Moment> = places.filter_map(|place| self.commits.get(place.commit)).collect();
        commits.into_iter()
    }
}
