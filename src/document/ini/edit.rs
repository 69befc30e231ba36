//! Changes to an INI text as splices: whole lines, in the manner of the lines before them.

use super::blanks;
use super::grammar::line_end;
use super::outline::{DEFAULT, METADATA};
use super::spelling::{self, line, rest_of_line};
use crate::base::flatten::flatten;
use crate::base::{Kind, Node, Path, Scalar, Span, Step, Value};
use crate::document::dotenv::spelling::{escape, raw_text};
use crate::document::layout::BOM;
use crate::document::{Content, Document, EditError, Splice, entries, nth_document};

pub(super) fn replace(document: &Document, event: usize, content: Content<'_>) -> Result<Splice, EditError> {
    let refused = || EditError::Value(document.path_of(event));
    let target = document.outline().events.get(event).ok_or_else(refused)?;
    let spelled = match (&target.kind, content) {
        (Kind::Comment { inline }, content) => spelling::comment_text(content, *inline),
        (Kind::Scalar(style, Scalar::Str(_)), Content::Cipher { text, .. }) => {
            Some(spelling::enclosed(text, (*style, target.span.of(document.text()))))
        }
        // sops would write `<nil>`, and could not read it.
        (_, Content::Value(Value::Null)) => None,
        (Kind::Scalar(style, Scalar::Str(_)), Content::Value(value)) => {
            let value = raw_text(value);
            let rest = rest_of_line(document, target.span);
            let old = (*style, target.span.of(document.text()));
            Some(value)
                .filter(|value| memchr::memchr(0, value).is_none())
                .and_then(|value| spelling::spelled(&value, old, rest))
        }
        _ => None,
    };
    spelled.map(|spelled| Splice::new(target.span, spelled)).ok_or_else(refused)
}

pub(super) fn insert(document: &Document, path: &Path, node: &Node) -> Result<Splice, EditError> {
    let refused = || EditError::Value(path.clone());
    if path.document > 0 {
        return Err(EditError::Missing(path.clone()));
    }
    match (path.steps.as_slice(), node) {
        (_, Node::Value(Value::Null)) => Err(refused()),
        ([Step::Key(section), Step::Key(key)], Node::Value(value)) => {
            let value = raw_text(value);
            if value.contains(&0) {
                return Err(refused());
            }
            match document.find(&Path::key(section)) {
                Some(map) => append(document, map, (path, key), &value),
                None => new_section(document, path, section, &[(key, &value)]),
            }
        }
        ([Step::Key(section)], Node::Map(entries)) => {
            let mut lines = Vec::new();
            for (key, node) in entries {
                let value = scalar(node).filter(|value| !matches!(value, Value::Null)).ok_or_else(refused)?;
                lines.push((key.as_slice(), raw_text(value)));
            }
            let entries: Vec<_> = lines.iter().map(|(key, value)| (*key, &**value)).collect();
            new_section(document, path, section, &entries)
        }
        _ => Err(refused()),
    }
}

const fn scalar(node: &Node) -> Option<&Value> {
    match node {
        Node::Value(value) => Some(value),
        Node::List(_) | Node::Map(_) => None,
    }
}

