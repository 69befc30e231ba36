//! Floor 1, documents: text plus the spans of its leaves. The only way to change one is to splice, so every byte
//! that is not spliced stays as the user wrote it. What is encrypted and why is the business of `envelope`.

pub mod binary;
pub mod consumers;
pub mod dotenv;
pub mod ini;
pub mod json;
pub mod layout;
mod limits;
mod nodes;
pub mod splice;
pub mod tree;
pub mod yaml;

use std::borrow::Cow;
use std::fmt;

pub use binary::Binary;
pub use ini::Ini;
pub use json::Json;
pub use layout::{Change, Layout, Note, Prepared};
pub use nodes::{after_node, entries, items, join, next_node, nth_document};
pub use splice::{Splice, splice};
pub use tree::Tree;

use crate::base::{Event, Kind, Node, Outline, ParseError, Path, Problem, Secret, Step, Style, Value};

/// One file format: how to find the leaves of a text, and how to spell a change to it.
pub trait Format: Sync {
    /// The word for it in `--type`, in the seal and in listings.
    fn name(&self) -> &'static str;

    /// Finds every leaf, comment and key, and the metadata.
    ///
    /// # Errors
    /// The first thing that is wrong with the text, by line and key.
    fn outline(&self, text: &[u8]) -> Result<Outline, ParseError>;

    /// Gives the scalar or comment at `event` another content, keeping as much of its style as can hold it.
    ///
    /// # Errors
    /// When the format has no way to say it there.
    fn replace(&self, document: &Document, event: usize, content: Content<'_>) -> Result<Splice, EditError>;

    /// Puts `node` where `path` points and nothing stands yet; missing maps on the way are made.
    /// A list index at or beyond the end appends.
    ///
    /// # Errors
    /// When something stands in the way, or the format cannot say it.
    fn insert(&self, document: &Document, path: &Path, node: &Node) -> Result<Splice, EditError>;

    /// Takes out the entry or item that `path` points to, with its own line-end comment and nothing else.
    /// Where a name stands several times, all of them.
    ///
    /// # Errors
    /// When nothing stands there.
    fn remove(&self, document: &Document, path: &Path) -> Result<Vec<Splice>, EditError>;

    /// Replaces the metadata block (of every document) by `metadata`, or adds it; `None` removes it.
    ///
    /// # Errors
    /// When the text cannot take it.
    fn put_metadata(&self, document: &Document, metadata: Option<&Node>) -> Result<Vec<Splice>, EditError>;

    /// A whole document of `trees` in the spelling of sops; YAML in our own plain style, equal in meaning. Only YAML
    /// holds more than one tree. `indent` is the blanks a level in YAML and JSON, where sops would not use its own.
    ///
    /// # Errors
    /// What the format cannot hold, by path.
    fn emit(&self, trees: &[Tree], indent: Option<usize>) -> Result<Vec<u8>, EditError>;

    /// Writes out what the aliases at these events stand for, where they stand. Only YAML has aliases.
    ///
    /// # Errors
    /// When an alias leads to nothing, into itself, or to too much.
    fn write_out(&self, document: &Document, aliases: &[usize]) -> Result<Vec<Splice>, EditError> {
        match aliases.first() {
            None => Ok(Vec::new()),
            Some(alias) => Err(EditError::Alias(document.path_of(*alias))),
        }
    }

    /// What a clear string of a plaintext says once it stands in an encrypted file, which is what the MAC covers:
    /// itself, save in dotenv, where sops reads `\n` as a line feed.
    fn stored_string<'a>(&self, string: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Borrowed(string)
    }

    /// What is encrypted of a comment of a plaintext: its text as it stands, save in INI, where it may be several lines.
    fn stored_comment<'a>(&self, comment: &'a [u8]) -> Cow<'a, [u8]> {
        Cow::Borrowed(comment)
    }

    /// How an encrypted value reads in plaintext, as a string, where that is not the value itself: in dotenv
    /// and INI, where every value is text.
    fn printed<'a>(&self, _value: &'a Value) -> Option<Cow<'a, [u8]>> {
        None
    }

    /// Whether a file is one value, so that selectors mean nothing: binary.
    fn is_whole(&self) -> bool {
        false
    }

    /// The name that people use for a key: itself, save in dotenv, where blanks and `export` are no part of it.
    fn key_name<'a>(&self, key: &'a [u8]) -> &'a [u8] {
        key
    }

    /// A plaintext as it is before encryption: its form of lines set aside. Itself, save in dotenv.
    fn prepare(&self, text: Vec<u8>) -> Prepared {
        Prepared { text: Secret::new(text), layout: Layout::default(), notes: Vec::new() }
    }

    /// The reverse, after decryption.
    fn restore(&self, text: Vec<u8>, _layout: Layout) -> Vec<u8> {
        text
    }

    /// How a plaintext's scalar at `event` that stays clear must be rewritten in the encrypted file; `None`, as
    /// it stands. Only dotenv has one: a value of several lines.
    ///
    /// # Errors
    /// When it cannot be stored in the clear.
    fn stay_clear(&self, _document: &Document, _event: usize) -> Result<Option<Splice>, EditError> {
        Ok(None)
    }
}

