//! The values and comments of a file, one by one, as far as they are known here: in the clear, opened, or as
//! ciphertext.

use std::borrow::Cow;

use crate::base::{Kind, Path, Scalar, Secret, Type, Value};
use crate::cipher::Ciphertext;
use crate::document::{Document, Format};
use crate::envelope::{Leaf, Opened, Plain, Sealed};

/// One value or comment.
#[derive(Debug)]
pub struct Row<'a> {
    /// By the names that people use; a comment has the path of the map or list that it stands in.
    pub path: Path,
    /// The word for its type: that of a ciphertext, `null`, `alias` or `comment`.
    pub kind: &'static str,
    /// What it says.
    pub says: Says<'a>,
    /// It stands as ciphertext in the file.
    pub encrypted: bool,
}

/// What a row says, as far as that is known.
#[derive(Debug)]
pub enum Says<'a> {
    /// Ciphertext that was not opened.
    Cipher(&'a [u8]),
    /// This.
    Plain(Cow<'a, Value>),
}

/// The word for the type of a comment.
pub const COMMENT: &str = "comment";

/// The rows of an encrypted file in document order; without `opened`, its values stay ciphertext.
#[must_use]
pub fn of_sealed<'a>(sealed: &'a Sealed, opened: Option<&'a Opened>) -> Vec<Row<'a>> {
    let document = sealed.document();
    let mut leaves = opened.map(|opened| opened.leaves.as_slice()).unwrap_or_default().iter().peekable();
    let mut rows = Vec::new();
    for (path, event) in document.nodes() {
        // Both are in document order.
        while leaves.next_if(|leaf| leaf.event < event).is_some() {}
        let row = match leaves.next_if(|leaf| leaf.event == event) {
            Some(leaf) => Some(of_leaf(document.format(), path, leaf)),
            None => of_event(document, path, event),
        };
        rows.extend(row.map(|row| Row { path: document.named(row.path), ..row }));
    }
    rows
}

/// The rows of a plaintext in document order.
#[must_use]
pub fn of_plain(plain: &Plain) -> Vec<Row<'static>> {
    let document = plain.document();
    let nodes = document.nodes().into_iter();
    let row = |(path, event): (Path, usize)| {
        let event = document.outline().events.get(event)?;
        let (kind, value) = match &event.kind {
            Kind::Scalar(_, scalar) => {
                let value = scalar.value(event.span, document.text());
                (word(document.format(), &value), value)
            }
            Kind::Comment { .. } => {
                let text = document.format().stored_comment(event.span.of(document.text())).into_owned();
                (COMMENT, Value::Str(Secret::new(text)))
            }
            Kind::Alias => (ALIAS, alias(event.span.of(document.text()))),
            _ => return None,
        };
        let says = Says::Plain(Cow::Owned(value));
        Some(Row { path: document.named(path), kind, says, encrypted: false })
    };
    nodes.filter_map(row).collect()
}

impl Row<'_> {
    /// Whether it is a comment.
    #[must_use]
    pub fn is_comment(&self) -> bool {
        self.kind == COMMENT
    }

    /// Whether it says nothing, which sops never encrypts.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(&self.says, Says::Plain(value) if value.plain_bytes().is_empty())
    }
}

fn of_leaf<'a>(format: &dyn Format, path: Path, leaf: &'a Leaf) -> Row<'a> {
    let printed = format.printed(&leaf.value).filter(|_| leaf.encrypted && !leaf.comment);
    let says = match printed {
        Some(text) => Cow::Owned(Value::Str(Secret::new(text.into_owned()))),
        None => Cow::Borrowed(&leaf.value),
    };
    let kind = if leaf.comment { COMMENT } else { word(format, &leaf.value) };
    Row { path, kind, says: Says::Plain(says), encrypted: leaf.encrypted }
}

fn of_event(document: &Document, path: Path, event: usize) -> Option<Row<'_>> {
    let event = document.outline().events.get(event)?;
    let text = event.span.of(document.text());
    let bytes = match &event.kind {
        Kind::Scalar(_, Scalar::Str(string)) => string.bytes(event.span, document.text()),
        Kind::Scalar(_, Scalar::Other(value)) => {
            let (kind, says) = (word(document.format(), value), Says::Plain(Cow::Borrowed(value)));
            return Some(Row { path, kind, says, encrypted: false });
        }
        Kind::Alias => {
            let says = Says::Plain(Cow::Owned(alias(text)));
            return Some(Row { path, kind: ALIAS, says, encrypted: false });
        }
        Kind::Comment { .. } => text,
        _ => return None,
    };
    let is_comment = matches!(event.kind, Kind::Comment { .. });
    let cipher = Ciphertext::parse(bytes).filter(|cipher| !is_comment || cipher.kind == Type::Comment);
    let kind = match cipher {
        _ if is_comment => COMMENT,
        Some(cipher) if cipher.kind != Type::Comment && is_all_text(document.format()) => Type::Str.name(),
        Some(cipher) => cipher.kind.name(),
        None => Type::Str.name(),
    };
    let says = match cipher {
        Some(cipher) => Says::Cipher(cipher.text),
        None => Says::Plain(Cow::Owned(Value::Str(Secret::new(bytes.to_vec())))),
    };
    Some(Row { path, kind, encrypted: cipher.is_some(), says })
}

fn word(format: &dyn Format, value: &Value) -> &'static str {
    match value.kind() {
        Some(_) if is_all_text(format) => Type::Str.name(),
        kind => kind.map_or("null", Type::name),
    }
}

/// Whether people see nothing but text in files of `format`, whatever types sops keeps in them.
fn is_all_text(format: &dyn Format) -> bool {
    format.printed(&Value::Bool(true)).is_some()
}

fn alias(name: &[u8]) -> Value {
    Value::Str(Secret::new([b"*", name].concat()))
}

const ALIAS: &str = "alias";
