//! Where recipients stand in a rule file: from a rule to its groups, their lists and texts, past aliases and merge keys.

use std::collections::HashMap;

use crate::base::assemble::assemble;
use crate::base::{Event, Kind, Node, Outline, RecipientId, Scalar, Span};
use crate::document::{Document, after_node, entries, items, next_node, nth_document};
use crate::policy::rule::{KindFields, fields_of, key_of};

/// Merged groups within merged groups.
const DEEPEST: usize = 32;

/// A rule file's events, with its anchors by name.
pub struct Finder<'a> {
    pub document: &'a Document,
    anchors: HashMap<&'a [u8], Vec<usize>>,
}

/// The maps that one group is made of: its own, then those it merges.
pub struct Group {
    pub maps: Vec<usize>,
    /// The rule's own fields, not an element of `key_groups`.
    pub is_flat: bool,
}

/// One place that names a recipient.
pub enum Spot {
    /// A whole field of the map: the last thing in it goes.
    Field { map: usize, name: &'static str },
    /// An item of a list of several.
    Item(usize),
    /// A part of a text with commas, of several.
    Part { scalar: usize, part: usize },
}

impl<'a> Finder<'a> {
    pub fn new(document: &'a Document) -> Self {
        let mut anchors: HashMap<&[u8], Vec<usize>> = HashMap::new();
        for (at, event) in document.outline().events.iter().enumerate() {
            if matches!(event.kind, Kind::Anchor) {
                anchors.entry(event.span.of(document.text())).or_default().push(at);
            }
        }
        Self { document, anchors }
    }

    pub fn outline(&self) -> &'a Outline {
        self.document.outline()
    }

