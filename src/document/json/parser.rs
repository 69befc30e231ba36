//! From a JSON text to events with spans, in one pass. Nothing is copied but strings with escapes.

use super::super::layout::BOM;
use crate::base::assemble::assemble;
use crate::base::outline::Quotes;
use crate::base::{Event, Kind, Node, Outline, ParseError, Problem, Scalar, Shape, Span, Style, Text, Value};

/// Maps and lists within each other, at the most.
pub(super) const MOST_DEPTH: usize = 128;

/// The entry of the top-level map that holds the metadata.
pub(super) const METADATA: &[u8] = b"sops";

const CONFLICT_MARKERS: [&[u8]; 4] = [b"<<<<<<<", b"=======", b">>>>>>>", b"|||||||"];

pub(super) fn outline(text: &[u8]) -> Result<Outline, ParseError> {
    if let Err(error) = std::str::from_utf8(text) {
        return Err(ParseError::at(text, error.valid_up_to(), Problem::NotUtf8));
    }
    let mut parser = Parser {
        text,
        at: 0,
        depth: 0,
        large: None,
        outline: Outline { events: Vec::with_capacity(entries(text)), ..Outline::default() },
    };
    parser.document()?;
    match parser.large {
        // sops rounds such integers, so a file that it wrote may hold one; a plaintext would lose digits.
        Some(at) if parser.outline.metadata.is_none() => {
            let error = ParseError::at(text, at, Problem::NumberTooLarge);
            let before =
                parser.outline.events.iter().rev().skip_while(|event| event.span.range().start >= at);
            let mut keys = before.filter(|event| matches!(event.kind, Kind::Key(_)));
            Err(match keys.next() {
                Some(key) => error.named(key.span.shrunk(1, 1).of(text)),
                None => error,
            })
        }
        _ => Ok(parser.outline),
    }
}

/// About as many events as there are: growing would copy, and wipe, what is there already.
fn entries(text: &[u8]) -> usize {
    (2 * memchr::memchr2_iter(b',', b'{', text).count()).min(text.len() / 32) + 8
}

/// What to cut to take `entry` out of its map or list: with the comma behind it where an entry follows that stays,
/// with the comma before it where the last one goes, and with all blank space where none stays.
pub(super) fn cut(text: &[u8], entry: Span, preceded: bool, followed: bool) -> Span {
    let Span { start, end } = blanks_around(text, entry);
    if followed {
        Span { start, end: end + 1 }
    } else if preceded {
        Span { start: start.saturating_sub(1), end: entry.end }
    } else {
        Span { start, end }
    }
}

/// `span`, grown over the blank space on both sides of it.
pub(super) fn blanks_around(text: &[u8], span: Span) -> Span {
    let range = span.range();
    let blanks_before =
        text.get(..range.start).unwrap_or_default().iter().rev().take_while(|byte| is_blank(**byte));
    let blanks_behind = text.get(range.end..).unwrap_or_default().iter().take_while(|byte| is_blank(**byte));
    Span::new(range.start - blanks_before.count(), range.end + blanks_behind.count())
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    /// The first integer beyond 64 bits signed.
    large: Option<usize>,
    outline: Outline,
}

