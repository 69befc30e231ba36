//! JSON as sops reads it (spec 5.3): one object, duplicate keys kept, no comments. Reading is in `parser`, changing
//! a text by splices in `edit`, spelling of new values in `spell`.
//!
//! Stricter than sops in two things: it silently drops what follows the closing brace, and repairs invalid UTF-8.

mod edit;
mod emit;
mod parser;
mod spell;
#[cfg(test)]
mod tests;

use super::layout::BOM;
use super::tree::{Tree, only};
use super::{Content, Document, EditError, Format, Layout, Prepared, Splice};
use crate::base::{Node, Outline, ParseError, Path, Secret};

/// The format of `.json` files.
#[derive(Clone, Copy, Debug)]
pub struct Json;

impl Format for Json {
    fn name(&self) -> &'static str {
        "json"
    }

    fn outline(&self, text: &[u8]) -> Result<Outline, ParseError> {
        parser::outline(text)
    }

    fn replace(&self, document: &Document, event: usize, content: Content<'_>) -> Result<Splice, EditError> {
        edit::replace(document, event, content)
    }

    fn insert(&self, document: &Document, path: &Path, node: &Node) -> Result<Splice, EditError> {
        edit::insert(document, path, node)
    }

    fn remove(&self, document: &Document, path: &Path) -> Result<Vec<Splice>, EditError> {
        edit::remove(document, path)
    }

    fn put_metadata(&self, document: &Document, metadata: Option<&Node>) -> Result<Vec<Splice>, EditError> {
        edit::put_metadata(document, metadata)
    }

    fn emit(&self, trees: &[Tree], indent: Option<usize>) -> Result<Vec<u8>, EditError> {
        emit::emit(only(trees)?, indent)
    }

    /// sops refuses a byte order mark in JSON, so it is set aside.
    fn prepare(&self, mut text: Vec<u8>) -> Prepared {
        let layout = Layout { bom: text.starts_with(BOM), crlf: false };
        if layout.bom {
            text.drain(..BOM.len());
        }
        Prepared { text: Secret::new(text), layout, notes: Vec::new() }
    }

    fn restore(&self, text: Vec<u8>, layout: Layout) -> Vec<u8> {
        if layout.bom { [BOM, &text].concat() } else { text }
    }
}
