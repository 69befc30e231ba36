//! What a merged file is written under: its recipients, selector and data key.

use std::collections::{HashMap, HashSet};

use super::{Error, Keyring, Three};
use crate::base::{DataKey, Node, RecipientId};
use crate::envelope::{Choice, Metadata};
use crate::keys::WrappedKey;
use crate::workspace::OpenFile;
use crate::workspace::members::{Drift, Members, is_same};
use crate::world::World;

/// Metadata that the result shall have, and its data key.
#[derive(Clone, Debug)]
pub struct Terms {
    /// With its wrapped keys; MAC and seal are made later.
    pub metadata: Metadata,
    /// What they wrap.
    pub key: DataKey,
    /// It is neither that of ours nor that of theirs.
    pub is_new: bool,
    /// Who can open the result, and could not open ours.
    pub joins: Vec<RecipientId>,
    /// Who could open ours, and cannot open the result.
    pub leaves: Vec<RecipientId>,
    /// What both sides changed, differently.
    pub contradictions: Vec<Contradiction>,
}

/// Metadata that both sides changed, differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contradiction {
    /// Another field, by its name.
    Field(String),
    /// Who may open it.
    Recipients,
    /// Which values are encrypted.
    Selector,
}

impl Contradiction {
    /// As people call it.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Field(name) => format!("`sops.{name}`"),
            Self::Recipients => "its recipients".to_owned(),
            Self::Selector => "its selector".to_owned(),
        }
    }
}

impl Terms {
    /// Whether `file` is written under them.
    #[must_use]
    pub fn are_of(&self, file: &OpenFile) -> bool {
        let metadata = file.sealed.metadata();
        let same = |one: &Metadata, two: &Metadata| {
            one.groups == two.groups
                && one.threshold == two.threshold
                && one.selector == two.selector
                && one.mac_only_encrypted == two.mac_only_encrypted
                && one.extension.layout == two.extension.layout
                && one.unknown == two.unknown
        };
        self.key == file.key && same(&self.metadata, metadata)
    }
}

impl Three {
    /// The terms of the result. What both sides changed, differently, is as `choice` has it.
    ///
    /// # Errors
    /// When somebody cannot be wrapped for here.
    pub fn terms(&self, world: &World, keyring: &Keyring<'_>, choice: &Choice) -> Result<Terms, Error> {
        let mut contradictions = Vec::new();
        let mut metadata = self.fields(choice, &mut contradictions);
        let all = [Some(&self.ours), Some(&self.theirs), self.base.as_ref()];
        let of = |file: Option<&OpenFile>| file.map(|file| Members::of_file(file.sealed.metadata()));
        let [ours, theirs, base] = all.map(of);
        let (ours, theirs) = (ours.unwrap_or_default(), theirs.unwrap_or_default());
        let wanted = members(base.as_ref(), &ours, &theirs).unwrap_or_else(|| {
            contradictions.push(Contradiction::Recipients);
            match (choice, &base) {
                (Choice::Base, Some(base)) => base.clone(),
                (Choice::Theirs, _) => theirs.clone(),
                _ => ours.clone(),
            }
        });
        metadata.threshold = wanted.threshold;
        // Whoever was left out on either side may have kept the data key; nor may anybody need fewer others than before.
        let shrank = [Some(&ours), Some(&theirs), base.as_ref()]
            .into_iter()
            .flatten()
            .any(|before| before.all().any(|one| !wanted.has(one)) || wanted.may_be_easier_than(before));
        let is_new = shrank || self.ours.key != self.theirs.key;
        let key = if is_new { DataKey::generate(&*world.random)? } else { self.ours.key.clone() };
        metadata.groups = match (is_new, self.kept(&wanted)) {
            (false, Some(groups)) => groups,
            (false, None) if wanted.groups.len() == 1 => vec![self.extended(&wanted, keyring)?],
            _ => keyring.wrap(&self.ours.path, &wanted.groups, wanted.threshold, &key, &*world.random)?,
        };
        let Drift { joins, leaves, .. } = Drift::between(self.ours.sealed.metadata(), &wanted);
        Ok(Terms { metadata, key, is_new, joins, leaves, contradictions })
    }

