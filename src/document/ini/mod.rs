//! INI as sops reads it, by way of go-ini (spec 5.4): sections of `key = value` or `key: value`, all values strings.
//! `grammar` reads a line, `outline` a text, `spelling` writes a value, `edit` changes a text, `comments` says how
//! comments are stored.
//!
//! sops keeps one comment a key, and one a section: the lines above it and the one behind it, joined. Here the lines above
//! it are one ciphertext, which sops reads whole, blank lines included; one behind its value is
//! its own; where a key has both, sops loses the second when it writes the file. Comments behind the last key, and behind backquotes or `"""`, sops
//! does not see at all.
//!
//! **Byte-exact round trip** holds but for one thing: an encrypted value whose lines were continued by a backslash comes
//! back in one line.
//!
//! Stricter than sops, which loses or damages what is refused here: a key that stands twice in its section, the key `-`
//! and keys that begin like a comment, text behind a closing quote, a comment behind a header, a comment sign in quotes, and a backslash at a line
//! end that swallows the next key or nothing.

mod blanks;
mod comments;
mod edit;
mod emit;
mod grammar;
mod outline;
mod spelling;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::dotenv::spelling::raw_text;
use super::tree::{Tree, only};
use super::{Content, Document, EditError, Format, Splice};
use crate::base::{Node, Outline, ParseError, Path, Value};

/// The format of `.ini` files.
#[derive(Clone, Copy, Debug)]
pub struct Ini;

impl Format for Ini {
    fn name(&self) -> &'static str {
        "ini"
    }

    fn outline(&self, text: &[u8]) -> Result<Outline, ParseError> {
        outline::outline(text)
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

    fn emit(&self, trees: &[Tree], _indent: Option<usize>) -> Result<Vec<u8>, EditError> {
        emit::emit(only(trees)?)
    }

    fn stored_comment<'a>(&self, comment: &'a [u8]) -> Cow<'a, [u8]> {
        comments::stored(comment)
    }

    fn printed<'a>(&self, value: &'a Value) -> Option<Cow<'a, [u8]>> {
        Some(raw_text(value))
    }
}
