//! What a version holds that none of those before it held. A merge comes after several.

use std::iter::Peekable;
use std::slice::Iter;

use super::{Leaf, Revision};
use crate::base::{Path, RecipientId};
use crate::workspace::members::is_same;

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It was not there.
    Added,
    /// It says something else.
    Changed,
    /// It was encrypted, and stands in the clear.
    Cleared,
    /// It stood in the clear, and is encrypted.
    Encrypted,
    /// It is gone.
    Removed,
    /// It was encrypted anew, and may say something else.
    Unknown,
}

/// What is new.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Difference {
    /// The values, by where they stand.
    pub values: Vec<(Path, Change)>,
    /// Who can read it and could not.
    pub joins: Vec<RecipientId>,
    /// Who could read it and cannot.
    pub leaves: Vec<RecipientId>,
    /// The same people, in other groups or under another threshold.
    pub regroups: bool,
    /// It has another data key.
    pub rekeyed: bool,
    /// It carries a seal now, or none any more.
    pub seal: Option<bool>,
    /// Other values are encrypted: the selector now, as shown.
    pub selector: Option<String>,
    /// The MAC covers only what is encrypted, or all again.
    pub mac_only_encrypted: Option<bool>,
}

impl Difference {
    /// Whether nothing is new.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

/// From `before`, of which several are the parents of a merge and none an encrypted file is empty, to `after`.
#[must_use]
pub fn between(before: &[Option<&Revision>], after: Option<&Revision>) -> Difference {
    let values = values(before, after);
    let Some(after) = after else { return Difference { values, ..Difference::default() } };
    let known: Vec<&Revision> = before.iter().filter_map(|one| *one).collect();
    let is_new = |same: &dyn Fn(&Revision) -> bool| !known.is_empty() && !known.iter().any(|one| same(one));
    // Of a new file, everybody is new: not worth a word.
    let joins = after.members.all().filter(|id| is_new(&|one| one.members.has(id)));
    let joins: Vec<RecipientId> = joins.cloned().collect();
    let mut leaves: Vec<RecipientId> = Vec::new();
    for id in known.first().into_iter().flat_map(|one| one.members.all()) {
        let stays = after.members.has(id) || known.iter().any(|one| !one.members.has(id));
        if !stays && !leaves.iter().any(|other| is_same(other, id)) {
            leaves.push(id.clone());
        }
    }
    let unchanged = joins.is_empty() && leaves.is_empty();
    Difference {
        values,
        regroups: unchanged
            && is_new(&|one| {
                one.members.threshold == after.members.threshold && one.members.has_groups_of(&after.members)
            }),
        rekeyed: is_new(&|one| is_same_key(one, after)),
        seal: is_new(&|one| one.is_sealed == after.is_sealed).then_some(after.is_sealed),
        selector: is_new(&|one| one.selector == after.selector).then(|| after.selector.shown()),
        mac_only_encrypted: is_new(&|one| one.mac_only_encrypted == after.mac_only_encrypted)
            .then_some(after.mac_only_encrypted),
        joins,
        leaves,
    }
}

/// Whether two versions have one data key: known where both were opened, else told by what only it can have made, or
/// by nothing being there to tell.
#[must_use]
pub fn is_same_key(one: &Revision, two: &Revision) -> bool {
    if let (Some(one), Some(two)) = (&one.key, &two.key) {
        return one == two;
    }
    let nothing_to_tell = |one: &Revision| !one.is_encrypted() && one.wrapped.is_empty();
    nothing_to_tell(one) || nothing_to_tell(two) || one.shared_with(two) > 0
}

/// All versions walked in step, by where their values stand.
fn values(before: &[Option<&Revision>], after: Option<&Revision>) -> Vec<(Path, Change)> {
    let mut all: Vec<Peekable<Iter<'_, Leaf>>> =
        before.iter().map(|one| leaves_of(*one).iter().peekable()).collect();
    all.push(leaves_of(after).iter().peekable());
    let mut found = Vec::new();
    loop {
        let next = all.iter_mut().filter_map(|one| one.peek().copied());
        let Some(least) = next.min_by(|one, two| one.cmp_place(two)) else { break };
        let mut here: Vec<Option<&Leaf>> =
            all.iter_mut().map(|one| one.next_if(|leaf| leaf.cmp_place(least).is_eq())).collect();
        let now = here.pop().flatten();
        if let Some(change) = change(&here, now) {
            found.push((least.path.clone(), change));
        }
    }
    found
}

fn leaves_of(one: Option<&Revision>) -> &[Leaf] {
    one.map_or(&[], |one| one.leaves.as_slice())
}

/// What is new about a value that stood in some of the versions `before`.
fn change(before: &[Option<&Leaf>], now: Option<&Leaf>) -> Option<Change> {
    let mut worst = None;
    for before in before {
        let change = match (before, now) {
            (None, None) => return None,
            (None, Some(_)) => Change::Added,
            (Some(_), None) => Change::Removed,
            (Some(before), Some(now)) => leaf_change(before, now)?,
        };
        // Once it may be the same as before, it is not known to be another.
        worst = match worst {
            Some(Change::Added) | None => Some(change),
            Some(_) if change == Change::Unknown => Some(change),
            known => known,
        };
    }
    worst.or_else(|| now.map(|_| Change::Added))
}

fn leaf_change(before: &Leaf, now: &Leaf) -> Option<Change> {
    match (&before.cipher, &now.cipher) {
        (Some(before), Some(now)) if before == now => return None,
        // Nothing is never encrypted.
        (Some(_), None) if now.is_empty => return Some(Change::Changed),
        (None, Some(_)) if before.is_empty => return Some(Change::Changed),
        (Some(_), None) => return Some(Change::Cleared),
        (None, Some(_)) => return Some(Change::Encrypted),
        _ => {}
    }
    match (&before.value, &now.value) {
        (Some(one), Some(two)) if one == two && before.kind == now.kind => None,
        (Some(_), Some(_)) => Some(Change::Changed),
        _ => Some(Change::Unknown),
    }
}
