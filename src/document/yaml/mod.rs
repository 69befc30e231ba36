//! YAML as sops reads it (spec 5.2): from text to events (`reading.rs`, `comments.rs`), and from a change to a splice
//! (`replace.rs`, `insert.rs`, `remove.rs`, `metadata.rs`). The grammar is `granit-parser`'s, the typing is ours.
//!
//! # What does not come back byte for byte
//!
//! Decrypting what was encrypted gives the same text, save where an *encrypted* leaf was spelled in one of these ways;
//! its value and type stay:
//!
//! * numbers in another base, with `_`, a sign `+` or spare zeros (`0x10`, `1.50`), floats without a point (`1e3`);
//! * `TRUE`, `True`, `FALSE`, `False`, and `.Inf`, `+.inf`, `.NaN` in other cases;
//! * dates and times that are not in the shortest form of RFC 3339;
//! * plain strings in flow collections, which come back in double quotes: ciphertext cannot stand there without;
//! * plain and quoted scalars in several lines, and folded blocks (`>`) whose lines were really folded;
//! * double quotes with escapes other than `\n \r \t \0 \" \\`, or with `\n` escaped where none was needed;
//! * blank lines of a block scalar that held blanks, and block scalars that need another header;
//! * core tags (`!!str`, `!!int`, `!!binary`, …), which say nothing about a ciphertext and are dropped. `!own` stays.
//!
//! A block scalar that ends the text without a line end gets the header `|-`: the metadata below it needs a line end.
//! An empty list comment in sops's item form leaves a blank line, as sops would take a bare `#` for an item.

mod block;
mod comments;
mod condense;
mod cut;
mod document;
mod emit;
mod gaps;
mod insert;
#[cfg(test)]
mod laws;
mod lexeme;
pub mod line_ends;
mod metadata;
mod place;
mod plain;
mod reading;
mod remove;
mod replace;
mod spelling;
mod stack;

use super::tree::Tree;
use super::{Content, Document, EditError, Format, Splice, join};
use crate::base::{Kind, Node, Outline, ParseError, Path};
pub(super) use spelling::{double, key};

/// The format of `.yaml` and `.yml` files.
#[derive(Clone, Copy, Debug)]
pub struct Yaml;

impl Format for Yaml {
    fn name(&self) -> &'static str {
        "yaml"
    }

    fn outline(&self, text: &[u8]) -> Result<Outline, ParseError> {
        let outline = reading::outline(text)?;
        line_ends::refuse(text, &outline)?;
        Ok(outline)
    }

    /// A comment on the header line of a block scalar lies within the scalar's span. Both can be replaced at once as
    /// long as the header can stay; otherwise the value is refused.
    fn replace(&self, document: &Document, event: usize, content: Content<'_>) -> Result<Splice, EditError> {
        replace::replace(document, event, content)
    }

    fn insert(&self, document: &Document, path: &Path, node: &Node) -> Result<Splice, EditError> {
        let new = insert::insert(document, path, node)?;
        let events = &document.outline().events;
        let last = events.iter().rposition(|event| matches!(event.kind, Kind::Scalar(..)));
        let header = last.and_then(|event| replace::without_line_end(document, event));
        let between = header.as_ref().and_then(|header| {
            document.text().get(header.span.range().end..new.span.range().start).map(<[u8]>::to_vec)
        });
        Ok(match (header, between) {
            (Some(header), Some(between)) => {
                let span = join(header.span, new.span);
                Splice::new(span, [header.with.expose(), &*between, new.with.expose()].concat())
            }
            _ => new,
        })
    }

    fn remove(&self, document: &Document, path: &Path) -> Result<Vec<Splice>, EditError> {
        remove::remove(document, path)
    }

    fn stay_clear(&self, document: &Document, event: usize) -> Result<Option<Splice>, EditError> {
        Ok(replace::without_line_end(document, event))
    }

    fn emit(&self, trees: &[Tree], indent: Option<usize>) -> Result<Vec<u8>, EditError> {
        document::emit(trees, indent)
    }

    fn write_out(&self, document: &Document, aliases: &[usize]) -> Result<Vec<Splice>, EditError> {
        document::write_out(document, aliases)
    }

    fn put_metadata(&self, document: &Document, metadata: Option<&Node>) -> Result<Vec<Splice>, EditError> {
        metadata::put(document, metadata)
    }
}
