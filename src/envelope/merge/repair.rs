//! A text made to say what it shall say, changed in as few places as that takes.

use std::collections::{BTreeMap, BTreeSet};

use super::decide::{Want, above, at_and_below, is_within};
use super::units::{Unit, Units, same};
use crate::base::{Kind, Node, Path, Step};
use crate::document::{Content, splice};
use crate::envelope::Plain;

/// What shall stand where.
pub type Wanted<'u, 'd> = BTreeMap<Path, Want<'u, 'd>>;

/// `plain`, changed so that it says what is wanted at and below each of `places`, and nothing more there; and where that
/// cannot be written.
pub fn repaired(mut plain: Plain, wanted: &Wanted<'_, '_>, places: &[Path]) -> (Plain, BTreeSet<Path>) {
    for step in [replaced, removed, inserted] {
        let wrong = differing(&plain, wanted, places);
        if wrong.is_empty() {
            return (plain, wrong);
        }
        if let Some(better) = step(&plain, &wrong, wanted) {
            plain = better;
        }
    }
    let failed = differing(&plain, wanted, places);
    (plain, failed)
}

/// Where `plain` says something else than what is wanted.
fn differing(plain: &Plain, wanted: &Wanted<'_, '_>, places: &[Path]) -> BTreeSet<Path> {
    let units = Units::of(plain.document());
    let mut found = BTreeSet::new();
    for place in places {
        let said = at_and_below(&units.found, place).map(|(path, _)| path);
        for path in said.chain(at_and_below(wanted, place).map(|(path, _)| path)) {
            if !same(units.at(path), wanted.get(path).map(|want| &*want.units).unwrap_or_default()) {
                found.insert(path.clone());
            }
        }
    }
    found
}

/// Single values that stand where others are wanted, all of them at once.
fn replaced(plain: &Plain, wrong: &BTreeSet<Path>, wanted: &Wanted<'_, '_>) -> Option<Plain> {
    let document = plain.document();
    let units = Units::of(document);
    let value = |want: &Want<'_, '_>, unit: &Unit| match want.from.node(unit) {
        Some(Node::Value(value)) => Some(value),
        _ => None,
    };
    let mut splices = Vec::new();
    for path in wrong {
        let (old, Some(want)) = (units.at(path), wanted.get(path)) else { continue };
        // A name that stands several times is changed each time, as long as it stands as often.
        let pairs = old.iter().zip(&want.units).filter(|(old, new)| old.said != new.said);
        let changes = pairs.filter(|_| old.len() == want.units.len()).filter_map(|(old, new)| {
            let event = document.outline().events.get(old.events.start)?;
            let value = value(want, new).filter(|_| matches!(event.kind, Kind::Scalar(..)))?;
            document.format().replace(document, old.events.start, Content::Value(&value)).ok()
        });
        splices.extend(changes);
    }
    let text = splice(document.text(), splices);
    Plain::parse(text, document.format()).ok()
}

/// What is not wanted, or stands in the way of what is, goes.
fn removed(plain: &Plain, wrong: &BTreeSet<Path>, _: &Wanted<'_, '_>) -> Option<Plain> {
    let units = Units::of(plain.document());
    let mut gone: Vec<&Path> = Vec::new();
    for path in wrong {
        let in_the_way = !units.at(path).is_empty() && !path.steps.is_empty();
        // Sorted: what it stands in came before it.
        if in_the_way && !gone.last().is_some_and(|gone| is_within(path, gone)) {
            gone.push(path);
        }
    }
    let mut smaller: Option<Plain> = None;
    for path in gone {
        smaller = smaller.as_ref().unwrap_or(plain).without(path).ok().or(smaller);
    }
    smaller
}

/// What is missing comes, in the order it has where it comes from.
fn inserted(plain: &Plain, wrong: &BTreeSet<Path>, wanted: &Wanted<'_, '_>) -> Option<Plain> {
    let units = Units::of(plain.document());
    let missing = wrong.iter().filter(|path| units.at(path).is_empty());
    let mut missing: Vec<(usize, &Path, Node)> = missing
        .filter(|path| !above(path).any(|above| wrong.contains(&above)))
        .filter_map(|path| Some((place_of(wanted, path), path, tree(wanted, path)?)))
        .collect();
    missing.sort_by_key(|(place, ..)| *place);
    let document = plain.document();
    let splices = missing.iter().map(|(_, path, node)| document.format().insert(document, path, node).ok());
    let splices: Option<Vec<_>> = splices.collect();
    let at_once = splices.and_then(|all| Plain::parse(splice(document.text(), all), document.format()).ok());
    let places: Vec<Path> = missing.iter().map(|(_, path, _)| (*path).clone()).collect();
    if let Some(larger) = at_once.filter(|larger| differing(larger, wanted, &places).is_empty()) {
        return Some(larger);
    }
    let mut larger: Option<Plain> = None;
    for (_, path, node) in &missing {
        larger = larger.as_ref().unwrap_or(plain).with(path, node).ok().or(larger);
    }
    larger
}

/// The tree of what is wanted at `path` and below it.
fn tree(wanted: &Wanted<'_, '_>, path: &Path) -> Option<Node> {
    let want = wanted.get(path)?;
    let [unit] = &*want.units else { return None };
    if !unit.is_map {
        return want.from.node(unit);
    }
    let mut children: Vec<&Path> = at_and_below(wanted, path)
        .map(|(below, _)| below)
        .filter(|below| below.steps.len() == path.steps.len() + 1)
        .collect();
    children.sort_by_key(|child| place_of(wanted, child));
    let entries = children.into_iter().map(|child| match child.steps.last() {
        Some(Step::Key(name)) => Some((name.clone(), tree(wanted, child)?)),
        _ => None,
    });
    Some(Node::Map(entries.collect::<Option<_>>()?))
}

fn place_of(wanted: &Wanted<'_, '_>, path: &Path) -> usize {
    let first = |units: &[Unit]| units.first().map(|unit| unit.events.start);
    wanted.get(path).and_then(|want| first(&want.units)).unwrap_or_default()
}
