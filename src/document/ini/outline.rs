//! From an INI text to events. Each section is a map in the top map, `DEFAULT` first, as sops has it; a comment stands
//! where sops sees it: above a header in that section, above a key or behind its value after that key (spec 5.4). So the
//! events are not in the order of the bytes.

use std::borrow::Cow;
use std::collections::HashSet;

use super::blanks::{leading, trimmed_end};
use super::grammar::{self, Trouble};
use crate::base::flatten::unflatten;
use crate::base::outline::Quotes;
use crate::base::{Event, Kind, Outline, ParseError, Problem, Scalar, Shape, Span, Text};
use crate::document::dotenv::spelling::unescape;
use crate::document::layout::BOM;

/// The section of the metadata.
pub(super) const METADATA: &[u8] = b"sops";

/// The section of what stands above the first header.
pub(super) const DEFAULT: &[u8] = b"DEFAULT";

const CONFLICT_MARKERS: [&[u8]; 4] = [b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||"];

pub(super) fn outline(text: &[u8]) -> Result<Outline, ParseError> {
    if let Some(at) = memchr::memchr(0, text) {
        return Err(ParseError::at(text, at, Problem::BadByte));
    }
    let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let mut reader = Reader {
        text,
        // Growing would copy, and wipe, what is there already.
        events: Vec::with_capacity((2 * memchr::memchr_iter(b'\n', text).count()).min(text.len() / 32) + 8),
        names: HashSet::new(),
        section: 0,
        pending: None,
        metadata: None,
        fields: Vec::new(),
    };
    reader.push(Span::new(0, text.len()), Kind::Document);
    reader.push(Span::new(start, text.len()), Kind::Map(Shape::Block));
    reader.open(Span::new(start, start), Text::decoded(DEFAULT.to_vec()), start);
    let mut at = start;
    while at < text.len() {
        at = reader.line(at).map_err(|(at, problem)| reader.error(at, problem))?;
    }
    reader.finish()
}

struct Reader<'a> {
    text: &'a [u8],
    events: Vec<Event>,
    /// Keys of the open section: a name that stands twice would lose its first value in sops.
    names: HashSet<Cow<'a, [u8]>>,
    /// The event of the open section's map.
    section: usize,
    /// Comment lines that belong to the next key or header.
    pending: Option<Span>,
    /// The header and the end of the metadata section; open while the end is the latest line of it.
    metadata: Option<Metadata>,
    fields: Vec<(&'a [u8], Vec<u8>)>,
}

struct Metadata {
    span: Span,
    is_open: bool,
}

impl Reader<'_> {
    fn push(&mut self, span: Span, kind: Kind) {
        self.events.push(Event { span, kind });
    }

    /// Reads the line that starts at `start`; where the next one starts.
    fn line(&mut self, start: usize) -> Result<usize, Trouble> {
        let (end, next) = grammar::line_end(self.text, start);
        let line = self.text.get(start..end).unwrap_or_default();
        let at = start + leading(line);
        match self.text.get(at).filter(|_| at < end) {
            None => Ok(next),
            Some(b'#' | b';') => {
                let end = start + trimmed_end(line).len();
                let first = self.pending.map_or(at, |pending| pending.range().start);
                self.pending = Some(Span::new(first, end));
                Ok(next)
            }
            Some(b'[') => {
                let name = grammar::header(self.text, at, end)?;
                self.header(name, start, next)?;
                Ok(next)
            }
            Some(_) => self.entry(at, end),
        }
    }

    fn header(&mut self, name: Span, start: usize, next: usize) -> Result<(), Trouble> {
        if let Some(metadata) = &mut self.metadata {
            metadata.is_open = false;
        }
        if name.of(self.text) == METADATA {
            if self.metadata.is_some() {
                return Err((start, Problem::Metadata));
            }
            // Comments above it are the last ones of the section before.
            self.comments(None);
            // The line end before it was put there together with it.
            let before = self.text.get(..start).unwrap_or_default();
            let feed = before
                .strip_suffix(b"\n")
                .map_or(before, |before| before.strip_suffix(b"\r").unwrap_or(before));
            self.metadata = Some(Metadata { span: Span::new(feed.len(), next), is_open: true });
            return Ok(());
        }
        self.close(start);
        self.open(name, Text::Verbatim(Quotes::None), start);
        self.comments(None);
        Ok(())
    }

    fn open(&mut self, name: Span, text: Text, start: usize) {
        self.names.clear();
        self.push(name, Kind::Key(text));
        self.section = self.events.len();
        self.push(Span::new(start, start), Kind::Map(Shape::Block));
    }

    fn close(&mut self, at: usize) {
        if let Some(map) = self.events.get_mut(self.section) {
            map.span.end = Span::new(at, at).end;
        }
        self.push(Span::new(at, at), Kind::End);
    }

    /// The comments above the entry or header that was just read, and the one behind it.
    fn comments(&mut self, inline: Option<Span>) {
        if let Some(block) = self.pending.take() {
            let span = grammar::comment(self.text, block.range().start, block.range().end);
            self.push(span, Kind::Comment { inline: false });
        }
        if let Some(span) = inline {
            self.push(span, Kind::Comment { inline: true });
        }
    }

    fn entry(&mut self, start: usize, end: usize) -> Result<usize, Trouble> {
        let key = grammar::key(self.text, start, end)?;
        let value = grammar::value(self.text, key.behind)?;
        let name = key.text.bytes(key.span, self.text);
        if let Some(metadata) = self.metadata.as_mut().filter(|metadata| metadata.is_open) {
            metadata.span.end = Span::new(value.next, value.next).end;
            let text = unescape(value.text.bytes(value.span, self.text)).into_owned();
            self.fields.push((key.span.of(self.text), text));
            self.pending = None;
            return Ok(value.next);
        }
        let name = match &key.text {
            Text::Verbatim(Quotes::None) => Cow::Borrowed(key.span.of(self.text)),
            _ => Cow::Owned(name.to_vec()),
        };
        if !self.names.insert(name) {
            return Err((start, Problem::DuplicateKey));
        }
        self.push(key.span, Kind::Key(key.text));
        self.push(value.span, Kind::Scalar(value.style, Scalar::Str(value.text)));
        self.comments(value.comment);
        Ok(value.next)
    }

    /// `problem` at `at`, with the key that stands there unless the text may be something else.
    fn error(&self, at: usize, problem: Problem) -> ParseError {
        let rest = self.text.get(at..).unwrap_or_default();
        if CONFLICT_MARKERS.iter().any(|marker| rest.starts_with(marker)) {
            return ParseError::at(self.text, at, Problem::ConflictMarker);
        }
        let error = ParseError::at(self.text, at, problem);
        let line = self.text.get(..at).unwrap_or_default();
        let start = memchr::memrchr(b'\n', line).map_or(0, |feed| feed + 1);
        let (end, _) = grammar::line_end(self.text, start);
        let start = start + leading(self.text.get(start..end).unwrap_or_default());
        let name = match grammar::key(self.text, start, end) {
            Ok(key) if at > start || problem == Problem::DuplicateKey => {
                key.text.bytes(key.span, self.text).to_vec()
            }
            _ if problem == Problem::NameLost => {
                let line = self.text.get(start..end).unwrap_or_default();
                trimmed_end(line.split(|byte| b"=:".contains(byte)).next().unwrap_or_default()).to_vec()
            }
            _ => return error,
        };
        // Only what looks like a key is named: it may as well be a line of a secret whose quotes are missing.
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b" _.-".contains(byte);
        if name.len() <= 64 && name.iter().all(is_part) { error.named(&name) } else { error }
    }

    fn finish(mut self) -> Result<Outline, ParseError> {
        let end = self.text.len();
        // Comments behind the last key: sops loses them. They stay with their section.
        self.comments(None);
        self.close(end);
        self.push(Span::new(end, end), Kind::End);
        let Some(Metadata { mut span, is_open }) = self.metadata else {
            return Ok(Outline { events: self.events, ..Outline::default() });
        };
        if is_open && trimmed_end(self.text.get(span.range().end..).unwrap_or_default()).is_empty() {
            span.end = Span::new(end, end).end;
        }
        let broken = ParseError::at(self.text, span.range().start + 1, Problem::Metadata);
        if span.range().end < end {
            // What follows must not come to stand in the line before the section.
            let start = span.range().start;
            let (line_end, next) = grammar::line_end(self.text, start);
            let is_rest = trimmed_end(self.text.get(start..line_end).unwrap_or_default()).is_empty();
            span = Span::new(if is_rest { next } else { start }, span.range().end);
        }
        let fields: Option<Vec<_>> = self
            .fields
            .into_iter()
            .map(|(name, value)| Some((std::str::from_utf8(name).ok()?, value)))
            .collect();
        let metadata = fields.and_then(unflatten).ok_or(broken)?;
        Ok(Outline { events: self.events, metadata: Some(metadata), metadata_spans: vec![span] })
    }
}
