//! From one format into another, by way of trees. AAD and MAC know no formats (spec 5.6): ciphertext that was made in one
//! opens in the other, under the same types.
//!
//! A plaintext of any format from an opened file: `trees`, then `Format::emit`. An encrypted file of another format
//! than its plaintext, or laid out with another indentation: `encrypt_as`. Aliases written out: `expand_aliases`.

use std::collections::{HashMap, HashSet};

use super::walk::{Role, walk};
use super::write::{Body, Finish};
use super::{EncryptError, Metadata, Opened, Plain, Sealed, Written};
use crate::base::DataKey;
use crate::base::ports::{Clock, Random};
use crate::base::{Scalar, Secret};
use crate::document::tree::{Said, Tree};
use crate::document::{Document, EditError, Format, splice};
use crate::policy::Selector;

/// The plain values and comments of an opened file, a tree for each document.
///
/// # Errors
/// When aliases loop or stand for too much.
pub fn trees(sealed: &Sealed, opened: &Opened) -> Result<Vec<Tree>, EditError> {
    let leaves: HashMap<usize, usize> =
        opened.leaves.iter().enumerate().map(|(at, leaf)| (leaf.event, at)).collect();
    Tree::all_of(sealed.document(), |event| {
        let leaf = opened.leaves.get(*leaves.get(&event)?)?;
        Some(if leaf.comment {
            Said::Comment(Secret::new(leaf.value.plain_bytes().into_owned()))
        } else {
            Said::Value(leaf.value.clone())
        })
    })
}

/// Encrypts `plain` into a file of `format`, `indent` blanks a level (`Format::emit`); values keep the types that they
/// have in `plain`. The result is a new text, so nothing of a file before is kept.
///
/// # Errors
/// As `encrypt`; and when the other format cannot hold the document, or would read a clear value otherwise, so that
/// the MAC would not match.
pub fn encrypt_as(
    plain: &Plain,
    (format, indent): (&'static dyn Format, Option<usize>),
    metadata: Metadata,
    key: &DataKey,
    clock: &dyn Clock,
    random: &dyn Random,
) -> Result<Written, EncryptError> {
    let Body { document, mac, nonces, cipher, encrypted } = Body::of(plain, &metadata, key, random)?;
    let text = format.emit(&Tree::all_of(&document, |_| None)?, indent)?;
    let body = Document::parse(text, format).map_err(EncryptError::ReadBack)?;
    let mut finish = Finish { key, cipher, nonces, clock };
    let text = finish.seal(&body, metadata, mac)?;
    let opens = Sealed::parse(text.clone(), format).is_ok_and(|sealed| sealed.open(key).is_ok());
    if opens { Ok(Written { text, encrypted }) } else { Err(EncryptError::OtherFormat(format.name())) }
}

/// `plain` with every alias written out that leads to a value which `selector` encrypts, as sops copies all of them; a
/// merge key keeps its key `<<` with the copied map.
///
/// # Errors
/// When the selector is no expression, or aliases loop or stand for too much.
pub fn expand_aliases(plain: &Plain, selector: &Selector) -> Result<Plain, EncryptError> {
    let document = plain.document();
    let mut targets = HashSet::new();
    let mut aliases = Vec::new();
    walk::<EncryptError>(document, &selector.matcher()?, |visit| {
        let Role::Leaf(scalar) = visit.role else { return Ok(()) };
        let event = document.outline().events.get(visit.event);
        let is_empty = match (scalar, event) {
            (Scalar::Str(text), Some(event)) => text.bytes(event.span, document.text()).is_empty(),
            (Scalar::Other(value), _) => value.kind().is_none(),
            (Scalar::Str(_), None) => true,
        };
        if is_empty {
            return Ok(());
        }
        match visit.alias {
            None if visit.selected => drop(targets.insert(visit.event)),
            Some(alias)
                if (visit.selected || targets.contains(&visit.event)) && aliases.last() != Some(&alias) =>
            {
                aliases.push(alias);
            }
            _ => {}
        }
        Ok(())
    })?;
    if aliases.is_empty() {
        return Ok(plain.clone());
    }
    let text = splice(document.text(), document.format().write_out(document, &aliases)?);
    Plain::parse(text, document.format()).map_err(|_| EditError::Alias(document.path_of(0)).into())
}
