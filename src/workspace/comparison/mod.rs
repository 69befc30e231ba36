//! Two files, or two versions of one, whose values are at hand to be shown: what was added, removed and changed. An
//! encryption anew is no change. Many versions, whose values nobody keeps, are compared in `revision`.

pub mod rows;

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::process_text;
use crate::base::{Path, Value};
pub use rows::{Row, Says};

/// The rows of a file, and how to understand them.
pub struct Side<'a> {
    /// In document order.
    pub rows: Vec<Row<'a>>,
    /// The word for the format.
    pub format: &'static str,
    /// It is an encrypted file.
    pub is_sealed: bool,
}

/// A value that is not the same on both sides.
#[derive(Debug)]
pub struct Difference<'r> {
    /// What is different.
    pub what: What,
    /// As it was, if it was there.
    pub a: Option<&'r Row<'r>>,
    /// As it is, if it is there.
    pub b: Option<&'r Row<'r>>,
}

/// What is different about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// It is new.
    Added,
    /// It says something else, or has another type.
    Changed,
    /// It says the same as before, but in the clear, or no longer so.
    Exposure,
    /// It is gone.
    Removed,
    /// Its ciphertext is another, and was not opened.
    Unknown,
}

/// How many comments are different.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comments {
    /// At least so many.
    pub changed: usize,
    /// Some of them are ciphertext that was not opened.
    pub unknown: bool,
}

/// Compares the values of `a` and `b`, in the order of `a`, what is new before what it stands before. Equal
/// ciphertexts say the same: nobody draws the same nonce of 32 bytes twice.
#[must_use]
pub fn values<'r>(a: &'r Side<'r>, b: &'r Side<'r>) -> Vec<Difference<'r>> {
    let (old, new) = (numbered(&a.rows), numbered(&b.rows));
    let in_old: HashMap<_, _> = old.iter().map(|(place, row)| (*place, *row)).collect();
    let in_new: HashMap<_, _> = new.iter().enumerate().map(|(at, (place, _))| (*place, at)).collect();
    let mut found = Vec::new();
    let mut next = 0;
    let mut added = |until: usize, found: &mut Vec<Difference<'r>>| {
        for (place, row) in new.get(next..until).unwrap_or_default() {
            if !in_old.contains_key(place) {
                found.push(Difference { what: What::Added, a: None, b: Some(row) });
            }
        }
        next = next.max(until);
    };
    for (place, row) in &old {
        let Some(at) = in_new.get(place) else {
            found.push(Difference { what: What::Removed, a: Some(row), b: None });
            continue;
        };
        added(*at, &mut found);
        let Some((_, other)) = new.get(*at) else { continue };
        if let Some(what) = difference((a, row), (b, other)) {
            found.push(Difference { what, a: Some(row), b: Some(other) });
        }
    }
    added(new.len(), &mut found);
    found
}

/// Counts the comments that stand on one side only.
#[must_use]
pub fn comments(a: &Side<'_>, b: &Side<'_>) -> Comments {
    let of = |side: &Side<'_>| {
        let mut counts: HashMap<(bool, Fingerprint), usize> = HashMap::new();
        for row in side.rows.iter().filter(|row| row.is_comment()) {
            let text = match &row.says {
                Says::Cipher(text) => (true, Sha256::digest(text).into()),
                Says::Plain(value) => (false, Sha256::digest(value.plain_bytes()).into()),
            };
            *counts.entry(text).or_default() += 1;
        }
        counts
    };
    let (old, new) = (of(a), of(b));
    let rest = |one: &HashMap<(bool, Fingerprint), usize>, two: &HashMap<(bool, Fingerprint), usize>| {
        let mut comments = Comments::default();
        for (text, count) in one {
            let left = count.saturating_sub(two.get(text).copied().unwrap_or_default());
            comments.changed += left;
            comments.unknown |= left > 0 && text.0;
        }
        comments
    };
    let (one, two) = (rest(&old, &new), rest(&new, &old));
    Comments { changed: one.changed.max(two.changed), unknown: one.unknown || two.unknown }
}

/// A hash of a comment: no plaintext is kept here.
type Fingerprint = [u8; 32];

/// Where a value stands: its path, and which of those with this path it is.
type Place<'r> = (&'r Path, usize);

fn numbered<'r>(rows: &'r [Row<'r>]) -> Vec<(Place<'r>, &'r Row<'r>)> {
    let mut counts: HashMap<&Path, usize> = HashMap::new();
    let mut number = |path: &'r Path| {
        let count = counts.entry(path).or_default();
        *count += 1;
        *count
    };
    rows.iter().filter(|row| !row.is_comment()).map(|row| ((&row.path, number(&row.path)), row)).collect()
}

fn difference(a: (&Side<'_>, &Row<'_>), b: (&Side<'_>, &Row<'_>)) -> Option<What> {
    let ((a_side, a), (b_side, b)) = (a, b);
    let same_format = a_side.format == b_side.format;
    if same_format && a.kind != b.kind {
        return Some(What::Changed);
    }
    let read = |value: &Value, format: &str| process_text(value, format == "dotenv");
    let same = match (&a.says, &b.says) {
        (Says::Plain(one), Says::Plain(two)) if same_format => Some(one == two),
        // Files of two formats are compared by what a process would get.
        (Says::Plain(one), Says::Plain(two)) => Some(read(one, a_side.format) == read(two, b_side.format)),
        (Says::Cipher(one), Says::Cipher(two)) if one == two => Some(true),
        // Nothing is never encrypted.
        _ if a.is_empty() || b.is_empty() => Some(false),
        _ => None,
    };
    let both_sealed = a_side.is_sealed && b_side.is_sealed;
    match same {
        Some(false) => Some(What::Changed),
        _ if both_sealed && a.encrypted != b.encrypted => Some(What::Exposure),
        Some(true) => None,
        None => Some(What::Unknown),
    }
}
