//! A first schema from encrypted files: names, and types where values are known. No value of a file stands in it.

use std::collections::BTreeSet;

use super::environments::{Layered, environments};
use super::seen::Seen;
use crate::schema::{Draft, Kind, Schema};

/// A schema that fits the dotenv files of one folder: a name is required if every environment has it and none leaves it
/// empty. Types are guessed from values as far as they are known, and only where all of them agree.
#[must_use]
pub fn draft(files: &[Seen]) -> String {
    let seen: Vec<&Seen> = files.iter().collect();
    let environments = environments(&seen);
    let mut names: Vec<&str> = Vec::new();
    for environment in &environments {
        names.extend(environment.leaves().iter().map(|(_, leaf)| leaf.name.as_str()));
    }
    let mut seen = BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let draft = |name| Draft { name, required: is_required(name, &environments), kind: kind(name, files) };
    Schema::init(&names.into_iter().map(draft).collect::<Vec<_>>())
}

/// Whether every whole environment has a value for it; where there is none, whether every file has.
fn is_required(name: &str, environments: &[Layered<'_>]) -> bool {
    let has_whole = environments.iter().any(|one| one.is_whole);
    let mut counted = environments.iter().filter(|one| one.is_whole == has_whole);
    let is_filled = |one: &Layered<'_>| {
        let leaves = one.leaves();
        let leaf = leaves.iter().find(|(_, leaf)| leaf.name == name);
        // What stays encrypted is not empty: an empty value is never encrypted.
        leaf.is_some_and(|(_, leaf)| leaf.value.as_ref().is_none_or(|value| !value.expose().is_empty()))
    };
    counted.all(is_filled)
}

/// A kind that all known values of `name` are of; `None`: any text.
fn kind(name: &str, files: &[Seen]) -> Option<Kind> {
    let leaves = files.iter().flat_map(|file| &file.leaves).filter(|leaf| leaf.name == name);
    let values = leaves.filter_map(|leaf| leaf.value.as_ref()).map(|value| value.expose().as_slice());
    let values: Vec<&[u8]> = values.filter(|value| !value.is_empty()).collect();
    let guesses = values.iter().filter_map(|value| Kind::guess(name, value));
    let mut guesses = guesses.filter(|kind| values.iter().all(|value| kind.fits(value)));
    guesses.next()
}
