//! What a merge must give, computed from values and sets, without a line of what lacre does.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use lacre::workspace::names::FileType;
use serde_json::Value as Json;

/// Names on the way to a value.
pub type Path = Vec<String>;

/// Values by path; a list counts as one value, and an empty map as nothing.
pub type Leaves = BTreeMap<Path, Json>;

/// What an encrypted file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    pub kind: FileType,
    pub leaves: Leaves,
    /// Who can open it.
    pub people: BTreeSet<&'static str>,
    /// Comments; no two are alike.
    pub notes: BTreeSet<u32>,
}

impl State {
    /// What a file says before it is there.
    pub fn nothing(kind: FileType) -> Self {
        Self { kind, leaves: Leaves::new(), people: BTreeSet::new(), notes: BTreeSet::new() }
    }

    /// What `found` has otherwise.
    pub fn unlike(&self, found: &Self) -> String {
        let paths: BTreeSet<&Path> = self.leaves.keys().chain(found.leaves.keys()).collect();
        let mut words = String::new();
        for path in paths {
            let [wanted, found] = [self, found].map(|state| state.leaves.get(path));
            if wanted != found {
                words.push_str(&format!("{path:?} is {found:?}, not {wanted:?}; "));
            }
        }
        let [wanted, found] = [self, found].map(|state| (&state.people, &state.notes));
        if wanted != found {
            words.push_str(&format!("{found:?}, not {wanted:?}"));
        }
        words
    }
}

/// A state, and the blob that holds it, if one does.
#[derive(Clone, Debug)]
pub struct Version {
    pub blob: Option<String>,
    pub state: Rc<State>,
}

impl Version {
    /// Whether git sees no difference.
    fn is(&self, other: &Self) -> bool {
        self.blob.is_some() && self.blob == other.blob
    }
}

/// Files by name.
pub type Tree = BTreeMap<String, Version>;

/// New names by old names: what git takes for renamed.
pub type Renames = BTreeMap<String, String>;

/// The three versions of one file that a merge brings together.
#[derive(Clone, Debug)]
pub struct Three {
    pub base: Version,
    pub ours: Version,
    pub theirs: Version,
}

/// Why a file cannot be merged without somebody's word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// Both sides changed these, differently.
    Leaves(Vec<Path>),
    /// Who merges cannot open all three versions.
    Closed,
    /// One side changed the file, and the other side has it no more.
    Gone,
    /// Both sides made the file, for other people.
    People,
}

/// What comes of a merge. Where there is a conflict, the tree has our side of it.
#[derive(Default)]
pub struct Outcome {
    pub tree: Tree,
    pub conflicts: BTreeMap<String, (Conflict, Option<Three>)>,
    /// Files that both sides changed and whose merge this person could see.
    pub merged: BTreeMap<String, Three>,
}

/// Who merges, and whether two versions have one data key: who can open one opens the other.
#[derive(Clone, Copy)]
pub struct Merger<'m> {
    pub name: &'m str,
    pub share_key: &'m dyn Fn(&Version, &Version) -> bool,
}

impl Merger<'_> {
    fn opens(&self, Three { base, ours, theirs }: &Three) -> bool {
        let is_reader = |version: &Version| version.state.people.contains(self.name);
        let shares = || [ours, theirs].into_iter().any(|side| (self.share_key)(base, side));
        is_reader(ours) && is_reader(theirs) && (base.blob.is_none() || is_reader(base) || shares())
    }
}