/// What a scalar or comment shall hold.
#[derive(Clone, Copy, Debug)]
pub enum Content<'a> {
    /// A ciphertext `ENC[…]`. Quotes and block headers round it stay, core tags (`!!int`) go.
    Cipher {
        /// The ciphertext, printable ASCII in one line.
        text: &'a str,
        /// How this ciphertext was written before, where it is an old one: that style is used again if it can be.
        style: Option<Style>,
    },
    /// The text of a comment, in the clear, without `#`. At a scalar list item: the item becomes a comment line.
    Comment(&'a [u8]),
    /// A plain value.
    Value(&'a Value),
}

/// Why a change cannot be written down. Holds no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// Several documents, or none, where the format holds one.
    #[error("only YAML holds several documents in one file")]
    Documents,
    /// Something that is no map or list stands on the way of the path.
    #[error("`{0}` is in the way: it is neither a map nor a list")]
    InTheWay(Path),
    /// Nothing stands at the path.
    #[error("there is no `{0}`")]
    Missing(Path),
    /// The key cannot be written in this format.
    #[error("`{0}` cannot be a name in this format")]
    Name(Path),
    /// The top is a list or a single value.
    #[error("the top level is no map")]
    NotAMap,
    /// Not one string called `data`.
    #[error("a binary file holds one string, `data`, and nothing else")]
    NotBinary,
    /// The value cannot be written in this format or at this place: bytes that are not UTF-8, NUL, a float that
    /// is infinite in JSON, a map in dotenv.
    #[error("the value of `{0}` cannot be written in this format")]
    Value(Path),
    /// The place cannot be changed by splicing, e.g. it is reached through an alias.
    #[error("`{0}` is reached through an alias; change the anchored original")]
    Alias(Path),
}

/// A text and what its format found in it. A plaintext is wiped on drop; no `Debug` shows its content.
#[derive(Clone)]
pub struct Document {
    text: Secret<Vec<u8>>,
    outline: Outline,
    format: &'static dyn Format,
}

impl Document {
    /// Reads `text`.
    ///
    /// # Errors
    /// Whatever the format finds wrong.
    pub fn parse(text: Vec<u8>, format: &'static dyn Format) -> Result<Self, ParseError> {
        let text = Secret::new(text);
        let outline = format.outline(text.expose())?;
        if let Some(at) = limits::first_beyond(&outline, limits::LONGEST_PATHS) {
            return Err(ParseError::at(text.expose(), at, Problem::PathsTooLong));
        }
        Ok(Self { text, outline, format })
    }

