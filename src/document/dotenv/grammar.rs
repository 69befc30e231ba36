//! The grammar of dotenv files, plain and encrypted: lines first, then the outline. What a raw value *means* is the
//! business of `reading`.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter, memchr2, memmem};

use crate::base::flatten::unflatten;
use crate::base::outline::Quotes;
use crate::base::{Event, Kind, Outline, ParseError, Problem, Scalar, Shape, Span, Style, Text};

use super::super::layout::BOM;
use super::reading::{blank_or_comment, name, skip_blanks};
use super::spelling::unescape;

/// What metadata lines begin with.
pub(super) const PREFIX: &str = "sops_";

/// One line; a quoted value of plaintext may run over several.
pub(super) struct Line {
    pub(super) start: usize,
    /// Without the line end.
    pub(super) end: usize,
    /// Where the next one starts.
    pub(super) next: usize,
    pub(super) content: Content,
}

pub(super) enum Content {
    /// Where the `=` stands.
    Assignment(usize),
    Blank,
    /// Where the text behind the `#` begins.
    Comment(usize),
}

/// The outline of a whole file. It is encrypted if `sops_mac` or `sops_version` is among its lines; the grammar of
/// encrypted files is that of sops (spec 5.1): one line each, no quotes.
pub(super) fn outline(text: &[u8]) -> Result<Outline, ParseError> {
    let encrypted = encrypted_with_crlf(text);
    let start = if encrypted.is_none() && text.starts_with(BOM) { BOM.len() } else { 0 };
    // Growing would copy, and wipe, what is there already.
    let mut events = Vec::with_capacity((2 * memchr_iter(b'\n', text).count()).min(text.len() / 32) + 8);
    events.push(event(Span::new(0, text.len()), Kind::Document));
    events.push(event(Span::new(start, text.len()), Kind::Map(Shape::Block)));
    let mut metadata_spans = Vec::new();
    let mut fields = Vec::new();
    let mut at = start;
    while at < text.len() {
        let line = match encrypted {
            Some(crlf) => encrypted_line(text, at, crlf)?,
            None => plain_line(text, at)?,
        };
        at = line.next;
        match line.content {
            Content::Assignment(equals) => {
                let (key, value) = (Span::new(line.start, equals), Span::new(equals + 1, line.end));
                let written = std::str::from_utf8(key.of(text))
                    .map_err(|_| ParseError::at(text, line.start, Problem::NotUtf8))?;
                if encrypted.is_some()
                    && let Some(field) = written.strip_prefix(PREFIX)
                {
                    metadata_spans.push(Span::new(line.start, line.next));
                    fields.push((field, unescape(value.of(text)).into_owned()));
                } else {
                    events.push(event(key, Kind::Key(Text::Verbatim(Quotes::None))));
                    events.push(scalar(text, value, encrypted.is_some()));
                }
            }
            Content::Blank => {}
            Content::Comment(behind) => {
                events.push(event(Span::new(behind, line.end), Kind::Comment { inline: false }));
            }
        }
    }
    events.push(event(Span::new(text.len(), text.len()), Kind::End));
    let metadata = match metadata_spans.first() {
        Some(first) => {
            let contradiction = || ParseError::at(text, first.range().start, Problem::Metadata);
            Some(unflatten(fields).ok_or_else(contradiction)?)
        }
        None => None,
    };
    Ok(Outline { events, metadata, metadata_spans })
}

/// The line of plaintext that starts at `start`.
pub(super) fn plain_line(text: &[u8], start: usize) -> Result<Line, ParseError> {
    let (mut end, mut next) = line_end(text, start, true);
    let line = text.get(start..end).unwrap_or_default();
    let indent = skip_blanks(line);
    let content = match line.get(indent) {
        None => Content::Blank,
        Some(b'#') => Content::Comment(start + indent + 1),
        Some(_) => {
            let equals = start + assignment(text, start, line)?;
            let value = equals + 1 + skip_blanks(text.get(equals + 1..end).unwrap_or_default());
            if let Some(quote @ (b'"' | b'\'')) = text.get(value).filter(|_| value < end) {
                let unclosed = || error(text, start, equals, Problem::UnclosedQuote);
                let close = closing_quote(text, value, *quote).ok_or_else(unclosed)?;
                if close >= end {
                    (end, next) = line_end(text, close, true);
                    if !blank_or_comment(text.get(close + 1..end).unwrap_or_default()) {
                        return Err(unclosed());
                    }
                }
            }
            if text.get(start..equals).and_then(name).is_some_and(|name| name.starts_with(PREFIX.as_bytes()))
            {
                return Err(error(text, start, equals, Problem::ReservedName));
            }
            Content::Assignment(equals)
        }
    };
    check_bytes(text, start, end)?;
    Ok(Line { start, end, next, content })
}