/// Merges trees as `who` may.
pub fn merge(base: &Tree, [ours, theirs]: [&Tree; 2], renames: &[Renames; 2], who: Merger<'_>) -> Outcome {
    let mut outcome = Outcome::default();
    let mut seen = [BTreeSet::new(), BTreeSet::new()];
    for (name, base) in base {
        let names = [0, 1].map(|side| renames[side].get(name).unwrap_or(name));
        seen[0].insert(names[0]);
        seen[1].insert(names[1]);
        let place = if names[0] == name { names[1] } else { names[0] };
        let (result, conflict) = match (ours.get(names[0]), theirs.get(names[1])) {
            (None, None) => continue,
            (Some(one), None) | (None, Some(one)) if one.is(base) => continue,
            (Some(one), None) | (None, Some(one)) => (one.clone(), Some((Conflict::Gone, None))),
            (Some(ours), Some(theirs)) => {
                let three = Three { base: base.clone(), ours: ours.clone(), theirs: theirs.clone() };
                merge_file(place, three, who, &mut outcome)
            }
        };
        outcome.tree.insert(place.clone(), result);
        outcome.conflicts.extend(conflict.map(|conflict| (place.clone(), conflict)));
    }
    let added = |side: usize, tree: &Tree| -> Vec<(String, Version)> {
        let new = tree.iter().filter(|(name, _)| !seen[side].contains(name));
        new.map(|(name, version)| (name.clone(), version.clone())).collect()
    };
    outcome.tree.extend(added(0, ours));
    for (name, theirs) in added(1, theirs) {
        let mut result = theirs.clone();
        if let Some(ours) = outcome.tree.get(&name).cloned() {
            // Both made a file of this name.
            let none = State::nothing(ours.state.kind);
            let base = Version { blob: None, state: Rc::new(none) };
            let (merged, conflict) = merge_file(&name, Three { base, ours, theirs }, who, &mut outcome);
            outcome.conflicts.extend(conflict.map(|conflict| (name.clone(), conflict)));
            result = merged;
        }
        outcome.tree.insert(name, result);
    }
    outcome
}

type Found = (Version, Option<(Conflict, Option<Three>)>);

fn merge_file(place: &str, three: Three, who: Merger<'_>, outcome: &mut Outcome) -> Found {
    let Three { base, ours, theirs } = &three;
    if base.is(ours) || ours.is(theirs) {
        return (theirs.clone(), None);
    }
    if base.is(theirs) {
        return (ours.clone(), None);
    }
    if !who.opens(&three) {
        return (ours.clone(), Some((Conflict::Closed, Some(three))));
    }
    let (state, conflicts) = merge_states(&base.state, &ours.state, &theirs.state);
    outcome.merged.insert(place.to_owned(), three.clone());
    let is_new = *base.state == State::nothing(base.state.kind);
    if is_new && ours.state.people != theirs.state.people {
        let ours = Version { blob: None, state: Rc::new(state) };
        return (ours, Some((Conflict::People, Some(three))));
    }
    let conflict = Some((Conflict::Leaves(conflicts.clone()), Some(three)));
    (Version { blob: None, state: Rc::new(state) }, conflict.filter(|_| !conflicts.is_empty()))
}

/// What only one side changed is taken; what both changed, differently, is ours for now, and named.
pub fn merge_states(base: &State, ours: &State, theirs: &State) -> (State, Vec<Path>) {
    let mut state = ours.clone();
    let mut conflicts = Vec::new();
    let paths: BTreeSet<&Path> = base.leaves.keys().chain(theirs.leaves.keys()).collect();
    for path in paths {
        let [was, our, their] = [base, ours, theirs].map(|side| side.leaves.get(path));
        if our == their || was == their {
            continue;
        }
        match (was == our, their) {
            (false, _) => conflicts.push(path.clone()),
            (true, Some(value)) => drop(state.leaves.insert(path.clone(), value.clone())),
            (true, None) => drop(state.leaves.remove(path)),
        }
    }
    state.people = merge_sets(&base.people, &ours.people, &theirs.people);
    state.notes = merge_sets(&base.notes, &ours.notes, &theirs.notes);
    (state, conflicts)
}

/// What was there stays unless a side took it away; what a side added is there.
fn merge_sets<T: Copy + Ord>(base: &BTreeSet<T>, ours: &BTreeSet<T>, theirs: &BTreeSet<T>) -> BTreeSet<T> {
    let all = ours | theirs;
    all.into_iter()
        .filter(|one| !base.contains(one) || (ours.contains(one) && theirs.contains(one)))
        .collect()
}

/// `text`, a JSON document, as leaves.
pub fn leaves(text: &[u8]) -> Leaves {
    let mut found = Leaves::new();
    collect(&serde_json::from_slice(text).unwrap(), &mut Vec::new(), &mut found);
    found
}

fn collect(node: &Json, path: &mut Path, found: &mut Leaves) {
    match node {
        Json::Object(entries) => {
            for (name, value) in entries {
                path.push(name.clone());
                collect(value, path, found);
                path.pop();
            }
        }
        value => assert!(found.insert(path.clone(), value.clone()).is_none(), "{path:?} stands twice"),
    }
}
