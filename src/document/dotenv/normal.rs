//! The form of lines: what a plaintext loses before it is encrypted, each change with a note, and gets back afterwards
//! (dotenv rules 1 and 2).

use memchr::memchr_iter;

use super::super::layout::BOM;
use super::grammar::{Content, plain_line};
use crate::base::{Secret, Span};
use crate::document::layout::{Change, Layout, Note, Prepared};
use crate::document::{Splice, splice};

/// Without byte order mark and carriage returns at line ends, blank lines empty, comments in the first column, the last
/// line ended. A text with an error is left as it is from there on: `outline` reports it.
pub(super) fn prepare(text: Vec<u8>) -> Prepared {
    let text = Secret::new(text);
    let content = text.expose().strip_prefix(BOM);
    let bom = content.is_some();
    let (unified, crlf, mut notes) = unify(content.unwrap_or(text.expose()));
    let unified = Secret::new(unified);
    let (splices, more) = tidy(unified.expose());
    notes.extend(more);
    let text = Secret::new(splice(unified.expose(), splices));
    Prepared { text, layout: Layout { bom, crlf }, notes }
}

/// The reverse of what `layout` says.
pub(super) fn restore(text: Vec<u8>, layout: Layout) -> Vec<u8> {
    if layout == Layout::default() {
        return text;
    }
    let text = Secret::new(text);
    let feeds = memchr_iter(b'\n', text.expose()).count();
    let mut restored = Vec::with_capacity(BOM.len() + text.expose().len() + feeds);
    if layout.bom {
        restored.extend_from_slice(BOM);
    }
    for line in text.expose().split_inclusive(|byte| *byte == b'\n') {
        match line.strip_suffix(b"\n") {
            Some(content) if layout.crlf && !content.ends_with(b"\r") => {
                restored.extend_from_slice(content);
                restored.extend_from_slice(b"\r\n");
            }
            _ => restored.extend_from_slice(line),
        }
    }
    restored
}

/// Only line feeds at line ends, the last one included; whether all were CR LF; the notes.
fn unify(text: &[u8]) -> (Vec<u8>, bool, Vec<Note>) {
    let mut unified = Vec::with_capacity(text.len() + 1);
    let mut returns = Vec::new();
    let mut uniform = true;
    let mut lines = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        lines += 1;
        let ended = line.strip_suffix(b"\n");
        let mut content = ended.unwrap_or(line);
        uniform &= content.ends_with(b"\r") && !content.ends_with(b"\r\r") || ended.is_none();
        if content.ends_with(b"\r") {
            returns.push(lines);
            uniform &= ended.is_some();
        }
        while let Some(shorter) = content.strip_suffix(b"\r") {
            content = shorter;
        }
        unified.extend_from_slice(content);
        unified.push(b'\n');
    }
    let crlf = uniform && !returns.is_empty();
    let mut notes = Vec::new();
    if !crlf && !returns.is_empty() {
        notes.push(Note { change: Change::LineEndsUnified, lines: returns });
    }
    if text.last().is_some_and(|last| *last != b'\n') {
        notes.push(Note { change: Change::FinalLineEndAdded, lines: vec![lines] });
    }
    (unified, crlf, notes)
}

fn tidy(text: &[u8]) -> (Vec<Splice>, Vec<Note>) {
    let mut splices = Vec::new();
    let (mut blank, mut indented) = (Vec::new(), Vec::new());
    let (mut at, mut number) = (0, 1);
    while at < text.len() {
        let Ok(line) = plain_line(text, at) else { break };
        let (superfluous, lines) = match line.content {
            Content::Assignment(_) => (Span::default(), &mut Vec::new()),
            Content::Blank => (Span::new(line.start, line.end), &mut blank),
            Content::Comment(behind) => (Span::new(line.start, behind - 1), &mut indented),
        };
        if !superfluous.is_empty() {
            splices.push(Splice::new(superfluous, ""));
            lines.push(number);
        }
        number += memchr_iter(b'\n', text.get(at..line.next).unwrap_or_default()).count();
        at = line.next;
    }
    let notes = [(Change::BlankLineEmptied, blank), (Change::CommentUnindented, indented)]
        .into_iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(change, lines)| Note { change, lines })
        .collect();
    (splices, notes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(text: &str) -> (String, Layout, Vec<(Change, Vec<usize>)>) {
        let prepared = prepare(text.into());
        let notes = prepared.notes.into_iter().map(|note| (note.change, note.lines)).collect();
        (String::from_utf8(prepared.text.expose().clone()).unwrap(), prepared.layout, notes)
    }

    #[test]
    fn uniform_carriage_returns_and_a_byte_order_mark_come_back() {
        for text in
            ["A=1\r\n\r\nB=\"x\r\ny\"\r\n", "\u{feff}A=1\n", "\u{feff}A=1\r\n", "", "\u{feff}", "A=1\n"]
        {
            let (plain, layout, notes) = prepared(text);
            assert!(!plain.contains(['\r', '\u{feff}']));
            assert_eq!(notes, []);
            assert_eq!(restore(plain.into(), layout), text.as_bytes());
        }
    }

    #[test]
    fn every_change_has_one_note() {
        let (plain, layout, notes) = prepared("A=1\r\n \t\n  # c\nB='x\n \n  # y'\n\t\nC=2");
        assert_eq!(plain, "A=1\n\n# c\nB='x\n \n  # y'\n\nC=2\n");
        assert_eq!(layout, Layout::default());
        assert_eq!(
            notes,
            [
                (Change::LineEndsUnified, vec![1]),
                (Change::FinalLineEndAdded, vec![8]),
                (Change::BlankLineEmptied, vec![2, 7]),
                (Change::CommentUnindented, vec![3]),
            ]
        );
    }

    #[test]
    fn no_carriage_return_stays_at_a_line_end() {
        for text in ["A=1\r\r\nB=2\r\n", "A=1\r", "A=1\r\nB=2\r"] {
            assert!(!prepared(text).0.contains('\r'), "{text:?}");
        }
    }
}
