//! What a version says at one place, to tell whether two say the same, and who did what.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::assemble::assemble;
use crate::base::{Event, Kind, Node, Path, Step, Value};
use crate::document::{Document, after_node, entries, nth_document};
use crate::envelope::Plain;

/// All that a version says, by place.
pub struct Sayings {
    /// By path; a name may stand several times.
    values: BTreeMap<Path, Vec<Value>>,
    /// Where anything stands, maps and lists too.
    places: BTreeSet<Path>,
}

/// All that a version says at and below a path.
#[derive(PartialEq)]
pub struct Said<'s> {
    /// Whether anything stands there.
    stands: bool,
    /// The values, each with its path.
    values: Vec<(&'s Path, &'s [Value])>,
}

/// What one side did to a place, seen from the common base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Did {
    /// It put it there.
    Added,
    /// It made it say something else.
    Changed,
    /// It took it away.
    Removed,
}

impl Sayings {
    /// Of `plain`.
    pub fn of(plain: &Plain) -> Self {
        let document = plain.document();
        let mut values: BTreeMap<Path, Vec<Value>> = BTreeMap::new();
        for (path, value) in plain.leaves() {
            values.entry(document.named(path)).or_default().push(value);
        }
        Self { values, places: places(document) }
    }

    /// What is said at `path`, a path of keys.
    pub fn at(&self, path: &Path) -> Said<'_> {
        let is_inside =
            |other: &Path| other.document == path.document && other.steps.starts_with(&path.steps);
        let values = self.values.range::<Path, _>(path..).take_while(|(other, _)| is_inside(other));
        Said {
            stands: self.places.contains(path),
            values: values.map(|(path, values)| (path, values.as_slice())).collect(),
        }
    }
}

impl Did {
    /// By the side that says `now`.
    #[must_use]
    pub fn between(base: Option<&Said<'_>>, now: &Said<'_>) -> Self {
        match (base.is_some_and(|base| base.stands), now.stands) {
            (false, _) => Self::Added,
            (true, true) => Self::Changed,
            (true, false) => Self::Removed,
        }
    }

    /// For people and for `--json`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

/// The single value or list at `path`; `None` for anything else.
pub fn single(plain: &Plain, path: &Path) -> Option<Node> {
    let document = plain.document();
    let event = document.find(path)?;
    let outline = document.outline();
    let events = outline.events.get(event..after_node(outline, event))?;
    assemble(events, document.text()).filter(|node| !matches!(node, Node::Map(_)))
}

/// The paths of all documents, and of what stands in their maps.
fn places(document: &Document) -> BTreeSet<Path> {
    let mut found = BTreeSet::new();
    let mut number = 0;
    while let Some(top) = nth_document(document.outline(), number) {
        collect(document, top, &mut Path { document: number, steps: Vec::new() }, &mut found);
        number += 1;
    }
    found
}

fn collect(document: &Document, node: usize, path: &mut Path, found: &mut BTreeSet<Path>) {
    found.insert(path.clone());
    let outline = document.outline();
    if !outline.events.get(node).is_some_and(|event| matches!(event.kind, Kind::Map(_))) {
        return;
    }
    for (key, child) in entries(outline, node) {
        let Some(Event { span, kind: Kind::Key(text) }) = outline.events.get(key) else { continue };
        let name = document.format().key_name(text.bytes(*span, document.text()));
        path.steps.push(Step::Key(name.to_vec()));
        collect(document, child, path, found);
        path.steps.pop();
    }
}