/// A new last line of the section whose map is at `map`, in the manner of the one before.
fn append(
    document: &Document,
    map: usize,
    (path, key): (&Path, &[u8]),
    value: &[u8],
) -> Result<Splice, EditError> {
    let (outline, text, eol) = (document.outline(), document.text(), eol(document));
    let last = entries(outline, map)
        .into_iter()
        .rev()
        .find_map(|(key, value)| Some((outline.events.get(key)?.span, outline.events.get(value)?.span)));
    let delimiter =
        last.map_or_else(|| delimiter_of(document), |(key, value)| delimiter(document, key, value, path));
    let new = line(key, &delimiter, value).ok_or_else(|| refusal(path, key))?;
    if let Some((key, value)) = last {
        let indent = line_start(text, key).of(text);
        let (end, next) = line_end(text, value.range().end);
        let end = if end == next { next } else { end + 1 };
        let missing: &[u8] =
            if end == next && !text.ends_with(b"\n") && next == text.len() { eol } else { b"" };
        return Ok(Splice::new(Span::new(end, end), [missing, indent, &new, eol].concat()));
    }
    // An empty section: behind its header, or at the very start.
    let header =
        map.checked_sub(1).and_then(|key| outline.events.get(key)).map_or_else(Span::default, |key| key.span);
    if header.is_empty() {
        let start = header.range().start;
        let is_alone = blanks::trimmed(body(document).get(start..).unwrap_or_default()).is_empty();
        let gap: &[u8] = if is_alone { b"" } else { eol };
        return Ok(Splice::new(header, [&new, eol, gap].concat()));
    }
    let (end, next) = line_end(text, header.range().end);
    let missing: &[u8] = if end == next { eol } else { b"" };
    Ok(Splice::new(Span::new(next, next), [missing, &new, eol].concat()))
}

/// A section with `entries` behind all others.
fn new_section(
    document: &Document,
    path: &Path,
    section: &[u8],
    new: &[(&[u8], &[u8])],
) -> Result<Splice, EditError> {
    let is_name = !section.is_empty()
        && section != METADATA
        && section != DEFAULT
        && std::str::from_utf8(section).is_ok()
        && !section.iter().any(|byte| b"]\n\r\0".contains(byte));
    if !is_name {
        return Err(EditError::Name(path.clone()));
    }
    let eol = eol(document);
    let body = body(document);
    let mut text = match body {
        b"" | BOM => Vec::new(),
        _ if body.ends_with(b"\n") => eol.to_vec(),
        _ => [eol, eol].concat(),
    };
    text.extend_from_slice(&[b"[", section, b"]", eol].concat());
    let delimiter = delimiter_of(document);
    for (key, value) in new {
        text.extend_from_slice(&line(key, &delimiter, value).ok_or_else(|| refusal(path, key))?);
        text.extend_from_slice(eol);
    }
    Ok(Splice::new(Span::new(body.len(), body.len()), text))
}

pub(super) fn remove(document: &Document, path: &Path) -> Result<Vec<Splice>, EditError> {
    let missing = || EditError::Missing(path.clone());
    let (outline, text) = (document.outline(), document.text());
    let span = |event: usize| outline.events.get(event).map_or_else(Span::default, |event| event.span);
    let is_called = |event: usize, name: &[u8]| match outline.events.get(event).map(|event| &event.kind) {
        Some(Kind::Key(text_of)) => text_of.bytes(span(event), text) == name,
        _ => false,
    };
    let ([Step::Key(section), below @ ..], 0) = (path.steps.as_slice(), path.document) else {
        return Err(missing());
    };
    let top = nth_document(outline, 0).ok_or_else(missing)?;
    let mut splices = Vec::new();
    for (name, map) in entries(outline, top).into_iter().filter(|(name, _)| is_called(*name, section)) {
        let lines = entries(outline, map)
            .into_iter()
            .map(|(key, value)| (key, entry_lines(text, span(key), span(value))));
        match below {
            [Step::Key(wanted)] => {
                let gone = lines.filter(|(key, _)| is_called(*key, wanted));
                splices.extend(gone.map(|(_, lines)| Splice::new(lines, "")));
            }
            [] => {
                let header = (!span(name).is_empty()).then(|| entry_lines(text, span(name), span(name)));
                let mut all = header.into_iter().chain(lines.map(|(_, lines)| lines));
                if let Some(first) = all.next() {
                    let end = all.last().unwrap_or(first).range().end;
                    splices.push(Splice::new(Span::new(first.range().start, blank_lines(text, end)), ""));
                }
            }
            _ => return Err(missing()),
        }
    }
    if splices.is_empty() { Err(missing()) } else { Ok(splices) }
}

