//! An encrypted file as validation sees it: its names with their lines, and its values as far as they are known.

use std::path::{Path as FilePath, PathBuf};

use super::super::environment::leaves;
use super::super::tree::Found;
use super::super::{Error, Keyring, RuleFile, open_file, value_text};
use crate::base::span::line_of;
use crate::base::{Kind, Path, Scalar, Secret, Step, Type, Value};
use crate::cipher::Ciphertext;
use crate::document::Document;
use crate::document::dotenv::reading::reading;
use crate::envelope::{Leaf, Opened};
use crate::world::World;

/// An encrypted file.
pub struct Seen {
    /// Where it stands, absolute.
    pub path: PathBuf,
    /// Its format, by the word of `--type`.
    pub format: &'static str,
    /// An identity opened it; else only what stands in the clear is known.
    pub opened: bool,
    /// Its values, in document order. A name may stand several times.
    pub leaves: Vec<SeenLeaf>,
}

/// One value of it.
pub struct SeenLeaf {
    /// Where in the document, by the names that people use.
    pub path: Path,
    /// The same, to be shown: the name of a variable, or the path.
    pub name: String,
    /// The line of its key, from 1.
    pub line: usize,
    /// It stands as ciphertext.
    pub encrypted: bool,
    /// What a process would get; `None` where that is not known.
    pub value: Option<Secret<Vec<u8>>>,
    /// The same with its type; of dotenv, as it is stored.
    pub typed: Option<Value>,
}

impl Seen {
    /// Opens `found` if an identity of ours can; beside it, what was opened.
    ///
    /// # Errors
    /// When it was tampered with, lacks a seal that is asked for, or its rule file cannot be used.
    pub fn look(
        world: &World,
        keyring: &Keyring<'_>,
        found: &Found,
    ) -> Result<(Self, Option<Opened>), Error> {
        let opened = match open_file::verified(world, keyring, &found.path, &found.sealed) {
            Ok((_, opened)) => Some(opened),
            Err(Error::NoIdentity { .. } | Error::Identity { .. }) => None,
            Err(error) => return Err(error),
        };
        let document = found.sealed.document();
        let mut leaves = seen_leaves(document, opened.as_ref());
        if document.format().name() == "dotenv" {
            read_as_dotenv(world, &found.path, &mut leaves)?;
        }
        let (path, format) = (found.path.clone(), document.format().name());
        Ok((Self { path, format, opened: opened.is_some(), leaves }, opened))
    }

    /// Whether its values can be variables.
    #[must_use]
    pub fn is_dotenv(&self) -> bool {
        self.format == "dotenv"
    }
}

fn seen_leaves(document: &Document, opened: Option<&Opened>) -> Vec<SeenLeaf> {
    let known: &[Leaf] = opened.map_or(&[], |opened| &opened.leaves);
    let lines = Lines::of(document.text());
    let nodes = leaves(document, known).into_iter();
    let seen = nodes.filter_map(|(path, event, value)| {
        let cipher = ciphertext(document, event);
        if cipher.as_ref().is_some_and(|cipher| cipher.kind == Type::Comment) {
            return None;
        }
        // Without an identity, a ciphertext is all there is, be it where an alias leads.
        let is_cipher =
            |value: &Value| matches!(value, Value::Str(text) if Ciphertext::is_meant(text.expose()));
        let typed = value.filter(|value| opened.is_some() || !is_cipher(value));
        let path = document.named(path);
        Some(SeenLeaf {
            name: shown(&path, document.format().name() == "dotenv"),
            path,
            line: lines.of_offset(key_start(document, event)),
            encrypted: cipher.is_some(),
            value: typed.as_ref().map(|value| Secret::new(value_text(value).into_owned())),
            typed,
        })
    });
    seen.collect()
}

/// A dotenv name as it stands, else the path.
fn shown(path: &Path, is_dotenv: bool) -> String {
    match path.steps.as_slice() {
        [Step::Key(name)] if is_dotenv => String::from_utf8_lossy(name).into_owned(),
        _ => path.to_string(),
    }
}

fn ciphertext(document: &Document, event: usize) -> Option<Ciphertext<'_>> {
    let event = document.outline().events.get(event)?;
    match &event.kind {
        Kind::Scalar(_, Scalar::Str(text)) => Ciphertext::parse(text.bytes(event.span, document.text())),
        _ => None,
    }
}

/// The line of the key of the node at `event`, or of the node itself in a list.
#[must_use]
pub fn key_line(document: &Document, event: usize) -> usize {
    line_of(document.text(), key_start(document, event))
}

/// Where the key of the node at `event` begins; an item of a list has none, so where it begins itself.
fn key_start(document: &Document, event: usize) -> usize {
    let events = &document.outline().events;
    let own = events.get(event).map(|event| event.span.start);
    let before = events.get(..event).unwrap_or_default().iter().rev();
    let before = before.take_while(|event| matches!(event.kind, Kind::Anchor | Kind::Tag | Kind::Key(_)));
    let key = before.take(3).find(|event| matches!(event.kind, Kind::Key(_)));
    key.map(|key| key.span.start).or(own).unwrap_or_default() as usize
}

/// Quotes are read as `run` reads them, unless the rule file says that they are part of the values.
fn read_as_dotenv(world: &World, path: &FilePath, leaves: &mut [SeenLeaf]) -> Result<(), Error> {
    let differs =
        |leaf: &SeenLeaf| leaf.value.as_ref().is_some_and(|raw| *reading(raw.expose()) != **raw.expose());
    if !leaves.iter().any(differs) || RuleFile::wants_literal(world, path)? {
        return Ok(());
    }
    for leaf in leaves {
        leaf.value = leaf.value.take().map(|raw| Secret::new(reading(raw.expose()).into_owned()));
    }
    Ok(())
}

/// Where the lines of a text begin.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &[u8]) -> Self {
        Self(memchr::memchr_iter(b'\n', text).collect())
    }

    /// From 1.
    fn of_offset(&self, offset: usize) -> usize {
        1 + self.0.partition_point(|end| *end < offset)
    }
}