    pub fn event(&self, at: usize) -> Option<&'a Event> {
        self.outline().events.get(at)
    }

    pub fn span(&self, at: usize) -> Span {
        self.event(at).map(|event| event.span).unwrap_or_default()
    }

    /// The last anchor called `name`.
    pub fn anchor(&self, name: &str) -> Option<usize> {
        self.anchors.get(name.as_bytes())?.last().copied()
    }

    /// The anchor right before the node at `node`.
    pub fn anchor_of(&self, node: usize) -> Option<usize> {
        let before = self.outline().events.get(..node)?;
        let at = before.iter().rposition(|event| !matches!(event.kind, Kind::Tag))?;
        matches!(before.get(at)?.kind, Kind::Anchor).then_some(at)
    }

    /// The aliases that lead to the anchor at `anchor`.
    pub fn aliases_of(&self, anchor: usize) -> Vec<usize> {
        let name = self.span(anchor).of(self.document.text());
        let events = self.outline().events.iter().enumerate().skip(anchor + 1);
        let same = events.filter(|(_, event)| event.span.of(self.document.text()) == name);
        let until = same.take_while(|(_, event)| !matches!(event.kind, Kind::Anchor));
        until.filter(|(_, event)| matches!(event.kind, Kind::Alias)).map(|(at, _)| at).collect()
    }

    /// The node itself, where an alias stands.
    pub fn resolve(&self, node: usize) -> Option<usize> {
        let event = self.event(node)?;
        if !matches!(event.kind, Kind::Alias) {
            return Some(node);
        }
        let all = self.anchors.get(event.span.of(self.document.text()))?;
        let before = all.partition_point(|anchor| *anchor < node);
        next_node(self.outline(), all.get(before.checked_sub(1)?)? + 1)
    }

    /// The text of the scalar at `node`.
    pub fn text(&self, node: usize) -> Option<String> {
        match self.event(node)? {
            Event { span, kind: Kind::Scalar(_, Scalar::Str(string)) } => {
                String::from_utf8(string.bytes(*span, self.document.text()).to_vec()).ok()
            }
            _ => None,
        }
    }

    /// The node of the field called `name`, and the map it really stands in: a merged one, if need be.
    pub fn field(&self, map: usize, name: &str) -> Option<(usize, usize)> {
        let map = self.resolve(map)?;
        let of = |map: usize, name: &str| {
            let all = entries(self.outline(), map);
            all.into_iter().rev().find(|(key, _)| self.key(*key) == Some(name.as_bytes()))
        };
        if let Some((_, node)) = of(map, name) {
            return Some((map, node));
        }
        let (_, merged) = of(map, "<<")?;
        let merged = self.resolve(merged)?;
        let maps = match self.event(merged)?.kind {
            Kind::List(_) => items(self.outline(), merged),
            _ => vec![merged],
        };
        maps.into_iter().find_map(|one| {
            let one = self.resolve(one)?;
            of(one, name).map(|(_, node)| (one, node))
        })
    }

    fn key(&self, at: usize) -> Option<&'a [u8]> {
        match self.event(at)? {
            Event { span, kind: Kind::Key(text) } => Some(text.bytes(*span, self.document.text())),
            _ => None,
        }
    }

    /// The items of the list at `node`, or where an alias there leads.
    fn list(&self, node: usize) -> Option<Vec<usize>> {
        let list = self.resolve(node)?;
        matches!(self.event(list)?.kind, Kind::List(_)).then(|| items(self.outline(), list))
    }

    /// The groups of the rule with this index.
    pub fn groups(&self, rule: usize) -> Option<Vec<Group>> {
        let root = nth_document(self.outline(), 0)?;
        let (_, rules) = self.field(root, "creation_rules")?;
        let rule = self.resolve(*self.list(rules)?.get(rule)?)?;
        let groups = self.field(rule, "key_groups").and_then(|(_, groups)| self.list(groups));
        let Some(groups) = groups.filter(|groups| !groups.is_empty()) else {
            return Some(vec![Group { maps: vec![rule], is_flat: true }]);
        };
        let merged = |group: usize| {
            let mut maps = Vec::new();
            self.merged(group, DEEPEST, &mut maps)?;
            Some(Group { maps, is_flat: false })
        };
        groups.into_iter().map(merged).collect()
    }

    fn merged(&self, group: usize, depth: usize, maps: &mut Vec<usize>) -> Option<()> {
        let group = self.resolve(group)?;
        maps.push(group);
        let depth = depth.checked_sub(1)?;
        let Some((_, merge)) = self.field(group, "merge") else { return Some(()) };
        self.list(merge)?.into_iter().try_for_each(|group| self.merged(group, depth, maps))
    }

    /// The first place in `group` that names `key`.
    pub fn spot(&self, group: &Group, key: &RecipientId) -> Option<Spot> {
        let kind: &KindFields = fields_of(key.kind);
        let name = if group.is_flat { kind.flat } else { kind.group };
        group.maps.iter().find_map(|map| {
            let (map, node) = self.field(*map, name)?;
            let node = self.resolve(node)?;
            let Some(list) = self.list(node) else { return self.part(node, key, Spot::Field { map, name }) };
            list.iter().find_map(|item| {
                let whole = if list.len() == 1 { Spot::Field { map, name } } else { Spot::Item(*item) };
                self.part(self.resolve(*item)?, key, whole)
            })
        })
    }

    /// Where the scalar or map at `node` names `key`; `whole` where it names nobody else.
    fn part(&self, node: usize, key: &RecipientId, whole: Spot) -> Option<Spot> {
        if let Some(text) = self.text(node)
            && text.contains(',')
        {
            let named = |part: &str| RecipientId::spelled(key.kind, part);
            let part = text.split(',').position(|part| named(part).as_ref() == Some(key))?;
            let alone = text.split(',').filter_map(named).all(|other| other == *key);
            return Some(if alone { whole } else { Spot::Part { scalar: node, part } });
        }
        (self.recipient(key, node)? == *key).then_some(whole)
    }

    fn recipient(&self, like: &RecipientId, node: usize) -> Option<RecipientId> {
        let node = assemble(self.outline().events.get(node..)?, self.document.text())?;
        key_of(like.kind, &node)
    }

    /// Outside the rules: every scalar that says `text`.
    pub fn definitions(&self, text: &str) -> Vec<usize> {
        let rules = self.rule_sections();
        let outside = |at: &usize| !rules.iter().any(|(start, end)| (*start..*end).contains(at));
        let scalars = self.outline().events.iter().enumerate();
        let scalars = scalars.filter(|(_, event)| matches!(event.kind, Kind::Scalar(..))).map(|(at, _)| at);
        scalars.filter(outside).filter(|at| self.text(*at).as_deref().map(str::trim) == Some(text)).collect()
    }

    /// The list outside the rules that gives names to recipients by anchors: the first, or the one that `near` uses.
    pub fn anchor_list(&self, near: Option<usize>) -> Option<usize> {
        let rules = self.rule_sections();
        let defines = |list: usize| {
            let all = items(self.outline(), list).into_iter();
            all.filter(|item| self.text(*item).is_some()).any(|item| self.anchor_of(item).is_some())
        };
        let outside = |at: &usize| !rules.iter().any(|(start, end)| (*start..*end).contains(at));
        let lists = self.outline().events.iter().enumerate();
        let lists = lists.filter(|(_, event)| matches!(event.kind, Kind::List(_))).map(|(at, _)| at);
        let lists: Vec<usize> = lists.filter(outside).filter(|list| defines(*list)).collect();
        let aliased = near.map(|list| items(self.outline(), list)).unwrap_or_default();
        let targets: Vec<usize> = aliased.into_iter().filter_map(|item| self.resolve(item)).collect();
        let used = |list: &&usize| items(self.outline(), **list).iter().any(|item| targets.contains(item));
        lists.iter().rev().find(used).or(lists.first()).copied()
    }

    /// First event and end of what sops reads.
    fn rule_sections(&self) -> Vec<(usize, usize)> {
        let Some(root) = nth_document(self.outline(), 0) else { return Vec::new() };
        let sections = ["creation_rules", "destination_rules", "stores"];
        let all = entries(self.outline(), root).into_iter();
        all.filter(|(key, _)| sections.iter().any(|name| self.key(*key) == Some(name.as_bytes())))
            .map(|(key, node)| (key, after_node(self.outline(), node)))
            .collect()
    }

    /// A recipient as an item of a list in a group: a text, or a map where sops wants one.
    pub fn item(key: &RecipientId, is_flat: bool) -> Node {
        let kind = fields_of(key.kind);
        if is_flat || !kind.is_map {
            return Node::str(&key.spelling());
        }
        let mut fields = vec![(kind.id.as_bytes().to_vec(), Node::str(&key.id))];
        let other = key.other.iter().map(|(name, node)| match name.as_slice() {
            b"vault_url" => (b"vaultUrl".to_vec(), node.clone()),
            _ => (name.clone(), node.clone()),
        });
        fields.extend(other);
        Node::Map(fields)
    }
}
