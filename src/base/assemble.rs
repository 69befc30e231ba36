//! From events to a tree: how a rule file and a metadata block are read.

use std::collections::{HashMap, HashSet};

use super::{Event, Kind, Node, Value};

/// Nodes at the most, aliases expanded: a few lines of nested aliases can stand for billions.
const MOST_NODES: usize = 200_000;
/// Bytes of text that aliases stand for, at the most: many aliases of one long text.
const MOST_BYTES: usize = 64 << 20;

/// The tree of the first node in `events`, aliases and merge keys (`<<`) resolved. `None` when there is no node, an
/// alias leads nowhere, or it grows beyond 200,000 nodes or 64 MiB of copied text.
#[must_use]
pub fn assemble(events: &[Event], text: &[u8]) -> Option<Node> {
    let mut assembler =
        Assembler { events, text, at: 0, anchors: HashMap::new(), left: MOST_NODES, bytes_left: MOST_BYTES };
    assembler.node()
}

struct Assembler<'a> {
    events: &'a [Event],
    text: &'a [u8],
    at: usize,
    anchors: HashMap<&'a [u8], Node>,
    left: usize,
    bytes_left: usize,
}

impl<'a> Assembler<'a> {
    fn node(&mut self) -> Option<Node> {
        let mut anchor = None;
        loop {
            let event = self.events.get(self.at)?;
            self.at += 1;
            self.left = self.left.checked_sub(1)?;
            let node = match &event.kind {
                Kind::Anchor => {
                    anchor = Some(event.span.of(self.text));
                    continue;
                }
                Kind::Comment { .. } | Kind::Document | Kind::Tag => continue,
                Kind::Alias => self.aliased(event.span.of(self.text))?,
                Kind::End | Kind::Key(_) => return None,
                Kind::List(_) => self.list()?,
                Kind::Map(_) => self.map()?,
                Kind::Scalar(_, scalar) => Node::Value(scalar.value(event.span, self.text)),
            };
            if let Some(name) = anchor {
                // A copy counts: anchors within anchors would multiply.
                self.pay(&node)?;
                self.anchors.insert(name, node.clone());
            }
            return Some(node);
        }
    }

    fn aliased(&mut self, name: &'a [u8]) -> Option<Node> {
        let node = self.anchors.get(name)?.clone();
        self.pay(&node)?;
        Some(node)
    }

    fn pay(&mut self, copy: &Node) -> Option<()> {
        let (nodes, bytes) = size(copy);
        self.left = self.left.checked_sub(nodes)?;
        self.bytes_left = self.bytes_left.checked_sub(bytes)?;
        Some(())
    }

    /// Past comments; whether the map or list ends here, which it then passes too.
    fn at_end(&mut self) -> Option<bool> {
        loop {
            match self.events.get(self.at)?.kind {
                Kind::Comment { .. } => self.at += 1,
                Kind::End => {
                    self.at += 1;
                    return Some(true);
                }
                _ => return Some(false),
            }
        }
    }

    fn list(&mut self) -> Option<Node> {
        let mut items = Vec::new();
        while !self.at_end()? {
            items.push(self.node()?);
        }
        Some(Node::List(items))
    }

    fn map(&mut self) -> Option<Node> {
        let mut entries: Vec<(Vec<u8>, Node)> = Vec::new();
        let mut merged = Vec::new();
        while !self.at_end()? {
            let event = self.events.get(self.at)?;
            let Kind::Key(key) = &event.kind else { return None };
            self.at += 1;
            let key = key.bytes(event.span, self.text).to_vec();
            match (key.as_slice(), self.node()?) {
                (b"<<", Node::Map(inherited)) => merged.extend(inherited),
                (b"<<", Node::List(maps)) => {
                    for map in maps {
                        if let Node::Map(inherited) = map {
                            merged.extend(inherited);
                        }
                    }
                }
                (_, node) => entries.push((key, node)),
            }
        }
        if !merged.is_empty() {
            let mut known: HashSet<Vec<u8>> = entries.iter().map(|(own, _)| own.clone()).collect();
            entries.extend(merged.into_iter().filter(|(key, _)| known.insert(key.clone())));
        }
        Some(Node::Map(entries))
    }
}

/// Nodes, and bytes of text.
fn size(node: &Node) -> (usize, usize) {
    let add = |total: (usize, usize), node: &Node| {
        let (nodes, bytes) = size(node);
        (total.0 + nodes, total.1 + bytes)
    };
    match node {
        Node::List(items) => items.iter().fold((1, 0), add),
        Node::Map(entries) => {
            let names = entries.iter().map(|(name, _)| name.len()).sum();
            entries.iter().map(|(_, node)| node).fold((1, names), add)
        }
        Node::Value(Value::Str(text)) => (1, text.expose().len()),
        Node::Value(_) => (1, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::super::outline::Quotes;
    use super::super::{Scalar, Shape, Span, Style, Text};
    use super::*;

    #[test]
    fn anchors_within_anchors_do_not_multiply() {
        let nested = |depth: usize| {
            let event = |kind| Event { span: Span::new(0, 1), kind };
            let mut events = Vec::new();
            for _ in 0..depth {
                events.extend([event(Kind::Anchor), event(Kind::List(Shape::Flow))]);
            }
            let scalar = || event(Kind::Scalar(Style::Plain, Scalar::Other(Value::Null)));
            events.extend(std::iter::repeat_with(scalar).take(3000));
            events.extend((0..depth).map(|_| event(Kind::End)));
            assemble(&events, b"a").is_some()
        };
        assert!(nested(10) && !nested(100));
    }

    #[test]
    fn many_aliases_of_a_long_text_are_too_much() {
        let text = [b"a".as_slice(), &vec![b'x'; 1 << 20]].concat();
        let event = |start, end, kind| Event { span: Span::new(start, end), kind };
        let scalar = Scalar::Str(Text::Verbatim(Quotes::None));
        let list = |aliases: usize| {
            let mut events = vec![event(0, 1, Kind::List(Shape::Flow)), event(0, 1, Kind::Anchor)];
            events.push(event(1, text.len(), Kind::Scalar(Style::Plain, scalar.clone())));
            events.extend((0..aliases).map(|_| event(0, 1, Kind::Alias)));
            events.push(event(0, 1, Kind::End));
            assemble(&events, &text).is_some()
        };
        assert!(list(10) && !list(64));
    }
}
