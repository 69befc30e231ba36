//! Another content for one scalar or comment. Quotes and block headers stay wherever they can hold it.

use super::block::{self, Chomp, Header};
use super::lexeme;
use super::place::{FURTHEST, Place, below, path_of};
use super::spelling::{self, Block, Manner};
use crate::base::{Event, Kind, Scalar, Span, Style, Value};
use crate::document::{Content, Document, EditError, Splice};

/// See [`crate::document::Format::replace`].
pub fn replace(document: &Document, event: usize, content: Content<'_>) -> Result<Splice, EditError> {
    let outline = document.outline();
    let path = || path_of(outline, document.text(), event);
    let Some(found) = outline.events.get(event) else { return Err(EditError::Missing(path())) };
    // Looked at for scalars alone: what follows a comment may be thousands of others.
    let change = || Change { document, found, place: Place::of(document, event) };
    let splice = match (&found.kind, content) {
        (Kind::Alias, _) => return Err(EditError::Alias(path())),
        (Kind::Comment { .. }, Content::Cipher { text, .. }) => Some(Splice::new(found.span, text)),
        (Kind::Comment { .. }, Content::Comment(text)) => {
            is_comment(text).then(|| Splice::new(found.span, text))
        }
        (Kind::Scalar(..), Content::Comment(text)) => change().item_to_comment(text),
        (Kind::Scalar(style, _), Content::Cipher { text, style: old }) => change().cipher(text, *style, old),
        (Kind::Scalar(style, scalar), Content::Value(value)) => change().value(value, *style, scalar),
        _ => return Err(EditError::InTheWay(path())),
    };
    splice.ok_or_else(|| EditError::Value(path()))
}

/// A clear block scalar that ends the text without a line end would gain one from what is put below it: its header must
/// say that it has none.
pub fn without_line_end(document: &Document, event: usize) -> Option<Splice> {
    let text = document.text();
    let found = document.outline().events.get(event)?;
    let is_block = matches!(found.kind, Kind::Scalar(Style::Literal | Style::Folded, _));
    if !is_block || found.span.range().end < text.len() {
        return None;
    }
    let Header { start, chomp, .. } = Header::read(text, found.span.range().start);
    let sign =
        text.get(start..)?.iter().position(|byte| *byte == b'+').map_or(start, |offset| start + offset);
    match chomp {
        Chomp::Clip => Some(Splice::new(Span::new(start + 1, start + 1), "-")),
        Chomp::Keep => Some(Splice::new(Span::new(sign, sign + 1), "-")),
        Chomp::Strip => None,
    }
}

/// `spelled`, which is read as one node in any place, for the scalar at `event`.
pub fn respell(document: &Document, event: usize, spelled: &str) -> Option<Splice> {
    let found = document.outline().events.get(event)?;
    Change { document, found, place: Place::of(document, event) }.whole(spelled)
}

struct Change<'a> {
    document: &'a Document,
    found: &'a Event,
    place: Place,
}