    /// The wrapped keys of a side whose recipients are those that are wanted.
    fn kept(&self, wanted: &Members) -> Option<Vec<Vec<WrappedKey>>> {
        [&self.ours, &self.theirs]
            .into_iter()
            .map(|file| file.sealed.metadata())
            .find(|metadata| Drift::between(metadata, wanted).is_none())
            .map(|metadata| metadata.groups.clone())
    }

    /// The keys of one group that both sides have, each as the side has it that has it; both wrap the same data key.
    fn extended(&self, wanted: &Members, keyring: &Keyring<'_>) -> Result<Vec<WrappedKey>, Error> {
        let share = zeroize::Zeroizing::new(self.ours.key.expose().to_vec());
        let single = |file: &OpenFile| file.sealed.metadata().groups.len() == 1;
        let files = [&self.ours, &self.theirs].into_iter().filter(|file| single(file));
        let there: Vec<&WrappedKey> = files.flat_map(|file| file.sealed.metadata().keys()).collect();
        let wrapped = wanted.all().map(|id| {
            let kept = there.iter().find(|key| is_same(&key.recipient_id(), id));
            match kept {
                Some(key) => Ok((*key).clone()),
                None => keyring
                    .wrap_one(id, &share)
                    .map_err(|cause| Error::Wrap { path: self.ours.path.clone(), cause }),
            }
        });
        wrapped.collect()
    }

    /// All of the metadata but the recipients.
    fn fields(&self, choice: &Choice, contradictions: &mut Vec<Contradiction>) -> Metadata {
        let (ours, theirs) = (self.ours.sealed.metadata(), self.theirs.sealed.metadata());
        let base = self.base.as_ref().map(|base| base.sealed.metadata());
        let mut metadata = ours.clone();
        metadata.extension.seal = None;
        let mut field = |name: Contradiction, is_ours: &dyn Fn(&Metadata, &Metadata) -> bool| {
            let side = side(base, ours, theirs, is_ours);
            if side.is_none() {
                contradictions.push(name);
            }
            match (side, choice, base) {
                (Some(theirs), ..) => theirs,
                (None, Choice::Theirs, _) => theirs,
                (None, Choice::Base, Some(base)) => base,
                _ => ours,
            }
        };
        metadata.selector =
            field(Contradiction::Selector, &|one, two| one.selector == two.selector).selector.clone();
        let only = Contradiction::Field("mac_only_encrypted".to_owned());
        metadata.mac_only_encrypted =
            field(only, &|one, two| one.mac_only_encrypted == two.mac_only_encrypted).mac_only_encrypted;
        metadata.unknown = unknown(base, ours, theirs, choice, contradictions);
        // The form of lines is nobody's secret and nobody's meaning: ours, unless only they changed it.
        let layout = |metadata: &Metadata| metadata.extension.layout;
        let same = |one: &Metadata, two: &Metadata| layout(one) == layout(two);
        metadata.extension.layout = layout(side(base, ours, theirs, &same).unwrap_or(ours));
        metadata
    }
}

/// Whose field counts: that of the side that changed it; `None`, when both did.
fn side<'m>(
    base: Option<&'m Metadata>,
    ours: &'m Metadata,
    theirs: &'m Metadata,
    same: &dyn Fn(&Metadata, &Metadata) -> bool,
) -> Option<&'m Metadata> {
    if same(ours, theirs) || base.is_some_and(|base| same(base, theirs)) {
        return Some(ours);
    }
    base.is_some_and(|base| same(base, ours)).then_some(theirs)
}

/// Fields that are not ours to know, each by itself.
fn unknown(
    base: Option<&Metadata>,
    ours: &Metadata,
    theirs: &Metadata,
    choice: &Choice,
    contradictions: &mut Vec<Contradiction>,
) -> Vec<(Vec<u8>, Node)> {
    let by_name = |metadata: &'_ Metadata| -> HashMap<Vec<u8>, Node> {
        metadata.unknown.iter().rev().cloned().collect()
    };
    let (our_fields, their_fields, base_fields) = (by_name(ours), by_name(theirs), base.map(by_name));
    let (mut merged, mut seen) = (Vec::new(), HashSet::new());
    for (name, _) in ours.unknown.iter().chain(&theirs.unknown) {
        if !seen.insert(name) {
            continue;
        }
        let (ours, theirs) = (our_fields.get(name), their_fields.get(name));
        let base = base_fields.as_ref().map(|fields| fields.get(name));
        let chosen = if ours == theirs || base == Some(theirs) {
            ours
        } else if base == Some(ours) {
            theirs
        } else {
            contradictions.push(Contradiction::Field(String::from_utf8_lossy(name).into_owned()));
            match (choice, base) {
                (Choice::Theirs, _) => theirs,
                (Choice::Base, Some(base)) => base,
                _ => ours,
            }
        };
        merged.extend(chosen.map(|node| (name.clone(), node.clone())));
    }
    merged
}

