//! From the parser's events to ours: types, spans, the metadata cut out. Where comments belong is `comments.rs`,
//! the state both share is `stack.rs`.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{ErrorKind, Event as Parsed, Parser, ScalarStyle, ScanError, StructureStyle, Tag};

use super::condense::Condensed;
use super::stack::{Pending, Props, Reader};
use super::{block, lexeme, plain};
use crate::base::outline::Quotes;
use crate::base::span::line_of;
use crate::base::{Kind, Outline, ParseError, Problem, Scalar, Secret, Shape, Span, Style, Text, Value};

/// Nesting at the most.
const DEPTH: usize = 128;

/// What [`super::Yaml`] finds in `text`.
pub fn outline(text: &[u8]) -> Result<Outline, ParseError> {
    let source = std::str::from_utf8(text)
        .map_err(|error| ParseError::at(text, error.valid_up_to(), Problem::NotUtf8))?;
    check_bytes(text)?;
    if let Some(condensed) = Condensed::of(source)
        && let Ok(outline) = outline_of(&condensed.text)
        && let Some(outline) = condensed.expanded(outline)
    {
        return Ok(outline);
    }
    outline_of(source)
}

/// The same of a text that was checked, every byte of it parsed.
pub(super) fn outline_of(source: &str) -> Result<Outline, ParseError> {
    let options = granit_parser::options! {
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
    };
    let mut parser = Parser::new_from_str_with_options(source, options);
    let mut reader = Reader::new(source);
    while let Some(next) = parser.next_event() {
        let (event, span) = next.map_err(|error| syntax(&error))?;
        let mut props = Props { tag: span.tag_span().and_then(|tag| tag.byte_range()), anchor: None };
        if event.is_node() && event.anchor_id().is_some() {
            let anchor = parser.next_event().transpose().map_err(|error| syntax(&error))?;
            props.anchor = anchor.and_then(|(_, span)| span.byte_range());
        }
        let range = span.byte_range().unwrap_or_default();
        reader.parsed(event, range, props)?;
    }
    reader.finish()
}

/// Refuses what the parser lets pass: control characters, and what git leaves behind. A carriage return alone ends a line
/// for the parser, but for no editor and not for us: lines could be hidden behind one.
fn check_bytes(text: &[u8]) -> Result<(), ParseError> {
    let control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r') || *byte == 0x7F;
    if let Some(at) = text.iter().position(control) {
        return Err(ParseError::at(text, at, Problem::BadByte));
    }
    if let Some(at) = memchr::memchr_iter(b'\r', text).find(|at| text.get(at + 1) != Some(&b'\n')) {
        return Err(ParseError::at(text, at, Problem::BadByte));
    }
    let mut start = 0;
    while let Some(line) = text.get(start..).filter(|line| !line.is_empty()) {
        let separator = line.starts_with(b"=======") && matches!(line.get(7), None | Some(b'\r' | b'\n'));
        if separator || line.starts_with(b"<<<<<<< ") || line.starts_with(b">>>>>>> ") {
            return Err(ParseError::at(text, start, Problem::ConflictMarker));
        }
        start = lexeme::next_line(text, start);
    }
    Ok(())
}

fn syntax(error: &ScanError) -> ParseError {
    let problem = match error.kind() {
        ErrorKind::UnknownAnchor => Problem::BadAlias,
        ErrorKind::RecursionLimitExceeded => Problem::TooDeep,
        ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::UnclosedQuotedScalar => Problem::UnclosedQuote,
        ErrorKind::UnsupportedYamlMajorVersion => Problem::Unsupported,
        _ => Problem::Syntax,
    };
    ParseError { line: error.marker().line().max(1), name: None, problem }
}