    /// The bytes, exactly as read.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        self.text.expose()
    }

    /// What was found in them.
    #[must_use]
    pub const fn outline(&self) -> &Outline {
        &self.outline
    }

    /// Its format.
    #[must_use]
    pub fn format(&self) -> &'static dyn Format {
        self.format
    }

    /// The document with `splices` applied, read again.
    ///
    /// # Errors
    /// When the result is no document of its format any more.
    pub fn spliced(&self, splices: Vec<Splice>) -> Result<Self, ParseError> {
        Self::parse(splice(self.text(), splices), self.format)
    }

    /// The index of the event of the node at `path` (its scalar, map, list or alias), by key *names*; the last one
    /// where a name stands several times, as sections of INI may.
    #[must_use]
    pub fn find(&self, path: &Path) -> Option<usize> {
        self.find_below(nth_document(&self.outline, path.document)?, &path.steps)
    }

    fn find_below(&self, at: usize, steps: &[Step]) -> Option<usize> {
        let [step, rest @ ..] = steps else { return Some(at) };
        let name = match step {
            Step::Key(name) => self.format.key_name(name),
            Step::Index(index) => return self.find_below(*items(&self.outline, at).get(*index)?, rest),
        };
        let is_called = |key: usize| match self.outline.events.get(key) {
            Some(Event { span, kind: Kind::Key(text) }) => {
                self.format.key_name(text.bytes(*span, self.text())) == name
            }
            _ => false,
        };
        let entries = entries(&self.outline, at).into_iter().rev();
        entries.filter(|(key, _)| is_called(*key)).find_map(|(_, node)| self.find_below(node, rest))
    }

    /// `path` by the names that people use for its keys.
    #[must_use]
    pub fn named(&self, mut path: Path) -> Path {
        for step in &mut path.steps {
            if let Step::Key(key) = step {
                *key = self.format.key_name(key).to_vec();
            }
        }
        path
    }

    /// The path of the node at `event`, the inverse of [`Document::find`].
    #[must_use]
    pub fn path_of(&self, event: usize) -> Path {
        let mut path = Path::default();
        let mut documents = 0usize;
        for Event { span, kind } in self.outline.events.iter().take(event) {
            match kind {
                Kind::Anchor | Kind::Comment { .. } | Kind::Tag => continue,
                Kind::Document => documents += 1,
                Kind::Key(text) => {
                    path.steps.pop();
                    path.steps.push(Step::Key(text.bytes(*span, self.text()).to_vec()));
                }
                Kind::List(_) => path.steps.push(Step::Index(0)),
                Kind::Map(_) => path.steps.push(Step::Key(Vec::new())),
                Kind::End => drop(path.steps.pop()),
                Kind::Alias | Kind::Scalar(..) => {}
            }
            if matches!(kind, Kind::Alias | Kind::End | Kind::Scalar(..))
                && let Some(Step::Index(index)) = path.steps.last_mut()
            {
                *index += 1;
            }
        }
        path.document = documents.saturating_sub(1);
        path
    }
}

impl Document {
    /// Every scalar, alias and comment with its path, in document order. A comment has the path of its container.
    #[must_use]
    pub fn nodes(&self) -> Vec<(Path, usize)> {
        let mut found = Vec::new();
        let mut path = Path::default();
        // Of each open map or list: the length of its own path, and the next index if it is a list.
        let mut open: Vec<(usize, Option<usize>)> = Vec::new();
        let mut documents = 0;
        for (at, event) in self.outline.events.iter().enumerate() {
            if let Kind::Scalar(..) | Kind::Alias | Kind::Map(_) | Kind::List(_) = event.kind
                && let Some((length, Some(index))) = open.last_mut()
            {
                path.steps.truncate(*length);
                path.steps.push(Step::Index(*index));
                *index += 1;
            }
            match &event.kind {
                Kind::Document => {
                    path = Path { document: documents, steps: Vec::new() };
                    documents += 1;
                }
                Kind::Key(text) => {
                    path.steps.truncate(open.last().map_or(0, |(length, _)| *length));
                    path.steps.push(Step::Key(text.bytes(event.span, self.text()).to_vec()));
                }
                Kind::Map(_) => open.push((path.steps.len(), None)),
                Kind::List(_) => open.push((path.steps.len(), Some(0))),
                Kind::End => {
                    open.pop();
                }
                Kind::Comment { .. } => {
                    let length = open.last().map_or(0, |(length, _)| *length);
                    let steps = path.steps.get(..length).unwrap_or_default().to_vec();
                    found.push((Path { document: path.document, steps }, at));
                }
                Kind::Scalar(..) | Kind::Alias => found.push((path.clone(), at)),
                Kind::Anchor | Kind::Tag => {}
            }
        }
        found
    }

    /// The value of the scalar at `event`; `None` when no scalar stands there.
    #[must_use]
    pub fn scalar(&self, event: usize) -> Option<Value> {
        let event = self.outline.events.get(event)?;
        match &event.kind {
            Kind::Scalar(_, scalar) => Some(scalar.value(event.span, self.text())),
            _ => None,
        }
    }
}

/// The text of an encrypted file is no secret; it can be large, and wiping takes its time.
impl Drop for Document {
    fn drop(&mut self) {
        if self.outline.metadata.is_some() {
            drop(std::mem::take(self.text.expose_mut()));
        }
    }
}

/// Its format and size only.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} document, {} bytes]", self.format.name(), self.text().len())
    }
}