impl Change<'_> {
    fn text(&self) -> &[u8] {
        self.document.text()
    }

    fn cipher(&self, cipher: &str, present: Style, old: Option<Style>) -> Option<Splice> {
        let span = self.found.span;
        let is_block = matches!(present, Style::Literal | Style::Folded);
        let header = is_block.then(|| Header::read(self.text(), span.start as usize));
        let keep = header.is_some_and(|header| header.comment.is_some());
        let style = old.filter(|_| !keep).unwrap_or(present);
        match (style, header) {
            (Style::Literal | Style::Folded, Some(header)) => {
                let indent = self.content_indent(&header)?;
                self.content(&header, &(lexeme::blanks(indent) + cipher))
            }
            (Style::Literal | Style::Folded, None) if self.manner(None).block.is_some() => {
                let indent = self.manner(None).block?.indent;
                let sign = if style == Style::Literal { '|' } else { '>' };
                self.whole(&format!(
                    "{sign}-{}{}{cipher}",
                    lexeme::newline(self.text()),
                    lexeme::blanks(indent)
                ))
            }
            (Style::Single, _) => self.whole(&format!("'{cipher}'")),
            (Style::Plain, _) if !self.place.flow => self.whole(cipher),
            _ => self.whole(&format!("\"{cipher}\"")),
        }
    }

    fn value(&self, value: &Value, style: Style, scalar: &Scalar) -> Option<Splice> {
        let same = scalar.value(self.found.span, self.text()) == *value;
        if same {
            let start = self.found.span.start;
            return Some(Splice::new(Span { start, end: start }, ""));
        }
        let own_tag = self.place.tag.is_some_and(|tag| !is_core(tag.of(self.text())));
        let bytes = match value {
            Value::Str(bytes) => std::str::from_utf8(bytes.expose()).ok(),
            _ => None,
        };
        if own_tag && bytes.is_none() {
            return None;
        }
        if let (Style::Literal | Style::Folded, Some(text)) = (style, bytes) {
            let header = Header::read(self.text(), self.found.span.start as usize);
            if let Some(splice) = self.within_block(&header, style, text) {
                return Some(splice);
            }
            if header.comment.is_some() {
                // Nothing but another block leaves the comment where it is.
                return None;
            }
        } else if self.header_comment() {
            return None;
        }
        self.whole(&spelling::spell(value, &self.manner(Some(style)))?)
    }

    fn header_comment(&self) -> bool {
        matches!(self.found.kind, Kind::Scalar(Style::Literal | Style::Folded, _))
            && Header::read(self.text(), self.found.span.start as usize).comment.is_some()
    }

    /// New lines under the header that is there, where it can hold them.
    fn within_block(&self, header: &Header, style: Style, text: &str) -> Option<Splice> {
        let wanted = spelling::chomp_of(text);
        // Without a line end behind it, a block says no line end, whatever its header.
        let last = self.ends_text();
        let keeps = header.chomp == Chomp::Keep && wanted == Chomp::Clip;
        let fits = if last { wanted == Chomp::Strip } else { header.chomp == wanted || keeps };
        if !fits || header.indent.is_none() && spelling::needs_indicator(text) {
            return None;
        }
        let indent = self.content_indent(header).filter(|indent| *indent <= FURTHEST)?;
        let newline = lexeme::newline(self.text());
        let lines = match style {
            Style::Folded => spelling::folded_lines(text, indent, newline),
            _ => spelling::literal_lines(text, indent, newline),
        };
        self.content(header, &lines?)
    }

    fn content_indent(&self, header: &Header) -> Option<usize> {
        let body =
            self.text().get(lexeme::next_line(self.text(), header.line_end)..self.found.span.end as usize);
        match (header.indent, self.place.indent, body.and_then(block::indentation)) {
            (Some(digit), Some(parent), _) => Some(parent + digit),
            (None, _, Some(indent)) => Some(indent),
            (None, Some(parent), None) => Some(below(parent, 2)),
            _ => None,
        }
    }

    /// `lines` for the lines below the header; the header, and a comment on it, are not touched.
    fn content(&self, header: &Header, lines: &str) -> Option<Splice> {
        let end = self.found.span.end as usize;
        let body = format!("{}{lines}", lexeme::newline(self.text()));
        let Some(tag) = self.place.tag.filter(|tag| is_core(tag.of(self.text()))) else {
            return Some(Splice::new(Span::new(header.line_end, end), body));
        };
        if header.comment.is_some() {
            // A splice across the comment would collide with the comment's own; `!!str` does no harm.
            let harmless = tag.of(self.text()) == b"!!str";
            return harmless.then(|| Splice::new(Span::new(header.line_end, end), body));
        }
        let behind = lexeme::skip_blanks(self.text(), tag.end as usize);
        let mut with = self.text().get(behind..header.line_end)?.to_vec();
        with.extend_from_slice(body.as_bytes());
        Some(Splice::new(Span::new(tag.start as usize, end), with))
    }

    /// `spelled` for the whole scalar; a core tag goes.
    fn whole(&self, spelled: &str) -> Option<Splice> {
        let text = self.text();
        let span = self.found.span;
        let start = span.start as usize;
        let mut with = Vec::new();
        let mut from = start;
        let mut before = start;
        if let Some(tag) = self.place.tag.filter(|tag| is_core(tag.of(text))) {
            from = tag.start as usize;
            let behind = lexeme::skip_blanks(text, tag.end as usize).min(start);
            with.extend_from_slice(text.get(behind..start)?);
            if with.is_empty() {
                before = from;
            }
        }
        if span.is_empty() {
            let colon = self.place.key.is_none_or(|key| key.end as usize != start);
            if !colon && !self.place.flow {
                return None;
            }
            if !colon {
                with.extend_from_slice(b": ");
            } else if !with.ends_with(b" ")
                && text.get(before.wrapping_sub(1)).is_some_and(|byte| *byte != b' ')
            {
                with.push(b' ');
            }
        }
        with.extend_from_slice(spelled.as_bytes());
        Some(Splice::new(Span::new(from, span.end as usize), with))
    }

    /// sops's form of a list comment, back to a comment line; an empty one leaves a blank line.
    fn item_to_comment(&self, comment: &[u8]) -> Option<Splice> {
        let dash = self.place.dash.filter(|_| is_comment(comment))?;
        let end = self.found.span.end as usize;
        let rest = lexeme::skip_blanks(self.text(), end);
        if rest != lexeme::line_end(self.text(), end) {
            return None;
        }
        let with = if comment.is_empty() { Vec::new() } else { [b"#", comment].concat() };
        Some(Splice::new(Span::new(dash, end), with))
    }

    fn ends_text(&self) -> bool {
        self.found.span.end as usize == self.text().len()
    }

    fn manner(&self, style: Option<Style>) -> Manner {
        if self.place.flow {
            // All in one line, perhaps, with thousands of others: nothing there is looked for to the end of the line.
            return Manner { flow: true, block: None, style, newline: "\n" };
        }
        let (text, end) = (self.text(), self.found.span.end as usize);
        // A block needs the rest of the line, and the line end.
        let alone = lexeme::line_end(text, end) == end;
        let next = lexeme::next_line(text, end);
        let keep = lexeme::skip_blanks(text, next) != lexeme::line_end(text, next);
        // A comment or blanks below that stand as far right as a block would become a part of its text.
        let below_it = lexeme::skip_white(text, next);
        let mut gap = text.get(next..below_it).unwrap_or_default().split(|byte| *byte == b'\n').rev();
        // What stands before the next text in its line is its indentation.
        let last = gap.next().filter(|_| below_it == text.len());
        let widths = gap.chain(last).map(|line| line.strip_suffix(b"\r").unwrap_or(line).len());
        let comment =
            text.get(below_it).filter(|byte| **byte == b'#').map(|_| lexeme::column(text, below_it));
        let furthest = widths.chain(comment).max().unwrap_or(0);
        let swallowed = |indent: usize| furthest > indent;
        let fits = |indent: &usize| alone && !self.ends_text() && *indent <= FURTHEST && !swallowed(*indent);
        let indent = self.place.indent.filter(fits);
        let block = indent.map(|parent| Block { parent, indent: below(parent, 2), keep });
        Manner { flow: self.place.flow, block, style, newline: lexeme::newline(self.text()) }
    }
}

