//! dotenv: lines of `NAME=raw text`. A leaf's value is the raw text right of `=`, quotes and all; it is interpreted
//! only when it leaves for a process.
//!
//! `grammar` finds the lines, `normal` sets their form aside, `reading` says what a raw value means, `spelling` writes
//! one. The encrypted form is that of sops (spec 5.1): one line each, `\n` for a line feed.
//!
//! A line `export NAME` without `=` is an error: the encrypted file has no place for it. A line that begins with
//! `sops_mac=` or `sops_version=` makes a file an encrypted one, even inside quotes: sops would see metadata there.

mod emit;
mod grammar;
mod normal;
pub mod reading;
pub mod spelling;

use std::borrow::Cow;

use memchr::{memchr, memmem};

use super::layout::BOM;
use super::tree::{Tree, only};
use super::{Content, Document, EditError, Format, Layout, Prepared, Splice, entries, nth_document};
use crate::base::flatten::flatten;
use crate::base::{Kind, Node, Outline, ParseError, Path, Span, Step, Value};
use reading::{name, quoted};
use spelling::{escape, printed, raw_text, unescape};

/// The format of `.env` files.
#[derive(Clone, Copy, Debug)]
pub struct Dotenv;

impl Format for Dotenv {
    fn name(&self) -> &'static str {
        "dotenv"
    }

    fn outline(&self, text: &[u8]) -> Result<Outline, ParseError> {
        grammar::outline(text)
    }

    /// A plain value is raw text as plaintext shows it, byte for byte, also where `document` is still encrypted: this
    /// is how it is decrypted. See `spelling::portable` for how to make raw text, `stay_clear` for the other way.
    fn replace(&self, document: &Document, event: usize, content: Content<'_>) -> Result<Splice, EditError> {
        let path = || key_of(document, event);
        let target = document.outline().events.get(event).ok_or_else(|| EditError::Missing(path()))?;
        let text = match (content, &target.kind) {
            (Content::Cipher { text, .. }, Kind::Scalar(..) | Kind::Comment { .. }) => {
                text.as_bytes().to_vec()
            }
            (Content::Comment(text), Kind::Comment { .. }) if memchr(0, text).is_none() => {
                escape(text).into_owned()
            }
            (Content::Value(value), Kind::Scalar(..)) => {
                storable(&raw_text(value)).ok_or_else(|| EditError::Value(path()))?
            }
            _ => return Err(EditError::Value(path())),
        };
        Ok(Splice::new(target.span, text))
    }

    /// A new last line, before the metadata. The value is raw text; an encrypted document takes it in one line.
    fn insert(&self, document: &Document, path: &Path, node: &Node) -> Result<Splice, EditError> {
        let ([Step::Key(key)], 0, Node::Value(value)) = (path.steps.as_slice(), path.document, node) else {
            return Err(EditError::Value(path.clone()));
        };
        if !is_storable_key(key) {
            return Err(EditError::Name(path.clone()));
        }
        if document.find(path).is_some() {
            return Err(EditError::InTheWay(path.clone()));
        }
        let mut value = storable(&raw_text(value)).ok_or_else(|| EditError::Value(path.clone()))?;
        if document.outline().metadata.is_some() {
            value = escape(&value).into_owned();
        }
        let at = end_of_lines(document);
        let line = [missing_line_end(document, at), key, b"=", &value, line_end(document)].concat();
        Ok(Splice::new(Span::new(at, at), line))
    }

    fn remove(&self, document: &Document, path: &Path) -> Result<Vec<Splice>, EditError> {
        let ([Step::Key(wanted)], 0) = (path.steps.as_slice(), path.document) else {
            return Err(EditError::Missing(path.clone()));
        };
        let (outline, text) = (document.outline(), document.text());
        let map = nth_document(outline, 0).unwrap_or(outline.events.len());
        let splices: Vec<Splice> = entries(outline, map)
            .into_iter()
            .filter_map(|(key, value)| Some((outline.events.get(key)?.span, outline.events.get(value)?.span)))
            .filter(|(key, _)| self.key_name(key.of(text)) == self.key_name(wanted))
            .map(|(key, value)| {
                let end = value.range().end;
                let rest = text.get(end..).unwrap_or_default();
                let next = memchr(b'\n', rest).map_or(text.len(), |feed| end + feed + 1);
                Splice::new(Span::new(key.range().start, next), "")
            })
            .collect();
        if splices.is_empty() { Err(EditError::Missing(path.clone())) } else { Ok(splices) }
    }

    fn put_metadata(&self, document: &Document, metadata: Option<&Node>) -> Result<Vec<Splice>, EditError> {
        let spans = &document.outline().metadata_spans;
        let mut splices: Vec<Splice> = spans.iter().map(|span| Splice::new(*span, "")).collect();
        if let Some(metadata) = metadata {
            let end = document.text().len();
            let mut lines = missing_line_end(document, end_of_lines(document)).to_vec();
            for (name, value) in flatten(grammar::PREFIX, metadata) {
                if !is_metadata_name(&name) || memchr(0, &value).is_some() {
                    return Err(EditError::Name(Path::key(name.as_bytes())));
                }
                lines.extend_from_slice(name.as_bytes());
                lines.push(b'=');
                lines.extend_from_slice(&escape(&value));
                lines.extend_from_slice(line_end(document));
            }
            splices.push(Splice::new(Span::new(end, end), lines));
        }
        Ok(splices)
    }

    fn emit(&self, trees: &[Tree], _indent: Option<usize>) -> Result<Vec<u8>, EditError> {
        emit::emit(only(trees)?)
    }

    fn key_name<'a>(&self, key: &'a [u8]) -> &'a [u8] {
        name(key).unwrap_or(key)
    }

    fn prepare(&self, text: Vec<u8>) -> Prepared {
        normal::prepare(text)
    }

    fn restore(&self, text: Vec<u8>, layout: Layout) -> Vec<u8> {
        normal::restore(text, layout)
    }

    fn stored_string<'a>(&self, string: &'a [u8]) -> Cow<'a, [u8]> {
        unescape(string)
    }

    fn printed<'a>(&self, value: &'a Value) -> Option<Cow<'a, [u8]>> {
        let raw = raw_text(value);
        Some(Cow::Owned(printed(&raw).into_owned()))
    }

    /// Several lines become one with `\n`. In double quotes that reads the same; in single quotes it would not.
    fn stay_clear(&self, document: &Document, event: usize) -> Result<Option<Splice>, EditError> {
        let Some(scalar) = document.outline().events.get(event) else { return Ok(None) };
        let raw = scalar.span.of(document.text());
        if memchr(b'\n', raw).is_none() {
            return Ok(None);
        }
        let double = quoted(raw).is_some_and(|(quote, _)| quote == b'"');
        if !double || memmem::find(raw, b"\\\n").is_some() {
            return Err(EditError::Value(key_of(document, event)));
        }
        Ok(Some(Splice::new(scalar.span, escape(raw).into_owned())))
    }
}