impl<'a> Parser<'a> {
    fn document(&mut self) -> Result<(), ParseError> {
        if self.text.starts_with(BOM) {
            self.at = BOM.len();
        }
        self.push(Span::new(0, self.text.len()), Kind::Document);
        match self.peek() {
            Some(b'{') => self.map()?,
            Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b'f' | b'n' | b't') | None => {
                return Err(self.error(Problem::NotAMap));
            }
            Some(_) => return Err(self.error(Problem::Syntax)),
        }
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.error(Problem::Trailing)),
        }
    }

    /// The next byte that is not blank, which is not passed.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(|byte| is_blank(*byte)) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn push(&mut self, span: Span, kind: Kind) {
        self.outline.events.push(Event { span, kind });
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// `problem` here, unless it is git's doing.
    fn error(&self, problem: Problem) -> ParseError {
        let is_conflict = CONFLICT_MARKERS.iter().any(|marker| self.rest().starts_with(marker));
        ParseError::at(self.text, self.at, if is_conflict { Problem::ConflictMarker } else { problem })
    }

    fn value(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        match self.peek() {
            Some(b'{') => return self.map(),
            Some(b'[') => return self.list(),
            Some(b'"') => {
                let (span, text) = self.string()?;
                self.push(span, Kind::Scalar(Style::Double, Scalar::Str(text)));
                return Ok(());
            }
            Some(b'-' | b'0'..=b'9') => return self.number(),
            _ => {}
        }
        for (word, value) in
            [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null)]
        {
            if self.rest().starts_with(word.as_bytes()) {
                let span = Span::new(self.at, self.at + word.len());
                self.at += word.len();
                self.push(span, Kind::Scalar(Style::Plain, Scalar::Other(value)));
                return Ok(());
            }
        }
        // At the end of the text, the line that lacks a value says more than the last one.
        if self.rest().is_empty() {
            self.at = start;
        }
        Err(self.error(Problem::Syntax))
    }

    /// Past an opening bracket; the index of its event.
    fn open(&mut self, kind: Kind) -> Result<usize, ParseError> {
        self.depth += 1;
        if self.depth > MOST_DEPTH {
            return Err(self.error(Problem::TooDeep));
        }
        self.push(Span::new(self.at, self.at), kind);
        self.at += 1;
        Ok(self.outline.events.len() - 1)
    }

    /// Past the closing bracket of what `opening` began.
    fn close(&mut self, opening: usize) {
        self.depth -= 1;
        self.at += 1;
        let end = Span::new(self.at, self.at);
        if let Some(event) = self.outline.events.get_mut(opening) {
            event.span.end = end.end;
        }
        self.push(end, Kind::End);
    }

    /// Past the comma before the next entry, or up to the `end` bracket; whether an entry comes.
    fn next_entry(&mut self, first: bool, end: u8) -> Result<bool, ParseError> {
        match self.peek() {
            Some(byte) if byte == end => Ok(false),
            Some(b',') if !first => {
                self.at += 1;
                // No comma before the end.
                if self.peek() == Some(end) { Err(self.error(Problem::Syntax)) } else { Ok(true) }
            }
            Some(_) if first => Ok(true),
            _ => Err(self.error(Problem::Syntax)),
        }
    }

    fn list(&mut self) -> Result<(), ParseError> {
        let opening = self.open(Kind::List(Shape::Flow))?;
        let mut first = true;
        while self.next_entry(first, b']')? {
            first = false;
            self.value()?;
        }
        self.close(opening);
        Ok(())
    }

    fn map(&mut self) -> Result<(), ParseError> {
        let opening = self.open(Kind::Map(Shape::Flow))?;
        // The metadata entry, and whether entries stand before and behind it.
        let mut metadata = None;
        let mut first = true;
        while self.next_entry(first, b'}')? {
            if self.peek() != Some(b'"') {
                let is_value =
                    matches!(self.peek(), Some(b'[' | b'{' | b'-' | b'0'..=b'9' | b'f' | b'n' | b't'));
                return Err(self.error(if is_value { Problem::NotAString } else { Problem::Syntax }));
            }
            let key_event = self.outline.events.len();
            let (span, key) = self.string()?;
            let is_metadata = self.depth == 1 && key.bytes(span, self.text) == METADATA;
            self.push(span, Kind::Key(key));
            self.entry().map_err(|error| self.named(error, key_event))?;
            if let Some((_, _, followed)) = &mut metadata {
                *followed = true;
            }
            if is_metadata {
                self.metadata(key_event)?;
                metadata = Some((Span::new(span.range().start, self.at), !first, false));
            }
            first = false;
        }
        self.close(opening);
        if let Some((entry, preceded, followed)) = metadata {
            self.outline.metadata_spans = vec![cut(self.text, entry, preceded, followed)];
        }
        Ok(())
    }

    /// The colon and the value.
    fn entry(&mut self) -> Result<(), ParseError> {
        if self.peek() != Some(b':') {
            return Err(self.error(Problem::Syntax));
        }
        self.at += 1;
        self.value()
    }

    /// `error`, concerning the innermost key.
    fn named(&self, error: ParseError, key_event: usize) -> ParseError {
        match self.outline.events.get(key_event) {
            Some(Event { span, kind: Kind::Key(key) }) if error.name.is_none() => {
                error.named(key.bytes(*span, self.text))
            }
            _ => error,
        }
    }

    /// Takes the entry that begins at `key_event`, the last so far, out of the events.
    fn metadata(&mut self, key_event: usize) -> Result<(), ParseError> {
        let events = self.outline.events.split_off(key_event);
        let node = assemble(events.get(1..).unwrap_or_default(), self.text);
        match node {
            Some(node @ Node::Map(_)) if self.outline.metadata.is_none() => {
                self.outline.metadata = Some(node);
                Ok(())
            }
            _ => {
                let start = events.first().map_or(self.at, |event| event.span.range().start);
                Err(ParseError::at(self.text, start, Problem::Metadata).named(METADATA))
            }
        }
    }

    fn number(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        if self.rest().starts_with(b"-") {
            self.at += 1;
        }
        let leading_zero = self.rest().starts_with(b"0");
        if self.digits()? > 1 && leading_zero {
            return Err(self.error(Problem::Syntax));
        }
        let mut is_integer = true;
        if self.rest().starts_with(b".") {
            is_integer = false;
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.rest().first() {
            is_integer = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.rest().first() {
                self.at += 1;
            }
            self.digits()?;
        }
        let span = Span::new(start, self.at);
        let text = std::str::from_utf8(span.of(self.text)).unwrap_or_default();
        let integer = if is_integer { text.parse().ok() } else { None };
        let value = match (integer, text.parse::<f64>()) {
            (Some(integer), _) => Value::Int(integer),
            (None, Ok(float)) if float.is_finite() => {
                if is_integer {
                    self.large.get_or_insert(start);
                }
                Value::Float(float)
            }
            _ => return Err(ParseError::at(self.text, start, Problem::NumberTooLarge)),
        };
        self.push(span, Kind::Scalar(Style::Plain, Scalar::Other(value)));
        Ok(())
    }

    /// Past one digit or more; how many.
    fn digits(&mut self) -> Result<usize, ParseError> {
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return Err(self.error(Problem::Syntax));
        }
        self.at += digits;
        Ok(digits)
    }

    /// Past a string, quotes included.
    fn string(&mut self) -> Result<(Span, Text), ParseError> {
        let start = self.at;
        let mut has_escapes = false;
        self.at += 1;
        loop {
            let Some(offset) = memchr::memchr2(b'"', b'\\', self.rest()) else {
                return Err(ParseError::at(self.text, start, Problem::UnclosedQuote));
            };
            self.at += offset;
            if self.rest().starts_with(b"\"") {
                break;
            }
            has_escapes = true;
            self.at += 2;
        }
        self.at += 1;
        let span = Span::new(start, self.at);
        let content = span.shrunk(1, 1).of(self.text);
        if let Some(offset) = content.iter().position(|byte| *byte < b' ') {
            let problem =
                if content.get(offset) == Some(&b'\n') { Problem::UnclosedQuote } else { Problem::BadByte };
            return Err(ParseError::at(self.text, start, problem));
        }
        if !has_escapes {
            return Ok((span, Text::Verbatim(Quotes::Both)));
        }
        match unescaped(content) {
            Some(bytes) => Ok((span, Text::decoded(bytes))),
            None => Err(ParseError::at(self.text, start, Problem::Syntax)),
        }
    }
}