impl<'a> Reader<'a> {
    fn parsed(&mut self, event: Parsed<'a>, range: Range<usize>, props: Props) -> Result<(), ParseError> {
        match event {
            Parsed::DocumentStart(_, Some(_)) => return Err(self.problem(range.start, Problem::Unsupported)),
            Parsed::DocumentStart(_, None) => self.pending.push_back(Pending::DocumentStart),
            Parsed::DocumentEnd => self.pending.push_back(Pending::DocumentEnd),
            Parsed::MappingStart(style, _, _) => self.start(true, style, &range, props)?,
            Parsed::SequenceStart(style, _, _) => self.start(false, style, &range, props)?,
            Parsed::MappingEnd | Parsed::SequenceEnd => self.end(&range),
            Parsed::Alias(_) => {
                if self.is_key() {
                    return Err(self.problem(range.start, Problem::NotAString));
                }
                self.flush(range.start);
                self.node(Span::new(range.start + 1, range.end), Kind::Alias, range.end, Props::default());
            }
            Parsed::Scalar(value, style, _, tag) => {
                self.scalar(value, style, tag.as_deref(), range, props)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn start(
        &mut self,
        map: bool,
        style: StructureStyle,
        range: &Range<usize>,
        props: Props,
    ) -> Result<(), ParseError> {
        if self.is_key() {
            return Err(self.problem(range.start, Problem::NotAString));
        }
        if self.frames.is_empty() && !map {
            return Err(self.problem(range.start, Problem::NotAMap));
        }
        if self.frames.len() >= DEPTH {
            return Err(self.problem(range.start, Problem::TooDeep));
        }
        self.frames.push(map.then_some(true));
        if !props.is_empty() {
            self.flush(props.start(range.start));
            self.at = props.end();
        }
        let bracket = matches!(self.text.get(range.start), Some(b'{' | b'['));
        // sops takes no tab for indentation, not even where YAML does.
        let before = self.text.get(..range.start).unwrap_or_default();
        let blanks = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t'));
        if !bracket && blanks.into_iter().any(|byte| *byte == b'\t') {
            return Err(self.problem(range.start, Problem::Syntax));
        }
        if style == StructureStyle::Block {
            self.pending.push_back(Pending::Start { map, props });
        } else {
            self.flush(range.start);
            self.open(map, Shape::Flow, bracket, props, range.start);
            if bracket {
                self.at = range.start + 1;
                self.token = self.at;
            }
        }
        Ok(())
    }

    fn end(&mut self, range: &Range<usize>) {
        self.frames.pop();
        self.value_parsed();
        match self.top() {
            Some(open) if open.shape == Shape::Flow => {
                if open.braced {
                    let bracket = range.end.saturating_sub(1).max(range.start);
                    self.flush(bracket);
                    self.bracket(bracket);
                }
                if self.frames.is_empty() {
                    self.pending.push_back(Pending::End);
                } else {
                    self.release(Pending::End);
                }
            }
            _ => self.pending.push_back(Pending::End),
        }
    }

    fn scalar(
        &mut self,
        mut value: Cow<'a, str>,
        style: ScalarStyle,
        tag: Option<&Tag>,
        range: Range<usize>,
        props: Props,
    ) -> Result<(), ParseError> {
        let empty = style == ScalarStyle::Plain && range.is_empty();
        if !props.is_empty() {
            self.flush(props.start(range.start));
            self.at = props.end();
        } else if empty {
            self.flush_to_empty();
        }
        if self.frames.is_empty() {
            return self.empty_document(&value, style, range, props);
        }
        if empty && self.is_key() && !props.is_empty() {
            // `!tag : x`, a key of nothing but properties: no place for a value could be told from it.
            return Err(self.problem(props.start(range.start), Problem::Unsupported));
        }
        if empty {
            return self.leaf("".into(), Style::Plain, tag, Span::new(self.at, self.at), props);
        }
        let (style, span) = match style {
            ScalarStyle::Plain => (Style::Plain, Span::new(range.start, range.end)),
            ScalarStyle::SingleQuoted => (Style::Single, Span::new(range.start, range.end)),
            ScalarStyle::DoubleQuoted => (Style::Double, Span::new(range.start, range.end)),
            ScalarStyle::Literal | ScalarStyle::Folded => {
                self.flush(range.start);
                let header = block::Header::read(self.text, lexeme::skip_white(self.text, self.at));
                if let Some(comment) = header.comment {
                    self.comment(comment, header.line_end);
                }
                let end = block::end(self.text, &header, range.end);
                let style = if style == ScalarStyle::Literal { Style::Literal } else { Style::Folded };
                if end == self.text.len() && end > header.line_end {
                    // Without a line end at the end of the text there is none in the value.
                    value = without_line_end(value);
                }
                (style, Span::new(header.start, end))
            }
        };
        self.flush(span.start as usize);
        self.leaf(value, style, tag, span, props)
    }

    /// A key or a scalar value, once all before it is placed.
    fn leaf(
        &mut self,
        value: Cow<'a, str>,
        style: Style,
        tag: Option<&Tag>,
        span: Span,
        props: Props,
    ) -> Result<(), ParseError> {
        let scalar = type_of(&value, style, tag)
            .map_err(|problem| self.named_problem(span.start as usize, problem))?
            .unwrap_or_else(|| Scalar::Str(keep(&value, style, span, self.text)));
        let end = span.end as usize;
        if !self.is_key() {
            self.node(span, Kind::Scalar(style, scalar), end, props);
            return Ok(());
        }
        let Scalar::Str(text) = scalar else {
            return Err(self.problem(span.start as usize, Problem::NotAString));
        };
        let name = match &text {
            Text::Decoded(_) if value.as_bytes() != text.bytes(span, self.text) => {
                Cow::Owned(text.bytes(span, self.text).to_vec())
            }
            _ => match value {
                Cow::Borrowed(value) => Cow::Borrowed(value.as_bytes()),
                Cow::Owned(value) => Cow::Owned(value.into_bytes()),
            },
        };
        self.key(span, text, name, props.start(span.start as usize))
    }

    /// The root of a document that holds nothing, or only a null.
    fn empty_document(
        &mut self,
        value: &str,
        style: ScalarStyle,
        range: Range<usize>,
        props: Props,
    ) -> Result<(), ParseError> {
        let empty = style == ScalarStyle::Plain && range.is_empty();
        let null = style == ScalarStyle::Plain && matches!(plain::plain(value), Ok(Some(Value::Null)));
        if !empty && !null {
            return Err(self.problem(range.start, Problem::NotAMap));
        }
        let range = if empty { self.at..self.at } else { range };
        self.flush(range.start);
        self.open(true, Shape::Block, false, props, range.start);
        self.at = self.at.max(range.end);
        self.pending.push_back(Pending::End);
        Ok(())
    }

    fn named_problem(&self, at: usize, problem: Problem) -> ParseError {
        let error = ParseError { line: line_of(self.text, at), name: None, problem };
        match (self.is_key(), self.last_key()) {
            (false, Some(key)) => error.named(key),
            _ => error,
        }
    }
}

fn without_line_end(mut value: Cow<'_, str>) -> Cow<'_, str> {
    if value.ends_with('\n') {
        value.to_mut().pop();
    }
    value
}

/// `None`: a string, not changed by its tag.
fn type_of(value: &str, style: Style, tag: Option<&Tag>) -> Result<Option<Scalar>, Problem> {
    let typed = match tag {
        None if style == Style::Plain => plain::plain(value)?,
        None => None,
        Some(tag) => match tag.suffix_in_namespace("tag:yaml.org,2002:") {
            Some(name) => plain::tagged(&name, value)?,
            None => None,
        },
    };
    Ok(typed.map(|value| match value {
        Value::Str(bytes) => {
            Scalar::Str(Text::Decoded(Secret::new(bytes.expose().clone().into_boxed_slice())))
        }
        other => Scalar::Other(other),
    }))
}

fn keep(value: &str, style: Style, span: Span, text: &[u8]) -> Text {
    let quotes = match style {
        Style::Plain => Quotes::None,
        Style::Single | Style::Double => Quotes::Both,
        Style::Literal | Style::Folded => return Text::decoded(value.as_bytes().to_vec()),
    };
    let verbatim = Text::Verbatim(quotes);
    if verbatim.bytes(span, text) == value.as_bytes() {
        verbatim
    } else {
        Text::decoded(value.as_bytes().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sops_does_not_read_is_refused_by_line_and_key() {
        for (text, line, name, problem) in [
            ("", 1, None, Problem::NotAMap),
            ("# only\n", 1, None, Problem::NotAMap),
            ("- a\n", 1, None, Problem::NotAMap),
            ("a: 1\n---\nb\n", 3, None, Problem::NotAMap),
            ("a: 1\nb: {c: 2, c: 3}\n", 2, Some("c"), Problem::DuplicateKey),
            ("a: 1\n'a': 2\n", 2, Some("a"), Problem::DuplicateKey),
            ("\ta: 1\n", 1, None, Problem::Syntax),
            ("a:\n-\tb: 1\n", 2, None, Problem::Syntax),
            ("a:\n- \t - 1\n", 2, None, Problem::Syntax),
            ("a: 1\n2: x\n", 2, None, Problem::NotAString),
            ("? [a]\n: x\n", 1, None, Problem::NotAString),
            ("a: &x b\n*x : c\n", 2, None, Problem::NotAString),
            ("a: 1\nb: 18446744073709551615\n", 2, Some("b"), Problem::NumberTooLarge),
            ("a: *x\n", 1, None, Problem::BadAlias),
            ("a: 1\n<<<<<<< HEAD\n", 2, None, Problem::ConflictMarker),
            ("a: 1\n=======\r\nb: 1\n", 2, None, Problem::ConflictMarker),
            ("%YAML 1.2\n---\na: 1\n", 2, None, Problem::Unsupported),
            ("a: 1\nb: \u{1}\n", 2, None, Problem::BadByte),
            ("a: 1\r\nb: 1\rsops: {mac: x}\r\n", 2, None, Problem::BadByte),
            ("a: \"x\n", 2, None, Problem::UnclosedQuote),
            ("a: !!int x\n", 1, Some("a"), Problem::Syntax),
            ("a: [1\nb: 2\n", 2, None, Problem::Syntax),
        ] {
            let error = outline(text.as_bytes()).map(|_| ()).unwrap_err();
            let name = name.map(str::to_owned);
            assert_eq!(error, ParseError { line, name, problem }, "{text}");
        }
        assert_eq!(outline(b"a: 1\nb: \xFF\n").unwrap_err().problem, Problem::NotUtf8);
    }

    #[test]
    fn later_documents_may_repeat_a_key() {
        assert!(outline(b"a: 1\n---\nb: 1\nb: 2\n").is_ok());
    }

    #[test]
    fn nesting_is_limited() {
        let nested = |depth: usize| format!("a: {}1{}\n", "[".repeat(depth), "]".repeat(depth));
        assert!(outline(nested(127).as_bytes()).is_ok());
        for depth in [128, 10_000] {
            assert_eq!(outline(nested(depth).as_bytes()).unwrap_err().problem, Problem::TooDeep);
        }
        let block: Vec<String> = (0..1000).map(|depth| format!("{:depth$}a:\n", "")).collect();
        assert_eq!(outline(block.concat().as_bytes()).unwrap_err().problem, Problem::TooDeep);
    }
}