/// Who may open the result: whoever a side added, without whom a side removed. `None` where the sides changed the
/// groups or the threshold each in its own way, nobody of a group would be left, or they differ and have no base.
fn members(base: Option<&Members>, ours: &Members, theirs: &Members) -> Option<Members> {
    let shape = |members: &Members| (members.groups.len(), members.threshold);
    if shape(ours) != shape(theirs) {
        let base = base?;
        return match (base == ours, base == theirs) {
            (true, _) => Some(theirs.clone()),
            (_, true) => Some(ours.clone()),
            _ => None,
        };
    }
    let has = |group: &[RecipientId], one: &RecipientId| group.iter().any(|other| is_same(one, other));
    // Whether one side added somebody or the other removed them, only a base can tell.
    let holds = |one: &Members, two: &Members| {
        one.groups.iter().zip(&two.groups).all(|(one, two)| one.iter().all(|key| has(two, key)))
    };
    if base.is_none() && !(holds(ours, theirs) && holds(theirs, ours)) {
        return None;
    }
    let everybody: Vec<RecipientId> = base.into_iter().flat_map(Members::all).cloned().collect();
    let same_shape = base.filter(|base| base.groups.len() == ours.groups.len());
    let groups = ours.groups.iter().zip(&theirs.groups).enumerate().map(|(at, (ours, theirs))| {
        let base = same_shape.and_then(|base| base.groups.get(at)).unwrap_or(&everybody);
        let kept = ours.iter().filter(|one| has(theirs, one) || !has(base, one));
        let new = theirs.iter().filter(|one| !has(ours, one) && !has(base, one));
        kept.chain(new).cloned().collect::<Vec<_>>()
    });
    let groups: Vec<_> = groups.collect();
    let is_whole = groups.iter().all(|group| !group.is_empty());
    is_whole.then(|| Members { groups, threshold: ours.threshold })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Value;
    use crate::policy::Selector;

    /// With fields `NAME=VALUE`.
    fn with(fields: &[&str]) -> Metadata {
        let mut metadata = Metadata::new(Vec::new(), Selector::default(), false);
        let pairs = fields.iter().map(|field| field.split_once('=').unwrap());
        metadata.unknown = pairs.map(|(name, value)| (name.into(), Node::Value(Value::str(value)))).collect();
        metadata
    }

    #[test]
    fn fields_of_others_are_merged_one_by_one() {
        let base = with(&["a=1", "b=1", "c=1", "d=1"]);
        let (ours, theirs) = (with(&["a=2", "b=1", "d=2"]), with(&["a=1", "b=2", "c=1", "d=3", "e=1"]));
        for (choice, d) in [(Choice::Ours, "d=2"), (Choice::Theirs, "d=3"), (Choice::Base, "d=1")] {
            let mut contradictions = Vec::new();
            let merged = unknown(Some(&base), &ours, &theirs, &choice, &mut contradictions);
            assert_eq!(merged, with(&["a=2", "b=2", d, "e=1"]).unknown);
            assert_eq!(contradictions, [Contradiction::Field("d".to_owned())]);
        }
        let mut contradictions = Vec::new();
        let merged = unknown(None, &ours, &theirs, &Choice::Ours, &mut contradictions);
        assert_eq!(merged, ours.unknown);
        assert_eq!(contradictions.len(), 5);
    }

    #[test]
    fn very_many_fields_are_merged_in_a_moment() {
        let names: Vec<String> = (0..50_000).map(|number| format!("{number}=1")).collect();
        let many = with(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let begun = std::time::Instant::now();
        let merged = unknown(Some(&with(&[])), &with(&[]), &many, &Choice::Ours, &mut Vec::new());
        assert_eq!(merged, many.unknown);
        assert!(begun.elapsed() < std::time::Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
