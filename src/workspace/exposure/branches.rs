//! Branches that still carry files which somebody who left can read.

use super::{Ledger, Person};

/// A branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readable<'a> {
    /// As people write it. Untrusted text.
    pub name: &'a str,
    /// How many of its files they can read.
    pub files: usize,
}

/// The branches, save the one that is checked out, at whose tips `person` is a recipient of a file.
#[must_use]
pub fn readable<'a>(ledger: &'a Ledger, person: &Person) -> Vec<Readable<'a>> {
    let holds =
        |number: &usize| ledger.versions.get(*number).is_some_and(|version| version.holds(&person.keys));
    let branch = |(name, versions): &'a (String, Vec<usize>)| {
        let files = versions.iter().filter(|number| holds(number)).count();
        (files > 0).then_some(Readable { name, files })
    };
    ledger.branches.iter().filter_map(branch).collect()
}
