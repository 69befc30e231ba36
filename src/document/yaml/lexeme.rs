//! What stands between two nodes: comments, indicators and document markers. Nodes themselves are found by the
//! parser; here only the gaps are read, so a `#` is always a comment.

use crate::base::{Event, Kind, Span, Style};

/// Something in a gap, ending before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lexeme {
    pub kind: LexemeKind,
    pub start: usize,
    pub end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexemeKind {
    /// `:`
    Colon,
    /// `,`
    Comma,
    /// From the `#` to the end of the line.
    Comment,
    /// `-` of a list item.
    Dash,
    /// `...`
    DocumentEnd,
    /// `---`
    DocumentStart,
    /// `?`
    Question,
}

/// The next lexeme in `text[from..until]`; `None` at the end of the gap.
pub fn next(text: &[u8], from: usize, until: usize) -> Option<Lexeme> {
    let mut at = from;
    loop {
        at = skip_white(text, at);
        if at >= until {
            return None;
        }
        let byte = *text.get(at)?;
        if byte == b'%' && is_line_start(text, at) {
            at = line_end(text, at);
            continue;
        }
        let (kind, end) = match byte {
            b'#' => (LexemeKind::Comment, line_end(text, at)),
            b',' => (LexemeKind::Comma, at + 1),
            b':' => (LexemeKind::Colon, at + 1),
            b'?' => (LexemeKind::Question, at + 1),
            b'-' if is_marker(text, at, b"---") => (LexemeKind::DocumentStart, at + 3),
            b'-' => (LexemeKind::Dash, at + 1),
            b'.' if is_marker(text, at, b"...") => (LexemeKind::DocumentEnd, at + 3),
            _ => return None,
        };
        return Some(Lexeme { kind, start: at, end });
    }
}

/// The first comma in the gap `text[from..until]`.
pub fn comma(text: &[u8], from: usize, until: usize) -> Option<usize> {
    let mut at = from;
    while let Some(lexeme) = next(text, at, until) {
        if lexeme.kind == LexemeKind::Comma {
            return Some(lexeme.start);
        }
        at = lexeme.end;
    }
    None
}

/// Past blanks, line ends and byte order marks.
pub fn skip_white(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(rest) = text.get(at..) {
        at += match rest {
            [b' ' | b'\t' | b'\r' | b'\n', ..] => 1,
            [0xEF, 0xBB, 0xBF, ..] => 3,
            _ => break,
        };
    }
    at
}

/// Past blanks in the line.
pub fn skip_blanks(text: &[u8], from: usize) -> usize {
    let blanks = text.get(from..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    from + blanks.count()
}

/// Where the line ends, before its line end.
pub fn line_end(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    match memchr::memchr(b'\n', rest) {
        Some(0) => from,
        Some(at) if rest.get(at - 1) == Some(&b'\r') => from + at - 1,
        Some(at) => from + at,
        None => text.len(),
    }
}

/// Past the end of the line, its line end included.
pub fn next_line(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    memchr::memchr(b'\n', rest).map_or(text.len(), |at| from + at + 1)
}

/// Where the line begins, behind a byte order mark.
pub fn line_start(text: &[u8], at: usize) -> usize {
    let before = text.get(..at).unwrap_or(text);
    match memchr::memrchr(b'\n', before) {
        Some(newline) => newline + 1,
        None if text.starts_with(b"\xEF\xBB\xBF") => 3.min(at),
        None => 0,
    }
}

/// All lines from `start` to `end`. The last line of a text without a final line end takes the line end before it along,
/// unless that is part of the value of a block scalar: the last of the events `before`.
pub fn whole_lines(text: &[u8], start: usize, end: usize, before: &[Event]) -> Span {
    let first = line_start(text, start);
    let next = next_line(text, end);
    let leaf = before
        .iter()
        .rev()
        .find(|event| !matches!(event.kind, Kind::End | Kind::Key(_) | Kind::Anchor | Kind::Tag));
    let is_block =
        leaf.is_some_and(|event| matches!(event.kind, Kind::Scalar(Style::Literal | Style::Folded, _)));
    if text.get(next.wrapping_sub(1)) != Some(&b'\n') && first > 0 && !is_block {
        return Span::new(line_end(text, line_start(text, first - 1)), next);
    }
    Span::new(first, next)
}

/// Bytes between the start of the line and `at`.
pub fn column(text: &[u8], at: usize) -> usize {
    at - line_start(text, at)
}

/// Whether only blanks stand before `at` in its line.
pub fn begins_line(text: &[u8], at: usize) -> bool {
    skip_blanks(text, line_start(text, at)) >= at
}

/// So many blanks. `{:indent$}` would panic beyond 65,535, and a file may be indented by more.
pub fn blanks(count: usize) -> String {
    " ".repeat(count)
}

/// The line end this text uses: that of its first line.
pub fn newline(text: &[u8]) -> &'static str {
    let first = memchr::memchr(b'\n', text).and_then(|at| text.get(at.checked_sub(1)?));
    if first == Some(&b'\r') { "\r\n" } else { "\n" }
}

fn is_line_start(text: &[u8], at: usize) -> bool {
    line_start(text, at) == at
}

fn is_marker(text: &[u8], at: usize, marker: &[u8]) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    is_line_start(text, at)
        && rest.starts_with(marker)
        && matches!(rest.get(marker.len()), None | Some(b' ' | b'\t' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::LexemeKind::*;
    use super::*;

    #[test]
    fn a_gap_is_read_lexeme_by_lexeme() {
        let text = b"%TAG ! !\n--- # c\r\n- ? :,\n...\n";
        let mut at = 0;
        let mut kinds = Vec::new();
        while let Some(lexeme) = next(text, at, text.len()) {
            kinds.push(lexeme.kind);
            at = lexeme.end;
        }
        assert_eq!(kinds, [DocumentStart, Comment, Dash, Question, Colon, Comma, DocumentEnd]);
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        assert_eq!(column(b"\xEF\xBB\xBFa", 3), 0);
        assert_eq!(column(b"x\n  a", 4), 2);
    }
}
