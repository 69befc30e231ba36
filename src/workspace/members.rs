//! Who may open a file, who should, and the difference.

use crate::base::{KeyKind, Node, RecipientId, Value};
use crate::envelope::Metadata;
use crate::policy::Rule;

/// Who shall be able to open a file: one recipient of each group, or of as many groups as the threshold says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    /// By key group: mostly one.
    pub groups: Vec<Vec<RecipientId>>,
    /// How many groups must open; 0 where there is only one.
    pub threshold: usize,
}

/// What keeps a file from being as it should be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drift {
    /// Who should be able to open it, and has no key in it.
    pub joins: Vec<RecipientId>,
    /// Who has a key in it, and should not.
    pub leaves: Vec<RecipientId>,
    /// The same people, in other groups or under another threshold.
    pub regroups: bool,
    /// The same keys, spelled otherwise: another comment behind an ssh key.
    pub respells: bool,
}

impl Members {
    /// Of a file.
    #[must_use]
    pub fn of_file(metadata: &Metadata) -> Self {
        Self::new(metadata.recipients(), metadata.threshold)
    }

    /// Of a rule; `None` when it names nobody.
    #[must_use]
    pub fn of_rule(rule: &Rule) -> Option<Self> {
        let threshold = usize::try_from(rule.shamir_threshold.unwrap_or_default()).unwrap_or(usize::MAX);
        let members = Self::new(rule.groups.clone(), threshold);
        if members.all().next().is_none() { None } else { Some(members) }
    }

    /// With the threshold that a file says: every group, where nothing else was said.
    #[must_use]
    pub fn new(groups: Vec<Vec<RecipientId>>, threshold: usize) -> Self {
        Self { threshold: Metadata::threshold_of(groups.len(), threshold), groups }
    }

    /// Everybody, in order.
    pub fn all(&self) -> impl Iterator<Item = &RecipientId> {
        self.groups.iter().flatten()
    }

    /// Whether `recipient` is one of them.
    #[must_use]
    pub fn has(&self, recipient: &RecipientId) -> bool {
        self.all().any(|other| is_same(other, recipient))
    }

    /// Whether the same people stand in the same groups.
    #[must_use]
    pub fn has_groups_of(&self, other: &Self) -> bool {
        let holds = |one: &[RecipientId], two: &[RecipientId]| {
            one.iter().all(|key| two.iter().any(|other| is_same(key, other)))
        };
        self.groups.len() == other.groups.len()
            && self.groups.iter().zip(&other.groups).all(|(one, two)| holds(one, two) && holds(two, one))
    }

    /// Whether somebody who could open a file by `current`, together with others, may need fewer of them now.
    #[must_use]
    pub fn may_be_easier_than(&self, current: &Self) -> bool {
        let holds = |at: usize, key: &RecipientId| {
            current.groups.get(at).is_some_and(|group| group.iter().any(|other| is_same(key, other)))
        };
        let moves = |(at, group): (usize, &Vec<RecipientId>)| {
            group.iter().any(|key| current.has(key) && !holds(at, key))
        };
        current.groups.len() > 1
            && (self.threshold < current.threshold || self.groups.iter().enumerate().any(moves))
    }

    /// With `recipient` in the first group, if it is nowhere yet.
    pub fn add(&mut self, recipient: &RecipientId) {
        if self.has(recipient) {
            return;
        }
        match self.groups.first_mut() {
            Some(group) => group.push(recipient.clone()),
            None => self.groups.push(vec![recipient.clone()]),
        }
    }

    /// Without `recipient`. A group may be empty then, which must not be written.
    pub fn remove(&mut self, recipient: &RecipientId) {
        for group in &mut self.groups {
            group.retain(|other| !is_same(other, recipient));
        }
    }
}

impl Drift {
    /// From what `metadata` says to `wanted`.
    #[must_use]
    pub fn between(metadata: &Metadata, wanted: &Members) -> Self {
        let current = Members::of_file(metadata);
        let missing = |from: &Members, of: &Members| -> Vec<RecipientId> {
            let mut missing: Vec<RecipientId> = Vec::new();
            for one in of.all() {
                if !from.has(one) && !missing.iter().any(|other| is_same(other, one)) {
                    missing.push(one.clone());
                }
            }
            missing
        };
        let (joins, leaves) = (missing(&current, wanted), missing(wanted, &current));
        let spelled = |one: &RecipientId| wanted.all().any(|other| other.spelling() == one.spelling());
        Self {
            regroups: (!current.has_groups_of(wanted) && joins.is_empty() && leaves.is_empty())
                || current.threshold != wanted.threshold,
            respells: joins.is_empty() && leaves.is_empty() && !current.all().all(spelled),
            joins,
            leaves,
        }
    }

    /// Whether the file is as it should be.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.joins.is_empty() && self.leaves.is_empty() && !self.regroups && !self.respells
    }
}

/// Whether two names mean the same key: an ssh key whatever comment stands behind it, a fingerprint in any letters, and
/// fields that say nothing aside.
#[must_use]
pub fn is_same(one: &RecipientId, two: &RecipientId) -> bool {
    one.kind == two.kind && key(one) == key(two) && fields(one) == fields(two)
}

