//! Where a comment belongs (spec 5.2.3): the map or list whose entries are indented like it; at the end of a line, the
//! container of the entry on that line, or the flow collection that has just been closed.

use super::lexeme;
use super::stack::{Pending, Reader};
use crate::base::{Event, Kind, Shape, Span};

impl Reader<'_> {
    /// Places the comment whose `#` stands at `start`.
    pub fn comment(&mut self, start: usize, end: usize) {
        let within = |span: &Span| start < span.end as usize;
        if self.outline.metadata_spans.last().is_some_and(within) {
            return;
        }
        let inline = !lexeme::begins_line(self.text, start);
        let event = Event { span: Span::new(start + 1, end), kind: Kind::Comment { inline } };
        if self.nothing_open() {
            if let Some(Pending::DocumentStart) = self.pending.front()
                && let Some(item) = self.pending.pop_front()
            {
                self.release(item);
            }
            match self.pending.front() {
                Some(Pending::Start { .. }) => self.awaited(event),
                _ => self.early.push(event),
            }
        } else if self.slot {
            match self.pending.front() {
                // Behind an anchor or tag, too, it goes in.
                Some(Pending::Start { props, .. }) if !inline || !props.is_empty() => {
                    self.awaited(event);
                }
                _ => self.before_entry(event),
            }
        } else if inline {
            match self.closed {
                Some(flow) => self.outline.events.insert(flow + 1, event),
                None => self.before_entry(event),
            }
        } else {
            if !self.is_foot(start, end) {
                self.close_deeper(lexeme::column(self.text, start));
            }
            self.after_sops();
            self.outline.events.push(event);
        }
    }

    /// Whether sops gives a comment in a line of its own to the entry above, however deep that is: what follows at once
    /// is indented less than the comment, and no comment above it is indented otherwise. In a plaintext, the metadata
    /// will follow at the end.
    fn is_foot(&self, start: usize, end: usize) -> bool {
        let column = lexeme::column(self.text, start);
        if let Some(Event { span, kind: Kind::Comment { inline: false } }) = self.outline.events.last() {
            if lexeme::column(self.text, span.start as usize - 1) != column {
                return false;
            }
            // The first of several lines has decided for all.
            if lexeme::next_line(self.text, span.end as usize) == lexeme::line_start(self.text, start) {
                return true;
            }
        }
        let mut at = lexeme::next_line(self.text, end);
        loop {
            let word = lexeme::skip_blanks(self.text, at);
            match self.text.get(word) {
                None => return column > 0,
                Some(b'\r' | b'\n') => {
                    return column > 0 && lexeme::skip_white(self.text, word) == self.text.len();
                }
                Some(b'#') if lexeme::column(self.text, word) == column => {
                    at = lexeme::next_line(self.text, word);
                }
                Some(_) => return lexeme::column(self.text, word) < column,
            }
        }
    }

    /// As the first thing in the map or list that is about to begin.
    fn awaited(&mut self, event: Event) {
        if let Some(item) = self.pending.pop_front() {
            self.release(item);
        }
        self.outline.events.push(event);
        let entry = self.outline.events.len();
        if let Some(top) = self.top_mut() {
            top.entry = entry;
        }
    }

    /// Before the entry that is being read, or was read last. One on the line of the metadata goes with it.
    fn before_entry(&mut self, event: Event) {
        if self.in_sops() {
            return;
        }
        let last = self.outline.events.len();
        let entry = self.top().map_or(last, |top| top.entry.min(last));
        self.outline.events.insert(entry, event);
        if let Some(top) = self.top_mut() {
            top.entry = entry + 1;
        }
    }

    /// Ends what is indented deeper than `column`, so far as it has ended.
    fn close_deeper(&mut self, column: usize) {
        while let Some(Pending::End) = self.pending.front() {
            let Some(top) = self.top().filter(|top| top.shape == Shape::Block) else { break };
            // Between two indentations it belongs to the deeper; a list may stand as far left as its key.
            let outside = self.parent_column().is_some_and(|parent| parent >= column);
            if !outside || top.column.is_some_and(|entries| entries < column) {
                break;
            }
            if let Some(item) = self.pending.pop_front() {
                self.release(item);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Yaml;
    use super::*;
    use crate::document::Format;

    /// Text and AAD of every comment, and the key that follows it.
    fn comments(text: &str) -> Vec<(String, String, bool)> {
        let outline = Yaml.outline(text.as_bytes()).unwrap();
        let mut keys: Vec<String> = Vec::new();
        let mut found = Vec::new();
        for event in &outline.events {
            let said = String::from_utf8_lossy(event.span.of(text.as_bytes())).into_owned();
            match &event.kind {
                Kind::Map(_) | Kind::List(_) => keys.push(String::new()),
                Kind::Key(_) => *keys.last_mut().unwrap() = said + ":",
                Kind::End => drop(keys.pop()),
                Kind::Comment { inline } => {
                    let path = keys[..keys.len() - 1].concat();
                    found.push((said, if path.is_empty() { ":".to_owned() } else { path }, *inline));
                }
                _ => {}
            }
        }
        found.sort();
        found
    }

    #[test]
    fn every_position_has_the_container_that_sops_sees() {
        let text = include_str!("../../../tests/vectors/yaml/comment-positions.yaml");
        let found = comments(text);
        assert_eq!(found.len(), 35);
        for (number, (said, aad, inline)) in found.into_iter().enumerate() {
            let expected = match number + 1 {
                6..=10 => "b:",
                13..=20 => "c:",
                22 => "d:",
                23 => "e:",
                29 => "deep:l1:l2:",
                30 => "deep:l1:",
                31 => "deep:",
                _ => ":",
            };
            assert_eq!(
                (&*aad, inline),
                (expected, text.contains(&format!("#{said}")) && is_inline(text, &said)),
                "{said}"
            );
        }
    }

    fn is_inline(text: &str, said: &str) -> bool {
        let line = text.lines().find(|line| line.ends_with(said)).unwrap();
        !line.trim_start().starts_with('#')
    }

    #[test]
    fn odd_places_are_those_of_sops_3_11() {
        for (text, aad) in [
            ("a:\n  x: 1\n# c\n  y: 2\n", "a:"),
            ("a:\n# c\n  x: 1\n", "a:"),
            ("a:\n# c\n  scalar\n", ":"),
            ("e:\n- a\n# c\n- b\n", "e:"),
            ("e:\n- a\n# c\nf: 1\n", ":"),
            ("f:\n    x: 1\n  # c\ng: 1\n", "f:"),
            ("g: {x: {y: 1}} # c\n", "g:"),
            ("h: [\n  # c\n  1]\n", "h:"),
            ("i: &a # c\n  z: 1\n", "i:"),
            ("l:\n  # c\n\nm: 1\n", ":"),
            ("# c\n---\na: 1\n", ":"),
            ("a:\n  b:\n    x: 1\n  # c\nz: 1\n", "a:b:"),
            ("a:\n  b:\n    x: 1\n\n  # c\nz: 1\n", "a:b:"),
            ("a:\n  b:\n    x: 1\n  # c\n", "a:b:"),
            ("a:\n  b:\n    x: 1\n  # c\n\nz: 1\n", "a:"),
            ("a:\n  b:\n    x: 1\n  # c\n  y: 1\nz: 1\n", "a:"),
            ("k:\n  -\n    - w\n# c\nz: 1\n", ":"),
            ("k:\n  # d\n  - - w\n# c\nz: 1\n", ":"),
        ] {
            assert_eq!(comments(text).first().map(|(_, aad, _)| aad.as_str()), Some(aad), "{text}");
        }
    }
}