/// The same for an encrypted file; with `crlf`, a carriage return is part of the line end.
fn encrypted_line(text: &[u8], start: usize, crlf: bool) -> Result<Line, ParseError> {
    let (end, next) = line_end(text, start, crlf);
    let line = text.get(start..end).unwrap_or_default();
    let content = if line.starts_with(b"#") {
        Content::Comment(start + 1)
    } else if memchr(b'=', line).is_none() && blank_or_comment(line) {
        memchr(b'#', line).map_or(Content::Blank, |sign| Content::Comment(start + sign + 1))
    } else {
        Content::Assignment(start + assignment(text, start, line)?)
    };
    check_bytes(text, start, end)?;
    Ok(Line { start, end, next, content })
}

/// Where the quote that opens at `open` closes. Backslashes escape in double quotes only.
pub(super) fn closing_quote(text: &[u8], open: usize, quote: u8) -> Option<usize> {
    let mut at = open + 1;
    loop {
        let rest = text.get(at..)?;
        if quote == b'\'' {
            return memchr(quote, rest).map(|offset| at + offset);
        }
        let found = at + memchr2(quote, b'\\', rest)?;
        if text.get(found) == Some(&quote) {
            return Some(found);
        }
        at = found + 2;
    }
}

/// `Some` for an encrypted file: whether its line ends were turned into CR LF. No tool writes metadata that ends in
/// a carriage return, so one there is damage; elsewhere it may belong to a clear value.
fn encrypted_with_crlf(text: &[u8]) -> Option<bool> {
    let mut lines = memmem::find_iter(text, PREFIX.as_bytes())
        .filter(|at| at.checked_sub(1).is_none_or(|before| text.get(before) == Some(&b'\n')))
        .map(|at| text.get(at..line_end(text, at, false).0).unwrap_or_default());
    let mark = lines.find(|line| line.starts_with(b"sops_mac=") || line.starts_with(b"sops_version="))?;
    Some(mark.ends_with(b"\r"))
}

/// The end of the line that holds `from`, and the start of the next one.
fn line_end(text: &[u8], from: usize, crlf: bool) -> (usize, usize) {
    let rest = text.get(from..).unwrap_or_default();
    let (line, next) = match memchr(b'\n', rest) {
        Some(length) => (rest.get(..length).unwrap_or_default(), from + length + 1),
        None => (rest, text.len()),
    };
    let line = line.strip_suffix(b"\r").filter(|_| crlf).unwrap_or(line);
    (from + line.len(), next)
}

/// The offset of the first `=` in `line`.
fn assignment(text: &[u8], start: usize, line: &[u8]) -> Result<usize, ParseError> {
    let conflict = line == b"======="
        || ["<<<<<<< ", "||||||| ", ">>>>>>> "].iter().any(|marker| line.starts_with(marker.as_bytes()));
    if conflict {
        return Err(ParseError::at(text, start, Problem::ConflictMarker));
    }
    memchr(b'=', line).ok_or_else(|| ParseError::at(text, start, Problem::NoEquals))
}

/// No NUL in `start..end`.
fn check_bytes(text: &[u8], start: usize, end: usize) -> Result<(), ParseError> {
    let line = text.get(start..end).unwrap_or_default();
    let Some(nul) = memchr(0, line) else { return Ok(()) };
    let place = ParseError::at(text, start + nul, Problem::BadByte);
    match memchr(b'=', line).filter(|equals| *equals < nul) {
        Some(equals) => {
            Err(ParseError { line: place.line, ..error(text, start, start + equals, place.problem) })
        }
        None => Err(place),
    }
}

/// A problem with an assignment. Only what looks like a variable is named: the text left of a `=` may as well be the
/// end of a secret whose quotes are missing.
fn error(text: &[u8], start: usize, equals: usize, problem: Problem) -> ParseError {
    let error = ParseError::at(text, start, problem);
    let plausible = |name: &&[u8]| {
        name.len() <= 64 && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(byte))
    };
    match text.get(start..equals).and_then(name).filter(plausible) {
        Some(name) => error.named(name),
        None => error,
    }
}

fn scalar(text: &[u8], span: Span, encrypted: bool) -> Event {
    let string = match unescape(span.of(text)) {
        Cow::Owned(bytes) if encrypted => Text::decoded(bytes),
        _ => Text::Verbatim(Quotes::None),
    };
    event(span, Kind::Scalar(Style::Plain, Scalar::Str(string)))
}

const fn event(span: Span, kind: Kind) -> Event {
    Event { span, kind }
}