fn key(id: &RecipientId) -> String {
    match id.kind {
        KeyKind::Age if id.id.starts_with("ssh-") => {
            id.id.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
        }
        KeyKind::Pgp => id.id.to_ascii_uppercase(),
        _ => id.id.clone(),
    }
}

fn fields(id: &RecipientId) -> Vec<&(Vec<u8>, Node)> {
    let says_nothing = |node: &Node| match node {
        Node::Value(Value::Null) => true,
        Node::Value(value) => value.plain_bytes().is_empty(),
        Node::Map(entries) => entries.is_empty(),
        Node::List(items) => items.is_empty(),
    };
    let mut fields: Vec<_> = id.other.iter().filter(|(_, node)| !says_nothing(node)).collect();
    fields.sort_by(|one, two| one.0.cmp(&two.0));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::WrappedKey;
    use crate::policy::Selector;

    fn id(text: &str) -> RecipientId {
        RecipientId::guess(text).unwrap()
    }

    fn file(groups: &[&[&str]], threshold: usize) -> Metadata {
        let key = |text: &&str| {
            let RecipientId { kind, id, other } = id(text);
            WrappedKey { kind, recipient: id, enc: "x".into(), other }
        };
        let groups = groups.iter().map(|group| group.iter().map(key).collect()).collect();
        Metadata { threshold, ..Metadata::new(groups, Selector::default(), false) }
    }

    fn wanted(groups: &[&[&str]], threshold: usize) -> Members {
        let groups = groups.iter().map(|group| group.iter().map(|text| id(text)).collect()).collect();
        Members::new(groups, threshold)
    }

    #[test]
    fn who_stands_in_a_second_group_needs_fewer_others() {
        let members = |groups: &[&[&str]], threshold| {
            let group = |names: &&[&str]| names.iter().map(|name| id(name)).collect();
            Members::new(groups.iter().map(group).collect(), threshold)
        };
        let current = members(&[&["age1a"], &["age1b", "age1c"], &["age1d"]], 2);
        for (groups, threshold, expected) in [
            (&[&["age1a"][..], &["age1b", "age1c"], &["age1d"]][..], 2, false),
            (&[&["age1a"], &["age1b"], &["age1d"]], 2, false),
            (&[&["age1a", "age1x"], &["age1b", "age1c"], &["age1d"]], 3, false),
            (&[&["age1a"], &["age1b", "age1c"]], 2, false),
            (&[&["age1a"], &["age1a"], &["age1d"]], 2, true),
            (&[&["age1a"], &["age1b", "age1c"], &["age1d"], &["age1a"]], 3, true),
            (&[&["age1a", "age1b"]], 0, true),
        ] {
            assert_eq!(members(groups, threshold).may_be_easier_than(&current), expected, "{groups:?}");
        }
        assert!(!current.may_be_easier_than(&members(&[&["age1a"]], 0)));
    }

    #[test]
    fn order_within_a_group_and_the_threshold_of_a_single_one_are_no_drift() {
        assert!(
            Drift::between(&file(&[&["age1a", "age1b"]], 1), &wanted(&[&["age1b", "age1a"]], 0)).is_none()
        );
        assert!(
            Drift::between(&file(&[&["age1a"], &["age1b"]], 0), &wanted(&[&["age1a"], &["age1b"]], 2))
                .is_none()
        );
    }

    #[test]
    fn who_joins_and_who_leaves_is_told() {
        let drift = Drift::between(&file(&[&["age1a", "age1b"]], 0), &wanted(&[&["age1b", "age1c"]], 0));
        assert_eq!((drift.joins, drift.leaves), (vec![id("age1c")], vec![id("age1a")]));
    }

    #[test]
    fn other_groups_or_another_threshold_are_drift() {
        let two: &[&[&str]] = &[&["age1a"], &["age1b"]];
        for (groups, threshold) in
            [(&[&["age1b"] as &[&str], &["age1a"]] as &[&[&str]], 2), (&[&["age1a", "age1b"]], 0)]
        {
            let drift = Drift::between(&file(two, 2), &wanted(groups, threshold));
            assert!(drift.regroups && drift.joins.is_empty() && drift.leaves.is_empty());
        }
        let three: &[&[&str]] = &[&["age1a"], &["age1b"], &["age1c"]];
        assert!(Drift::between(&file(three, 2), &wanted(three, 3)).regroups);
    }

    #[test]
    fn a_comment_behind_an_ssh_key_is_no_other_key() {
        let drift =
            Drift::between(&file(&[&["ssh-ed25519 AAAA a@b"]], 0), &wanted(&[&["ssh-ed25519 AAAA"]], 0));
        assert_eq!(drift, Drift { respells: true, ..Drift::default() });
    }

    #[test]
    fn empty_fields_make_no_other_key() {
        let arn = id("arn:aws:kms:us-east-1:1:key/a");
        assert!(is_same(
            &arn,
            &RecipientId { other: vec![(b"aws_profile".to_vec(), Node::str(""))], ..arn.clone() }
        ));
        assert!(!is_same(&arn, &arn.clone().with("role", "arn:aws:iam::1:role/r")));
    }
}