/// The path of the scalar at `event`.
fn key_of(document: &Document, event: usize) -> Path {
    let key = event.checked_sub(1).and_then(|key| document.outline().events.get(key));
    match key.filter(|key| matches!(key.kind, Kind::Key(_))) {
        Some(key) => Path::key(key.span.of(document.text())),
        None => Path::default(),
    }
}

fn storable(raw: &[u8]) -> Option<Vec<u8>> {
    memchr(0, raw).is_none().then(|| printed(raw).into_owned())
}

/// Whether a line can begin with `key` and `=`, and reads as an assignment to a variable then.
fn is_storable_key(key: &[u8]) -> bool {
    std::str::from_utf8(key).is_ok()
        && !key.iter().any(|byte| b"=\n\r\0".contains(byte))
        && key.trim_ascii_start().first() != Some(&b'#')
        && name(key).is_some_and(|name| !name.starts_with(grammar::PREFIX.as_bytes()))
}

fn is_metadata_name(name: &str) -> bool {
    !name.contains(['=', '\n', '\r', '\0'])
}

/// Where the last line that is no metadata ends.
fn end_of_lines(document: &Document) -> usize {
    let mut end = document.text().len();
    for span in document.outline().metadata_spans.iter().rev() {
        if span.range().end == end {
            end = span.range().start;
        }
    }
    end
}

/// What the line that ends at `at` lacks.
fn missing_line_end(document: &Document, at: usize) -> &'static [u8] {
    match document.text().get(..at) {
        None | Some(b"" | BOM | [.., b'\n']) => b"",
        Some(_) => line_end(document),
    }
}

/// The line end that the document uses, so that a damaged file stays consistent.
fn line_end(document: &Document) -> &'static [u8] {
    let metadata = document.outline().metadata_spans.first().map(|span| span.of(document.text()));
    let sample = metadata.unwrap_or(document.text());
    match memchr(b'\n', sample) {
        Some(feed) if feed > 0 && sample.get(feed - 1) == Some(&b'\r') => b"\r\n",
        _ => b"\n",
    }
}

#[cfg(test)]
mod tests;
