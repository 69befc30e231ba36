//! One version of an encrypted file: who holds a key of it, and which value stands where. Needs no identity, save for
//! what its values are.

use std::path::Path;

use super::values::{Token, Values};
use crate::base::span::line_of;
use crate::base::{Event, Kind, Path as ValuePath, Scalar, Step, Type};
use crate::cipher::Ciphertext;
use crate::document::Document;
use crate::envelope::{Metadata, Sealed};

/// A recipient, by its number in the ledger.
pub type Key = usize;

/// A version of an encrypted file.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// Who holds a wrapped key, by key group.
    pub groups: Vec<Vec<Key>>,
    /// How many groups must open; 0 where there is one.
    pub threshold: usize,
    /// Its encrypted values: the number of their name in the ledger, and what stands there.
    pub leaves: Vec<(usize, Token)>,
    /// Where and since when it stands, newest first; nowhere: it was never committed.
    pub places: Vec<Place>,
}

/// A commit that put a version somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, by its number in the ledger.
    pub file: usize,
    /// The commit, by its number in the ledger.
    pub commit: usize,
    /// The commit merged, and may have only passed it on.
    pub merges: bool,
}

impl Version {
    /// Whether those who hold `keys` can open it together.
    #[must_use]
    pub fn opens_with(&self, keys: &[Key]) -> bool {
        let opened = self.groups.iter().filter(|group| group.iter().any(|key| keys.contains(key))).count();
        opened >= self.needed()
    }

    /// How many groups must open.
    #[must_use]
    pub fn needed(&self) -> usize {
        Metadata::threshold_of(self.groups.len(), self.threshold).max(1)
    }

    /// Whether one of `keys` is wrapped for in it.
    #[must_use]
    pub fn holds(&self, keys: &[Key]) -> bool {
        self.groups.iter().flatten().any(|key| keys.contains(key))
    }
}

/// An encrypted value as it stands in a document.
pub struct Leaf {
    /// Its event.
    pub event: usize,
    /// Where, by the names that people use.
    pub path: ValuePath,
    /// What it is compared by: the names on the way, positions in lists aside; of a file that is one value, the name of
    /// the file.
    pub name: Vec<u8>,
    /// The same for people.
    pub shown: String,
    /// Its ciphertext.
    pub token: Token,
}

/// The encrypted values of `sealed`, which is called `file`, without comments and what is empty.
pub fn leaves(sealed: &Sealed, file: &Path, values: &mut Values) -> Vec<Leaf> {
    let document = sealed.document();
    let is_whole = document.format().is_whole();
    let is_dotenv = document.format().name() == "dotenv";
    let file_name = file.file_name().unwrap_or_default();
    let mut found = Vec::new();
    for (path, event) in document.nodes() {
        let Some(ciphertext) = ciphertext(document, event) else { continue };
        let path = document.named(path);
        let shown = match path.steps.as_slice() {
            _ if is_whole => file_name.to_string_lossy().into_owned(),
            [Step::Key(name)] if is_dotenv => String::from_utf8_lossy(name).into_owned(),
            _ => path.to_string(),
        };
        let name = if is_whole { [b"\0", file_name.as_encoded_bytes()].concat() } else { path.aad() };
        found.push(Leaf { event, path, name, shown, token: values.token(ciphertext) });
    }
    found
}

/// The text of the ciphertext at `event`, if one stands there that is no comment.
fn ciphertext(document: &Document, event: usize) -> Option<&[u8]> {
    let Event { span, kind: Kind::Scalar(_, Scalar::Str(text)) } = document.outline().events.get(event)?
    else {
        return None;
    };
    let bytes = text.bytes(*span, document.text());
    let meant = Ciphertext::parse(bytes)?;
    (meant.kind != Type::Comment).then_some(bytes)
}

/// The line of the value at `event`, from 1.
pub fn line(document: &Document, event: usize) -> usize {
    line_of(document.text(), document.outline().events.get(event).map_or(0, |event| event.span.range().start))
}
