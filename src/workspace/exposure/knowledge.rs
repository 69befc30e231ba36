//! What the holders of some keys could read, over all versions.

use std::cmp::Reverse;
use std::collections::HashMap;

use time::OffsetDateTime;

use super::Ledger;
use super::values::Class;
use super::version::{Key, Version};

/// Whose knowledge is meant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reader {
    /// Their keys.
    pub keys: Vec<Key>,
    /// Keys of all with whom they might put shares together, their own too.
    pub allies: Vec<Key>,
}

/// That somebody could read something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The version by which, the first.
    pub version: usize,
    /// They needed nobody else for it.
    pub alone: bool,
    /// When that version was first committed.
    pub first: (OffsetDateTime, Reverse<usize>),
}

/// What they could read.
#[derive(Default)]
pub struct Knowledge {
    /// By name and value.
    pub placed: HashMap<(usize, Class), Hit>,
    /// By value alone.
    pub values: HashMap<Class, Hit>,
    /// Under this name something that does not open here.
    pub closed: HashMap<usize, Hit>,
    /// Under this name anything.
    pub named: HashMap<usize, Hit>,
}

impl Reader {
    /// How they could read `version`, if they could.
    #[must_use]
    pub fn alone(&self, version: &Version) -> Option<bool> {
        if !version.holds(&self.keys) {
            return None;
        }
        let alone = version.opens_with(&self.keys);
        (alone || version.opens_with(&self.allies)).then_some(alone)
    }
}

impl Knowledge {
    /// Of `reader`, by the versions that `counts` lets count.
    pub fn of(ledger: &Ledger, reader: &Reader, counts: impl Fn(&Version) -> bool) -> Self {
        let mut knowledge = Self::default();
        for (number, version) in ledger.versions.iter().enumerate() {
            let Some(alone) = reader.alone(version).filter(|_| counts(version)) else { continue };
            let hit = Hit { version: number, alone, first: ledger.first(number) };
            for (name, token) in &version.leaves {
                let class = ledger.values.class(*token);
                note(knowledge.placed.entry((*name, class)).or_insert(hit), hit);
                note(knowledge.values.entry(class).or_insert(hit), hit);
                note(knowledge.named.entry(*name).or_insert(hit), hit);
                if matches!(class, Class::Closed(_)) {
                    note(knowledge.closed.entry(*name).or_insert(hit), hit);
                }
            }
        }
        knowledge
    }
}

/// The oldest version counts, and one that needs nobody else before those that do.
fn note(known: &mut Hit, hit: Hit) {
    if (!hit.alone, hit.first) < (!known.alone, known.first) {
        *known = hit;
    }
}
