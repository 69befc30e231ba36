//! The metadata, taken from the events of a document: what it says, and what to cut to be rid of it.

use super::lexeme::{self, LexemeKind};
use super::stack::{Entry, Reader};
use crate::base::{Node, Shape, Span, assemble};

impl Reader<'_> {
    /// Moves the metadata from the events to its own place.
    pub fn finish_sops(&mut self) {
        let Some(entry) = self.sops.take() else { return };
        let events = self.outline.events.split_off(entry.event.min(self.outline.events.len()));
        if self.documents == 1 {
            let node = events.get(1..).and_then(|events| assemble::assemble(events, self.text));
            self.outline.metadata = node.filter(|node| matches!(node, Node::Map(_)));
        }
        let flow = self.open.first().is_some_and(|root| root.shape == Shape::Flow);
        let span = if flow {
            self.flow_entry(&entry)
        } else {
            lexeme::whole_lines(self.text, entry.start, self.at, &self.outline.events)
        };
        let behind = self.comma_behind();
        if let Some(comma) = self.comma_before_comment(&entry).filter(|_| flow && behind.is_none()) {
            self.outline.metadata_spans.push(Span::new(comma, comma + 1));
        }
        self.before_sops = Some(entry.before);
        self.closed = None;
        let end = self.outline.events.len();
        if let Some(root) = self.open.first_mut() {
            root.entry = end;
        }
        self.outline.metadata_spans.push(span);
    }

    /// With the comma before it, or for the first entry the comma behind it. A comment that stands behind that comma
    /// stays.
    fn flow_entry(&self, entry: &Entry) -> Span {
        if self.comma_before_comment(entry).is_some() {
            return Span::new(entry.before, self.comma_behind().map_or(self.at, |comma| comma + 1));
        }
        if let Some(comma) = lexeme::comma(self.text, entry.token, entry.start) {
            return Span::new(comma, self.at);
        }
        let end = self.comma_behind().map_or(self.at, |comma| lexeme::skip_white(self.text, comma + 1));
        Span::new(entry.start, end)
    }

    fn comma_behind(&self) -> Option<usize> {
        let next = lexeme::next(self.text, self.at, self.text.len())?;
        (next.kind == LexemeKind::Comma).then_some(next.start)
    }

    fn comma_before_comment(&self, entry: &Entry) -> Option<usize> {
        let comma = lexeme::comma(self.text, entry.token, entry.start)?;
        lexeme::next(self.text, comma + 1, entry.start).map(|_| comma)
    }
}
