//! Finding one's way among the events of an outline: from a map to its entries, from a node to what follows it.

use crate::base::{Kind, Outline, Span};

/// The event of the top node of the `n`-th document.
#[must_use]
pub fn nth_document(outline: &Outline, n: usize) -> Option<usize> {
    let start = outline
        .events
        .iter()
        .enumerate()
        .filter(|(_, event)| matches!(event.kind, Kind::Document))
        .map(|(index, _)| index)
        .nth(n)?;
    next_node(outline, start + 1)
}

/// The event of the first node at or behind `from`, past anchors, tags and comments; `None` at an end.
#[must_use]
pub fn next_node(outline: &Outline, from: usize) -> Option<usize> {
    let rest = outline.events.get(from..)?;
    let past = rest
        .iter()
        .position(|event| !matches!(event.kind, Kind::Anchor | Kind::Tag | Kind::Comment { .. }))?;
    match rest.get(past)?.kind {
        Kind::End | Kind::Document | Kind::Key(_) => None,
        _ => Some(from + past),
    }
}

/// The event just behind the node at `node`, all its children included.
#[must_use]
pub fn after_node(outline: &Outline, node: usize) -> usize {
    let mut depth = 0usize;
    for (offset, event) in outline.events.get(node..).unwrap_or_default().iter().enumerate() {
        match event.kind {
            Kind::Map(_) | Kind::List(_) => depth += 1,
            Kind::End => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return node + offset + 1;
        }
    }
    outline.events.len()
}

/// The entries of the map at `map`: key event and node event of each; empty where no map is.
#[must_use]
pub fn entries(outline: &Outline, map: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    if !matches!(outline.events.get(map).map(|event| &event.kind), Some(Kind::Map(_))) {
        return found;
    }
    let mut at = map + 1;
    while let Some(event) = outline.events.get(at) {
        match event.kind {
            Kind::End => break,
            Kind::Key(_) => {
                let Some(node) = next_node(outline, at + 1) else { break };
                found.push((at, node));
                at = after_node(outline, node);
            }
            _ => at += 1,
        }
    }
    found
}

/// The node events of the items of the list at `list`; empty where no list is.
#[must_use]
pub fn items(outline: &Outline, list: usize) -> Vec<usize> {
    let mut found = Vec::new();
    if !matches!(outline.events.get(list).map(|event| &event.kind), Some(Kind::List(_))) {
        return found;
    }
    let mut at = list + 1;
    while let Some(node) = next_node(outline, at) {
        found.push(node);
        at = after_node(outline, node);
    }
    found
}

/// The span from the first byte of one span to the last of another.
#[must_use]
pub const fn join(first: Span, last: Span) -> Span {
    Span { start: first.start, end: last.end }
}
