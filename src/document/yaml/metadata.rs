//! The `sops` entry: the same in every document, last where there was none, in place where there was one.

use super::emit::Emitter;
use super::insert::{add_to_flow, below_block, root_column};
use super::lexeme;
use super::place::FURTHEST;
use crate::base::{Kind, Node, Path, Shape, Span};
use crate::document::{Document, EditError, Splice, entries, next_node};

/// See [`crate::document::Format::put_metadata`].
pub fn put(document: &Document, metadata: Option<&Node>) -> Result<Vec<Splice>, EditError> {
    let outline = document.outline();
    let starts: Vec<(usize, u32)> = outline
        .events
        .iter()
        .enumerate()
        .filter(|(_, event)| matches!(event.kind, Kind::Document))
        .map(|(index, event)| (index, event.span.start))
        .collect();
    let mut spans = outline.metadata_spans.as_slice();
    let mut splices = Vec::new();
    for (number, (index, _)) in starts.iter().enumerate() {
        let until = starts.get(number + 1).map_or(u32::MAX, |(_, start)| *start);
        let (own, rest) = spans.split_at(spans.partition_point(|span| span.start < until));
        spans = rest;
        let root = next_node(outline, index + 1).unwrap_or_default();
        let shape = match outline.events.get(root).map(|event| &event.kind) {
            Some(Kind::Map(shape)) => *shape,
            _ => continue,
        };
        let home = Home { document, root, shape, spans: own };
        let change = match metadata {
            Some(node) => home.put(node),
            None => Some(home.cut()),
        };
        splices.extend(change.ok_or_else(|| EditError::Value(Path::key(b"sops")))?);
    }
    Ok(splices)
}

/// The root of one document, and the metadata in it.
struct Home<'a> {
    document: &'a Document,
    root: usize,
    shape: Shape,
    spans: &'a [Span],
}

impl Home<'_> {
    fn cut(&self) -> Vec<Splice> {
        let (outline, text) = (self.document.outline(), self.document.text());
        let mut documents = outline.events.iter().filter(|event| matches!(event.kind, Kind::Document));
        let marked = documents.next().is_some_and(|event| event.span.of(text).starts_with(b"---"));
        let alone = documents.next().is_none() && !marked;
        let empty = alone && self.shape == Shape::Block && entries(outline, self.root).is_empty();
        let newline = lexeme::newline(self.document.text());
        let mut splices: Vec<Splice> = self.spans.iter().map(|span| Splice::new(*span, "")).collect();
        if let Some(first) = splices.first_mut().filter(|_| empty) {
            // A document of nothing, or of comments alone, is none.
            let before = text.get(..first.span.range().start).unwrap_or_default();
            let lead = if before.is_empty() || before.ends_with(b"\n") { "" } else { newline };
            *first = Splice::new(first.span, format!("{lead}{{}}{newline}"));
        }
        splices
    }

    /// The span to be replaced, and those to be cut. A comma alone (a comment stands behind it) stays.
    fn replaceable(&self) -> Option<(&Span, &[Span])> {
        let comma = self.spans.first().is_some_and(|span| span.of(self.document.text()) == b",");
        self.spans.get(usize::from(comma)..)?.split_first()
    }

    fn put(&self, node: &Node) -> Option<Vec<Splice>> {
        let text = self.document.text();
        let newline = lexeme::newline(text);
        let emitter = Emitter { step: 4, json: self.shape == Shape::Flow, newline };
        let Some((first, others)) = self.replaceable() else {
            return match self.shape {
                Shape::Block => {
                    let lines = lines(&emitter, node, root_column(self.document, self.root))?;
                    below_block(self.document, self.root, &lines, false).map(|splice| vec![splice])
                }
                Shape::Flow => {
                    add_to_flow(self.document, self.root, true, |_| emitter.flow_entry(b"sops", node))
                }
            };
        };
        let old = first.of(text);
        let new = match self.shape {
            Shape::Block => {
                let indented = old.trim_ascii_start();
                let column = lexeme::column(text, first.end as usize - indented.len());
                let lines = lines(&emitter, node, column)?;
                if old.ends_with(b"\n") || first.start == 0 {
                    format!("{lines}{newline}")
                } else {
                    format!("{newline}{lines}")
                }
            }
            Shape::Flow => {
                // Commas and blanks round it stay.
                let outer = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
                let front = old.iter().take_while(|byte| outer(byte)).count();
                let back = old.iter().rev().take_while(|byte| outer(byte)).count();
                let around = |range| String::from_utf8_lossy(old.get(range).unwrap_or_default()).into_owned();
                let entry = emitter.flow_entry(b"sops", node)?;
                around(0..front) + &entry + &around(old.len() - back..old.len())
            }
        };
        let mut splices = Vec::new();
        if new.as_bytes() != old {
            splices.push(Splice::new(*first, new));
        }
        splices.extend(others.iter().map(|span| Splice::new(*span, "")));
        Some(splices)
    }
}

fn lines(emitter: &Emitter, node: &Node, column: usize) -> Option<String> {
    if column > FURTHEST {
        return None;
    }
    emitter.entries(&[(b"sops".to_vec(), node.clone())], column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::yaml::Yaml;

    #[test]
    fn a_tag_on_nothing_stays_on_its_line() {
        let plain = Document::parse(b"!a".to_vec(), &Yaml).unwrap();
        let metadata = Node::Map(vec![(b"mac".to_vec(), Node::str("x"))]);
        let sealed = plain.spliced(put(&plain, Some(&metadata)).unwrap()).unwrap();
        assert_eq!(sealed.spliced(put(&sealed, None).unwrap()).unwrap().text(), b"!a\n{}\n");
    }
}