/// The bytes that `content` stands for. Surrogates without a partner become U+FFFD, as in sops.
fn unescaped(content: &[u8]) -> Option<Vec<u8>> {
    // No escape is shorter than what it stands for, so the buffer never grows and leaves nothing behind.
    let mut bytes = Vec::with_capacity(content.len());
    let mut rest = content;
    while let Some(offset) = memchr::memchr(b'\\', rest) {
        bytes.extend_from_slice(rest.get(..offset)?);
        let escape = *rest.get(offset + 1)?;
        rest = rest.get(offset + 2..)?;
        let character = match escape {
            b'"' | b'/' | b'\\' => escape.into(),
            b'b' => '\x08',
            b'f' => '\x0C',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = code_unit(rest)?;
                rest = rest.get(4..)?;
                let partner = rest.strip_prefix(b"\\u").and_then(code_unit);
                let pair = partner.and_then(|low| char::decode_utf16([unit, low]).next()?.ok());
                match pair {
                    Some(character) if character > '\u{FFFF}' => {
                        rest = rest.get(6..)?;
                        character
                    }
                    _ => char::from_u32(unit.into()).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            _ => return None,
        };
        bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    bytes.extend_from_slice(rest);
    Some(bytes)
}

/// Four hexadecimal digits.
fn code_unit(text: &[u8]) -> Option<u16> {
    let digits = text.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
