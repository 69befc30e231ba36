//! A text with commas, as it is written: its parts found in quotes and block scalars too, one added or cut out.

use crate::base::{Event, Span, Style};
use crate::document::Splice;

/// The parts of the scalar `event`, without quotes, blanks and block header. Right only where the scalar has no escape
/// that spells a comma, which reading the result tells.
fn parts(text: &[u8], event: &Event, style: Style) -> Vec<Span> {
    let span = event.span.range();
    let mut start = span.start;
    let mut end = span.end;
    match style {
        Style::Single | Style::Double => {
            start += 1;
            end = end.saturating_sub(1);
        }
        Style::Folded | Style::Literal => {
            let rest = text.get(start..end).unwrap_or_default();
            start += memchr::memchr(b'\n', rest).map_or(rest.len(), |line_end| line_end + 1);
        }
        Style::Plain => {}
    }
    let content = text.get(start..end).unwrap_or_default();
    let mut found = Vec::new();
    for part in content.split(|byte| *byte == b',') {
        let front = part.len() - part.trim_ascii_start().len();
        let length = part.trim_ascii().len();
        found.push(Span::new(start + front, start + front + length));
        start += part.len() + 1;
    }
    found
}

/// Cuts the part at `index` out, with one comma.
pub fn without(text: &[u8], event: &Event, style: Style, index: usize) -> Option<Splice> {
    let parts = parts(text, event, style);
    let part = parts.get(index)?;
    let span = match index.checked_sub(1).and_then(|before| parts.get(before)) {
        Some(before) => Span { start: before.end, end: part.end },
        None => Span { start: part.start, end: parts.get(index + 1)?.start },
    };
    Some(Splice::new(span, ""))
}

/// Puts `new` behind the last part, separated as the parts before are.
pub fn with(text: &[u8], event: &Event, style: Style, new: &str) -> Option<Splice> {
    let parts = parts(text, event, style);
    let filled: Vec<&Span> = parts.iter().filter(|part| !part.is_empty()).collect();
    let last = filled.last()?;
    let between = |first: &Span, second: &Span| text.get(first.range().end..second.range().start);
    let separator = match filled.as_slice() {
        [.., before, _] => between(before, last)?,
        _ => b",",
    };
    // A comma behind the last part stays behind the new one.
    Some(Splice::new(Span { start: last.end, end: last.end }, [separator, new.as_bytes()].concat()))
}