pub(super) fn put_metadata(document: &Document, metadata: Option<&Node>) -> Result<Vec<Splice>, EditError> {
    let mut splices: Vec<Splice> =
        document.outline().metadata_spans.iter().map(|span| Splice::new(*span, "")).collect();
    if let Some(metadata) = metadata {
        let eol = eol(document);
        // The line end before the header goes with the section again, also where the text lacked one.
        let mut section = [eol, b"[", METADATA, b"]", eol].concat();
        for (name, value) in flatten("", metadata) {
            let refused = || EditError::Value(Path::key(name.as_bytes()));
            let line = line(name.as_bytes(), b" = ", &escape(&value)).ok_or_else(refused)?;
            section.extend_from_slice(&line);
            section.extend_from_slice(eol);
        }
        let end = document.text().len();
        splices.push(Splice::new(Span::new(end, end), section));
    }
    Ok(splices)
}

fn refusal(path: &Path, key: &[u8]) -> EditError {
    match line(key, b"=", b"") {
        Some(_) => EditError::Value(path.clone()),
        None => EditError::Name(path.clone()),
    }
}

/// The text up to the metadata, where that is last.
fn body(document: &Document) -> &[u8] {
    let text = document.text();
    let last = document.outline().metadata_spans.last().filter(|span| span.range().end == text.len());
    text.get(..last.map_or(text.len(), |span| span.range().start)).unwrap_or_default()
}

/// What stands between the start of its line and `span`: the indentation of a key.
fn line_start(text: &[u8], span: Span) -> Span {
    let start = span.range().start;
    let feed = memchr::memrchr(b'\n', text.get(..start).unwrap_or_default());
    let start_of_line = feed.map_or(if text.starts_with(BOM) { BOM.len() } else { 0 }, |feed| feed + 1);
    Span::new(start_of_line, start)
}

/// The whole lines from `first` to `last`.
fn entry_lines(text: &[u8], first: Span, last: Span) -> Span {
    Span::new(line_start(text, first).range().start, line_end(text, last.range().end).1)
}

/// Past the blank lines at `at`.
fn blank_lines(text: &[u8], at: usize) -> usize {
    let blanks = blanks::leading(text.get(at..).unwrap_or_default());
    let end = at + blanks;
    if end == text.len() {
        return end;
    }
    memchr::memrchr(b'\n', text.get(at..end).unwrap_or_default()).map_or(at, |feed| at + feed + 1)
}

/// What stands between the key and the value of an entry, as wide as that is where the signs are aligned.
fn delimiter(document: &Document, key: Span, value: Span, path: &Path) -> Vec<u8> {
    let between = Span { start: key.end, end: value.start }.of(document.text());
    let blanks = blanks::leading(between);
    let new = match path.steps.last() {
        Some(Step::Key(name)) => name.len(),
        _ => 0,
    };
    let width = (key.range().len() + blanks).saturating_sub(new);
    let aligned = if blanks > 1 {
        vec![b' '; width.max(1)]
    } else {
        between.get(..blanks).unwrap_or_default().to_vec()
    };
    [&aligned, between.get(blanks..).unwrap_or_default()].concat()
}

/// As the first entry of the document has it.
fn delimiter_of(document: &Document) -> Vec<u8> {
    let outline = document.outline();
    let key = outline.events.windows(2).find_map(|pair| match pair {
        [key, value] if matches!(value.kind, Kind::Scalar(..)) => Some((key.span, value.span)),
        _ => None,
    });
    let between = key.map(|(key, value)| Span { start: key.end, end: value.start }.of(document.text()));
    match between {
        Some(tight) if blanks::leading(tight) == 0 => tight.to_vec(),
        _ => b" = ".to_vec(),
    }
}

fn eol(document: &Document) -> &'static [u8] {
    match memchr::memchr(b'\n', document.text()) {
        Some(feed) if feed > 0 && document.text().get(feed - 1) == Some(&b'\r') => b"\r\n",
        _ => b"\n",
    }
}
