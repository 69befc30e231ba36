//! The leaves of a document as a process may get them: comments left out, aliases followed.

use std::collections::HashMap;

use crate::base::{Kind, Path, Value};
use crate::document::{Document, next_node};
use crate::envelope::Leaf;

/// Every leaf with its path and its event; without a value where an alias leads to a map or list. Values are those of
/// `opened`, where it has them.
pub fn leaves(document: &Document, opened: &[Leaf]) -> Vec<(Path, usize, Option<Value>)> {
    let opened: HashMap<usize, &Leaf> = opened.iter().map(|leaf| (leaf.event, leaf)).collect();
    let events = &document.outline().events;
    let value = |event: usize| match opened.get(&event) {
        Some(leaf) => Some(leaf.value.clone()),
        None => document.scalar(event),
    };
    let nodes = document.nodes().into_iter().filter(|(_, event)| {
        let is_comment = matches!(events.get(*event).map(|event| &event.kind), Some(Kind::Comment { .. }));
        !is_comment && !opened.get(event).is_some_and(|leaf| leaf.comment)
    });
    let aliases = aliases(document);
    let leaf = |(path, event): (Path, usize)| {
        let target = aliases.get(&event).copied().unwrap_or(event);
        (path, event, value(target))
    };
    nodes.map(leaf).collect()
}

/// Where each alias leads, found in one walk: there may be a million.
fn aliases(document: &Document) -> HashMap<usize, usize> {
    let (outline, text) = (document.outline(), document.text());
    let mut anchors: HashMap<&[u8], usize> = HashMap::new();
    let mut found = HashMap::new();
    for (at, event) in outline.events.iter().enumerate() {
        let name = event.span.of(text);
        match event.kind {
            Kind::Document => anchors.clear(),
            Kind::Anchor => {
                if let Some(node) = next_node(outline, at) {
                    anchors.insert(name, node);
                }
            }
            Kind::Alias => {
                if let Some(node) = anchors.get(name) {
                    found.insert(at, *node);
                }
            }
            _ => {}
        }
    }
    found
}
