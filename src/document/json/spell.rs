//! How new values are written: JSON's escapes, numbers that read back as themselves, and the file's own line breaks.

use std::io::Write as _;

use super::parser::{MOST_DEPTH, blanks_around};
use crate::base::{Kind, Node, Span, Value};
use crate::document::{Document, nth_document};

/// A value in one line; `None` for strings that are not UTF-8 and floats that are no number.
pub(super) fn scalar(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Bool(bool) => Some(bool.to_string().into_bytes()),
        // `Debug` always writes a fraction or an exponent, so that it reads back as a float.
        Value::Float(float) => float.is_finite().then(|| format!("{float:?}").into_bytes()),
        Value::Int(integer) => Some(integer.to_string().into_bytes()),
        Value::Null => Some(b"null".to_vec()),
        Value::Str(_) | Value::Time(_) => string(&value.plain_bytes()),
    }
}

/// A string with its quotes; `None` when it is not UTF-8.
pub(super) fn string(bytes: &[u8]) -> Option<Vec<u8>> {
    std::str::from_utf8(bytes).ok()?;
    let mut spelled = Vec::with_capacity(bytes.len() + 2);
    spelled.push(b'"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => spelled.extend_from_slice(&[b'\\', *byte]),
            b'\n' => spelled.extend_from_slice(b"\\n"),
            b'\r' => spelled.extend_from_slice(b"\\r"),
            b'\t' => spelled.extend_from_slice(b"\\t"),
            // Writing to a `Vec` cannot fail.
            0..b' ' => drop(write!(spelled, "\\u{byte:04x}")),
            _ => spelled.push(*byte),
        }
    }
    spelled.push(b'"');
    Some(spelled)
}

/// How a file breaks its lines.
pub(super) struct Layout {
    /// Line end and one level of indentation; `None` where everything stands in one line.
    pub(super) lines: Option<(&'static [u8], Vec<u8>)>,
    /// What stands behind colons, and behind commas within a line: a blank or nothing.
    pub(super) blank: &'static [u8],
}

impl Layout {
    /// Taken from the first entry of the top-level map; where there is none, as sops writes: tabs.
    pub(super) fn of(document: &Document) -> Self {
        let text = document.text();
        let map = nth_document(document.outline(), 0).and_then(|map| document.outline().events.get(map));
        let inside = map.map_or(0, |event| event.span.range().start + 1);
        let lead = blanks_around(text, Span::new(inside, inside));
        let is_empty = text.get(lead.range().end) == Some(&b'}');
        let line_end: &[u8] = match memchr::memchr(b'\n', text) {
            Some(end) if end > 0 && text.get(end - 1) == Some(&b'\r') => b"\r\n",
            _ => b"\n",
        };
        let unit = match last_line(lead.of(text)) {
            Some(unit) if !is_empty => Some(unit.to_vec()),
            _ => is_empty.then(|| b"\t".to_vec()),
        };
        Self { lines: unit.map(|unit| (line_end, unit)), blank: if is_tight(document) { b"" } else { b" " } }
    }

    /// Appends `node`, whose own line is indented by `indent`. `None` when something in it has no spelling.
    pub(super) fn write(&self, node: &Node, indent: &[u8], depth: usize, out: &mut Vec<u8>) -> Option<()> {
        let (brackets, count) = match node {
            Node::Value(value) => {
                out.extend_from_slice(&scalar(value)?);
                return Some(());
            }
            Node::List(items) => (b"[]", items.len()),
            Node::Map(entries) => (b"{}", entries.len()),
        };
        if count == 0 || depth > MOST_DEPTH {
            out.extend_from_slice(brackets);
            return (count == 0).then_some(());
        }
        let unit = self.lines.as_ref().map_or(&[][..], |(_, unit)| unit);
        let inner = [indent, unit].concat();
        out.push(brackets[0]);
        for index in 0..count {
            if index > 0 {
                out.push(b',');
            }
            match &self.lines {
                Some((line_end, _)) => out.extend_from_slice(&[line_end, inner.as_slice()].concat()),
                None if index > 0 => out.extend_from_slice(self.blank),
                None => {}
            }
            match node {
                Node::List(items) => self.write(items.get(index)?, &inner, depth + 1, out)?,
                Node::Map(entries) => {
                    let (key, node) = entries.get(index)?;
                    self.write_entry(key, node, &inner, depth + 1, out)?;
                }
                Node::Value(_) => {}
            }
        }
        if let Some((line_end, _)) = &self.lines {
            out.extend_from_slice(&[line_end, indent].concat());
        }
        out.push(brackets[1]);
        Some(())
    }

    /// Appends `"key": node`.
    pub(super) fn write_entry(
        &self,
        key: &[u8],
        node: &Node,
        indent: &[u8],
        depth: usize,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        out.extend_from_slice(&string(key)?);
        out.push(b':');
        out.extend_from_slice(self.blank);
        self.write(node, indent, depth, out)
    }
}

/// What stands behind the last line end in `blanks`; `None` when there is none.
pub(super) fn last_line(blanks: &[u8]) -> Option<&[u8]> {
    memchr::memrchr(b'\n', blanks).and_then(|end| blanks.get(end + 1..))
}

/// Whether the first key is followed by a colon and at once by its value.
fn is_tight(document: &Document) -> bool {
    let first = document.outline().events.iter().find(|event| matches!(event.kind, Kind::Key(_)));
    first.is_some_and(|key| {
        let colon = blanks_around(document.text(), Span { start: key.span.end, end: key.span.end }).end;
        let behind = Span { start: colon + 1, end: colon + 2 };
        !matches!(behind.of(document.text()), [b' ' | b'\t' | b'\n' | b'\r'])
    })
}
