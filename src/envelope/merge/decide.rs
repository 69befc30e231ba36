//! What a merged document shall say, unit by unit, whatever any text looks like.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use super::units::{Unit, Units, same};
use crate::base::{Node, Path};

/// How a conflict is settled.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// As the common base has it; without a base, as ours does.
    Base,
    /// As ours has it.
    Ours,
    /// As theirs has it.
    Theirs,
    /// As a person wrote it: a single value or a list.
    Value(Node),
}

/// The three versions.
pub struct Sides<'u, 'd> {
    pub base: Option<&'u Units<'d>>,
    pub ours: &'u Units<'d>,
    pub theirs: &'u Units<'d>,
}

/// What was decided.
pub struct Decision<'u, 'd> {
    /// What shall stand where.
    pub wanted: BTreeMap<Path, Want<'u, 'd>>,
    /// What both sides changed, differently; each settled with all that is below it.
    pub conflicts: Vec<Path>,
}

/// Units, and the document whose they are.
#[derive(Clone)]
pub struct Want<'u, 'd> {
    pub from: &'u Units<'d>,
    pub units: Vec<Unit>,
}

impl<'u, 'd> Want<'u, 'd> {
    fn of(from: &'u Units<'d>, path: &Path) -> Self {
        Self { from, units: from.at(path).to_vec() }
    }

    fn is_map(&self) -> bool {
        self.units.iter().all(|unit| unit.is_map)
    }
}

impl<'u, 'd> Sides<'u, 'd> {
    /// What only one side changed since the base is as that side has it. Without a base, what only one side has is
    /// taken. What both changed, and `also`, are conflicts, which `choose` settles.
    pub fn decide(&self, also: &BTreeSet<Path>, choose: &dyn Fn(&Path) -> Choice) -> Decision<'u, 'd> {
        let mut wanted = BTreeMap::new();
        let mut conflicts = also.clone();
        for path in self.paths() {
            let (ours, theirs) = (self.ours.at(path), self.theirs.at(path));
            let base = self.base.map(|base| base.at(path)).unwrap_or_default();
            if same(ours, theirs) || same(base, theirs) {
                wanted.insert(path.clone(), Want::of(self.ours, path));
            } else if same(base, ours) {
                wanted.insert(path.clone(), Want::of(self.theirs, path));
            } else {
                conflicts.insert(path.clone());
            }
        }
        wanted.retain(|_, want| !want.units.is_empty());
        conflicts.extend(hiding(&wanted, wanted.keys().chain(&conflicts)));
        let conflicts = topmost(conflicts);
        for path in &conflicts {
            self.settle(path, &choose(path), &mut wanted);
        }
        self.complete(&mut wanted);
        Decision { wanted, conflicts }
    }

    /// How many documents there are in the longest of them.
    pub fn documents(&self) -> usize {
        let last = [self.ours, self.theirs]
            .map(|units| units.found.keys().next_back().map(|path| path.document + 1));
        last.into_iter().flatten().max().unwrap_or_default()
    }

    /// The topmost places where both sides differ.
    pub fn differing(&self) -> Vec<Path> {
        let differs = |path: &&&Path| !same(self.ours.at(path), self.theirs.at(path));
        topmost(self.paths().iter().filter(differs).map(|path| (*path).clone()).collect())
    }

    fn paths(&self) -> BTreeSet<&'u Path> {
        let base = self.base.map(|base| base.found.keys()).into_iter().flatten();
        self.ours.found.keys().chain(self.theirs.found.keys()).chain(base).collect()
    }

    /// The whole of what is at and below `path` as `choice` has it.
    fn settle(&self, path: &Path, choice: &Choice, wanted: &mut BTreeMap<Path, Want<'u, 'd>>) {
        let within: Vec<Path> = at_and_below(wanted, path).map(|(path, _)| path.clone()).collect();
        for path in within {
            wanted.remove(&path);
        }
        let from = match choice {
            Choice::Base => self.base.unwrap_or(self.ours),
            Choice::Ours => self.ours,
            Choice::Theirs => self.theirs,
            Choice::Value(node) => {
                let format = self.ours.document.format();
                let units = vec![Unit::given(node.clone(), format)];
                wanted.insert(path.clone(), Want { from: self.ours, units });
                return;
            }
        };
        for (path, units) in at_and_below(&from.found, path) {
            wanted.insert(path.clone(), Want { from, units: units.clone() });
        }
    }

    /// Maps that one side removed stay where something in them does.
    fn complete(&self, wanted: &mut BTreeMap<Path, Want<'u, 'd>>) {
        let mut missing = BTreeSet::new();
        for path in wanted.keys() {
            for above in above(path) {
                if !wanted.contains_key(&above) {
                    missing.insert(above);
                }
            }
        }
        for path in missing {
            let mut all = [Some(self.ours), Some(self.theirs), self.base].into_iter().flatten();
            let from = all.find(|from| from.at(&path).iter().any(|unit| unit.is_map));
            if let Some(from) = from {
                wanted.insert(path.clone(), Want::of(from, &path));
            }
        }
    }
}

/// Where a value or list of one side hides what the other put below.
fn hiding<'p>(
    wanted: &BTreeMap<Path, Want<'_, '_>>,
    paths: impl Iterator<Item = &'p Path>,
) -> BTreeSet<Path> {
    let hides = |above: &Path| wanted.get(above).is_some_and(|want| !want.is_map());
    paths.flat_map(above).filter(hides).collect()
}

/// Only those that are below none of the others.
fn topmost(paths: BTreeSet<Path>) -> Vec<Path> {
    let mut found: Vec<Path> = Vec::new();
    for path in paths {
        // Sorted: those above come first, and the last of them is the nearest.
        if !found.last().is_some_and(|other| is_within(&path, other)) {
            found.push(path);
        }
    }
    found
}

/// Whether `path` is `other`, or below it.
pub fn is_within(path: &Path, other: &Path) -> bool {
    path.document == other.document && path.steps.starts_with(&other.steps)
}

/// The paths of what `path` stands in, the nearest first.
pub fn above(path: &Path) -> impl Iterator<Item = Path> {
    (0..path.steps.len()).rev().map(|length| Path {
        document: path.document,
        steps: path.steps.get(..length).unwrap_or_default().to_vec(),
    })
}

pub fn at_and_below<'a, T>(
    all: &'a BTreeMap<Path, T>,
    path: &'a Path,
) -> impl Iterator<Item = (&'a Path, &'a T)> {
    all.range((Bound::Included(path), Bound::Unbounded)).take_while(move |(other, _)| is_within(other, path))
}