/// A tag that says what the value's own spelling says too.
fn is_core(tag: &[u8]) -> bool {
    tag.starts_with(b"!!") || tag.starts_with(b"!<tag:yaml.org,2002:")
}

/// May stand behind a `#`.
fn is_comment(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| !text.contains(|char: char| char.is_control() && char != '\t'))
}

#[cfg(test)]
mod tests {
    use super::super::Yaml;
    use super::*;
    use crate::document::splice;

    /// `text` with the scalar at `path` replaced.
    fn replaced(text: &str, path: &str, content: Content<'_>) -> Result<String, EditError> {
        let document = Document::parse(text.into(), &Yaml).unwrap();
        let event = document.find(&crate::base::Path::parse(path).unwrap()).unwrap();
        let change = replace(&document, event, content)?;
        Ok(String::from_utf8(splice(text.as_bytes(), vec![change])).unwrap())
    }

    #[test]
    fn a_ciphertext_takes_the_place_and_the_style() {
        for (text, old, expected) in [
            ("a: x # c\n", None, "a: ENC[] # c\n"),
            ("a: 'x'\n", None, "a: 'ENC[]'\n"),
            ("a: \"x\"\n", Some(Style::Plain), "a: ENC[]\n"),
            ("a: one\n  two\nb: 1\n", None, "a: ENC[]\nb: 1\n"),
            ("a: |2+ # c\n   x\n\nb: 1\n", None, "a: |2+ # c\n  ENC[]\nb: 1\n"),
            ("a: |\n    x\n", Some(Style::Plain), "a: ENC[]\n"),
            ("a: x\nb: 1\n", Some(Style::Literal), "a: |-\n  ENC[]\nb: 1\n"),
            ("{a: x, b: 1}\n", None, "{a: \"ENC[]\", b: 1}\n"),
            ("a: !!int &x '7'\n", None, "a: &x 'ENC[]'\n"),
            ("a: &x !!binary |\n  aGVs\n  bG8=\n", None, "a: &x |\n  ENC[]\n"),
            ("a: !own x\n", None, "a: !own ENC[]\n"),
        ] {
            let content = Content::Cipher { text: "ENC[]", style: old };
            assert_eq!(replaced(text, "a", content).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn an_item_becomes_a_comment_line() {
        let comment = Content::Comment(b" c");
        assert_eq!(replaced("l:\n  - ENC[]\n  - 1\n", "l[0]", comment).unwrap(), "l:\n  # c\n  - 1\n");
        assert!(replaced("l: [x, 1]\n", "l[0]", comment).is_err());
        assert!(replaced("l:\n- x # d\n", "l[0]", comment).is_err());
        assert!(replaced("l:\n- x\n", "l[0]", Content::Comment(b"a\nb: 1")).is_err());
    }

    #[test]
    fn an_alias_is_not_replaced() {
        let error = replaced("a: &x 1\nb: *x\n", "b", Content::Value(&Value::Int(2))).unwrap_err();
        assert_eq!(error, EditError::Alias(crate::base::Path::key(b"b")));
    }

    #[test]
    fn a_run_of_comments_is_replaced_in_linear_time() {
        let text = format!("a: 1\n{}", "# c\n".repeat(100_000));
        let document = Document::parse(text.into(), &Yaml).unwrap();
        let events = document.outline().events.iter().enumerate();
        let comments = events.filter(|(_, event)| matches!(event.kind, Kind::Comment { .. }));
        let started = std::time::Instant::now();
        for (event, _) in comments {
            replace(&document, event, Content::Comment(b"d")).unwrap();
        }
        assert!(started.elapsed() < std::time::Duration::from_secs(10));
    }

    #[test]
    fn a_block_far_to_the_right_is_replaced() {
        let far = " ".repeat(70_000);
        let content = Content::Cipher { text: "ENC[]", style: None };
        let expected = format!("a: |\n{far}ENC[]\n");
        assert_eq!(replaced(&format!("a: |\n{far}x\n"), "a", content).unwrap(), expected);
        let lines = Value::str("x\ny\n");
        assert_eq!(
            replaced(&format!("a: |\n{far}x\n"), "a", Content::Value(&lines)).unwrap(),
            "a: |\n  x\n  y\n"
        );
    }

    #[test]
    fn a_comment_further_right_stays_out_of_a_new_block() {
        let lines = Value::str("x\ny\n");
        for (text, expected) in [
            ("a: 1\n  # c\nb: 2\n", "a: \"x\\ny\\n\"\n  # c\nb: 2\n"),
            ("a: 1\n# c\nb: 2\n", "a: |\n  x\n  y\n# c\nb: 2\n"),
            ("a: 1\n    \nb: 2\n", "a: \"x\\ny\\n\"\n    \nb: 2\n"),
        ] {
            assert_eq!(replaced(text, "a", Content::Value(&lines)).unwrap(), expected);
        }
    }

    #[test]
    fn floats_stay_floats() {
        let content = |float| replaced("a: 1\n", "a", Content::Value(&Value::Float(float))).unwrap();
        assert_eq!(content(1.0), "a: 1.0\n");
        assert_eq!(content(1e21), "a: 1e21\n");
        assert_eq!(content(f64::NEG_INFINITY), "a: -.inf\n");
    }
}
