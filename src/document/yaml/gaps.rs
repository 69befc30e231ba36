//! Going through the gaps between nodes: where comments stand, and where block maps, lists and documents begin and end.

use super::lexeme::{self, LexemeKind};
use super::stack::{Pending, Reader};
use crate::base::Span;

impl Reader<'_> {
    /// Places everything before `until`.
    pub fn flush(&mut self, until: usize) {
        while let Some(lexeme) = lexeme::next(self.text, self.at, until) {
            self.lexeme(lexeme);
        }
        self.release_all();
    }

    /// Places what stands before a scalar that is not written: its dashes, its colon, or its document marker.
    pub fn flush_to_empty(&mut self) {
        let starts =
            self.pending.iter().filter(|item| matches!(item, Pending::Start { map: false, .. })).count();
        let (kind, mut count) = match self.frames.last() {
            None => (LexemeKind::DocumentStart, 1),
            Some(None) => (LexemeKind::Dash, (starts + usize::from(self.is_item_of_open_list())).max(1)),
            Some(Some(_)) => (LexemeKind::Colon, 1),
        };
        if kind == LexemeKind::Colon {
            let mut ahead = self.at;
            while let Some(lexeme) = lexeme::next(self.text, ahead, self.text.len()) {
                match lexeme.kind {
                    LexemeKind::Comment => ahead = lexeme.end,
                    LexemeKind::Colon => break,
                    _ => return,
                }
            }
            if lexeme::next(self.text, ahead, self.text.len()).is_none() {
                return;
            }
        }
        while count > 0 {
            let Some(lexeme) = lexeme::next(self.text, self.at, self.text.len()) else { break };
            count -= usize::from(lexeme.kind == kind);
            self.lexeme(lexeme);
        }
        self.release_all();
    }

    /// Whether what is about to begin is an item of a list that has begun before, whose dash was not passed yet.
    fn is_item_of_open_list(&self) -> bool {
        let mut starts = self.pending.iter().filter(|item| matches!(item, Pending::Start { .. }));
        let unmarked = matches!(starts.next(), Some(Pending::Start { props, .. }) if props.is_empty());
        let around = self.frames.len().checked_sub(2 + starts.count());
        unmarked && matches!(around.and_then(|at| self.frames.get(at)), Some(None))
    }

    fn lexeme(&mut self, lexeme: lexeme::Lexeme) {
        match lexeme.kind {
            LexemeKind::Comment => self.comment(lexeme.start, lexeme.end),
            LexemeKind::Dash => self.dash(lexeme.start),
            LexemeKind::DocumentEnd => self.document_ended(),
            LexemeKind::DocumentStart => self.document_marker(lexeme.start),
            LexemeKind::Question => self.release_ends(),
            LexemeKind::Colon | LexemeKind::Comma => {}
        }
        self.at = lexeme.end;
    }

    /// Behind `...` nothing belongs to the document any more; before the first document it says nothing.
    fn document_ended(&mut self) {
        if !self.pending.iter().any(|item| matches!(item, Pending::DocumentEnd)) {
            return;
        }
        while let Some(Pending::End) = self.pending.front().filter(|_| self.open.len() > 1) {
            self.pending.pop_front();
            self.release(Pending::End);
        }
        self.ended = self.ended.or(Some(self.at));
    }

    fn document_marker(&mut self, start: usize) {
        if !self.pending.iter().any(|item| matches!(item, Pending::DocumentStart)) {
            return;
        }
        while let Some(item) = self.pending.pop_front() {
            let begins = matches!(item, Pending::DocumentStart);
            self.release(item);
            if begins {
                if let Some(event) = self.outline.events.last_mut() {
                    event.span = Span::new(start, start);
                }
                break;
            }
        }
        self.slot = true;
    }

    fn dash(&mut self, start: usize) {
        self.release_ends();
        // A list that a comment began still waits for its first dash.
        let waits = self.top().is_some_and(|top| !top.map && top.column.is_none());
        if !waits
            && let Some(Pending::Start { map: false, .. }) = self.pending.front()
            && let Some(item) = self.pending.pop_front()
        {
            self.at = start;
            self.release(item);
        }
        let column = lexeme::column(self.text, start);
        let entry = self.outline.events.len();
        if let Some(top) = self.top_mut() {
            top.column.get_or_insert(column);
            top.entry = entry;
        }
        self.slot = true;
        self.closed = None;
    }

    fn release_ends(&mut self) {
        while let Some(Pending::DocumentEnd | Pending::DocumentStart | Pending::End) = self.pending.front() {
            if let Some(item) = self.pending.pop_front() {
                self.release(item);
            }
        }
    }

    fn release_all(&mut self) {
        while let Some(item) = self.pending.pop_front() {
            self.release(item);
        }
    }
}
